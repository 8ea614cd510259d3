"""What `precision = float16` does to a training step by rounding alone: the yardstick of its graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from dslc.network.network import Call, Value
from dslc.operation import Array, Backward
from dslc.reference.interpreter import Evaluation, Interpreter
from dslc.reference.run import Run
from dslc.types import DType

ROUNDING = 2.0**-11
"""Of a number rounded to a half, relative to it."""

MAGNITUDES = 2**15
"""How many halves there are without a sign."""


@dataclass
class HalfInterpreter(Interpreter):
    """An interpreter whose calls take and give halves where `Call.half` says so, of a loss that is scaled.

    Products of halves are added in float32, as kernels do; what goes element by element is computed in halves. What a
    call takes of another's halves is drawn as near to them as their rounding: onnxruntime may leave that out. Equal
    halves are drawn alike, and opposite ones opposite: they are rounded alike, as the two sides of a Gram matrix are,
    and what adds them up again adds up their errors.
    """

    scale: float = 1.0
    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    @cached_property
    def _halves(self) -> frozenset[Value]:
        return frozenset(v for call in self.network.calls if call.half for v in call.outputs)

    def _evaluate(self, call: Call, done: Evaluation, run: Run) -> None:
        if not self._halves.intersection((*call.inputs, *call.outputs)):
            super()._evaluate(call, done, run)
            return
        operands = (v for v in (*call.inputs, *call.parameters) if v is not None)
        given = {v: self._given(call, v, self._array(v, done)) for v in operands}
        inner = Evaluation(given, pinned=done.pinned)
        super()._evaluate(call, inner, run)
        for value in call.outputs:
            done.computed[value] = self._result(value, inner.computed[value])
            done.arrays[value] = self._result(value, inner.arrays[value])
        for parameter, array in inner.state.items():
            done.state[parameter] = done.arrays[parameter] = array
        done.decisions[call] = inner.decisions[call]
        done.backward[call] = self._in_halves(call, inner.backward[call])

    def _given(self, call: Call, value: Value, array: Array) -> Array:
        if not _is_single(value):
            return array
        if value in self._halves:
            error = self.generator.uniform(-ROUNDING, ROUNDING, MAGNITUDES)
            bits = _as_half(array).view(np.uint16) % MAGNITUDES  # without the sign
            array = (array * (1 + error[bits])).astype(np.float32)
        if not call.half or call.operation.precision == "wide":
            return array
        return _as_half(array) if call.operation.precision == "follow" else _rounded(array)

    def _result(self, value: Value, array: Array) -> Array:
        return _rounded(array) if value in self._halves else array

    def _in_halves(self, call: Call, backward: Backward) -> Backward:
        """Return the backward pass whose cotangents are halves where the values are."""
        inner = call.half and call.operation.precision != "wide"

        def rounded(*cotangents: Array) -> tuple[Array | None, ...]:
            given = zip(call.outputs, cotangents, strict=True)
            scaled = (self._scaled(dy) if v in self._halves else dy for v, dy in given)
            found = zip((*call.inputs, *call.parameters), backward(*scaled), strict=True)
            return tuple(
                self._scaled(d) if d is not None and (inner or v in self._halves) else d
                for v, d in found
            )

        return rounded

    def _scaled(self, cotangent: Array) -> Array:
        """Round a cotangent as it stands in the graph: multiplied by the scale."""
        if cotangent.dtype == np.float64:
            return cotangent
        return _rounded(cotangent * np.float32(self.scale)) / np.float32(self.scale)


def _rounded(array: Array) -> Array:
    """Return singles with the numbers of halves, infinity where those end."""
    return _as_half(array).astype(np.float32)


def _as_half(array: Array) -> Array:
    with np.errstate(over="ignore"):
        return array.astype(np.float16)


def _is_single(value: Value) -> bool:
    return value.type.dtype is DType.FLOAT32
