"""Mistakes as somebody makes them who comes from another framework, or from none: what is said, and where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dslc.compile import Options
from dslc.render import render_all
from dslc.source import Source
from dslc.tasks.reading import importer
from tests.errors.cases_habits import HABITS
from tests.errors.cases_newcomers import NEWCOMERS
from tests.errors.cases_settings import SETTINGS
from tests.errors.reading import diagnostics_of

SPECS = Path(__file__).parent.parent.parent / "specs"
ROWS = {**NEWCOMERS, **HABITS, **SETTINGS}


def edited(name: str) -> Source:
    spec, before, after, _, _ = ROWS[name]
    text = unaligned(spec if "\n" in spec else (SPECS / spec).read_text("utf-8"))
    assert text.count(unaligned(before)) >= 1
    path = "mlp.net" if "\n" in spec else spec
    return Source(path, text.replace(unaligned(before), after, 1))


def unaligned(text: str) -> str:
    """Return a text with one space before every arrow: how a spec is aligned is of no concern here."""
    return re.sub(r" +->", " ->", text)


def said(name: str) -> str:
    options = Options({}, load=_load)
    return render_all(diagnostics_of(edited(name), options))


def _load(path: str, importing: str) -> Source:
    return importer(SPECS)(path, str(SPECS / importing))


@pytest.mark.parametrize("name", ROWS)
def test_a_newcomer_is_told_what_to_do(name: str) -> None:
    _, _, _, code, words = ROWS[name]
    message = said(name)
    assert f"[{code}]" in message
    assert words in message


@pytest.mark.parametrize("name", ROWS)
def test_nothing_but_the_mistake_is_told(name: str) -> None:
    codes = {found.code for found in diagnostics_of(edited(name), Options({}, load=_load))}
    assert len(codes) == 1
