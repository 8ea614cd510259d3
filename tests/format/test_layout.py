"""The canonical layout, case by case."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslc.errors import CompileError
from dslc.format.formatting import format_source
from dslc.format.write import WIDTH
from dslc.source import Source
from dslc.syntax.parser import parse
from tests.format.cases_layout import BROKEN, CASES

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.net"))
EXAMPLES = sorted((ROOT / "tests" / "syntax" / "examples").glob("*.net"))


def formatted(text):
    return format_source(Source("a.net", text))


@pytest.mark.parametrize("name", {**CASES, **BROKEN})
def test_layout(name):
    before, after = {**CASES, **BROKEN}[name]
    assert formatted(before) == after
    assert formatted(after) == after
    assert all(len(line) <= WIDTH for line in after.splitlines())


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_specs_are_formatted(path):
    assert formatted(path.read_text()) == path.read_text()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_stay_much_as_they_are(path):
    before = path.read_text()
    after = formatted(before)
    assert formatted(after) == after
    assert parse(Source("a.net", after)) == parse(Source("a.net", before))
    assert "".join(after.split()) in ("".join(before.split()), with_brackets(before))


def with_brackets(text):
    """The two places in the examples where arithmetic stands left of an arrow."""
    words = "".join(text.split())
    for bare in ("u*u->", "f@transpose(f,[0,2,1])/(C*H*W)->"):
        words = words.replace(bare, f"({bare[:-2]})->")
    return words


def test_syntax_errors_are_raised():
    with pytest.raises(CompileError, match="E0101"):
        formatted("net A {\n  f(\n}\n")
