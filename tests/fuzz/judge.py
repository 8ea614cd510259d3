"""What must hold of any text: a network, or mistakes in words at places inside the file; never anything else."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from dslc.compile import Options, network_of
from dslc.errors import CompileError, Diagnostic
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
