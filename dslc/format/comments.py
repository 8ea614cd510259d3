"""Comments behind code: neighbouring ones stand in one column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from dslc.format.write import Line

LEAST = 2
FARTHEST = 20


def text_of(lines: Iterable[Line]) -> str:
    """Return lines as text, with the comments behind them."""
    result: list[str] = []
    for _, run in groupby(lines, lambda line: (line.comment is not None, line.indent)):
        found = [*run]
        column = _column(found) if found[0].comment else 0
        for line in found:
            comment = line.comment.text if line.comment else ""
            result.append(f"{line.text.ljust(column)}{comment}".rstrip())
    return "".join(f"{line}\n" for line in result)


def _column(lines: Sequence[Line]) -> int:
    """Return the column of some comments: the one they all stand in, if it is near enough, else the first free one."""
    widest = max(len(line.text) for line in lines)
    columns = {line.comment.span.column - 1 for line in lines if line.comment}
    column = columns.pop()
    if len(lines) > 1 and not columns and LEAST <= column - widest <= FARTHEST:
        return column
    return widest + LEAST
