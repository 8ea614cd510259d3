"""Convolutions of every kind, for the forms of their gradients."""

from __future__ import annotations

from dslc.gradient.convolution import Convolution
from dslc.gradient.window import Window


def convolution(
    batch: int,
    channels: int,
    sizes: tuple[int, ...],
    features: int,
    kernel: tuple[int, ...],
    stride: int = 1,
    before: int = 0,
    after: int | None = None,
    dilation: int = 1,
    group: int = 1,
) -> Convolution:
    rank = len(sizes)
    pads = (before,) * rank, (before if after is None else after,) * rank
    window = Window(kernel, (stride,) * rank, (dilation,) * rank, *pads)
    positions = tuple(
        (size + pads[0][0] + pads[1][0] - span) // stride + 1
        for size, span in zip(sizes, window.spans, strict=True)
    )
    return Convolution(batch, channels, features, sizes, positions, window, group)


CONVOLUTIONS = {
    "plain": convolution(2, 3, (5, 6), 4, (3, 2)),
    "padded": convolution(2, 3, (5, 6), 4, (3, 3), before=1),
    "strided": convolution(2, 2, (8, 7), 3, (3, 3), stride=2, before=1),
    "strides left over": convolution(1, 2, (8, 9), 3, (2, 3), stride=3),
    "dilated": convolution(2, 2, (9, 8), 3, (2, 3), dilation=2, before=1),
    "pads unequal": convolution(2, 2, (5, 6), 3, (3, 3), before=0, after=2),
    "point": convolution(3, 4, (5, 5), 2, (1, 1)),
    "point strided": convolution(2, 4, (5, 5), 2, (1, 1), stride=2),
    "1d": convolution(2, 3, (9,), 4, (4,), stride=2, before=1),
    "3d": convolution(1, 2, (4, 3, 5), 3, (2, 2, 3)),
    "groups": convolution(2, 4, (6, 5), 6, (3, 3), before=1, group=2),
    "depthwise strided": convolution(2, 3, (7, 6), 6, (3, 3), stride=2, before=1, group=3),
}
