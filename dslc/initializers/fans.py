"""How many values meet in one unit of a weight, and how much a nonlinearity shrinks them."""

from __future__ import annotations

import math
from typing import Literal

from dslc.errors import RuleError
from dslc.types import shape_text

Mode = Literal["fan_in", "fan_out"]

Nonlinearity = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]

GAINS: dict[Nonlinearity, float] = {
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "leaky_relu": math.sqrt(2),
    "selu": 3 / 4,
}
"""The factors PyTorch uses; that of leaky_relu is for slope 0."""


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return fan in and fan out of a weight [out, in / groups, *kernel]."""
    receptive = math.prod(shape[2:])
    return shape[1] * receptive, shape[0] * receptive


def gain(nonlinearity: Nonlinearity, slope: float) -> float:
    """Return the factor that keeps the variance of values through a nonlinearity."""
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + slope**2))
    return GAINS[nonlinearity]


def check_matrix(name: str, shape: tuple[int, ...]) -> None:
    """Refuse a parameter that is no weight: it has no inputs to count (E0319)."""
    if len(shape) < 2:
        raise RuleError(
            "E0319",
            f"`{name}` needs a parameter with at least 2 dimensions",
            text=f"this one is {shape_text(shape)}",
            facts=["dimension 0 are the outputs, dimension 1 the inputs"],
            helps=["use zeros, ones, constant(c), uniform(a, b) or normal(std=s) for a vector"],
        )
