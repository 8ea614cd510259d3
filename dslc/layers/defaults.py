"""The initial values of weights and biases where a spec names none: PyTorch's."""

from __future__ import annotations

import math

from dslc.initializers.base import Initializer
from dslc.initializers.uniform import KaimingUniform, Uniform


def weight_initializer(given: Initializer | None) -> Initializer:
    """Return the given initializer, or uniform values within 1 / sqrt(fan_in)."""
    return given or KaimingUniform(a=math.sqrt(5))


def bias_initializer(given: Initializer | None, fan_in: int) -> Initializer:
    """Return the given initializer, or uniform values within 1 / sqrt(fan_in) of the weight."""
    bound = 1 / math.sqrt(fan_in)
    return given or Uniform(-bound, bound)
