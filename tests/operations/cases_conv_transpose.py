"""Rows for transposed convolutions."""

from __future__ import annotations

from typing import Any

from dslc.initializers.normal import KaimingNormal
from dslc.layers.conv_transpose import ConvTranspose, ConvTransposeFunction
from dslc.types import TensorType, float32, int64
from tests.operations.cases_conv import size
from tests.operations.harness import Case, N, T, WrongCall


def torch_transposed(*cut: int, **settings: Any) -> Any:
    """Return PyTorch's transposed convolution; `cut` is taken off each end (last dimension first)."""

    def call(t: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        function = getattr(t.nn.functional, f"conv_transpose{x.ndim - 2}d")
        return t.nn.functional.pad(
            function(x, weight, bias, **settings), [-number for number in cut]
        )

    return call


def _same(kernel: int, stride: int, dilation: int) -> Any:
    """Return PyTorch's spelling of Keras's `padding="same"`: everything, cut or filled to `stride` times the size."""
    reach = dilation * (kernel - 1) + 1
    cut, missing = max(reach - stride, 0), max(stride - reach, 0)

    def call(t: Any, x: Any, weight: Any, bias: Any) -> Any:
        whole = t.nn.functional.conv_transpose1d(x, weight, stride=stride, dilation=dilation)
        sides = (-(cut // 2), missing - (cut - cut // 2))
        return t.nn.functional.pad(whole, sides) + bias[:, None]

    return call


CASES: tuple[Case, ...] = (
    Case(
        "conv transpose",
        ConvTranspose(4, size(3)),
        (float32(N, 2, 4, 3),),
        torch=torch_transposed(),
    ),
    Case(
        "conv transpose 1x1",
        ConvTranspose(4, size(1)),
        (float32(N, 3, 4, 4),),
        torch=torch_transposed(),
    ),
    Case(
        "conv transpose, no bias",
        ConvTranspose(2, size(2, 3), bias=False),
        (float32(N, 3, 4, 4),),
        torch=torch_transposed(),
    ),
    Case(
        "conv transpose that doubles",
        ConvTranspose(2, size(4), size(2), size(1)),
        (float32(N, 3, 4, 5),),
        torch=torch_transposed(stride=2, padding=1),
    ),
    Case(
        "conv transpose, same, that doubles",
        ConvTranspose(4, size(3, 4), size(2), "same", groups=2),
        (float32(N, 2, T, 5),),
        torch=torch_transposed(0, 0, 0, 1, stride=2, padding=(0, 1), groups=2),
    ),
    Case(
        "conv transpose function, same",
        ConvTransposeFunction(size(3, 1), "same"),
        (float32(N, 2, 3, 2), float32(2, 3, 2, 5), float32(3)),
        torch=torch_transposed(stride=(3, 1), padding=(0, 2), output_padding=(1, 0)),
    ),
    Case(
        "conv transpose, output padding",
        ConvTranspose(2, size(3), size(2, 3), size(1, 0), size(1, 2)),
        (float32(N, 2, 4, 3),),
        torch=torch_transposed(stride=(2, 3), padding=(1, 0), output_padding=(1, 2)),
    ),
    Case(
        "conv transpose, output padding up to the stride",
        ConvTranspose(2, size(1), size(3), output_padding=size(2)),
        (float32(N, 2, 3),),
        torch=torch_transposed(stride=3, output_padding=2),
    ),
    Case(
        "conv transpose, output padding below the dilation",
        ConvTranspose(2, size(2), output_padding=size(2), dilation=size(3)),
        (float32(N, 2, 4, 3),),
        torch=torch_transposed(output_padding=2, dilation=3),
    ),
    Case(
        "conv transpose, dilation",
        ConvTranspose(2, size(3), size(2), size(2), dilation=size(2, 1)),
        (float32(N, 2, 4, 4),),
        torch=torch_transposed(stride=2, padding=2, dilation=(2, 1)),
    ),
    Case(
        "conv transpose, groups",
        ConvTranspose(6, size(3), padding=size(1), groups=2),
        (float32(N, 4, 5, 4),),
        torch=torch_transposed(padding=1, groups=2),
    ),
    Case(
        "conv transpose, depthwise with all settings",
        ConvTranspose(6, size(3), size(3), size(2), size(1), size(2), groups=3),
        (float32(N, 3, 4, 4),),
        torch=torch_transposed(stride=3, padding=2, output_padding=1, dilation=2, groups=3),
    ),
    Case(
        "conv transpose, padding on one side",
        ConvTranspose(2, size(3), size(2), size(2, 0, 0, 1)),
        (float32(N, 2, 4, 4),),
        torch=torch_transposed(0, 1, 2, 0, stride=2),
    ),
    Case(
        "conv transpose, unequal padding with all settings",
        ConvTranspose(4, size(3), size(2), size(0, 1, 2, 0), size(1), size(2), groups=2),
        (float32(N, 2, 4, 3),),
        torch=torch_transposed(1, 0, 0, 2, stride=2, output_padding=1, dilation=2, groups=2),
    ),
    Case(
        "conv transpose 1d",
        ConvTranspose(3, size(3), size(2), size(1)),
        (float32(N, 2, 5),),
        torch=torch_transposed(stride=2, padding=1),
    ),
    Case(
        "conv transpose 1d, padding before",
        ConvTranspose(3, size(3), padding=size(2, 0)),
        (float32(N, 2, 6),),
        torch=torch_transposed(2, 0),
    ),
    Case(
        "conv transpose 3d",
        ConvTranspose(2, size(2, 3, 2), size(2, 1, 1), size(1, 1, 0), size(1, 0, 0)),
        (float32(N, 2, 3, 4, 3),),
        torch=torch_transposed(stride=(2, 1, 1), padding=(1, 1, 0), output_padding=(1, 0, 0)),
    ),
    Case(
        "conv transpose 3d, groups and unequal padding",
        ConvTranspose(4, size(2), size(2), size(1, 0, 0, 0, 0, 1), groups=2),
        (float32(N, 2, 2, 3, 2),),
        torch=torch_transposed(0, 1, 0, 0, 1, 0, stride=2, groups=2),
    ),
    Case(
        "conv transpose, free length",
        ConvTranspose(2, size(4), size(2), size(1)),
        (float32(N, 2, T),),
        torch=torch_transposed(stride=2, padding=1),
    ),
    Case(
        "conv transpose, free length and unequal padding",
        ConvTranspose(2, size(4), size(2), size(1, 2)),
        (float32(N, 2, T),),
        torch=torch_transposed(1, 2, stride=2),
    ),
    Case(
        "conv transpose, fixed filter",
        ConvTranspose(2, size(3), init=KaimingNormal(), trainable=False),
        (float32(N, 2, 4, 4),),
    ),
    Case(
        "conv transpose function",
        ConvTransposeFunction(),
        (float32(N, 2, 4, 4), float32(2, 3, 3, 3), None),
        torch=torch_transposed(),
    ),
    Case(
        "conv transpose function with bias",
        ConvTransposeFunction(size(2), size(1), size(1), groups=2),
        (float32(N, 4, 3, 3), float32(4, 3, 3, 3), float32(6)),
        torch=torch_transposed(stride=2, padding=1, output_padding=1, groups=2),
    ),
)

CASES += tuple(
    Case(
        f"conv transpose, same, kernel {kernel}, stride {stride}, dilation {dilation}",
        ConvTranspose(2, size(kernel), size(stride), "same", dilation=size(dilation)),
        (float32(N, 3, length),),
        torch=_same(kernel, stride, dilation),
    )
    # what the window reaches is above, at, or below the stride, by an even or an odd number
    for kernel, stride, dilation, length in (
        (1, 1, 1, 1), (1, 3, 1, 2), (2, 1, 1, 3), (2, 2, 1, 3), (2, 5, 2, 2), (3, 1, 1, 2), (3, 1, 2, 1),
        (3, 2, 1, 7), (3, 2, 2, 3), (3, 3, 1, 1), (4, 2, 1, 8), (5, 2, 1, 4), (7, 3, 1, 3),
    )
)  # fmt: skip

_image = float32(N, 4, 8, 8)


def _wrong(name: str, operation: ConvTranspose, x: TensorType, code: str, *says: str) -> WrongCall:
    return WrongCall(f"conv transpose: {name}", operation, (x,), code, says)


def _wrong_function(name: str, weight: TensorType, code: str, *says: str) -> WrongCall:
    operation = ConvTransposeFunction()
    return WrongCall(
        f"conv transpose function: {name}", operation, (_image, weight, None), code, says
    )


WRONG_CALLS = (
    _wrong("features", ConvTranspose(4, size(3)), float32(N, 20), "E0303", "[N, 20]"),
    _wrong("whole numbers", ConvTranspose(4, size(3)), int64(N, 3, 8, 8), "E0401", "cast(float32)"),
    _wrong("free channels", ConvTranspose(4, size(3)), float32(N, T, 8), "E0303", "channels", "T"),
    _wrong("kernel of three", ConvTranspose(4, size(3, 3, 3)), _image, "E0303", "kernel=3x3x3"),
    _wrong(
        "output padding of three",
        ConvTranspose(4, size(3), output_padding=size(0, 0, 0)),
        _image,
        "E0303",
        "output_padding=0x0x0",
    ),
    _wrong(
        "groups",
        ConvTranspose(6, size(3), groups=3),
        _image,
        "E0305",
        "groups=3 does not divide the channels",
        "4 input channels / 3 is not whole",
    ),
    _wrong(
        "output padding as large as the stride",
        ConvTranspose(4, size(3), size(2), output_padding=size(2)),
        _image,
        "E0406",
        "output_padding=2 must be below the stride or the dilation",
        "stride is 2, dilation 1",
        "output_padding=1",
    ),
    _wrong(
        "output padding in one dimension",
        ConvTranspose(4, size(3), size(3, 1), output_padding=size(2, 1)),
        _image,
        "E0406",
        "output_padding=2x0",
    ),
    _wrong(
        "output padding with padding=same",
        ConvTranspose(4, size(3), size(2), "same", size(1)),
        _image,
        "E0406",
        "leave output_padding out",
    ),
    _wrong(
        "padding that leaves nothing",
        ConvTranspose(4, size(3), padding=size(1, 2)),
        float32(N, 4, 8, 2),
        "E0406",
        "nothing of dimension 3",
        "4 positions, of which it cuts off 4",
        "(2 - 1)*1 - 2*2 + 3 = 0",
        "at most padding=1",
    ),
    _wrong_function("rank", float32(4, 3, 3), "E0303", "[4, 3, 3]"),
    _wrong_function("channels", float32(3, 4, 3, 3), "E0303", "for 3 channels; the value has 4"),
    _wrong_function("free channels", float32(4, T, 3, 3), "E0303", "known number of channels"),
    WrongCall(
        "conv transpose function: bias",
        ConvTransposeFunction(),
        (_image, float32(4, 3, 3, 3), float32(4)),
        "E0303",
        ("[3]",),
    ),
    WrongCall(
        "conv transpose function: groups",
        ConvTransposeFunction(groups=3),
        (_image, float32(4, 3, 3, 3), None),
        "E0305",
    ),
)
