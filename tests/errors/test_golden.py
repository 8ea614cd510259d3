"""Every code has a spec with that mistake, and beside it what is said of it: the two are read together.

`pytest tests/errors --update-golden` writes the messages anew; what changed is then a matter of review.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dslc.explain.catalogue import catalogue
from tests.errors.reading import HERE, found_in, rendered

ROOT = HERE.parent.parent
SPECS = sorted(HERE.glob("*.net"))
CODE = re.compile(r"\b[EW]0\d{3}\b")


def codes_of_the_sources() -> set[str]:
    """Return every code that stands in a source file of the compiler or the runtime."""
    folders = (ROOT / "dslc", ROOT / "runtime")
    texts = (path.read_text("utf-8") for folder in folders for path in folder.rglob("*.py"))
    return {code for text in texts for code in CODE.findall(text)}


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_the_message_is_the_golden_one(spec: Path, request: pytest.FixtureRequest) -> None:
    golden, said = spec.with_suffix(".txt"), rendered(spec)
    if request.config.getoption("--update-golden", default=False):
        assert not os.environ.get("CI"), "golden files are written by people, not by CI"
        golden.write_text(said, "utf-8")
    assert golden.exists(), f"review {spec.name}, then write {golden.name} with --update-golden"
    assert said == golden.read_text("utf-8")


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_the_name_of_the_spec_says_its_code(spec: Path) -> None:
    codes = {diagnostic.code for diagnostic in found_in(spec)}
    assert spec.name[:5] in codes


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_place_lies_inside_its_file(spec: Path) -> None:
    for found in found_in(spec):
        for label in (found.primary, *found.others):
            span = label.span
            assert 0 <= span.start <= span.end <= len(span.source.text)


def test_every_code_has_a_spec_and_a_page() -> None:
    used = codes_of_the_sources()
    assert used
    assert used == {spec.name[:5] for spec in SPECS}
    assert used == set(catalogue())


def test_every_golden_file_belongs_to_a_spec() -> None:
    assert {path.stem for path in HERE.glob("*.txt")} == {path.stem for path in SPECS}
