"""A convolution's sizes, the ways of laying its operands out that several forms share, and the units of their costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from dslc import dims
from dslc.gradient.rules.shape import padded
from dslc.gradient.window import Window
from dslc.graph.builder import Builder
from dslc.types import DType


@dataclass(frozen=True, slots=True)
class Convolution:
    """The sizes of one: X [batch, channels, *sizes], dY [batch, features, *positions]."""

    batch: int
    channels: int
    features: int
    sizes: tuple[int, ...]
    positions: tuple[int, ...]
    window: Window
    group: int = 1

    @property
    def rank(self) -> int:
        """Number of spatial dimensions."""
        return len(self.sizes)

    @property
    def places(self) -> int:
        """Number of positions of the window in one image."""
        return prod(self.positions)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (self.features, self.channels // self.group, *self.window.kernel)

    @property
    def padded_sizes(self) -> tuple[int, ...]:
        """The sizes of X with its padding."""
        window = self.window
        return tuple(
            before + size + after
            for before, size, after in zip(window.before, self.sizes, window.after, strict=True)
        )

    @property
    def turned(self) -> Convolution | None:
        """The convolution of dY with the kernel backwards that gives dX, where the stride is 1."""
        window = self.window
        before = tuple(s - 1 - pad for s, pad in zip(window.spans, window.before, strict=True))
        after = tuple(s - 1 - pad for s, pad in zip(window.spans, window.after, strict=True))
        if set(window.strides) != {1} or min(before + after) < 0:
            return None
        return Convolution(
            self.batch,
            self.features,
            self.channels,
            self.positions,
            self.sizes,
            Window(window.kernel, window.strides, window.dilations, before, after),
            self.group,
        )

    def tap_slices(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Yield for each tap, in row-major order, where its positions start and end in padded X."""
        window = self.window
        for tap in product(*[range(size) for size in window.kernel]):
            starts = tuple(t * d for t, d in zip(tap, window.dilations, strict=True))
            ends = tuple(
                start + (count - 1) * stride + 1
                for start, count, stride in zip(starts, self.positions, window.strides, strict=True)
            )
            yield starts, ends


def padded_spatial(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    """Put the padding of the convolution around x."""
    return padded(g, x, [0, 0, *conv.window.before], [0, 0, *conv.window.after])


def channels_last(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    """Return x as [N, *sizes, C]."""
    result: ir.Value = g.Transpose(x, perm=[0, *range(2, 2 + conv.rank), 1])
    return result


def images_last(g: Builder, x: ir.Value) -> ir.Value:
    """Return x [N, C, *sizes] as [C, sizes * N]: a matrix that is turned, which is quick."""
    batch, channels, *sizes = dims.known(g.shape_of(x)) or ()
    turned = g.Transpose(g.reshape(x, (batch, channels * prod(sizes))), perm=[1, 0])
    return g.reshape(turned, (channels, prod(sizes) * batch))


def gathered_columns(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    """Return what is under each tap as [C * taps, positions * N]."""
    before, after = conv.window.before, conv.window.after
    spread = g.reshape(images_last(g, x), (conv.channels, *conv.sizes, conv.batch))
    sizes = conv.padded_sizes
    flat = g.reshape(
        padded(g, spread, [0, *before, 0], [0, *after, 0]), (conv.channels, prod(sizes), conv.batch)
    )
    picked = g.Gather(flat, tap_places(g, conv, sizes, taps_first=True), axis=1)
    return g.reshape(picked, (conv.channels * conv.window.taps, conv.places * conv.batch))


def tap_places(
    g: Builder,
    conv: Convolution,
    sizes: Sequence[int],
    *,
    backwards: bool = False,
    taps_first: bool = False,
) -> ir.Value:
    """Return the row of each (position, tap) in the flat image: the sum of two small tables.

    With `backwards` the taps are in reverse order; with `taps_first` the order is that of (tap, position).
    """
    strides = [prod(sizes[axis + 1 :]) for axis in range(conv.rank)]

    def numbers(counts: tuple[int, ...], steps: tuple[int, ...]) -> NDArray[np.int64]:
        grid = np.indices(counts, dtype=np.int64).reshape(conv.rank, -1)
        return np.array([s * step for s, step in zip(strides, steps, strict=True)]) @ grid

    positions = numbers(conv.positions, conv.window.strides)
    taps = numbers(conv.window.kernel, conv.window.dilations)
    outer, inner = (
        (taps, positions) if taps_first else (positions, taps[::-1] if backwards else taps)
    )
    places = g.Add(g.constant(outer[:, None]), g.constant(inner[None, :]))
    return g.reshape(places, (conv.places * conv.window.taps,))


def padding(count: int, unit: int) -> float:
    """Return how much more there is of something that comes by the dozen, say."""
    return -(-count // unit) * unit / count


def gathering_cost(conv: Convolution) -> float:
    """Estimate `gathered_columns`: its rows are the images of one element, so there are many, and short ones."""
    rows = conv.channels * conv.window.taps * conv.places
    return 0.125 * rows * conv.batch * MEGABYTE + 5e-6 * rows


def cheapest(costs: Mapping[str, float], dtype: DType) -> str:
    """Return the form that costs least. It is Winograd's in float32 alone: halves would be rounded on the way."""
    possible = [form for form in costs if form != "winograd" or dtype == DType.FLOAT32]
    return min(possible, key=lambda form: costs[form])


MEGABYTE = 4e-6
"""Megabytes per float32."""

WORK = 1.4e-8
"""Milliseconds per multiplication with its addition."""
