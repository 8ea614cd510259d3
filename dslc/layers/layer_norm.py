"""Normalisation of each sample by itself, over dimensions that are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.errors import Edit, RuleError
from dslc.initializers.constant import Ones, Zeros
from dslc.layers.normal import lower_inverse, lower_moments, refuse_single
from dslc.layers.rules import axes_of, need_float
from dslc.layers.windows import known_size
from dslc.operation import Array, Function, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

Axis = int | tuple[int, ...]

FLOAT32_SPACING = 2.0**-23


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Give the elements along `axis` mean 0 and variance 1, then scale and shift each of them.

    `axis` is the last dimension, another one, or a list: `axis=[1, 2, 3]` normalises whole images,
    `axis=1` the channels of each pixel. `elementwise_affine=false` leaves weight and bias out,
    `bias=false` the bias alone.

    Shapes: any -> the same; weight and bias have the sizes along `axis`
    Formula: y = (x - mean) / sqrt(variance + eps) * weight + bias; the variance divides by n
    Errors: E0303 unknown sizes along `axis`, E0322 no such dimension, E0323 one element
    Source: Ba, Kiros and Hinton, "Layer normalization" (2016), equation 4

    Example:
        input x: float32[N, T, 64]
        output y: LayerNorm -> Linear(10)
    """

    precision = "wide"

    axis: Axis = -1
    eps: float = setting(1e-5, above=0.0)
    elementwise_affine: bool = True
    bias: bool = True

    def infer(self, x: TensorType) -> TensorType:
        sizes = _sizes("LayerNorm", self.axis, x)
        wider = "name the dimensions to normalise, for example  axis=[1, 2, 3]"
        refuse_single("LayerNorm", x, prod(sizes), wider)
        return x

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        (x,) = types
        owned = x.with_shape(_sizes("LayerNorm", self.axis, x))
        specs = (ParameterSpec("weight", owned, Ones()), ParameterSpec("bias", owned, Zeros()))
        return specs[: self.elementwise_affine * (1 + self.bias)]

    def lower(self, g: Builder, x: ir.Value, *parameters: ir.Value) -> Any:
        shape = g.shape_of(x)
        axes = _axes(self.axis, len(shape))
        is_tail = axes[-1] - axes[0] + 1 == len(axes) and axes[-1] == len(shape) - 1
        # The operator keeps mean and deviation for its gradient, but always has a scale.
        if is_tail and (parameters or not g.training):
            scale = parameters or (g.expand(g.constant(1.0, g.dtype_of(x)), shape[axes[0] :]),)
            results = g.LayerNormalization(
                x, *scale, axis=axes[0], epsilon=self.eps, outputs=3 if g.training else 1
            )
            return results[0] if g.training else results
        _, centred, variance = lower_moments(g, x, axes)
        y = g.Mul(centred, lower_inverse(g, variance, self.eps))
        along = _along(shape, axes)
        for operator, parameter in zip((g.Mul, g.Add), parameters, strict=False):
            y = operator(y, g.reshape(parameter, along))
        return y

    def reference(self, run: Run, x: Array, *parameters: Array) -> Reference:
        axes = _axes(self.axis, x.ndim)
        centred = x - x.mean(axis=axes, keepdims=True)
        inverse = 1 / np.sqrt(np.square(centred).mean(axis=axes, keepdims=True) + self.eps)
        normal = centred * inverse
        along = _along(x.shape, axes)
        weight = parameters[0].reshape(along) if parameters else 1
        y = normal * weight
        if len(parameters) > 1:
            y += parameters[1].reshape(along)

        def backward(dy: Array) -> tuple[Array, ...]:
            scaled = dy * weight
            mean = scaled.mean(axis=axes, keepdims=True)
            share = (scaled * normal).mean(axis=axes, keepdims=True)
            dx = inverse * (scaled - mean - normal * share)
            others = tuple(axis for axis in range(x.ndim) if axis not in axes)
            owned = ((dy * normal).sum(axis=others), dy.sum(axis=others))
            return dx, *owned[: len(parameters)]

        return y, backward


