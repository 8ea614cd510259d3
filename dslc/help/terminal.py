"""The reference on a terminal: the entries with colours and tables."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dslc.help.entry import Entry, described
from dslc.help.printing import FIELDS, MORE, by_family


def print_overview(found: Iterable[Entry], console: Console) -> None:
    """Print every name with its first sentence, a table for each heading."""
    for heading, listed in by_family(found).items():
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="cyan", no_wrap=True, min_width=20)
        table.add_column()
        for entry in listed:
            table.add_row(Text(entry.name), Text(entry.sentence))
        console.print(Text(heading, "bold"), Padding(table, (0, 0, 1, 2)))
    console.print(Text(MORE))


def print_entry(entry: Entry, console: Console) -> None:
    """Print everything that is said of a name."""
    console.print(Text.assemble((entry.signature.text, "bold cyan"), (f"   {entry.kind}", "dim")))
    for paragraph in (
        entry.sentence,
        *filter(None, [entry.imported]),
        *filter(None, entry.details.split("\n\n")),
    ):
        console.print(Text(paragraph))
    if entry.settings:
        console.print(_settings(entry))
    fields = {name: text for name in FIELDS if (text := entry.fields.get(name))}
    for name, text in {**fields, "Example": "\n".join(entry.example)}.items():
        console.print(Text(name, "bold"), Padding(Text(text), (0, 0, 0, 2)))
    console.print()


def _settings(entry: Entry) -> Table:
    table = Table("setting", "takes", "range", "default", header_style="bold")
    for one in map(described, entry.settings):
        default = Text("required", "italic") if one.default is None else Text(one.default)
        table.add_row(Text(one.name, "cyan"), Text(one.takes), Text(one.limits), default)
    return table
