"""Rows for convolutions."""

from __future__ import annotations

from typing import Any

from dslc.layers.conv import Conv, ConvFunction
from dslc.types import Size, TensorType, float32, int64
from tests.operations.harness import Case, N, T, WrongCall


def size(*numbers: int) -> Size:
    return Size(numbers)


def torch_conv(**settings: Any) -> Any:
    """Return PyTorch's convolution of as many dimensions as the value has."""

    def call(t: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        function = getattr(t.nn.functional, f"conv{x.ndim - 2}d")
        return function(x, weight, bias, **settings)

    return call


def torch_padded(*pads: int, **settings: Any) -> Any:
    """Return PyTorch's convolution of the value padded by `pads` (last dimension first)."""
    return lambda t, x, *rest: torch_conv(**settings)(t, t.nn.functional.pad(x, pads), *rest)


CASES = (
    Case("conv", Conv(4, size(3)), (float32(N, 2, 6, 5),), torch=torch_conv()),
    Case("conv 1x1", Conv(4, size(1)), (float32(N, 3, 4, 4),), torch=torch_conv()),
    Case(
        "conv, no bias", Conv(2, size(2, 3), bias=False), (float32(N, 2, 5, 5),), torch=torch_conv()
    ),
    Case(
        "conv, stride that leaves a rest",
        Conv(2, size(3, 2), size(2, 3), size(1, 0)),
        (float32(N, 2, 8, 9),),
        torch=torch_conv(stride=(2, 3), padding=(1, 0)),
    ),
    Case(
        "conv 1x1, stride 2",
        Conv(4, size(1), size(2), bias=False),
        (float32(N, 3, 7, 6),),
        torch=torch_conv(stride=2),
    ),
    Case(
        "conv, dilation",
        Conv(2, size(3), size(2), size(2), size(2, 1)),
        (float32(N, 2, 7, 7),),
        torch=torch_conv(stride=2, padding=2, dilation=(2, 1)),
    ),
    Case(
        "conv, groups",
        Conv(6, size(3), padding=size(1), groups=2),
        (float32(N, 4, 5, 5),),
        torch=torch_conv(padding=1, groups=2),
    ),
    Case(
        "conv, depthwise with stride",
        Conv(6, size(3), size(2), size(1), groups=3),
        (float32(N, 3, 6, 6),),
        torch=torch_conv(stride=2, padding=1, groups=3),
    ),
    Case(
        "conv, padding=same",
        Conv(2, size(3, 4), padding="same", dilation=size(2, 1)),
        (float32(N, 2, 6, 6),),
        torch=torch_padded(1, 2, 2, 2, dilation=(2, 1)),
    ),
    Case(
        "conv, padding on one side",
        Conv(2, size(3), size(2), size(2, 0, 0, 1)),
        (float32(N, 2, 6, 6),),
        torch=torch_padded(0, 1, 2, 0, stride=2),
    ),
    Case(
        "conv 1d",
        Conv(3, size(3), size(2), size(1)),
        (float32(N, 2, 9),),
        torch=torch_conv(stride=2, padding=1),
    ),
    Case(
        "conv 1d, padding before",
        Conv(3, size(3), padding=size(2, 0)),
        (float32(N, 2, 6),),
        torch=torch_padded(2, 0),
    ),
    Case(
        "conv 1d, causal",
        Conv(3, size(3), padding="causal", dilation=size(2)),
        (float32(N, 2, 7),),
        torch=torch_padded(4, 0, dilation=2),
    ),
    Case(
        "conv 1d, causal, strided",
        Conv(2, size(4), size(3), "causal"),
        (float32(N, 2, 8),),
        torch=torch_padded(3, 0, stride=3),
    ),
    Case("conv, causal, free length", Conv(2, size(2), padding="causal"), (float32(N, 2, T),)),
    Case(
        "conv 1d, padding=same",
        Conv(3, size(4), padding="same"),
        (float32(N, 2, 6),),
        torch=torch_padded(1, 2),
    ),
    Case(
        "conv 3d, padding=same",
        Conv(2, size(2, 3, 1), padding="same", dilation=size(1, 1, 2)),
        (float32(N, 2, 3, 4, 3),),
        torch=torch_padded(0, 0, 1, 1, 0, 1, dilation=(1, 1, 2)),
    ),
    Case(
        "conv 3d, groups, dilation and unequal padding",
        Conv(4, size(2), size(2), size(1, 0, 0, 0, 0, 1), size(1, 2, 1), groups=2),
        (float32(N, 2, 4, 5, 4),),
        torch=torch_padded(0, 1, 0, 0, 1, 0, stride=2, dilation=(1, 2, 1), groups=2),
    ),
    Case(
        "conv 1d, groups and dilation",
        Conv(6, size(2), size(2), size(1), size(3), groups=3),
        (float32(N, 3, 8),),
        torch=torch_conv(stride=2, padding=1, dilation=3, groups=3),
    ),
    Case(
        "conv 3d",
        Conv(2, size(2, 3, 2), size(2, 1, 1), size(1, 1, 0)),
        (float32(N, 2, 4, 5, 4),),
        torch=torch_conv(stride=(2, 1, 1), padding=(1, 1, 0)),
    ),
    Case("conv, free length", Conv(2, size(3), size(2), size(1)), (float32(N, 2, T + 3),)),
    Case("conv, one image", Conv(2, size(3)), (float32(1, 2, 5, 5),), torch=torch_conv()),
    Case("conv, fixed filter", Conv(2, size(3), trainable=False), (float32(N, 2, 5, 5),)),
    Case("conv function", ConvFunction(), (float32(N, 2, 5, 5), float32(3, 2, 3, 3), None)),
    Case(
        "conv function, causal",
        ConvFunction(padding="causal"),
        (float32(N, 2, 5), float32(3, 2, 3), None),
        torch=torch_padded(2, 0),
    ),
    Case(
        "conv function with bias",
        ConvFunction(size(2), size(1), groups=2),
        (float32(N, 4, 5, 5), float32(4, 2, 3, 3), float32(4)),
        torch=torch_conv(stride=2, padding=1, groups=2),
    ),
)

_image = float32(N, 3, 8, 8)


def _wrong(name: str, operation: Conv, x: TensorType, code: str, *says: str) -> WrongCall:
    return WrongCall(f"conv: {name}", operation, (x,), code, says)


WRONG_CALLS = (
    _wrong("features", Conv(4, size(3)), float32(N, 20), "E0303", "[N, 20]", "Linear"),
    _wrong("six dimensions", Conv(4, size(3)), float32(N, 3, 2, 2, 2, 2), "E0303"),
    _wrong("whole numbers", Conv(4, size(3)), int64(N, 3, 8, 8), "E0401", "cast(float32)"),
    _wrong("free channels", Conv(4, size(3)), float32(N, T, 8, 8), "E0303", "channels", "T"),
    _wrong("kernel of three", Conv(4, size(3, 3, 3)), _image, "E0303", "kernel=3x3x3"),
    _wrong("stride of three", Conv(4, size(3), size(1, 1, 1)), _image, "E0303", "stride=1x1x1"),
    _wrong(
        "kernel too large",
        Conv(256, size(11)),
        float32(N, 96, 6, 6),
        "E0304",
        "the 11x11 kernel is larger than its input",
        "the kernel needs at least 11x11",
        "with padding p the input counts as 6 + 2p",
        "use a kernel of at most 6x6, or padding=3 or more",
    ),
    _wrong("dilated kernel too large", Conv(4, size(3), dilation=size(4)), _image, "E0304", "9x9"),
    _wrong(
        "groups",
        Conv(256, size(5), groups=3),
        float32(N, 96, 27, 27),
        "E0305",
        "groups=3 does not divide the channels",
        "96 input channels / 3 = 32, but 256 output channels / 3 is not whole",
        "these do: 1, 2, 4, 8, 16, 32",
    ),
    _wrong("same with stride", Conv(4, size(3), size(2), "same"), _image, "E0406", "padding=1x1"),
    _wrong(
        "causal in two dimensions",
        Conv(4, size(3), padding="causal"),
        _image,
        "E0406",
        "padding=causal is for one dimension",
        "2 spatial dimensions",
        "padding=[2, 0, 0, 0]",
    ),
    WrongCall(
        "conv function: channels",
        ConvFunction(),
        (_image, float32(4, 2, 3, 3), None),
        "E0303",
        ("2 channels per group; the value has 3",),
    ),
    WrongCall(
        "conv function: rank",
        ConvFunction(),
        (_image, float32(4, 3, 3), None),
        "E0303",
        ("[4, 3, 3]",),
    ),
    WrongCall(
        "conv function: bias",
        ConvFunction(),
        (_image, float32(4, 3, 3, 3), float32(3)),
        "E0303",
        ("[4]",),
    ),
)
