"""How mistakes are told: as text on standard error, or as JSON on standard output; strictly or not."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import click

from dslc.errors import CompileError, Diagnostic, Severity
from dslc.render import render, to_json

Command = TypeVar("Command", bound=Callable[..., Any])

MOST = 20
"""So many diagnostics are printed as text; the rest is counted."""


@dataclass
class Telling:
    """What a command was asked for, and the warnings so far."""

    as_json: bool = False
    strict: bool = False
    warnings: list[Diagnostic] = field(default_factory=list)

    def warn(self, warnings: Sequence[Diagnostic]) -> None:
        """Tell of warnings; with `--strict` they are errors. Errors: CompileError."""
        if warnings and self.strict:
            raise CompileError(replace(warning, promoted=True) for warning in warnings)
        self.warnings += warnings
        if not self.as_json:
            show_diagnostics(warnings)

    def say(self, line: str) -> None:
        """Print a line of the command itself; beside JSON it goes to standard error."""
        click.echo(line, err=self.as_json)


@contextmanager
def telling(as_json: bool, strict: bool) -> Iterator[Telling]:
    """Print what a command finds wrong as JSON where that is asked for, and leave with its exit code."""
    told = Telling(as_json, strict)
    try:
        yield told
    except CompileError as error:
        if not as_json:
            raise
        click.echo(as_list([*told.warnings, *error.diagnostics]))
        raise click.exceptions.Exit(error.exit_code) from error


def as_list(diagnostics: Sequence[Diagnostic]) -> str:
    """Return diagnostics as a JSON list."""
    return json.dumps([to_json(diagnostic) for diagnostic in diagnostics], indent=2)


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Print mistakes as the language does, in colour on a terminal; the first ones, with the rest counted."""
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    for diagnostic in diagnostics[:MOST]:
        print(render(diagnostic, colour=colour), end="\n\n", file=sys.stderr)
    line = counted(diagnostics)
    if line:
        print(line, file=sys.stderr)


def counted(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the last line: how many errors there are, and how many of all were not printed."""
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    left = len(diagnostics) - MOST
    if left > 0:
        kind = "errors" if errors else "warnings"
        return f"{errors or len(diagnostics)} {kind}; {left} more are not shown"
    return f"{errors} errors" if errors > 1 else ""


def json_option(command: Command) -> Command:
    """Add `--json` to a command that reads a spec."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print mistakes and warnings as a JSON list on standard output: for each code, severity, message, "
        "place, labels, facts and helps. A place has path, start, end (offsets), line, column, end_line, "
        "end_column (from 1) and text. Everything else goes to standard error.",
    )(command)


def strict_option(command: Command) -> Command:
    """Add `--strict` to a command that reads a spec."""
    return click.option("--strict", is_flag=True, help="Warnings are errors (exit code 2).")(
        command
    )
