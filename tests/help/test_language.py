"""What docs/ shows compiles and is formatted; `dslc help` names the heading of docs/language.md for every word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dslc.compile import Options, compile_sections, sections_of
from dslc.elaborate.train_settings import SETTINGS
from dslc.format.formatting import format_source
from dslc.help import words
from dslc.help.examples import whole
from dslc.help.lookup import SIGNS
from dslc.source import Source
from tests.readme import blocks

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = [text for language, text in blocks(PAGE) if language == "dslc"]

every_example = pytest.mark.parametrize(
    "text", EXAMPLES, ids=[text.partition("\n")[0] for text in EXAMPLES]
)


def _is_whole(text: str) -> bool:
    return re.search(r"^net ", text, re.MULTILINE) is not None


@every_example
def test_an_example_compiles(text: str) -> None:
    spec = text if _is_whole(text) else whole(text.splitlines())
    sections = sections_of(Source("example.net", spec), Options({}))
    models = compile_sections(sections, name="example").models
    assert {"init", "inference"} <= models.keys()
    if _is_whole(text):
        assert not [warning for one in sections for warning in one.learning.warnings]


@every_example
def test_an_example_is_formatted(text: str) -> None:
    rows = "".join(f"  {line}\n" for line in text.splitlines())
    spec = text if _is_whole(text) else f"net Example {{\n{rows}}}\n"
    assert format_source(Source("example.net", spec)) == spec


def _sections() -> dict[str, str]:
    """Return what stands under each heading; a remark in an example is none."""
    found, heading, fenced = {}, "", False
    for line in PAGE.splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            heading = line.removeprefix("## ")
        found[heading] = f"{found.get(heading, '')}{line}\n"
    return found


@pytest.mark.parametrize("word", [*words.KEYWORDS, *words.NAMES, *SETTINGS, *SIGNS])
def test_help_names_the_heading_of_a_word(word: str) -> None:
    assert word in _sections()[words.heading_of(word) or ""]


TRAINING = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
RECIPES = [text for language, text in blocks(TRAINING) if language == "dslc"]


@pytest.mark.parametrize(("net", "recipe"), [*zip(["lenet5", "gan"], RECIPES, strict=True)])
def test_a_recipe_compiles_with_a_net_that_ships(net: str, recipe: str) -> None:
    shipped = (ROOT / "specs" / f"{net}.net").read_text(encoding="utf-8")
    spec = f"{shipped[: shipped.index('train ')]}{recipe}"
    sections = sections_of(Source("example.net", spec), Options({}))
    assert compile_sections(sections, name="example").models
    assert format_source(Source("example.net", spec)) == spec
