"""Windows that slide over spatial dimensions, as the rules of convolutions and pools see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import onnx_ir as ir

from dslc.gradient.rule import Node
from dslc.gradient.rules.shape import padded
from dslc.graph.builder import Builder


@dataclass(frozen=True, slots=True)
class Window:
    """One number per spatial dimension; `before` and `after` are the padding."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def spans(self) -> tuple[int, ...]:
        """How many positions the window reaches over, gaps included."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    @property
    def taps(self) -> int:
        """How many elements the window has."""
        return prod(self.kernel)

    @property
    def pads(self) -> list[int]:
        """The padding in ONNX's order."""
        return [*self.before, *self.after]

    @property
    def is_point(self) -> bool:
        """Tell whether the window is a single element that visits every position."""
        return self.taps == 1 and set(self.strides) == {1} and not any(self.pads)

    @property
    def overlaps(self) -> bool:
        """Tell whether two windows can share an element."""
        return any(span > stride for span, stride in zip(self.spans, self.strides, strict=True))

    def covered(self, positions: Sequence[int]) -> list[int]:
        """Return how far so many windows reach."""
        return [
            (count - 1) * stride + span
            for count, stride, span in zip(positions, self.strides, self.spans, strict=True)
        ]


def window_of(node: Node, kernel: Sequence[int]) -> Window:
    """Return the window of a convolution or pool over input 0, with the pads that `auto_pad` stands
    for.
    """
    sizes = node.shape(0, 2)
    rank = len(sizes)
    strides = tuple(node.attribute("strides") or [1] * rank)
    dilations = tuple(node.attribute("dilations") or [1] * rank)
    pads = node.attribute("pads") or [0] * 2 * rank
    plain = Window(tuple(kernel), strides, dilations, tuple(pads[:rank]), tuple(pads[rank:]))
    mode = node.attribute("auto_pad", "NOTSET")
    if not mode.startswith("SAME"):
        return plain
    totals = [
        max((-(-size // stride) - 1) * stride + span - size, 0)
        for size, stride, span in zip(sizes, strides, plain.spans, strict=True)
    ]
    low = tuple(total // 2 for total in totals)
    high = tuple(total - less for total, less in zip(totals, low, strict=True))
    before, after = (low, high) if mode == "SAME_UPPER" else (high, low)
    return Window(plain.kernel, strides, dilations, before, after)


def spread(
    g: Builder,
    dy: ir.Value,
    weight: ir.Value,
    window: Window,
    sizes: Sequence[int],
    positions: Sequence[int],
    group: int = 1,
) -> ir.Value:
    """Add each element of dy, times the weight, to the elements of its window: a convolution the
    other way round.

    Shapes   dy [N, M, *positions], weight [M, C / group, *kernel] -> [N, C, *sizes]

    CUDA has this operator for equal pads on both sides only; other pads are cut off afterwards.
    """
    covered = window.covered(positions)
    ends = [b + size for b, size in zip(window.before, sizes, strict=True)]
    form = {
        "kernel_shape": list(window.kernel),
        "strides": list(window.strides),
        "dilations": list(window.dilations),
        "group": group,
    }
    left_over = [
        end + pad - reach for end, pad, reach in zip(ends, window.after, covered, strict=True)
    ]
    if window.before == window.after and min(left_over) >= 0:
        result: ir.Value = g.ConvTranspose(
            dy, weight, pads=window.pads, output_padding=left_over, **form
        )
        return result
    whole = g.ConvTranspose(dy, weight, **form)
    minus = [0, 0, *[-b for b in window.before]]
    rest = [0, 0, *[end - reach for end, reach in zip(ends, covered, strict=True)]]
    return padded(g, whole, minus, rest)
