"""Constant folding: what can be computed now is computed now, if it is small."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from dslc.dims import known
from dslc.errors import InternalError
from dslc.graph.builder import constant_of, type_of
from dslc.operation import Array
from dslc.simplify.evaluate import EVALUATORS, Node
from dslc.simplify.rewriter import Rewriter, operand

LARGEST = 4096
"""Elements up to which operands and results are folded: the file must not grow."""

SIZES = ("Shape", "Size")
FOLDED = frozenset((*SIZES, *EVALUATORS))


def fold_constants(g: Rewriter) -> None:
    """Replace nodes whose operands are constants, and the shapes of values that are known."""
    g.sweep(_fold, FOLDED)


def _fold(g: Rewriter, node: ir.Node) -> ir.Value | None:
    if node.op_type not in SIZES and not all(map(_is_constant, node.inputs)):
        return None
    wanted = type_of(node.outputs[0])
    size = wanted.size
    if len(node.outputs) != 1 or not isinstance(size, int) or size > LARGEST:
        return None
    result = _sizes(node) if node.op_type in SIZES else _evaluated(node)
    if result is None or (node.op_type == "Identity" and node.outputs[0].is_graph_output()):
        return None
    if result.shape != wanted.shape:
        raise InternalError("simplify", f"{node.name} folds to {result.shape}, not {wanted}")
    return g.constant(result, wanted.dtype)


def _is_constant(value: ir.Value | None) -> bool:
    return value is None or (value.const_value is not None and not value.is_graph_input())


def _sizes(node: ir.Node) -> Array | None:
    """Return the sizes that Shape or Size asks for, where they are known."""
    shape = type_of(operand(node, 0)).shape
    if node.op_type == "Shape":
        start, end = node.attributes.get_int("start", 0), node.attributes.get_int("end", None)
        sizes = known(shape[start:end])
        return None if sizes is None else np.asarray(sizes, np.int64)
    sizes = known((type_of(operand(node, 0)).size,))
    return None if sizes is None else np.asarray(sizes[0], np.int64)


def _evaluated(node: ir.Node) -> Array | None:
    if not all(value is None or _is_small(value) for value in node.inputs):
        return None
    operands = [constant_of(value) for value in node.inputs]
    with np.errstate(all="ignore"):
        return EVALUATORS[node.op_type](Node(node, operands, type_of(node.outputs[0])))


def _is_small(value: ir.Value) -> bool:
    size = type_of(value).size
    return isinstance(size, int) and size <= LARGEST
