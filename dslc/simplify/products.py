"""Products of matrices: a transposed operand is a flag of Gemm."""

from __future__ import annotations

import onnx_ir as ir

from dslc.graph.attributes import attributes_of
from dslc.graph.builder import type_of
from dslc.simplify.rewriter import Rewriter, operand, produced_by

FLAGS = ("transA", "transB")


def fuse_products(graph: ir.Graph) -> None:
    """Make Gemm of MatMul(Transpose(a), b) and Gemm(Transpose(a), b) for matrices of floats."""
    Rewriter(graph).sweep(_fuse)


def _fuse(g: Rewriter, node: ir.Node) -> ir.Value | None:
    if node.op_type not in ("MatMul", "Gemm"):
        return None
    types = [type_of(operand(node, index)) for index in (0, 1)]
    if not types[0].dtype.is_float or any(type.rank != 2 for type in types):
        return None
    attributes = attributes_of(node)
    operands = list(node.inputs)
    for index, flag in enumerate(FLAGS):
        # A matrix has one order besides its own, so every Transpose that is left is this one.
        if turned := produced_by(operands[index], "Transpose"):
            operands[index] = turned.inputs[0]
            attributes[flag] = 1 - attributes.get(flag, 0)
    if operands == list(node.inputs):
        return None
    found: ir.Value = g.Gemm(*operands, **attributes)
    return found
