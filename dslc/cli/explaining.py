"""`dslc explain`: a page of the catalogue, with what the compiler says of its example."""

from __future__ import annotations

from collections.abc import Iterator

from dslc_runtime.errors import UserFault

from dslc.compile import Options, diagnostics_of
from dslc.elaborate.suggest import did_you_mean
from dslc.errors import Diagnostic
from dslc.explain.catalogue import SPEC, Entry, Example, catalogue
from dslc.render import render, shortened


def explain(code: str | None) -> Iterator[str]:
    """Yield the lines of one page; without a code, one line for each."""
    entries = catalogue()
    if code is None:
        yield from (f"{entry.code}  {entry.title}" for entry in entries.values())
        return
    wanted = code.strip().upper()
    numbered = [
        known for known in entries if wanted.isdigit() and known[1:] == f"{int(wanted):04d}"
    ]
    wanted = numbered[0] if len(numbered) == 1 else wanted
    if wanted not in entries:
        meant = did_you_mean(wanted, entries)
        hint = meant or "`dslc explain` alone lists them all"
        raise UserFault(f"there is no code {code}; {hint}")
    yield from _page(entries[wanted])


def mistakes_of(example: Example) -> tuple[Diagnostic, ...]:
    """Return what the compiler says of an example: its mistakes, else its warnings."""
    options = Options(example.settings, load=example.load, weights=example.weights)
    return diagnostics_of(example.source, options)


def _page(entry: Entry) -> Iterator[str]:
    yield from (f"{entry.code}: {entry.title}", "", entry.text, "", "Wrong:", "")
    yield from _shown(entry.wrong)
    yield from ("", "dslc says:", "")
    for diagnostic in mistakes_of(entry.wrong):
        yield from (f"    {line}" for line in render(diagnostic).split("\n"))
        yield ""
    yield from ("Mended:", "")
    yield from _shown(entry.mended)


def _shown(example: Example) -> Iterator[str]:
    for name, text in example.files.items():
        if len(example.files) > 1:
            yield f"    # {name}"
        yield from (f"    {shortened(line)}".rstrip() for line in text.rstrip().split("\n"))
    for name, value in example.settings.items():
        yield f"    # dslc compile {SPEC} --set {name}={value}"
