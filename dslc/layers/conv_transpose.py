"""Transposed convolution over one, two or three spatial dimensions, as a layer and as a function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from dslc import dims
from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.initializers.base import Initializer
from dslc.layers.convolve import convolve_transposed
from dslc.layers.defaults import weight_and_bias
from dslc.layers.rules import refuse_float64
from dslc.layers.windows import (
    ONE,
    ZERO,
    Window,
    check_groups,
    check_image,
    known_size,
    spread,
    times,
    window_over,
)
from dslc.operation import Array, Function, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import Size, TensorType, float32, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

FAR = 2**31
"""The end of a slice that goes to the end."""


@dataclass(frozen=True)
class ConvTranspose(Layer):
    """Spread each element over a window of the result: the gradient of `Conv`, used to enlarge.

    A convolution with the same settings leads from the result's sizes back to the input's. Where it
    does so from several sizes, `output_padding` chooses a larger one. `padding` is a size or a list
    `[before..., after...]` that is cut off the result, or `same`: as much as makes the result
    `stride` times as large, the odd position after. Also known as deconvolution. Without `init` and
    `bias_init` the initial values are PyTorch's.

    Shapes: [N, C, *S] -> [N, channels, *R] with
        R = (S - 1)*stride - 2*padding + dilation*(kernel - 1) + output_padding + 1, or S*stride;
        weight [C, channels / groups, *kernel], bias [channels]
    Formula: y[n, m, r] = bias[m] + sum over c, p, q with p*stride - padding + q*dilation = r of
        weight[c, m, q] * x[n, c, p]
    Errors: E0303 not an image, E0305 groups, E0406 nothing left of the result, or output_padding not
        below stride or dilation, or with `same`
    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4
    Example:
        input image: float32[N, 8, 16, 16]
        output y: ConvTranspose(4, 4x4, stride=2, padding=1)  -> [N, 4, 32, 32]
    """

    precision = "half"

    channels: int = setting(minimum=1)
    kernel: Size = setting(minimum=1)
    stride: Size = setting(ONE, minimum=1)
    padding: Size | Literal["same"] = setting(ZERO, minimum=0)
    output_padding: Size = setting(ZERO, minimum=0)
    dilation: Size = setting(ONE, minimum=1)
    groups: int = setting(1, minimum=1)
    bias: bool = True
    init: Initializer | None = None
    bias_init: Initializer | None = None
    trainable: bool = True

    def infer(self, x: TensorType) -> TensorType:
        check_image("ConvTranspose", x)
        check_groups(self.groups, known_size("ConvTranspose", x, 1, "channels"), self.channels)
        return self._spreading(x.rank).result(x, self.channels)

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        (x,) = types
        shape = (x.shape[1], self.channels // self.groups, *self._spreading(x.rank).window.kernel)
        weight, bias = x.with_shape(shape), x.with_shape((self.channels,))
        return weight_and_bias(self, weight, bias, math.prod(weight.sizes[1:]))

    def lower(
        self, g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None = None
    ) -> ir.Value:
        return self._spreading(len(g.shape_of(x))).lower(g, self.groups, x, weight, bias)

    def reference(self, run: Run, x: Array, weight: Array, *bias: Array | None) -> Reference:
        how = self._spreading(x.ndim)
        return convolve_transposed(how.window, how.extra, self.groups, x, weight, *bias)

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        taps = math.prod(self._spreading(inputs[0].rank).window.kernel)
        return inputs[0].size * (self.channels // self.groups * taps)

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return self._spreading(inputs[0].rank).explain(inputs[0].shape[2:])

    def _spreading(self, rank: int) -> Spreading:
        return _spreading(self, rank - 2, self.kernel)


@dataclass(frozen=True)
class ConvTransposeFunction(Function):
    """Spread each element over a window of the result, by filters that are values themselves.

    Shapes: x [N, C, *S], weight [C, channels / groups, *kernel], bias [channels] or none ->
        as `ConvTranspose`
    Formula: as `ConvTranspose`
    Errors: E0303 shapes that do not belong together, E0305 groups, E0406 as
        `ConvTranspose`, E0590 float64
    Example:
        input image: float32[N, 2, 8, 8]
        param up: float32[2, 1, 2, 2] = ones
        output y: conv_transpose(image, up, stride=2)  -> [N, 1, 16, 16]
    """

    precision = "half"

    spelling: ClassVar[str | None] = "conv_transpose"

    stride: Size = setting(ONE, minimum=1)
    padding: Size | Literal["same"] = setting(ZERO, minimum=0)
    output_padding: Size = setting(ZERO, minimum=0)
    dilation: Size = setting(ONE, minimum=1)
    groups: int = setting(1, minimum=1)

    def infer(
        self, x: TensorType, weight: TensorType, bias: TensorType | None = None
    ) -> TensorType:
        check_image("conv_transpose", x)
        refuse_float64("conv_transpose", x)
        channels = _channels(x, weight, self.groups)
        if bias is not None and bias.shape != (channels,):
            raise RuleError(
                "E0303",
                f"the bias of `conv_transpose` needs one number per channel: [{channels}]",
                about=2,
                text=f"this is {shape_text(bias.shape)}",
            )
        return self._spreading(weight).result(x, channels)

    def lower(
        self, g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None = None
    ) -> ir.Value:
        how = self._spreading(float32(*g.shape_of(weight)))
        return how.lower(g, self.groups, x, weight, bias)

    def reference(self, run: Run, x: Array, weight: Array, *bias: Array | None) -> Reference:
        how = self._spreading(float32(*weight.shape))
        return convolve_transposed(how.window, how.extra, self.groups, x, weight, *bias)

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        return inputs[0].size * dims.product(inputs[1].shape[1:])

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return self._spreading(inputs[1]).explain(inputs[0].shape[2:])

    def _spreading(self, weight: TensorType) -> Spreading:
        rank = weight.rank - 2
        axes = range(2, weight.rank)
        kernel = Size(
            tuple(known_size("conv_transpose", weight, i, "kernel sizes", about=1) for i in axes)
        )
        return _spreading(self, rank, kernel)


@dataclass(frozen=True, slots=True)
class Spreading:
    """The window of the convolution that is turned round, and the `extra` positions at the end."""

    window: Window
    extra: tuple[int, ...]

    def result(self, x: TensorType, channels: int) -> TensorType:
        """Return the type of the result, or refuse settings that have none (E0406)."""
        self._check_extra()
        sizes = tuple(self._size(axis, size) for axis, size in enumerate(x.shape[2:]))
        for axis, size in enumerate(sizes):
            if isinstance(size, int) and size < 1:
                raise self._nothing_left(axis, x.shape[2 + axis], size)
        return x.with_shape((x.shape[0], channels, *sizes))

    def _size(self, axis: int, size: int | Expression) -> int | Expression:
        window = self.window
        return self._whole(axis, size) + (-window.before[axis] - window.after[axis])

    def _whole(self, axis: int, size: int | Expression) -> int | Expression:
        """Return the size before the padding is cut off."""
        window = self.window
        return (size - 1) * window.stride[axis] + (window.reach[axis] + self.extra[axis])

    def explain(self, sizes: Sequence[int | Expression]) -> str:
        """Return the arithmetic of the sizes: `(16 - 1)*2 - 2*1 + 4 = 32`."""
        lines = [self._explain(axis, size) for axis, size in enumerate(sizes)]
        return "; ".join(dict.fromkeys(lines))

    def _explain(self, axis: int, size: int | Expression) -> str:
        window, extra = self.window, self.extra[axis]
        before, after, dilation = window.before[axis], window.after[axis], window.dilation[axis]
        cut = f" - 2*{before}" if before == after else f" - {before} - {after}"
        kernel = f"{window.kernel[axis]}"
        if dilation != 1:
            kernel = f"{dilation}*({kernel} - 1) + 1"
        more = f" + {extra}" if extra else ""
        return (
            f"({size} - 1)*{window.stride[axis]}{cut} + {kernel}{more} = {self._size(axis, size)}"
        )

    def _check_extra(self) -> None:
        """Refuse positions at the end that a larger input of this layer would reach (E0406)."""
        window = self.window
        limits = tuple(map(max, window.stride, window.dilation))
        if all(extra < limit for extra, limit in zip(self.extra, limits, strict=True)):
            return
        largest = [min(e, limit - 1) for e, limit in zip(self.extra, limits, strict=True)]
        raise RuleError(
            "E0406",
            f"output_padding={_short(self.extra)} must be below the stride or the dilation",
            about="output_padding",
            text=f"stride is {_short(window.stride)}, dilation {_short(window.dilation)}",
            facts=(
                "it chooses among the sizes that a convolution with this stride makes equal; "
                "there are no more of them",
            ),
            edits=(Edit("at most:", f"output_padding={_short(largest)}", "output_padding"),),
        )

    def _nothing_left(self, axis: int, size: int | Expression, result: int) -> RuleError:
        whole = self._whole(axis, size)
        assert isinstance(whole, int)
        cut = whole - result
        return RuleError(
            "E0406",
            f"the padding leaves nothing of dimension {axis + 2} of the result",
            about="padding",
            text=f"{whole} positions, of which it cuts off {cut}",
            facts=(self._explain(axis, size),),
            helps=(
                f"padding makes the result smaller here: use at most padding={(whole - 1) // 2}",
            ),
        )

    def lower(
        self, g: Builder, groups: int, x: ir.Value, weight: ir.Value, bias: ir.Value | None
    ) -> ir.Value:
        """Append the operator in a form that every provider has.

        CUDA has it for equal pads only: unequal ones are cut off afterwards. onnxruntime refuses an
        output padding of a stride or more: a zero after the input makes one stride of it.
        """
        window = self.window
        equal = window.before == window.after
        result: ir.Value = g.ConvTranspose(
            *(self._lengthened(g, x), weight, *(() if bias is None else (bias,))),
            kernel_shape=list(window.kernel),
            strides=list(window.stride),
            pads=window.pads if equal else None,
            output_padding=[e % s for e, s in zip(self.extra, window.stride, strict=True)],
            dilations=list(window.dilation),
            group=groups,
        )
        if equal:
            return result
        axes = g.axes(*range(2, 2 + len(window.kernel)))
        ends = g.axes(*(-after or FAR for after in window.after))
        cut: ir.Value = g.Slice(result, g.axes(*window.before), ends, axes)
        return cut

    def _lengthened(self, g: Builder, x: ir.Value) -> ir.Value:
        zeros = [e // s for e, s in zip(self.extra, self.window.stride, strict=True)]
        if not any(zeros):
            return x
        longer: ir.Value = g.Pad(x, g.axes(*[0] * (4 + len(zeros)), *zeros))
        return longer


def _spreading(layer: ConvTranspose | ConvTransposeFunction, rank: int, kernel: Size) -> Spreading:
    extra = spread(layer.output_padding, rank, "output_padding")
    if isinstance(layer.padding, Size):
        return Spreading(
            window_over(rank, kernel, layer.stride, layer.padding, layer.dilation), extra
        )
    return _multiplying(window_over(rank, kernel, layer.stride, ZERO, layer.dilation), extra)


def _multiplying(window: Window, extra: tuple[int, ...]) -> Spreading:
    """Return what gives `stride` times the size: what windows reach beyond it is cut off, or lacks at the end."""
    if any(extra):
        raise RuleError(
            "E0406",
            "padding=same says how large the result is, and so does output_padding",
            about="output_padding",
            text="`same` makes it `stride` times as large",
            helps=("leave output_padding out",),
        )
    beyond = [reach - step for reach, step in zip(window.reach, window.stride, strict=True)]
    before = tuple(max(over, 0) // 2 for over in beyond)
    after = tuple(max(over, 0) - cut for over, cut in zip(beyond, before, strict=True))
    missing = tuple(max(-over, 0) for over in beyond)
    return Spreading(replace(window, before=before, after=after), missing)


def _short(sizes: Sequence[int]) -> str:
    """Print sizes as one would write them: one number where all are equal."""
    return str(sizes[0]) if len(set(sizes)) == 1 else times(sizes)


def _channels(x: TensorType, weight: TensorType, groups: int) -> int:
    """Return the channels of the result, or refuse a weight that does not belong to x."""
    if weight.rank != x.rank or weight.dtype is not x.dtype:
        raise RuleError(
            "E0303",
            f"`conv_transpose` needs a weight [C, channels / groups, *kernel] of {x.dtype} for {x}",
            about=1,
            text=f"this is {weight}",
            facts=(f"the value has {x.rank - 2} spatial dimensions",),
        )
    inputs = known_size("conv_transpose", x, 1, "channels")
    if weight.shape[0] != inputs:
        raise RuleError(
            "E0303",
            f"the weight is for {weight.shape[0]} channels; the value has {inputs}",
            about=1,
            text=f"this is {weight}",
            facts=("dimension 0 of the weight are the channels of the value",),
        )
    channels = groups * known_size("conv_transpose", weight, 1, "channels", about=1)
    check_groups(groups, inputs, channels)
    return channels
