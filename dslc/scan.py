"""`scan x in xs, h = start { ... }`: a body that runs once for every step of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.network.network import Body
from dslc.operation import Array, Operation, Reference
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Scan(Operation):
    """Run a body over dimension 1 of a sequence, and stack what it gives along dimension 1.

    What draws random numbers draws others in every step.

    The values of the call are the sequence, a start for each carry, and what the body reads from around it; the inputs
    of the body are one step of the sequence, the carries, and the same. Its first results are the carries of the next
    step.
    """

    spelling = "scan"

    body: Body = field(repr=False, compare=False)
    carries: int

    def infer(self, xs: TensorType, *values: TensorType) -> tuple[TensorType, ...]:
        return tuple(stacked(value.type, xs.shape[1]) for value in self.body.outputs)

    def lower(self, g: Builder, xs: ir.Value, *values: ir.Value) -> tuple[ir.Value, ...]:
        starts, around = values[: self.carries], values[self.carries :]
        if g.differentiated:
            return self._unrolled(g, xs, starts, around)
        return g.scan(xs, starts, lambda inner, x, *carries: inner.inside(x, *carries, *around))

    def _unrolled(
        self,
        g: Builder,
        xs: ir.Value,
        carries: Sequence[ir.Value],
        around: Sequence[ir.Value],
    ) -> tuple[ir.Value, ...]:
        batch, steps, *rest = g.bound(g.shape_of(xs))
        count = dims.count((steps,))
        parts = [xs] if count == 1 else g.Split(xs, g.axes(*[1] * count), axis=1)
        results = []
        for t, part in enumerate(parts):
            x = g.reshape(part, (batch, *rest))
            results.append(g.inside(x, *carries, *around, round=t))
            carries = results[-1][: self.carries]
        return tuple(self._stacked(g, every) for every in zip(*results, strict=True))

    def _stacked(self, g: Builder, every: Sequence[ir.Value]) -> ir.Value:
        first, *rest = g.shape_of(every[0])
        rows = [g.reshape(y, (first, 1, *rest)) for y in every]
        whole: ir.Value = rows[0] if len(rows) == 1 else g.Concat(*rows, axis=1)
        return whole

    def reference(self, run: Run, xs: Array, *values: Array) -> Reference:
        assert run.inside is not None
        carries, around = values[: self.carries], values[self.carries :]
        steps = []
        for t in range(xs.shape[1]):
            results, back = run.inside(xs[:, t], *carries, *around, round=t)
            assert isinstance(results, tuple)
            steps.append((results, back))
            carries = results[: self.carries]
        ys = tuple(np.stack(every, axis=1) for every in zip(*(y for y, _ in steps), strict=True))

        def backward(*dys: Array) -> tuple[Array | None, ...]:
            dxs = np.zeros_like(xs)
            dcarries: list[Array | None] = [None] * self.carries
            daround: list[Array | None] = [None] * len(around)
            for t in reversed(range(len(steps))):
                here = [dy[:, t] for dy in dys]
                for index, more in enumerate(dcarries):
                    here[index] = here[index] if more is None else here[index] + more
                dx, *found = steps[t][1](*here)
                dxs[:, t] = 0 if dx is None else dx
                dcarries = found[: self.carries]
                pairs = zip(daround, found[self.carries :], strict=True)
                daround = [_sum(one, other) for one, other in pairs]
            return dxs, *dcarries, *daround

        return ys, backward

    def steps(self, inputs: tuple[TensorType | None, ...]) -> int | Expression:
        xs = inputs[0]
        assert xs is not None
        total: int | Expression = 0
        for call in self.body.calls:
            taken = tuple(None if value is None else value.type for value in call.inputs)
            total = total + call.operation.steps(taken)
        return xs.shape[1] * total

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        total: int | Expression = 0
        for call in self.body.calls:
            taken = tuple(value.type for value in call.inputs if value is not None)
            given = tuple(value.type for value in call.outputs)
            total = total + call.operation.multiply_adds(taken, given)
        return inputs[0].shape[1] * total


def stacked(step: TensorType, steps: int | Expression) -> TensorType:
    """Return the type of a result of all steps."""
    first, *rest = step.shape
    return step.with_shape((first, steps, *rest))


def _sum(one: Array | None, other: Array | None) -> Array | None:
    return other if one is None else one if other is None else one + other
