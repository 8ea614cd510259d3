"""The command line. Everything heavy is imported by the command that needs it, so that help is quick."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> None:
    """Run `dslc` and leave with its exit code; a fault is one message, never a traceback."""
    from dslc.cli.commands import dslc
    from dslc.cli.faults import exit_code_of

    try:
        code = dslc.main(standalone_mode=False)  # what a command left with, None after a return
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:
        _leave_unread()
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):  # click saw it first
            _leave_unread()
        raise
    except BaseException as error:  # the last line of defence: any fault becomes a message
        sys.exit(exit_code_of(error))


def _leave_unread() -> NoReturn:
    """Whoever read our output has seen enough; what is left goes nowhere, quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(141)
