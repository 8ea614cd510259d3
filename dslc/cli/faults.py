"""Faults on their way out: the message on standard error, and the exit code."""

from __future__ import annotations

import os
import sys
import traceback

import click
from dslc_runtime.errors import RuntimeFault

from dslc.cli.telling import show_diagnostics
from dslc.errors import CompileError, DslcError
from dslc.render import printable

INTERNAL = 70


def exit_code_of(error: BaseException) -> int:
    """Print what is wrong and return the exit code."""
    if isinstance(error, CompileError):
        show_diagnostics(error.diagnostics)
        return error.exit_code
    if isinstance(error, (DslcError, RuntimeFault)):
        _say(str(error))
        return error.exit_code
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return 2
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return 130
    if isinstance(error, OSError):
        _say(f"{error.filename or 'file'}: {error.strerror or error}")
        return 4
    return _internal(error)


def _say(message: str) -> None:
    text = message if message.startswith("error") or ": error[" in message else f"error: {message}"
    for line in text.split("\n"):  # names and cells of files may hold anything
        print(printable(line), file=sys.stderr)


def _internal(error: BaseException) -> int:
    """A fault of ours: say so; the traceback is for whoever asks for it."""
    _say(f"this is a fault of dslc, not of your file: {type(error).__name__}: {error}")
    if os.environ.get("DSLC_TRACEBACK"):
        traceback.print_exception(error)
    else:
        print("  = set DSLC_TRACEBACK=1 to see where, and please report it", file=sys.stderr)
    return INTERNAL
