"""Blank lines between the items of a file."""

from __future__ import annotations

from dslc.format.elements import Stack, Statement

APART = frozenset({"NET", "BLOCK", "TRAIN"})
"""A blank line stands around each of these."""


def separate_items(stack: Stack) -> None:
    """Put a blank line around blocks, nets and train sections, above the comments that belong to them."""
    before: Statement | None = None
    between: int | None = None
    for index, entry in enumerate(stack.entries):
        if entry.blank:
            between = None
            before = None if not isinstance(entry.content, Statement) else before
        if not isinstance(entry.content, Statement):
            between = index if between is None and before is not None else between
            continue
        apart = before is not None and (before.kind in APART or entry.content.kind in APART)
        if apart:
            stack.entries[index if between is None else between].blank = True
        before, between = entry.content, None
