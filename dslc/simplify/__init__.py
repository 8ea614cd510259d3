"""Simplify a graph: fewer nodes, the same results. Each pass is a file and edits in place."""

from __future__ import annotations

from dslc.simplify.passes import PASSES, simplify

__all__ = ["PASSES", "simplify"]