@dataclass(frozen=True)
class RMSNorm(Layer):
    """Divide the elements along `axis` by their root mean square, then scale each of them.

    `axis` is the last dimension, another one, or a list. `eps=none` is the spacing of float32
    numbers at 1, 2^-23; `elementwise_affine=false` leaves the weight out.

    Shapes: any -> the same; weight has the sizes along `axis`
    Formula: y = x / sqrt(mean of x^2 + eps) * weight
    Errors: E0303 unknown sizes along `axis`, E0322 no such dimension
    Source: Zhang and Sennrich, "Root mean square layer normalization" (2019), equation 4

    Example:
        input x: float32[N, T, 64]
        output y: RMSNorm(eps=1e-6) -> Linear(10)
    """

    precision = "wide"

    axis: Axis = -1
    eps: float | None = setting(None, above=0.0)
    elementwise_affine: bool = True

    def infer(self, x: TensorType) -> TensorType:
        _sizes("RMSNorm", self.axis, x)
        return x

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        (x,) = types
        owned = x.with_shape(_sizes("RMSNorm", self.axis, x))
        return (ParameterSpec("weight", owned, Ones()),) if self.elementwise_affine else ()

    def lower(self, g: Builder, x: ir.Value, weight: ir.Value | None = None) -> Any:
        shape = g.shape_of(x)
        axes = _axes(self.axis, len(shape))
        mean = g.ReduceMean(g.Mul(x, x), g.axes(*axes), keepdims=1)
        y = g.Mul(x, g.Reciprocal(g.Sqrt(g.Add(mean, self._eps))))
        return y if weight is None else g.Mul(y, g.reshape(weight, _along(shape, axes)))

    def reference(self, run: Run, x: Array, weight: Array | None = None) -> Reference:
        axes = _axes(self.axis, x.ndim)
        root = np.sqrt(np.square(x).mean(axis=axes, keepdims=True) + self._eps)
        normal = x / root
        scale = 1 if weight is None else weight.reshape(_along(x.shape, axes))

        def backward(dy: Array) -> tuple[Array, ...]:
            scaled = dy * scale
            dx = (scaled - normal * (scaled * normal).mean(axis=axes, keepdims=True)) / root
            others = tuple(axis for axis in range(x.ndim) if axis not in axes)
            return (dx,) if weight is None else (dx, (dy * normal).sum(axis=others))

        return normal * scale, backward

    @property
    def _eps(self) -> float:
        return FLOAT32_SPACING if self.eps is None else self.eps


@dataclass(frozen=True)
class L2Normalize(Function):
    """Divide the vectors along `axis` by their length.

    Shapes: any -> the same
    Formula: y = x / max(sqrt(sum of x^2), eps)
    Errors: E0322 no such dimension
    Kinks: where the length is at most `eps`, y is x / eps, and so is the gradient.

    Example:
        input x: float32[N, 16]
        output y: Linear(8) -> l2_normalize
    """

    precision = "wide"

    spelling = "l2_normalize"

    axis: Axis = -1
    eps: float = setting(1e-12, above=0.0)

    def infer(self, x: TensorType) -> TensorType:
        need_float("l2_normalize", x)
        axes_of("l2_normalize", self.axis, x)
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        axes = g.axes(*_axes(self.axis, len(g.shape_of(x))))
        return g.Div(x, g.Max(self.eps, g.ReduceL2(x, axes, keepdims=1)))

    def reference(self, run: Run, x: Array) -> Reference:
        axes = _axes(self.axis, x.ndim)
        length = np.sqrt(np.square(x).sum(axis=axes, keepdims=True))
        is_long = run.decide(length > self.eps)
        divisor = np.where(is_long, length, self.eps)
        y = x / divisor

        def backward(dy: Array) -> tuple[Array, ...]:
            along = (dy * y).sum(axis=axes, keepdims=True)
            return ((dy - np.where(is_long, along, 0) * y) / divisor,)

        return y, backward


def _sizes(name: str, axis: Axis, x: TensorType) -> tuple[int, ...]:
    """Return the sizes along `axis`; refuse what cannot be normalised there."""
    need_float(name, x)
    given = (axis,) if isinstance(axis, int) else axis
    if given == x.shape[-len(given) :] and max(given, default=0) >= x.rank:
        last = [*range(-len(given), 0)]
        raise RuleError(
            "E0322",
            f"`{name}` is told which dimensions to normalise, not their sizes",
            about="axis",
            text="the sizes come from the value",
            edits=(
                Edit("name the dimensions:", f"axis={last if len(last) > 1 else last[0]}", "axis"),
            ),
        )
    return tuple(known_size(name, x, one, "elements") for one in axes_of(name, axis, x))


def _axes(axis: Axis, rank: int) -> tuple[int, ...]:
    """Return the axes, ascending and from the front."""
    return tuple(sorted(one % rank for one in ((axis,) if isinstance(axis, int) else axis)))


def _along(shape: Sequence[Any], axes: Sequence[int]) -> tuple[Any, ...]:
    """Return a shape with the other dimensions 1, to broadcast weights with."""
    return tuple(dim if axis in axes else 1 for axis, dim in enumerate(shape))
