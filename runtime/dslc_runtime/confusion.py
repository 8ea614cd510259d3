"""Print a confusion matrix: rows are the true classes, columns the predicted ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Table = np.ndarray[Any, Any]

WIDEST = 20
"""Classes up to which the whole matrix is printed; of more, the most frequent mistakes are."""

MISTAKES = 10


def table_lines(name: str, table: Table) -> Iterator[str]:
    """Yield a confusion matrix as lines of text."""
    if len(table) > WIDEST:
        yield from _mistakes(name, table)
        return
    width = max(len(str(table.max(initial=0))), len(str(len(table) - 1))) + 1
    classes = "".join(f"{number:>{width}}" for number in range(len(table)))
    yield f"{name} (rows: true, columns: predicted)"
    yield f"{'':>{width}} |{classes}"
    for number, row in enumerate(table):
        yield f"{number:>{width}} |" + "".join(f"{count:>{width}}" for count in row)


def _mistakes(name: str, table: Table) -> Iterator[str]:
    wrong = table - np.diag(np.diagonal(table))
    often = ", most often" if wrong.any() else ""
    yield f"{name} ({len(table)} classes): {wrong.sum()} of {table.sum()} mistaken{often}"
    for place in np.argsort(-wrong, axis=None, kind="stable")[:MISTAKES]:
        true, predicted = np.unravel_index(place, table.shape)
        if wrong[true, predicted]:
            yield f"  {true} taken for {predicted}: {wrong[true, predicted]} times"
