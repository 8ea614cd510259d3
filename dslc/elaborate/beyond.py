"""What else is wrong with a file that could be read in parts only, without the consequences of that.

A statement that could not be read leaves a hole: what flows behind it is unknown, and so are the names on its lines. Of
what elaboration then finds, only mistakes that stand for themselves are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from dslc.errors import CompileError, Diagnostic
from dslc.network.network import Network
from dslc.syntax import tree
from dslc.syntax.holes import with_holes

STRUCTURAL = {"E0101", "E0109", "E0110", "E0111"}
"""Slips behind which it is not known which section a line stands in."""

LOCAL = ("E020", "E021", "E03", "E04", "E0601", "E0603")
"""Mistakes that can be told although other statements are missing."""

WORD = re.compile(r"[A-Za-z_]\w*")


def mistakes_beyond(
    file: tree.File | None,
    slips: Sequence[Diagnostic],
    elaborated: Callable[[tree.File], Network],
) -> list[Diagnostic]:
    """Return the mistakes in the statements that could be read; `slips` are those of the syntax.

    Errors: LimitError where the file asks for too much.
    """
    if file is None or any(slip.code in STRUCTURAL for slip in slips):
        return []
    lost = _lost_names(slips)
    try:
        elaborated(with_holes(file, [slip.primary.span.start for slip in slips]))
    except CompileError as error:
        if not all(found.code.startswith("E09") for found in error.diagnostics):
            return [found for found in error.diagnostics if _stands_alone(found, lost)]
    return []


def _lost_names(slips: Sequence[Diagnostic]) -> set[str]:
    """Return the names on the lines that could not be read."""
    lines = {
        (label.span.source, label.span.line)
        for slip in slips
        for label in (slip.primary, *slip.others)
    }
    return {word for source, line in lines for word in WORD.findall(source.line_text(line))}


def _stands_alone(found: Diagnostic, lost: set[str]) -> bool:
    span = found.primary.span
    return span.start < span.end and span.text not in lost and found.code.startswith(LOCAL)
