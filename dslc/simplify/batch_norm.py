"""BatchNormalization (inference) after constant weights becomes part of the weights.

scale * (W x + b - mean) / sqrt(variance + epsilon) + shift  =  (f W) x + f (b - mean) + shift
with f = scale / sqrt(variance + epsilon), one factor per output channel
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from dslc.graph.attributes import attributes_of
from dslc.graph.builder import constant_of, type_of
from dslc.operation import Array
from dslc.simplify.rewriter import Rewriter, only_use, operand, produced_by


@dataclass(frozen=True, slots=True)
class Affine:
    """What a normalisation does to each channel: `factor * x + shift`."""

    factor: Array
    shift: Array


def fold_batch_norm(g: Rewriter) -> None:
    """Fold every normalisation whose operand nobody else reads."""
    g.sweep(_fold, {"BatchNormalization"})


def _fold(g: Rewriter, node: ir.Node) -> ir.Value | None:
    linear = produced_by(node.inputs[0], *_SCALED)
    statistics = [constant_of(value) for value in node.inputs[1:5]]
    if linear is None or not only_use(linear.outputs[0]):
        return None
    weight = constant_of(linear.inputs[1])
    bias = _bias(linear)
    if weight is None or bias is None or any(item is None for item in statistics):
        return None
    scale, shift, mean, variance = (_wide(item) for item in statistics if item is not None)
    factor = scale / np.sqrt(variance + node.attributes.get_float("epsilon", 1e-5))
    affine = Affine(factor, shift + factor * (bias - mean))
    return _rebuilt(g, linear, _wide(weight), affine)


def _bias(linear: ir.Node) -> Array | None:
    """Return the constant that is added to each channel, None where it is not one number each."""
    value = linear.inputs[2] if len(linear.inputs) > 2 else None
    if value is None:
        return np.zeros(())
    bias = constant_of(value)
    if bias is None or bias.size not in (1, bias.shape[-1] if bias.ndim else 1):
        return None
    beta = linear.attributes.get_float("beta", 1.0)
    return np.asarray(beta * _wide(bias.reshape(-1)))


def _wide(array: Array) -> Array:
    return array.astype(np.float64)


def _rebuilt(g: Rewriter, linear: ir.Node, weight: Array, affine: Affine) -> ir.Value | None:
    """Write the linear operator with other weights and a bias."""
    scaled = _SCALED[linear.op_type](linear, weight, affine.factor)
    if scaled is None:
        return None
    held = operand(linear, 1)
    dtype = type_of(held).dtype.numpy
    weights = g.weight(f"{held.name}.folded", scaled.astype(dtype))
    shift = np.broadcast_to(affine.shift, affine.factor.shape)
    bias = g.weight(f"{linear.name}.bias", shift.astype(dtype))
    attributes = attributes_of(linear)
    attributes.pop("beta", None)
    operator = "Gemm" if linear.op_type == "MatMul" else linear.op_type
    found: ir.Value = g.node(operator, [linear.inputs[0], weights, bias], attributes)
    return found


def _along(weight: Array, factor: Array, axis: int) -> Array:
    """Scale `weight` along one axis."""
    return weight * factor.reshape([-1 if i == axis else 1 for i in range(weight.ndim)])


def _conv(linear: ir.Node, weight: Array, factor: Array) -> Array:
    return _along(weight, factor, 0)


def _conv_transpose(linear: ir.Node, weight: Array, factor: Array) -> Array:
    """Scale [C, M / group, *kernel]: each group is a slice of axis 0 and has its own channels."""
    group = linear.attributes.get_int("group", 1)
    grouped = weight.reshape(group, -1, *weight.shape[1:])
    factors = factor.reshape(group, 1, -1, *[1] * (weight.ndim - 2))
    return (grouped * factors).reshape(weight.shape)


def _gemm(linear: ir.Node, weight: Array, factor: Array) -> Array:
    return _along(weight, factor, 0 if linear.attributes.get_int("transB", 0) else 1)


def _mat_mul(linear: ir.Node, weight: Array, factor: Array) -> Array | None:
    """Scale the columns; channels are columns only of a matrix."""
    matrix = type_of(linear.outputs[0]).rank == weight.ndim == 2
    return _along(weight, factor, 1) if matrix else None


_SCALED: Mapping[str, Callable[[ir.Node, Array, Array], Array | None]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": _mat_mul,
}
