"""What must hold of any text: a network, or mistakes in words at places inside the file; and a layout that stays."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dslc.compile import Options, network_of
from dslc.errors import CompileError, Diagnostic
from dslc.format.foreign import fix_spellings
from dslc.format.formatting import format_source
from dslc.format.shapes import write_shapes
from dslc.render import render, to_json
from dslc.source import Source

LONGEST = 10.0
"""Seconds that one spec may take."""


@dataclass(frozen=True)
class Verdict:
    """What came of one spec: the codes of its mistakes (none: it compiles), how long it took, and what is wrong with
    that (nothing: as it should be).
    """

    codes: tuple[str, ...]
    seconds: float
    wrong: str = ""


def judge(text: str) -> Verdict:
    """Read a spec as every command does, for training and for inference."""
    start = time.perf_counter()
    source = Source("spec.net", text)
    codes: tuple[str, ...] = ()
    try:
        for training in (True, False):
            network_of(source, Options({}, load=_load), training=training)
        wrong = ""
    except CompileError as error:
        codes = tuple(diagnostic.code for diagnostic in error.diagnostics)
        complaints = (complaint(diagnostic) for diagnostic in error.diagnostics)
        wrong = next((said for said in complaints if said), "")
    except Exception as error:  # what must not be: a fault of the compiler
        wrong = f"{type(error).__name__}: {error}"
    return Verdict(codes, time.perf_counter() - start, wrong)


def misprint(text: str) -> str:
    """Say what is wrong with what `dslc fmt`, `--fix` and `--shapes` make of a text; of one with mistakes, nothing.

    That the tree and the comments stay as they are, `format_source` sees to itself.
    """
    try:
        once = format_source(Source("spec.net", text))
        if format_source(Source("spec.net", once)) != once:
            return "fmt is not done after once"
    except CompileError:
        return ""
    except Exception as error:  # what must not be: a fault of the formatter
        return f"fmt: {type(error).__name__}: {error}"
    wrong = (_unsteady(name, rewrite, once) for name, rewrite in REWRITES.items())
    return next((said for said in wrong if said), "")


def _shaped(source: Source) -> str:
    return write_shapes(source, _load)


REWRITES: Mapping[str, Callable[[Source], str]] = {
    "fmt --fix": fix_spellings,
    "fmt --shapes": _shaped,
}


def _unsteady(name: str, rewrite: Callable[[Source], str], text: str) -> str:
    """Say whether rewriting fails, gives what cannot be laid out, or is not done after once."""
    try:
        rewritten = rewrite(Source("spec.net", text))
    except CompileError:
        return ""
    except Exception as error:
        return f"{name}: {type(error).__name__}: {error}"
    if rewritten == text:
        return ""
    try:
        once = format_source(Source("spec.net", rewritten))
        return "" if rewrite(Source("spec.net", once)) == once else f"{name} is not done after once"
    except Exception as error:
        return f"behind {name}: {type(error).__name__}: {error}"


def _load(path: str, importer: str) -> Source:
    raise FileNotFoundError(2, "no such file")


def complaint(diagnostic: Diagnostic) -> str:
    """Say what is wrong with a diagnostic; nothing where it can be shown to a person."""
    for label in (diagnostic.primary, *diagnostic.others):
        span, text = label.span, label.span.source.text
        if not 0 <= span.start <= span.end <= len(text):
            return f"{diagnostic.code} is at {span.start} to {span.end} of {len(text)}"
        if not 1 <= span.line <= text.count("\n") + 1 or span.column < 1:
            return f"{diagnostic.code} is in line {span.line}, column {span.column}"
    shown = render(diagnostic)
    json.dumps(to_json(diagnostic))
    if diagnostic.message not in shown and not any(ord(c) < 32 for c in diagnostic.message):
        return f"{diagnostic.code} is shown without its message"
    return "" if diagnostic.message.strip() else f"{diagnostic.code} says nothing"
