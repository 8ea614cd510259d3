"""The command line. Everything heavy is imported by the command that needs it, so that help is quick."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run `dslc` and leave with its exit code; a fault is one message, never a traceback."""
    from dslc.cli.commands import dslc
    from dslc.cli.faults import exit_code_of

    try:
        dslc.main(standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is left goes nowhere, quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except SystemExit:
        raise
    except BaseException as error:  # the last line of defence: any fault becomes a message
        sys.exit(exit_code_of(error))
