"""The parser tables of `grammar/net.lark`, made once and kept in the user's cache directory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import lark
from lark.lark import PostLex

OPTIONS = {
    "parser": "lalr",
    "lexer": "basic",
    "keep_all_tokens": True,
    "maybe_placeholders": False,
}


class KeepStray(PostLex):
    """Keep the terminal that no rule uses: it holds what the language does not have."""

    always_accept = ("STRAY",)

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        return stream


def grammar_path() -> Path:
    """Return the grammar's place: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "grammar" / "net.lark"
    return inside if inside.exists() else package.parent / "grammar" / "net.lark"


@cache
def grammar() -> lark.Lark:
    """Return the parser; building it takes 0.2 s, loading it from the cache a quarter of that."""
    text = grammar_path().read_text(encoding="utf-8")
    return lark.Lark(text, postlex=KeepStray(), cache=_cache_file() or False, **OPTIONS)


def _cache_file() -> str | None:
    """Return where the tables may be kept, or None where nothing can be written."""
    name = f"net-{sys.version_info[0]}.{sys.version_info[1]}-{lark.__version__}.lark.cache"
    try:
        directory = _cache_directory() / "dslc"
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: there is no home directory
        return None
    path = directory / name
    return str(path) if os.access(path if path.exists() else directory, os.W_OK) else None


def _cache_directory() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
