"""Faults on their way out: the message on standard error, and the exit code."""

from __future__ import annotations

import os
import re
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
        hint = _meant(error)
        if hint:
            print(f"  = help: {printable(hint)}", file=sys.stderr)
        return 2
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return 130
    if isinstance(error, OSError):
        _say(f"{error.filename or 'file'}: {error.strerror or error}")
        return 4
    return _internal(error)


def _meant(error: click.ClickException) -> str:
    """Return what is written instead of an option that is a setting here, or of data without their option."""
    from dslc.elaborate.overrides import of_training

    if isinstance(error, click.NoSuchOption):
        name = error.option_name.lstrip("-").replace("-", "_")
        arguments = sys.argv[1:]
        at = arguments.index(error.option_name) + 1 if error.option_name in arguments else 0
        value = arguments[at] if 0 < at < len(arguments) else "..."
        return of_training(name, value)
    extra = re.fullmatch(r"Got unexpected extra argument \((.+)\)", error.message)
    if extra and any(option.name == "data" for option in _options(error)):
        return f"data are given with  --data {extra.group(1)}"
    return ""


def _options(error: click.ClickException) -> list[click.Parameter]:
    context = getattr(error, "ctx", None)
    return context.command.params if isinstance(context, click.Context) else []


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
