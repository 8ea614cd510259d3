"""What rounding alone may do to a net: several draws of it, where one draw of float32 says too little.

A small random net is now and then so ill-conditioned (small differences of large numbers) that float32 NumPy happens
to be far more accurate than the next float32 evaluation. Each draw evaluates the net in float32 with every result off
by up to four units in the last place. In a call that is judged by itself, kinks fall as they did: there a tie that is
judged wrongly is no matter of rounding.

Source: D. S. Parker, "Monte Carlo Arithmetic", UCLA CSD-970002 (1997).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from dslc.checking.differences import Probe, direction
from dslc.checking.measure import DIFFERENCE, Finding, rms
from dslc.checking.situation import SEED, STEP, Situation
from dslc.network.network import Call, Constant, Network, Value
from dslc.operation import Array
from dslc.reference.interpreter import Evaluation, Interpreter
from dslc.reference.run import Run
from tests.generate.table import TABLE

SMALL = 1e-3
"""A gradient of less than this share of the largest one is rounding."""

DRAWS = 16
LENGTHS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
ROUNDING = 2.0**-22
"""Four units in the last place: what onnxruntime's exp, log and tanh are off by at most."""
FINE_ROUNDING = 2.0**-51
"""The same in float64."""
SUBNORMAL = 1e-36
"""Results below this are off by as much as this one's rounding: onnxruntime's tanh is x times 0.005, over 0.005."""


@dataclass
class Shaken(Interpreter):
    """An interpreter whose every result is off by up to four units in the last place."""

    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))
    rounding: float = ROUNDING

    def cast(self, value: Value, array: Array) -> Array:
        found = super().cast(value, array)
        if found.dtype.kind != "f" or isinstance(value, Constant):
            return found
        return np.asarray(found * (1 + self._noise(found)), dtype=found.dtype)

    def _noise(self, array: Array) -> Array:
        return self.generator.uniform(-self.rounding, self.rounding, array.shape)

    def _evaluate(self, call: Call, done: Evaluation, run: Run) -> None:
        """A call that cancels is off by the rounding of what it subtracts, others by what their kernels are."""
        super()._evaluate(call, done, run)
        entry = TABLE[call.operation.language_name()]
        size = 0.0
        if entry.cancels is not None:
            size = entry.cancels(*(done.arrays[v] for v in call.inputs if v is not None))
        if not self.training:
            size = max(size, entry.resting / ROUNDING)
        for value in call.outputs:
            if value.type.dtype.is_float:
                exact = done.computed[value]
                large = max(size, entry.kernel / ROUNDING * rms(exact), SUBNORMAL)
                done.computed[value] = self.cast(value, exact + large * self._noise(exact))
                if value not in done.pinned:
                    done.arrays[value] = done.computed[value]

    def _pull(self, call: Call, done: Evaluation, gradients: dict[Value, Array]) -> None:
        """What a call sends back is off by the rounding of what it would send back for another gradient as large.

        Sums of gradients may cancel in one evaluation and leave rounding in another. Where the slope itself is a
        difference from 1, that is rounded too.
        """
        super()._pull(call, done, gradients)
        upstream = [gradients.get(value, np.zeros(())) for value in call.outputs]
        shapes = [done.arrays[value].shape for value in call.outputs]
        others = [
            self.generator.standard_normal(shape).astype(self.dtype) * self.dtype(rms(gradient))
            for shape, gradient in zip(shapes, upstream, strict=True)
        ]
        entry = TABLE[call.operation.language_name()]
        least = rms(upstream[0]) if entry.bends else 0.0
        share = max(1.0, entry.kernel / ROUNDING)
        operands = (*call.inputs, *call.parameters)
        for operand, other in zip(operands, done.backward[call](*others), strict=True):
            if operand is not None and other is not None and operand in gradients:
                off = self._noise(gradients[operand]) * share * max(rms(other), least)
                gradients[operand] = gradients[operand] + off


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
        """Yield the evaluation again and again, each time rounded in another way; kinks fall as they did."""
        for number in range(DRAWS):
            shaken = self._shaken(number)
            exact = self.exact
            yield shaken, shaken.forward(self.feeds, self.wanted, exact.pinned, exact.decisions)

    def free_draws(self) -> Iterator[Evaluation]:
        """Yield the evaluation as often, kinks and jumps falling as rounding will have them.

        End to end, the floor of a tanh at its limit and the argmin of equal values are either way right.
        """
        for number in range(DRAWS):
            yield self._shaken(number).forward(self.feeds, self.wanted, self.exact.pinned)

    def _shaken(self, number: int) -> Shaken:
        generator = np.random.default_rng(number)
        return Shaken(
            self.network, self.training, self.sizes, np.float32, self.seed, self.step, generator
        )


def certain_differences(situation: Situation) -> list[Finding]:
    """Judge the interpreter's gradients by the difference that is the surest of its own slope.

    Layers that divide by small deviations bend sharply and amplify rounding: then no length of a step is right for all
    nets. How far the two differences that are extrapolated are apart tells what each length is worth.
    """
    found = situation.interpreter().backward(situation.whole, situation.cotangents)
    leaves = (*situation.learning.parameters, *situation.learning.inputs)
    gradients = {v: found[v] for v in leaves if v in found and v.type.dtype.is_float}
    probe = Probe(situation.interpreter(), situation.whole, list(situation.cotangents.items()))
    unsteady = _unsteadiness(situation)
    floor = SMALL * max((float(np.linalg.norm(g)) for g in gradients.values()), default=0.0)
    return [
        _surest(probe, value, gradient, floor, unsteady) for value, gradient in gradients.items()
    ]


def _unsteadiness(situation: Situation) -> float:
    """Return how far rounding in float64 moves the scalar that is differentiated."""
    exact = situation.whole
    here = Probe(situation.interpreter(), exact, list(situation.cotangents.items())).here
    worst = 0.0
    for number in range(DRAWS):
        shaken = Shaken(
            situation.learning, True, situation.sizes, np.float64, SEED, STEP,
            np.random.default_rng(number), FINE_ROUNDING,
        )  # fmt: skip
        done = shaken.forward(situation.feeds, situation.wanted, None, exact.decisions)
        there = Probe(shaken, done, list(situation.cotangents.items())).here
        worst = max(worst, abs(there - here))
    return worst


def _surest(probe: Probe, value: Value, gradient: Array, floor: float, unsteady: float) -> Finding:
    generator = np.random.default_rng(3)
    tried: list[tuple[float, float]] = []
    for step in LENGTHS:
        shift = direction({value: gradient}, generator)
        wide, narrow = probe.slope(shift, step), probe.slope(shift, step / 2)
        expected = float(np.vdot(gradient, shift[value]))
        size = max(abs(narrow), abs(expected), float(np.linalg.norm(gradient)), floor, 1e-8)
        doubt = abs(wide - narrow) + unsteady / step
        tried.append((doubt / size, abs((4 * narrow - wide) / 3 - expected) / size))
    doubt, error = min(tried)
    return Finding("difference", value.name, error, DIFFERENCE + doubt)
