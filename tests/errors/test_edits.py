"""Every edit that a message offers is put into the text: the mistake is gone, and no other has taken its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from dslc.errors import Diagnostic, Label, Severity
from dslc.source import Source, Span
from tests.errors.edits import Applied, edits_of
from tests.errors.reading import HERE, found_in_text, source_of
from tests.errors.test_newcomers import ROWS, SPECS, edited

BEHIND = {
    "E0702_not_in_the_standard_library": "there is no such file of their own either",
    "a block under PyTorch's name": "the other half of the edit is the import",
    "PyTorch's schedule": "its arguments are read when its name is known",
    "PyTorch's module": "its arguments are read when its name is known",
}
"""Lines with more mistakes than the one that an edit mends, and why."""

SLIP = "E01"
"""Codes of the syntax: what else is wrong with a line is read when that is mended. An example mends no more."""

TEXTS: dict[str, tuple[Source, Path]] = {
    **{spec.stem: (source_of(spec), HERE) for spec in sorted(HERE.glob("*.net"))},
    **{name: (edited(name), SPECS) for name in ROWS},
}


def left(edit: Applied, found: Diagnostic, known: Sequence[Diagnostic], folder: Path) -> list[str]:
    """Return what is still, or newly, wrong with the lines of an edit."""
    mended = (found.code, found.message)
    before = {(one.code, one.message) for one in known} - {mended}
    alone = found.code.startswith(SLIP) or "for example" in edit.sentence
    return [
        f"{one.code}: {one.message}"
        for one in found_in_text(edit.source, folder)
        if one.severity is Severity.ERROR
        and one.primary.span.source is edit.source
        and one.primary.span.line in edit.lines
        and (one.code, one.message) not in before
        and ((one.code, one.message) == mended or not alone)
    ]


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in BEHIND])
def test_an_edit_mends_what_it_is_offered_for(name: str) -> None:
    source, folder = TEXTS[name]
    known = found_in_text(source, folder)
    for found in known:
        for edit in edits_of(found, source):
            assert left(edit, found, known, folder) == [], edit.sentence


@pytest.mark.parametrize("name", BEHIND)
def test_an_exception_is_still_one(name: str) -> None:
    source, folder = TEXTS[name]
    known = found_in_text(source, folder)
    edits = [(edit, found) for found in known for edit in edits_of(found, source)]
    assert any(left(edit, found, known, folder) for edit, found in edits)


def test_nearly_every_edit_finds_its_line() -> None:
    offered = placed = 0
    for source, folder in TEXTS.values():
        for found in found_in_text(source, folder):
            offered += sum("\n" in help_ for help_ in found.helps)
            placed += len(list(edits_of(found, source)))
    assert placed > 130
    assert placed > 0.8 * offered


@pytest.mark.parametrize(
    "line",
    [
        "  output y: Linear(3, bais=false)",
        "  output y: Linear(3, biass=false)",
        "  output y: Linaer(3)",
    ],
)
def test_an_edit_that_mends_nothing_is_seen(line: str) -> None:
    source = Source(
        "a.net", "net A {\n  input x: float32[N, 4]\n  output y: Linear(3, bais=false)\n}\n"
    )
    (found,) = found_in_text(source, HERE)
    start = source.text.index("bais")
    wrong = Diagnostic(
        found.code,
        found.message,
        Label(Span(source, start, start + 4)),
        helps=(f"write it so:\n{line}",),
    )
    (edit,) = edits_of(wrong, source)
    assert left(edit, wrong, [found], HERE)
