"""How far two arrays may be apart, and how far they are.

The reference is float64 on the same float32 inputs. A forward value is measured by its root mean square error, a
gradient by its relative length, a step of the optimiser by the length of the update. Where one of these is beyond what
a good float32 evaluation usually does, the yardstick is NumPy in float32: rounding alone may do three times as much.

Source: N. Higham, Accuracy and Stability of Numerical Algorithms, chapter 3, for why errors of sums grow as they do.
"""

from __future__ import annotations

from collections.abc import Callable
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

    `mean(fooled) - mean(score)` of a critic comes close to zero, and so may each mean; their errors do not.
    """
    call = next((call for call in done.backward if value in call.outputs), None)
    array = done.arrays[value]
    if call is None or not isinstance(call.operation, Add | Sub | Neg | Mean | Sum) or array.ndim:
        return rms(array)
    operands = [operand for operand in call.inputs if operand is not None]
    match call.operation:
        case Mean():
            return float(np.mean(np.abs(done.arrays[operands[0]])))
        case Sum():
            return float(np.sum(np.abs(done.arrays[operands[0]])))
    return max(size_of(operand, done) for operand in operands)


def within(
    kind: str,
    tensor: str,
    error: float,
    bound: float,
    yardstick: Callable[[], float] | None = None,
    place: str = "",
) -> Finding:
    """Judge an error by its bound, and by the yardstick only where the bound alone would refuse it."""
    if error > bound and yardstick is not None:
        bound = max(bound, YARDSTICK * yardstick())
    return Finding(kind, tensor, error, bound, place)
