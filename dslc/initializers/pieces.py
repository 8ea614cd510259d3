"""The parameters of an init graph, filled a piece at a time.

From a counter to a value it takes some seventy nodes, each of which walks over all that it is given. So they stand in
the body of a Scan and are given few words, which stay in the cache of a core: four times as fast as to walk through the
memory so often. The numbers are those of `draw.sample`, in the same order.

An init graph runs on the CPU, whatever the device of the training: every device starts from the same bits. So it may
use what CUDA has no kernel for, or what stops a GPU: shifts, and tensors whose size only a run knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from dslc.graph.random import words_at
from dslc.initializers.draw import CHUNK, in_shape
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

SIZES = tuple(1 << power for power in range(7, 14))
"""How many words a piece can have: a chunk is a whole number of pieces."""

START = 1000
"""Words that take as long as to start the nodes of one more piece."""

MOST = 1 << 22
"""Words up to which parameters are filled together: what bounds the memory beside them."""


class Stage(Protocol):
    """Part of the way of float64 numbers, in ONNX operators."""

    def __call__(self, g: Builder, x: ir.Value) -> ir.Value: ...


class Stages(NamedTuple):
    """The way from random whole numbers x to values: common(x) * scale + offset.

    Parameters with equal common stages can be filled together.
    """

    common: Stage
    scale: float
    offset: float


class Draw(NamedTuple):
    """A parameter to be filled: its shape, the key of its stream, and the way of the numbers."""

    shape: tuple[int, ...]
    key: ir.Value
    stages: Stages

    @property
    def words(self) -> int:
        """How many words are drawn, two numbers each."""
        return -(-math.prod(self.shape) // 2)


class _Stretch(NamedTuple):
    """Words of a draw from the counter `first` on, a chunk or the rest of one: first come all upper halves."""

    draw: Draw
    first: ir.Value | int
    words: int


def lower_together(g: Builder, draws: Sequence[Draw]) -> list[ir.Value]:
    """Return the values of parameters of one common stage, each of which has some."""
    stretches = [
        [
            _Stretch(draw, first, min(CHUNK, draw.words - first))
            for first in range(0, draw.words, CHUNK)
        ]
        for draw in draws
    ]
    values = iter(_filled(g, [stretch for its in stretches for stretch in its]))
    return [
        in_shape(g, [next(values) for _ in its], draw.shape)
        for draw, its in zip(draws, stretches, strict=True)
    ]


def lower_large(g: Builder, draw: Draw) -> ir.Value:
    """Return the values of one parameter of more than a chunk; beside them there is room for one chunk only."""
    whole, rest = divmod(draw.words, CHUNK)

    def chunk(g: Builder, first: ir.Value) -> ir.Value:
        (values,) = _filled(g, [_Stretch(draw, first, CHUNK)])
        return values

    values = [g.each([_counters(g, whole * CHUNK, CHUNK)], chunk)]
    if rest:
        values += _filled(g, [_Stretch(draw, whole * CHUNK, rest)])
    return in_shape(g, values, draw.shape)


def _filled(g: Builder, stretches: Sequence[_Stretch]) -> list[ir.Value]:
    """Return the values of stretches of one common stage, each float32 [2, words]."""
    piece = min(SIZES, key=lambda size: _work([stretch.words for stretch in stretches], size))
    columns = zip(*(_columns(g, stretch, piece) for stretch in stretches), strict=True)
    rows = [column[0] if len(column) == 1 else g.Concat(*column, axis=0) for column in columns]
    numbers, common = _counters(g, piece), stretches[0].draw.stages.common

    def values(g: Builder, *row: ir.Value) -> ir.Value:
        first, key, scale, offset = row
        drawn = words_at(g, g.Add(numbers, first), key)
        values = g.Add(g.Mul(common(g, _halves(g, drawn)), scale), offset)
        return g.cast(values, DType.FLOAT32)

    pieces = g.each(rows, values)
    counts = [-(-stretch.words // piece) for stretch in stretches]
    parts = g.Split(pieces, g.axes(*counts), axis=0) if len(counts) > 1 else [pieces]
    return [_in_order(g, part, s.words) for part, s in zip(parts, stretches, strict=True)]


def _work(counts: Sequence[int], size: int) -> int:
    """Return what pieces of one size cost, in words: each stretch has pieces of its own, and all are whole."""
    return sum(-(-count // size) for count in counts) * (size + START)


def _columns(g: Builder, stretch: _Stretch, piece: int) -> tuple[ir.Value, ...]:
    """Return what the pieces of a stretch are made from: first counters, keys, scales and offsets."""
    _, key, stages = stretch.draw
    steps, first = np.arange(0, stretch.words, piece, dtype=np.uint64), stretch.first
    starts = g.constant(steps + np.uint64(first)) if isinstance(first, int) else g.Add(steps, first)
    line = (np.full(steps.shape, number) for number in (stages.scale, stages.offset))
    return starts, g.expand(key, steps.shape), *(g.constant(n, DType.FLOAT64) for n in line)


def _counters(g: Builder, end: int, step: int = 1) -> ir.Value:
    """Return 0, step, 2 * step, ... below `end`, uint64."""
    return g.cast(g.Range(0, end, step), DType.UINT64)


def _halves(g: Builder, drawn: ir.Value) -> ir.Value:
    """Return the upper halves of words, then the lower ones, as float64."""
    upper = g.BitShift(drawn, np.uint64(32), direction="RIGHT")
    lower = g.BitwiseAnd(drawn, np.uint64(2**32 - 1))
    return g.cast(g.Concat(upper, lower, axis=0), DType.FLOAT64)


def _in_order(g: Builder, pieces: ir.Value, words: int) -> ir.Value:
    """Put the upper halves of all pieces [pieces, 2 * words of one] before the lower ones: [2, words]."""
    count, width = g.shape_of(pieces)
    halves = g.Transpose(g.reshape(pieces, (count, 2, width // 2)), perm=[1, 0, 2])
    halves = g.reshape(halves, (2, count * (width // 2)))
    if g.shape_of(halves) == (2, words):
        return halves
    kept: ir.Value = g.Slice(halves, g.axes(0), g.axes(words), g.axes(1))
    return kept
