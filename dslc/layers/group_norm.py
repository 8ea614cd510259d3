"""Normalisation of the channels of each sample, in groups or one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc import dims
from dslc.errors import Edit, RuleError
from dslc.initializers.constant import Ones, Zeros
from dslc.layers.channels import channels_of, need_channels
from dslc.layers.normal import check_eps, lower_inverse, lower_moments, refuse_single
from dslc.operation import Array, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, Shape, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class GroupNorm(Layer):
    """Give every group of channels of each sample mean 0 and variance 1, then scale and shift.

    The scale and the shift are per channel; `affine=false` leaves them out. One group is a layer
    normalisation over channels and space.

    Shapes: [N, C, *S] -> the same; weight and bias [C]
    Formula: y = (x - mean) / sqrt(variance + eps) * weight + bias; the variance divides by n
    Errors: E0303 no channels, or of unknown number, E0305 groups that do not divide them, E0323 one
        element, E0406 eps of 1 or more
    Source: Wu and He, "Group normalization" (2018), equations 1 to 4

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(16, 3x3) -> GroupNorm(4) -> relu
    """

    precision = "wide"

    groups: int = setting(minimum=1)
    eps: float = setting(1e-5, above=0.0)
    affine: bool = True

    def infer(self, x: TensorType) -> TensorType:
        check_eps("GroupNorm", self.eps, f"({self.groups})")
        channels = channels_of("GroupNorm", x)
        if channels % self.groups:
            fitting = [number for number in range(1, channels + 1) if channels % number == 0]
            nearest = min(fitting, key=lambda number: (abs(number - self.groups), number))
            raise RuleError(
                "E0305",
                f"groups={self.groups} does not divide the channels",
                about="groups",
                text=f"{channels} channels / {self.groups} is not whole",
                facts=(f"these do: {', '.join(map(str, fitting))}",),
                edits=(Edit("for example:", f"groups={nearest}", "groups"),),
            )
        size = dims.product(x.shape[2:]) * (channels // self.groups)
        refuse_single("GroupNorm", x, size, "fewer groups have more channels each")
        return x

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        channels = types[0].with_shape((types[0].shape[1],))
        owned = (
            ParameterSpec("weight", channels, Ones()),
            ParameterSpec("bias", channels, Zeros()),
        )
        return owned if self.affine else ()

    def lower(self, g: Builder, x: ir.Value, *parameters: ir.Value) -> Any:
        batch, channels, *space = shape = g.shape_of(x)
        assert isinstance(channels, int)
        share = channels // self.groups
        rows = g.reshape(x, (batch, self.groups, dims.product(space) * share))
        along = (channels, *[1] * len(space))
        if not g.training and g.dtype_of(x) is not DType.FLOAT64:  # for which it has no kernel
            return self._lower_inference(g, rows, shape, [g.reshape(p, along) for p in parameters])
        _, centred, variance = lower_moments(g, rows, [2])
        scale = lower_inverse(g, variance, self.eps)
        if not parameters:
            return g.reshape(g.Mul(centred, scale), shape)
        # The arithmetic per channel comes first: the value is multiplied once and added to once.
        weight, bias = parameters
        scale = g.Mul(scale, g.reshape(weight, (self.groups, share)))
        scaled = g.Mul(g.reshape(centred, shape), g.reshape(scale, (batch, *along)))
        return g.Add(scaled, g.reshape(bias, along))

    def _lower_inference(
        self, g: Builder, rows: ir.Value, shape: Shape, parameters: list[ir.Value]
    ) -> Any:
        """Take each group for one channel of the operator that normalises channels."""
        one, zero = np.ones(self.groups), np.zeros(self.groups)
        y = g.reshape(g.InstanceNormalization(rows, one, zero, epsilon=self.eps), shape)
        if parameters:
            weight, bias = parameters
            y = g.Add(g.Mul(y, weight), bias)
        return y

    def reference(self, run: Run, x: Array, *parameters: Array) -> Reference:
        rows = x.reshape(x.shape[0], self.groups, -1)
        deviation = np.sqrt(rows.var(axis=2, keepdims=True) + self.eps)
        normal = (rows - rows.mean(axis=2, keepdims=True)) / deviation
        along = (-1, *[1] * (x.ndim - 2))
        weight, bias = (one.reshape(along) for one in parameters) if parameters else (1, 0)

        def backward(dy: Array) -> tuple[Array, ...]:
            scaled = (dy * weight).reshape(rows.shape)
            drows = scaled - scaled.mean(axis=2, keepdims=True)
            drows -= normal * (scaled * normal).mean(axis=2, keepdims=True)
            dx = (drows / deviation).reshape(x.shape)
            others = tuple(axis for axis in range(x.ndim) if axis != 1)
            owned = (dy * normal.reshape(x.shape)).sum(axis=others), dy.sum(axis=others)
            return (dx, *owned) if parameters else (dx,)

        return normal.reshape(x.shape) * weight + bias, backward


@dataclass(frozen=True)
class InstanceNorm(Layer):
    """Give every channel of each sample mean 0 and variance 1.

    `affine=true` scales and shifts the channels by trained numbers. There are no running
    statistics: training and inference are the same.

    Shapes: [N, C, *S] -> the same; weight and bias [C]
    Formula: y = (x - mean) / sqrt(variance + eps) * weight + bias; the variance divides by n
    Errors: E0303 no channels or no space, or channels of unknown number, E0323 one element,
        E0406 eps of 1 or more
    Source: Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast
        stylization" (2016), equation 2

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(16, 3x3) -> InstanceNorm(affine=true) -> relu
    """

    precision = "wide"

    eps: float = setting(1e-5, above=0.0)
    affine: bool = False

    def infer(self, x: TensorType) -> TensorType:
        check_eps("InstanceNorm", self.eps)
        need_channels("InstanceNorm", x, space=True)
        channels_of("InstanceNorm", x)
        refuse_single("InstanceNorm", x, dims.product(x.shape[2:]))
        return x

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        return self._per_channel(channels_of("InstanceNorm", types[0])).parameters(*types)

    def lower(self, g: Builder, x: ir.Value, *parameters: ir.Value) -> Any:
        _, channels, *_ = g.shape_of(x)
        assert isinstance(channels, int)
        return self._per_channel(channels).lower(g, x, *parameters)

    def reference(self, run: Run, x: Array, *parameters: Array) -> Reference:
        return self._per_channel(x.shape[1]).reference(run, x, *parameters)

    def _per_channel(self, channels: int) -> GroupNorm:
        return GroupNorm(channels, self.eps, self.affine)
