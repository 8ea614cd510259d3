"""The passes in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from dslc.graph.verify import verify
from dslc.simplify.algebra import simplify_algebra
from dslc.simplify.batch_norm import fold_batch_norm
from dslc.simplify.broadcasts import remove_broadcasts, widen_scalars
from dslc.simplify.common import merge_common
from dslc.simplify.constants import fold_constants
from dslc.simplify.products import fuse_products, share_turned
from dslc.simplify.rewriter import Rewriter
from dslc.simplify.sums import absorb_sums, join_products

PASSES: tuple[Callable[[Rewriter], None], ...] = (
    Rewriter.remove_dead,
    fold_constants,
    remove_broadcasts,
    simplify_algebra,
    merge_common,
    fold_batch_norm,
    fuse_products,
    share_turned,
    join_products,
    absorb_sums,
    fold_constants,
    widen_scalars,
    merge_common,
    Rewriter.remove_dead,
)


def simplify(graph: ir.Graph, *, debug: bool = False) -> None:
    """Run every pass once; `debug` verifies the graph before the first and after each."""
    if debug:
        verify(graph)
    g = Rewriter(graph)
    for run in PASSES:
        run(g)
        if debug:
            verify(graph)
