"""Merges: several values become one. `concat` and `stack` are here, the others are arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.layers.arithmetic import Add, Maximum, Minimum, Mul
from dslc.layers.rules import axis_of, differing, dimension_text, same_dtype
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import Shape, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


def check_branches(name: str, types: Sequence[TensorType]) -> None:
    """Refuse branches of different shapes (E0301); `about` is the first unlike the first branch.

    Arithmetic broadcasts, a merge group does not: branches that happen to broadcast are a mistake.
    """
    same_dtype(name, types)
    for about, x in enumerate(types):
        if x.shape != types[0].shape:
            raise RuleError(
                "E0301",
                f"the branches of `{name}` have different shapes",
                about=about,
                text=f"branch {about + 1} gives {shape_text(x.shape)}",
                facts=(
                    f"branch 1 gives {shape_text(types[0].shape)}",
                    _difference(types[0].shape, x.shape),
                ),
                helps=(f"`{name}` needs the same shape from every branch",),
            )


def _difference(one: Shape, other: Shape) -> str:
    if len(one) != len(other):
        return f"they have {len(one)} and {len(other)} dimensions"
    parts = [
        f"{dimension_text(axis, len(one))}: {one[axis]} and {other[axis]}"
        for axis in differing(one, other)
    ]
    return f"they differ in {', '.join(parts)}"


@dataclass(frozen=True)
class Concat(Function):
    """Join values along one dimension.

    Shapes: equal outside `axis` -> the same, with their sizes at `axis` added up.
    Errors: E0306 where they differ outside it.
    Example:
        input image: float32[N, 3, 8, 8]
        output y: concat { | Conv(4, 1x1) | Conv(8, 3x3, padding=1) }
    """

    axis: int = 1

    def infer(self, *values: TensorType) -> TensorType:
        same_dtype("concat", values)
        axis = axis_of("concat", self.axis, values[0])
        odd = _odd_one_out(values, axis)
        if odd is not None:
            raise _unlike(values, axis, odd)
        total: int | Expression = 0
        for x in values:
            total = total + x.shape[axis]
        return values[0].with_axis(axis, total)

    def lower(self, g: Builder, *values: ir.Value) -> Any:
        axis = self.axis % len(g.shape_of(values[0]))
        return g.Concat(*values, axis=axis) if len(values) > 1 else values[0]

    def reference(self, run: Run, *values: Array) -> Reference:
        ends = np.cumsum([x.shape[self.axis] for x in values])[:-1]
        return (
            np.concatenate(values, axis=self.axis),
            lambda dy: tuple(np.split(dy, ends, axis=self.axis)),
        )


def _outside(x: TensorType, axis: int) -> Shape:
    return (*x.shape[:axis], *x.shape[axis + 1 :])


def _odd_one_out(values: Sequence[TensorType], axis: int) -> int | None:
    """Return the value that differs from the rest, the first one where all others are alike."""
    shapes = [_outside(x, axis) for x in values]
    odd = [index for index, shape in enumerate(shapes) if shape != shapes[0]]
    if not odd:
        return None
    return (
        0 if len(shapes) > 2 and len(odd) == len(shapes) - 1 and shapes[1] == shapes[2] else odd[0]
    )


def _unlike(values: Sequence[TensorType], axis: int, odd: int) -> RuleError:
    other = values[0] if odd else values[1]
    found = values[odd]
    facts = [
        f"branch {index} gives {shape_text(x.shape)}" for index, x in enumerate(values, start=1)
    ]
    joined = dimension_text(axis, other.rank)
    facts.append(f"concat joins {joined}; every other dimension must match")
    if found.rank == other.rank:
        axes = [a for a in differing(found.shape, other.shape) if a != axis]
        sizes = f"{found.shape[axes[0]]} instead of {other.shape[axes[0]]}"
        places = f"dimension{'s' if len(axes) > 1 else ''} {' and '.join(map(str, axes))}"
        facts.append(f"branch {odd + 1} is the odd one out: {sizes} in {places}")
    return RuleError(
        "E0306",
        f"the branches of `concat` differ outside dimension {axis}",
        about=odd,
        text=f"branch {odd + 1} gives {shape_text(found.shape)}",
        facts=facts,
    )


@dataclass(frozen=True)
class Stack(Function):
    """Put values side by side along a new dimension.

    Shapes: equal -> the same with a dimension more, of their number, at `axis`.
    Errors: E0301 where they differ.
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output pairs = stack(x, y, axis=1)
    """

    axis: int = 0

    def infer(self, *values: TensorType) -> TensorType:
        check_branches("stack", values)
        shape = values[0].shape
        longer = values[0].with_shape((1, *shape))
        axis = axis_of("stack", self.axis, longer)
        return longer.with_shape((*shape[:axis], len(values), *shape[axis:]))

    def lower(self, g: Builder, *values: ir.Value) -> Any:
        axis = self.axis % (len(g.shape_of(values[0])) + 1)
        slices = [g.Unsqueeze(x, g.axes(axis)) for x in values]
        return g.Concat(*slices, axis=axis) if len(slices) > 1 else slices[0]

    def reference(self, run: Run, *values: Array) -> Reference:
        def backward(dy: Array) -> tuple[Array, ...]:
            return tuple(np.take(dy, index, axis=self.axis) for index in range(len(values)))

        return np.stack(values, axis=self.axis), backward


MERGES: Mapping[str, type[Function]] = MappingProxyType(
    {"add": Add, "concat": Concat, "mul": Mul, "max": Maximum, "min": Minimum, "stack": Stack}
)
"""What may stand in front of the brace of a merge group, and what merges there.

A call of one of these names with two or more values means the same class: `max(x, y)` is `Maximum`,
`max(x, axis=2)` the reduction.
"""
