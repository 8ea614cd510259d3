"""The grammar itself: free of conflicts, and found and cached wherever it is installed."""

from __future__ import annotations

import lark
import pytest

from dslc.syntax import grammar


def build(text, **options):
    return lark.Lark(
        text, strict=True, postlex=grammar.KeepStray(), **{**grammar.OPTIONS, **options}
    )


def test_strict_mode_accepts_the_grammar():
    build(grammar.grammar_path().read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("flow:      _expression", "flow:      _expression | _names"),
        ("?power:      _operand", "?power:      _operand | power power"),
        ("INTEGER:    /[0-9]+/", "INTEGER:    /[0-9a-z]+/"),
    ],
    ids=["conflict", "ambiguity", "collision of terminals"],
)
def test_strict_mode_is_live(old, new):
    text = grammar.grammar_path().read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(lark.exceptions.LarkError):
        build(text.replace(old, new))


@pytest.fixture
def fresh(monkeypatch):
    """Let `grammar()` build anew, and leave no trace of it."""
    grammar.grammar.cache_clear()
    yield monkeypatch
    grammar.grammar.cache_clear()


def test_the_tables_are_cached(fresh, tmp_path):
    fresh.setenv("XDG_CACHE_HOME", str(tmp_path))
    fresh.setattr(grammar.sys, "platform", "linux")
    grammar.grammar()
    (cached,) = (tmp_path / "dslc").iterdir()
    written = cached.stat().st_mtime_ns
    grammar.grammar.cache_clear()
    assert grammar.grammar().parse_interactive("").parser_state is not None
    assert cached.stat().st_mtime_ns == written


def test_a_broken_cache_is_replaced(fresh, tmp_path):
    fresh.setenv("XDG_CACHE_HOME", str(tmp_path))
    fresh.setattr(grammar.sys, "platform", "linux")
    grammar.grammar()
    (cached,) = (tmp_path / "dslc").iterdir()
    cached.write_bytes(b"nonsense")
    grammar.grammar.cache_clear()
    assert grammar.grammar().rules
    assert cached.stat().st_size > 1000


def test_without_a_place_for_the_cache_the_grammar_is_built(fresh, tmp_path):
    (tmp_path / "file").write_text("in the way")
    fresh.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    fresh.setattr(grammar.sys, "platform", "linux")
    assert grammar.grammar().rules
