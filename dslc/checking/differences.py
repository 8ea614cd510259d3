"""Finite differences: the derivative of the interpreter's own forward pass, to judge its backward pass.

Whole networks are probed along directions: one per parameter tensor and one over all of them. A direction mixes the
gradient itself with noise, so that a mistake anywhere in the tensor shows; central differences are extrapolated
(Richardson). Where slope and gradient disagree a kink may have been crossed: a shorter step along another direction
tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dslc.checking.measure import DIFFERENCE, Finding, size_of
from dslc.network.network import Value
from dslc.operation import Array
from dslc.reference.interpreter import Evaluation, Interpreter

STEPS = (1e-5, 1e-6, 1e-6, *5 * (1e-7,))
"""Lengths of a step along a unit direction, tried in turn until one crosses no kink.

The first layer of a deep net moves millions of activations: even the shortest steps meet a kink now and then.
"""

ROUNDING = 2.0**-50
"""What a difference of two scalars is off by, relative to what these are sums of: a few units in the last place."""

SHARE = 0.05
"""How much of a direction is the gradient itself: a slope of at least that much is compared with it."""

MOST_TENSORS = 32

Direction = dict[Value, Array]


@dataclass
class Probe:
    """Differentiates a sum of scalars of an evaluation along directions."""

    interpreter: Interpreter
    base: Evaluation
    terms: Sequence[tuple[Value, Array]]
    """The scalar is the sum of every value times its array."""

    def scalar(self, shift: Direction, length: float) -> float:
        """Return the scalar with every value of `shift` moved by `length` along it."""
        moved = {value: np.asarray(arrow * length) for value, arrow in shift.items()}
        for value, array in moved.items():
            array += self.base.arrays[value]  # in place: the weights of a large net are large
        done = self.interpreter.again(self.base, moved, [value for value, _ in self.terms])
        return float(sum(np.vdot(done.arrays[value], weight) for value, weight in self.terms))

    @property
    def here(self) -> float:
        """The scalar where nothing is moved."""
        return float(sum(np.vdot(self.base.arrays[value], weight) for value, weight in self.terms))

    @property
    def size(self) -> float:
        """How large the numbers are that the scalar is the sum of."""
        return max(
            abs(self.here), *(size_of(v, self.base) for v, w in self.terms if w.ndim == 0), 0
        )

    def derivative(self, shift: Direction, step: float) -> float:
        """Return the derivative along `shift` (Richardson)."""
        return (4 * self.slope(shift, step / 2) - self.slope(shift, step)) / 3

    def slope(self, shift: Direction, step: float) -> float:
        """Return the central difference along `shift`."""
        return (self.scalar(shift, step) - self.scalar(shift, -step)) / (2 * step)


def differences(
    probe: Probe,
    gradients: Mapping[Value, Array],
    generator: np.random.Generator,
) -> list[Finding]:
    """Judge `gradients` along one direction per tensor (at most 32, drawn by seed) and one over all."""
    values = list(gradients)
    chosen = values
    if len(values) > MOST_TENSORS:
        picked = generator.choice(len(values), MOST_TENSORS, replace=False)
        chosen = [values[i] for i in sorted(picked)]
    findings = [_judge(probe, v.name, {v: gradients[v]}, generator) for v in chosen]
    if len(values) > 1:
        findings.append(_judge(probe, "all parameters", gradients, generator))
    return findings


def _judge(
    probe: Probe,
    name: str,
    gradients: Mapping[Value, Array],
    generator: np.random.Generator,
) -> Finding:
    """Compare slope and gradient, with shorter steps where the first does not agree.

    A step may cross a kink, the less often the shorter it is; a wrong gradient is wrong at every length.
    """
    length = _length(gradients)
    tried = []
    for step in STEPS:
        shift = direction(gradients, generator)
        slope = probe.derivative(shift, step)
        expected = sum(float(np.vdot(gradients[value], arrow)) for value, arrow in shift.items())
        size = max(abs(slope), abs(expected), length, 1e-8)
        rounding = ROUNDING * probe.size / (step * size)
        tried.append(
            Finding("difference", name, abs(slope - expected) / size, DIFFERENCE + rounding)
        )
        if tried[-1].passed:
            break
    return min(tried, key=lambda finding: finding.error / finding.bound)


def direction(gradients: Mapping[Value, Array], generator: np.random.Generator) -> Direction:
    """Draw a unit direction; a part of it is the gradient, so that a slope to compare is there.

    Along the gradient itself every activation moves most and crosses the most kinks: a part is enough.
    """
    shift = {v: generator.standard_normal(gradient.shape) for v, gradient in gradients.items()}
    share = SHARE * _length(shift) / (_length(gradients) or 1.0)
    for value, gradient in gradients.items():
        shift[value] = shift[value] + share * gradient
    length = _length(shift)
    for value in shift:
        shift[value] = shift[value] / length
    return shift


def _length(arrays: Mapping[Value, Array]) -> float:
    return float(np.sqrt(sum(float(np.vdot(array, array)) for array in arrays.values())))
