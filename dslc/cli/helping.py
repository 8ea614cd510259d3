"""`dslc help`: the reference on a terminal, as plain text, as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click
from dslc_runtime.errors import UserFault
from rich.console import Console
from rich.text import Text

from dslc.help import terminal
from dslc.help.entry import Entry, everything
from dslc.help.lookup import find, near, notes
from dslc.help.printing import lines_of, overview, to_json

MOST = 6
"""So many names are suggested."""


def print_help(word: str | None, *, as_json: bool) -> None:
    """Print what there is to say about a word; without one, a line for each name.

    Errors: UserFault for a word that stands for nothing, with names that are near.
    """
    if word is not None:
        _print_word(word, as_json)
    elif as_json:
        click.echo(json.dumps([to_json(entry) for entry in everything()], indent=2))
    elif sys.stdout.isatty():
        terminal.print_overview(everything(), Console())
    else:
        click.echo("\n".join(overview()))


def _print_word(word: str, as_json: bool) -> None:
    found, said = find(word), [*notes(word)]
    if not found and not said:
        names = near(word)
        hint = (
            f"did you mean {', '.join(names[:MOST])}?" if names else "`dslc help` lists all names"
        )
        raise UserFault(f"there is no `{word}`", helps=(hint,))
    if as_json:
        words = [] if found else [{"name": word, "kind": "word", "summary": " ".join(said)}]
        click.echo(json.dumps([*words, *map(to_json, found)], indent=2))
    elif sys.stdout.isatty():
        _print_on(Console(), said, found)
    else:
        parts = [*said, *("\n".join(lines_of(entry)) for entry in found)]
        click.echo("\n\n".join(parts))


def _print_on(console: Console, said: Sequence[str], found: Sequence[Entry]) -> None:
    for note in said:
        console.print(Text(note), end="\n\n")
    for entry in found:
        terminal.print_entry(entry, console)
