"""Convolution over one, two or three spatial dimensions, as a layer and as a function."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from dslc import dims
from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.initializers.base import Initializer
from dslc.layers.convolve import convolve
from dslc.layers.defaults import weight_and_bias
from dslc.layers.rules import refuse_float64
from dslc.layers.windows import (
    ONE,
    ZERO,
    Window,
    check_groups,
    check_image,
    known_size,
    window_over,
)
from dslc.operation import Array, Function, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import Size, TensorType, float32, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Conv(Layer):
    """Slide `channels` filters over the value, with weights of its own.

    `padding` is a size, `same` (stride 1; the odd position goes after), in one dimension `causal` (no
    result sees what comes after it) or a list `[before..., after...]`. Without `init` and `bias_init`
    the initial values are PyTorch's.

    Shapes: [N, C, *S] -> [N, channels, *R] with
        R = floor((S + 2*padding - dilation*(kernel - 1) - 1) / stride) + 1;
        weight [channels, C / groups, *kernel], bias [channels]
    Formula: y[n, m, p] = bias[m] +
        sum over c, q of weight[m, c, q] * x[n, c, p*stride - padding + q*dilation]
    Errors: E0303 not an image, E0304 kernel larger than its input, E0305 groups, E0406 `same` with a
        stride or `causal` in several dimensions
    Example:
        input image: float32[N, 3, 32, 32]
        c1: Conv(16, 5x5, stride=2, padding=2) -> relu     -> [N, 16, 16, 16]
        output y: Conv(8, 3x3, padding=same, groups=8)     -> [N, 8, 16, 16]
    """

    precision = "half"

    channels: int = setting(minimum=1)
    kernel: Size = setting(minimum=1)
    stride: Size = setting(ONE, minimum=1)
    padding: Size | Literal["same", "causal"] = setting(ZERO, minimum=0)
    dilation: Size = setting(ONE, minimum=1)
    groups: int = setting(1, minimum=1)
    bias: bool = True
    init: Initializer | None = None
    bias_init: Initializer | None = None
    trainable: bool = True

    def infer(self, x: TensorType) -> TensorType:
        check_image("Conv", x)
        check_groups(self.groups, known_size("Conv", x, 1, "channels"), self.channels)
        return _result(self._window(x.rank), x, self.channels)

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        (x,) = types
        depth = known_size("Conv", x, 1, "channels") // self.groups
        shape = (self.channels, depth, *self._window(x.rank).kernel)
        weight, bias = x.with_shape(shape), x.with_shape((self.channels,))
        return weight_and_bias(self, weight, bias, math.prod(shape[1:]))

    def lower(
        self, g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None = None
    ) -> ir.Value:
        window = self._window(len(g.shape_of(x)))
        return _lower(g, window, self.groups, x, weight, bias)

    def reference(self, run: Run, x: Array, weight: Array, *bias: Array | None) -> Reference:
        return convolve(self._window(x.ndim), self.groups, x, weight, *bias)

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        depth = known_size("Conv", inputs[0], 1, "channels") // self.groups
        return outputs[0].size * (depth * math.prod(self._window(inputs[0].rank).kernel))

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return self._window(inputs[0].rank).explain(inputs[0].shape[2:], show_zero=True)

    def _window(self, rank: int) -> Window:
        return window_over(rank - 2, self.kernel, self.stride, self.padding, self.dilation)


@dataclass(frozen=True)
class ConvFunction(Function):
    """Slide filters that are values themselves: masked, shared or computed weights.

    Shapes: x [N, C, *S], weight [channels, C / groups, *kernel], bias [channels] or none ->
        as `Conv`
    Formula: as `Conv`
    Errors: E0303 shapes that do not belong together, E0304 kernel larger than its input,
        E0305 groups, E0406 as `Conv`, E0590 float64
    Example:
        input image: float32[N, 1, 28, 28]
        param filters: float32[4, 1, 3, 3] = normal(std=0.1)
        output y: conv(image, filters, padding=1)          -> [N, 4, 28, 28]
    """

    precision = "half"

    spelling: ClassVar[str | None] = "conv"

    stride: Size = setting(ONE, minimum=1)
    padding: Size | Literal["same", "causal"] = setting(ZERO, minimum=0)
    dilation: Size = setting(ONE, minimum=1)
    groups: int = setting(1, minimum=1)

    def infer(
        self, x: TensorType, weight: TensorType, bias: TensorType | None = None
    ) -> TensorType:
        check_image("conv", x)
        refuse_float64("conv", x)
        _check_weight(x, weight, bias, self.groups)
        return _result(self._window(weight), x, known_size("conv", weight, 0, "filters", about=1))

    def lower(
        self, g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None = None
    ) -> ir.Value:
        window = self._window(float32(*g.shape_of(weight)))
        return _lower(g, window, self.groups, x, weight, bias)

    def reference(self, run: Run, x: Array, weight: Array, *bias: Array | None) -> Reference:
        return convolve(self._window(float32(*weight.shape)), self.groups, x, weight, *bias)

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        return outputs[0].size * dims.product(inputs[1].shape[1:])

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return self._window(inputs[1]).explain(inputs[0].shape[2:], show_zero=True)

    def _window(self, weight: TensorType) -> Window:
        kernel = Size(
            tuple(
                known_size("conv", weight, i, "kernel sizes", about=1)
                for i in range(2, weight.rank)
            )
        )
        return window_over(weight.rank - 2, kernel, self.stride, self.padding, self.dilation)


def _result(window: Window, x: TensorType, channels: int) -> TensorType:
    window.check_fits(x.shape[2:])
    return x.with_shape((x.shape[0], channels, *window.outputs(x.shape[2:])))


def _check_weight(x: TensorType, weight: TensorType, bias: TensorType | None, groups: int) -> None:
    if weight.rank != x.rank or weight.dtype is not x.dtype:
        raise RuleError(
            "E0303",
            f"`conv` needs a weight [channels, C / groups, *kernel] of {x.dtype} for {x}",
            about=1,
            text=f"this is {weight}",
            facts=(f"the value has {x.rank - 2} spatial dimensions",),
        )
    inputs, filters = (
        known_size("conv", x, 1, "channels"),
        known_size("conv", weight, 0, "filters", about=1),
    )
    check_groups(groups, inputs, filters)
    if weight.shape[1] != inputs // groups:
        raise RuleError(
            "E0303",
            f"the weight is for {weight.shape[1]} channels per group; "
            f"the value has {inputs // groups}",
            about=1,
            text=f"this is {weight}",
            facts=(f"{inputs} channels / groups={groups} = {inputs // groups}",),
        )
    if bias is not None and bias.shape != (filters,):
        raise RuleError(
            "E0303",
            f"the bias of `conv` needs one number per filter: [{filters}]",
            about=2,
            text=f"this is {shape_text(bias.shape)}",
        )


def _lower(
    g: Builder,
    window: Window,
    groups: int,
    x: ir.Value,
    weight: ir.Value,
    bias: ir.Value | None,
) -> ir.Value:
    operands = (x, weight) if bias is None else (x, weight, bias)
    result: ir.Value = g.Conv(
        *operands,
        kernel_shape=list(window.kernel),
        strides=list(window.stride),
        pads=window.pads,
        dilations=list(window.dilation),
        group=groups,
    )
    return result
