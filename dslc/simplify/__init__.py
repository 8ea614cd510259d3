"""Simplify a graph: fewer nodes, the same results. A pass is a file; it edits the graph in place."""

from __future__ import annotations

from dslc.simplify.passes import PASSES, simplify

__all__ = ["PASSES", "simplify"]
