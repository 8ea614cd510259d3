"""Rows for windows that slide over space: convolutions, pools, resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.gradient.case import Case, Point, distinct, plain


def conv(
    note: str, x: tuple[int, ...], w: tuple[int, ...], bias: bool = False, **form: Any
) -> Case:
    shapes = [x, w, (w[0],)] if bias else [x, w]
    return Case("Conv", lambda g, *xs: g.Conv(*xs, **form), shapes, note=note)


def transposed(
    note: str, x: tuple[int, ...], w: tuple[int, ...], bias: bool = False, **form: Any
) -> Case:
    shapes = [x, w, (w[1] * form.get("group", 1),)] if bias else [x, w]
    return Case("ConvTranspose", lambda g, *xs: g.ConvTranspose(*xs, **form), shapes, note=note)


def max_pool(note: str, x: tuple[int, ...], indices: bool = False, **form: Any) -> Case:
    def build(g: Any, value: Any) -> Any:
        return g.MaxPool(value, outputs=2, **form)[0] if indices else g.MaxPool(value, **form)

    return Case("MaxPool", build, [x], [distinct], note)


def average_pool(note: str, x: tuple[int, ...], **form: Any) -> Case:
    return Case("AveragePool", lambda g, value: g.AveragePool(value, **form), [x], note=note)


def resize(
    note: str,
    x: tuple[int, ...],
    scales: tuple[float, ...] | None,
    sizes: tuple[int, ...] | None = None,
    **form: Any,
) -> Case:
    def build(g: Any, value: Any) -> Any:
        numbers = None if scales is None else g.constant(np.array(scales, np.float32))
        whole = None if sizes is None else g.axes(*sizes)
        return g.Resize(value, None, numbers, whole, **form)

    return Case("Resize", build, [x], [plain], note)


CONVOLUTIONS = [
    conv("1d", (2, 3, 7), (4, 3, 3), bias=True),
    conv("1d strided", (2, 2, 8), (3, 2, 3), strides=[2], pads=[1, 1], dilations=[2]),
    conv("2d", (2, 3, 5, 6), (4, 3, 3, 2), bias=True, pads=[1, 1, 1, 1]),
    conv("strides left over", (1, 2, 6, 8), (3, 2, 3, 3), strides=[2, 3], pads=[1, 0, 1, 0]),
    conv("dilated", (1, 2, 8, 7), (2, 2, 3, 2), dilations=[2, 3], pads=[2, 1, 2, 1]),
    conv("pads unequal", (1, 2, 5, 6), (3, 2, 3, 3), strides=[2, 1], pads=[0, 1, 2, 0]),
    conv("groups", (2, 4, 5, 5), (6, 2, 3, 3), bias=True, group=2, pads=[1, 1, 1, 1]),
    conv("groups strided", (2, 4, 6, 6), (4, 2, 3, 3), group=2, strides=[2, 2]),
    conv("depthwise", (1, 3, 5, 5), (3, 1, 3, 3), group=3, pads=[1, 1, 1, 1]),
    conv("point", (2, 3, 4, 4), (5, 3, 1, 1)),
    conv("point strided", (2, 3, 5, 5), (4, 3, 1, 1), strides=[2, 2]),
    conv("window of the whole", (2, 3, 4, 4), (5, 3, 4, 4)),
    conv("large kernel", (1, 1, 9, 9), (2, 1, 9, 9), pads=[4, 4, 4, 4]),
    conv("3d", (1, 2, 4, 3, 4), (2, 2, 2, 3, 2), pads=[1, 0, 0, 0, 1, 1], strides=[1, 1, 2]),
    conv("same upper", (1, 2, 5, 6), (2, 2, 3, 2), auto_pad="SAME_UPPER", strides=[2, 1]),
    conv("same lower", (1, 2, 5, 6), (2, 2, 2, 2), auto_pad="SAME_LOWER"),
    transposed("2d", (2, 3, 3, 4), (3, 2, 3, 2), bias=True),
    transposed(
        "strided",
        (1, 2, 3, 3),
        (2, 3, 3, 3),
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        output_padding=[1, 1],
    ),
    transposed(
        "groups dilated",
        (1, 4, 3, 3),
        (4, 2, 2, 2),
        bias=True,
        group=2,
        dilations=[2, 2],
        pads=[1, 0, 0, 1],
    ),
    transposed("1d", (2, 2, 4), (2, 3, 3), strides=[3]),
    transposed("depthwise", (1, 3, 3, 4), (3, 1, 3, 3), group=3, strides=[2, 2], pads=[1, 1, 1, 1]),
    transposed("point", (2, 3, 4, 4), (3, 5, 1, 1)),
    transposed("stride above the window", (2, 2, 3), (2, 3, 2), strides=[3], output_padding=[2]),
    transposed(
        "pads unequal, strides left over",
        (1, 2, 3, 3),
        (2, 3, 3, 3),
        bias=True,
        strides=[3, 2],
        pads=[0, 2, 1, 0],
        output_padding=[2, 1],
    ),
    transposed("3d", (1, 2, 2, 2, 3), (2, 1, 2, 2, 2), strides=[1, 2, 1]),
    transposed("output shape", (1, 2, 3, 3), (2, 2, 3, 3), strides=[2, 2], output_shape=[6, 6]),
    transposed("same upper", (1, 2, 3, 3), (2, 2, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER"),
]

TIE = Point([[[[[1, 3], [3, 3]]]]], [[[[[0, 1], [0, 0]]]]])

POOLS = [
    max_pool("2d", (2, 2, 4, 6), kernel_shape=[2, 2], strides=[2, 2]),
    max_pool("2d with indices", (2, 2, 4, 6), True, kernel_shape=[2, 2], strides=[2, 2]),
    max_pool(
        "overlapping", (1, 2, 7, 7), True, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]
    ),
    max_pool("overlapping, no indices", (1, 2, 6, 6), kernel_shape=[3, 2], pads=[1, 0, 0, 1]),
    max_pool("ceil", (1, 2, 6, 6), True, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    max_pool("dilated", (1, 2, 7, 7), True, kernel_shape=[2, 2], dilations=[2, 3]),
    max_pool("1d", (2, 2, 7), True, kernel_shape=[3], strides=[2]),
    max_pool("3d", (1, 2, 4, 4, 4), True, kernel_shape=[2, 2, 2], strides=[2, 2, 2]),
    Case(
        "MaxPool",
        lambda g, x: g.MaxPool(x, kernel_shape=[2, 2]),
        [(1, 1, 4, 4)],
        [distinct],
        "ties",
        points=[TIE],
    ),
    average_pool("tiling", (2, 2, 4, 6), kernel_shape=[2, 3], strides=[2, 3]),
    average_pool("overlapping", (1, 2, 7, 6), kernel_shape=[3, 2], strides=[2, 1]),
    average_pool("padded", (1, 2, 5, 5), kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    average_pool(
        "padding counts", (1, 2, 5, 5), kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
    ),
    average_pool(
        "pads unequal", (1, 2, 5, 6), kernel_shape=[3, 3], strides=[2, 2], pads=[0, 1, 2, 0]
    ),
    average_pool("ceil", (1, 2, 6, 7), kernel_shape=[3, 3], strides=[2, 3], ceil_mode=1),
    average_pool(
        "ceil, padding counts",
        (1, 2, 6, 6),
        kernel_shape=[3, 3],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        ceil_mode=1,
        count_include_pad=1,
    ),
    average_pool("left over", (1, 2, 5, 7), kernel_shape=[2, 2], strides=[2, 3]),
    average_pool("1d", (2, 2, 7), kernel_shape=[3], strides=[2]),
    average_pool("1d tiling", (2, 3, 6), kernel_shape=[2], strides=[2]),
    average_pool("3d tiling", (2, 3, 4, 2, 6), kernel_shape=[2, 1, 3], strides=[2, 1, 3]),
    average_pool("3d", (1, 2, 4, 3, 4), kernel_shape=[2, 2, 2], strides=[2, 1, 1]),
    average_pool("same", (1, 2, 5, 5), kernel_shape=[2, 3], auto_pad="SAME_UPPER"),
    Case("GlobalAveragePool", lambda g, x: g.GlobalAveragePool(x), [(2, 3, 4, 2)]),
    Case(
        "GlobalMaxPool", lambda g, x: g.GlobalMaxPool(x), [(2, 3, 4, 2)], [distinct], points=[TIE]
    ),
]

UP = (1.0, 1.0, 2.0, 3.0)

RESIZING = [
    resize(
        "nearest",
        (1, 2, 3, 2),
        UP,
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    ),
    resize("nearest half pixel", (1, 2, 4, 3), UP),
    resize("nearest down", (1, 2, 6, 5), (1.0, 1.0, 0.5, 0.6), nearest_mode="ceil"),
    resize("nearest sizes", (1, 2, 4, 4), None, (1, 2, 7, 5), nearest_mode="round_prefer_ceil"),
    resize(
        "nearest corners",
        (1, 1, 4, 4),
        None,
        (1, 1, 7, 6),
        coordinate_transformation_mode="align_corners",
        nearest_mode="floor",
    ),
    resize("linear", (1, 2, 3, 4), UP, mode="linear"),
    resize(
        "linear corners",
        (1, 2, 3, 4),
        None,
        (1, 2, 5, 7),
        mode="linear",
        coordinate_transformation_mode="align_corners",
    ),
    resize(
        "linear down",
        (1, 2, 6, 4),
        (1.0, 1.0, 0.5, 0.5),
        mode="linear",
        coordinate_transformation_mode="pytorch_half_pixel",
    ),
    resize(
        "linear asymmetric",
        (1, 2, 3, 4),
        UP,
        mode="linear",
        coordinate_transformation_mode="asymmetric",
    ),
]

WINDOWS = CONVOLUTIONS + POOLS + RESIZING
