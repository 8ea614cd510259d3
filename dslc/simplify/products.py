"""Products of matrices: a transposed operand is a flag of Gemm, or is turned once for many products."""

from __future__ import annotations

import onnx_ir as ir

from dslc.graph.attributes import attributes_of
from dslc.graph.builder import type_of
from dslc.simplify.rewriter import Rewriter, operand, produced_by

FLAGS = ("transA", "transB")

MANY = 4
"""Products that are worth a copy of their operand."""


def fuse_products(g: Rewriter) -> None:
    """Make Gemm of MatMul(Transpose(a), b) and Gemm(Transpose(a), b) for matrices of floats."""
    g.sweep(_fuse, {"Gemm", "MatMul"})


def share_turned(g: Rewriter) -> None:
    """Turn a matrix once whose parts are the left operand of many products: by the flag, each turns it again.

    (The right operand is copied into another order in any case. A Transpose that only products read would be made a
    flag by onnxruntime; behind a Split it stays.)
    """
    g.sweep(_Turned().share, {"Gemm"})


class _Turned:
    """The parts that were turned already."""

    def __init__(self) -> None:
        self.parts: dict[ir.Value, ir.Value] = {}

    def share(self, g: Rewriter, node: ir.Node) -> ir.Value | None:
        if not _turns_left(node):
            return None
        part = operand(node, 0)
        if part not in self.parts:
            split = produced_by(part, "Split")
            products = sum(at == 0 and _turns_left(user) for user, at in part.uses())
            if split is None or products < MANY:
                return None
            turned = g.Transpose(split.inputs[0], perm=[1, 0])
            axis = split.attributes.get_int("axis", 0) % 2
            parts = g.Split(turned, split.inputs[1], axis=1 - axis)
            self.parts.update(zip(split.outputs, parts, strict=True))
        attributes = {**attributes_of(node), "transA": 0}
        found: ir.Value = g.Gemm(self.parts[part], *node.inputs[1:], **attributes)
        return found


def _turns_left(node: ir.Node) -> bool:
    return node.op_type == "Gemm" and node.attributes.get_int("transA", 0) == 1


def _fuse(g: Rewriter, node: ir.Node) -> ir.Value | None:
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
