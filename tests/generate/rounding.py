"""What rounding alone may do to a net: several draws of it, where one draw of float32 says too little.

A small random net is now and then so ill-conditioned (small differences of large numbers) that float32 NumPy happens
to be far more accurate than the next float32 evaluation. Each draw evaluates the net in float32 with every result off
by up to one unit in the last place. Kinks fall as they did: a tie that is judged wrongly is no matter of rounding.

Source: D. S. Parker, "Monte Carlo Arithmetic", UCLA CSD-970002 (1997).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from dslc.network.network import Call, Network, Value
from dslc.operation import Array
from dslc.reference.interpreter import Evaluation, Interpreter
from dslc.reference.run import Run
from tests.generate.table import TABLE

DRAWS = 8
ROUNDING = 2.0**-23


@dataclass
class Shaken(Interpreter):
    """An interpreter whose every result is off by up to a unit in the last place."""

    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))

    def cast(self, value: Value, array: Array) -> Array:
        found = super().cast(value, array)
        if found.dtype.kind != "f":
            return found
        return np.asarray(found * (1 + self._noise(found)), dtype=found.dtype)

    def _noise(self, array: Array) -> Array:
        return self.generator.uniform(-ROUNDING, ROUNDING, array.shape)

    def _evaluate(self, call: Call, done: Evaluation, run: Run) -> None:
        """A call that cancels is off by the rounding of what it subtracts."""
        super()._evaluate(call, done, run)
        cancels = TABLE[call.operation.language_name()].cancels
        if cancels is not None:
            size = cancels(*(done.arrays[value] for value in call.inputs if value is not None))
            for value in call.outputs:
                off = size * self._noise(done.computed[value])
                done.computed[value] = self.cast(value, done.computed[value] + off)
                if value not in done.pinned:
                    done.arrays[value] = done.computed[value]


@dataclass(frozen=True)
class Point:
    """An evaluation to draw again: the net, its mode and sizes, and what it was given."""

    network: Network
    training: bool
    sizes: Mapping[str, int]
    seed: int
    step: int
    feeds: Mapping[Value, Array]
    wanted: list[Value]
    exact: Evaluation

    def draws(self) -> Iterator[tuple[Shaken, Evaluation]]:
        """Yield the evaluation again and again, each time rounded in another way."""
        for number in range(DRAWS):
            generator = np.random.default_rng(number)
            shaken = Shaken(
                self.network, self.training, self.sizes, np.float32, self.seed, self.step, generator
            )
            exact = self.exact
            yield shaken, shaken.forward(self.feeds, self.wanted, exact.pinned, exact.decisions)
