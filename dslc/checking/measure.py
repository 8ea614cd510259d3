"""How far two arrays may be apart, and how far they are.

The reference is float64 on the same float32 inputs. A forward value is measured by its root mean square error, a
gradient by its relative length, a step of the optimiser by the length of the update. Where one of these is beyond what
a good float32 evaluation usually does, the yardstick is NumPy in float32: rounding alone may do three times as much.

Source: N. Higham, Accuracy and Stability of Numerical Algorithms, chapter 3, for why errors of sums grow as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from dslc.layers.arithmetic import Add, Sub
from dslc.layers.elementwise import Neg
from dslc.layers.reduction import Mean, Sum
from dslc.network.network import Value
from dslc.operation import Array
from dslc.reference.interpreter import Evaluation

FORWARD = 1e-6
GRADIENT = 1e-5
DIFFERENCE = 1e-6
UPDATE = 1e-5
YARDSTICK = 3.0

DRAWS = 8
"""How often a yardstick that draws roundings is drawn, where one draw is not enough.

Of a figure or a few numbers one draw may come out right by chance: of two that have the same normal distribution, one
is more than three times the other with probability 2/pi arctan(1/3) = 0.2. Beside the root mean square of 8 it is so
with 0.02 (Student's t, 8 degrees of freedom).
"""

SMALL = 2.0**-23 / GRADIENT
"""What part of the largest gradient one must be to be measured by itself. A smaller one may be off by one rounding of
the largest: so is what cancels, such as the gradient of a bias that all scores of a softmax have in common.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: what was compared, how far apart it is, and how far it may be."""

    kind: str
    tensor: str
    error: float
    bound: float
    place: str = ""

    @property
    def passed(self) -> bool:
        return bool(self.error <= self.bound)  # False for NaN


def rms(array: Array) -> float:
    """Return the root mean square of all elements, computed in float64."""
    flat = np.asarray(array, dtype=np.float64).ravel()
    return float(np.sqrt(np.dot(flat, flat) / flat.size)) if flat.size else 0.0


def distance(found: Array, expected: Array, floor: float = 0.0) -> float:
    """Return the root mean square error relative to the expected value (or to `floor`, where that is larger)."""
    if found.shape != expected.shape:
        return float("inf")
    difference = np.asarray(found, dtype=np.float64) - expected
    error, size = rms(difference), max(rms(expected), floor)
    return error / size if size else error


def size_of(value: Value, done: Evaluation) -> float:
    """Return how large the numbers are that a sum, a difference or a mean is made of, whose rounding errors it has.

    `mean(fooled) - mean(score)` of a critic comes close to zero, and so may each mean; their errors do not. Neither do
    those of `mean(max(scores, axis=1) - pick(scores, label))` where every label is right, and the loss exactly zero.
    """
    return rms(_sizes(value, done))


def _sizes(value: Value, done: Evaluation) -> Array:
    """Return how large the largest number is that each element is made of, down to what is no sum."""
    call = next((call for call in done.backward if value in call.outputs), None)
    own = np.abs(done.arrays[value])
    operands = [] if call is None else [v for v in call.inputs if v is not None]
    match None if call is None else call.operation:
        case Add() | Sub() | Neg():
            for operand in operands:
                own = np.maximum(own, _sizes(operand, done))
        case Mean() if not own.ndim:
            return np.asarray(np.mean(_sizes(operands[0], done)))
        case Sum() if not own.ndim:
            return np.asarray(np.sum(_sizes(operands[0], done)))
    return own


def within(
    kind: str,
    tensor: str,
    error: float,
    bound: float,
    yardstick: Callable[[], float] | None = None,
    place: str = "",
    again: Callable[[], Iterable[float]] | None = None,
) -> Finding:
    """Judge an error by its bound, and by the yardstick only where the bound alone would refuse it.

    `again` are the errors of other draws of the yardstick, asked for where one draw would refuse it.
    """
    if error > bound and yardstick is not None:
        bound = max(bound, YARDSTICK * yardstick())
    if error > bound and again is not None:
        bound = max(bound, YARDSTICK * rms(np.asarray(list(again()))))
    return Finding(kind, tensor, error, bound, place)
