"""Every spec of the gallery has a row of facts, and is what its row and its own checks say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gallery.__main__ import PAGE
from tests.gallery.counting import lines_of, network_of, rounds_to, summary_of
from tests.gallery.facts import GALLERY, ROOT, SPECS, Row
from tests.gallery.measuring import load
from tests.gallery.page import page
from tests.spine.command import dslc

LONGEST = {"resnet50": 30, "alexnet": 25, "googlenet": 45, "lenet5": 20}
"""Lines of code, training recipe and `check` lines included."""

UNCHECKED = {"lenet5", "lenet5_augmented"}
"""Specs that do not hold their own count: LeNet-5 is what README.md shows, and its paper has another figure."""

EXACT = [
    row
    for row in GALLERY
    if row.parameters.replace(",", "").isdigit() and row.spec not in UNCHECKED
]


def by_key(row: Row) -> str:
    return row.key


def test_every_spec_has_a_row() -> None:
    assert {row.spec for row in GALLERY} == {path.stem for path in SPECS.glob("*.net")}
    assert len({row.key for row in GALLERY}) == len(GALLERY)
    assert len({row.title for row in GALLERY}) == len(GALLERY)


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.net")), ids=lambda path: path.stem)
def test_a_spec_cites_its_source(path: Path) -> None:
    comments = " ".join(re.findall(r"^## (.*)", path.read_text(), flags=re.MULTILINE))
    assert re.search(r"\b[A-Z]\w+( et al\.|[^.]*), (19|20)\d\d\b", comments)


@pytest.mark.parametrize("row", GALLERY, ids=by_key)
def test_a_network_counts_what_was_published(row: Row) -> None:
    assert network_of(row).warnings == ()
    summary = summary_of(row)
    assert sum(one.parameters for one in summary.rows) == summary.parameters
    if row.parameters or row.multiply_adds:
        assert row.source
    if row.parameters:
        assert rounds_to(summary.parameters, row.parameters)
    if row.multiply_adds:
        assert isinstance(summary.multiply_adds, int)
        assert rounds_to(summary.multiply_adds, row.multiply_adds)


@pytest.mark.parametrize("row", EXACT, ids=by_key)
def test_a_spec_holds_its_own_count(row: Row, tmp_path: Path) -> None:
    """One weight more than published, and the spec itself complains."""
    count = int(row.parameters.replace(",", ""))
    for path in SPECS.glob("*.net"):
        text = path.read_text()
        (tmp_path / path.name).write_text(text.replace(f"s == {count}", f"s == {count + 1}"))
    chosen = [argument for setting in row.settings for argument in ("--set", setting)]
    outcome = dslc("summary", tmp_path / row.path.name, *chosen)
    assert outcome.code == 2
    assert "error[E0509]" in outcome.err and f"parameters = {count}" in outcome.err


@pytest.mark.parametrize("spec", sorted({row.spec for row in EXACT}))
def test_other_classes_do_not_break_the_check(spec: str) -> None:
    if "(classes=" in (SPECS / f"{spec}.net").read_text():
        assert summary_of(Row("", spec, ("classes=37",))).parameters > 0


@pytest.mark.parametrize(("spec", "longest"), LONGEST.items())
def test_a_spec_is_no_longer_than_it_needs_to_be(spec: str, longest: int) -> None:
    assert lines_of(Row("", spec)) <= longest


def test_the_readme_shows_lenet5_as_it_is() -> None:
    assert (SPECS / "lenet5.net").read_text() in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    ("count", "printed", "holds"),
    [
        (1_727_962, "1.7 M", True),
        (1_770_000, "1.7 M", False),
        (61_706, "61,706", True),
        (61_707, "61,706", False),
        (9_760, "9.76 k", True),
    ],
)
def test_how_a_printed_figure_is_read(count: int, printed: str, holds: bool) -> None:
    assert rounds_to(count, printed) == holds


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(load()), "run:  python -m tests.gallery"
