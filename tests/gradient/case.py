"""The form of a row of GRADIENT_CASES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.gradient.harness import Build

Array = NDArray[Any]
Domain = Callable[[np.random.Generator, tuple[int, ...]], Array]


def plain(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers between -2 and 2."""
    return rng.uniform(-2, 2, shape)


def between(low: float, high: float) -> Domain:
    return lambda rng, shape: rng.uniform(low, high, shape)


positive = between(0.4, 2.0)


def away_from(*kinks: float) -> Domain:
    """Numbers between -4 and 4 that keep a distance of 0.05 from each kink."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        x = rng.uniform(-4, 4, shape)
        for kink in kinks:
            x = np.where(np.abs(x - kink) < 0.05, kink + np.where(x < kink, -0.3, 0.3), x)
        return x

    return draw


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers between -2 and 2 no two of which are close."""
    count = int(np.prod(shape))
    return (rng.permutation(count).reshape(shape) + 0.5) * (4 / max(count, 1)) - 2


@dataclass(frozen=True)
class Point:
    """Special operands, and the gradients that are agreed on there (for a cotangent of ones)."""

    values: Sequence[Any]
    gradients: Sequence[Any]


@dataclass(frozen=True)
class Case:
    """One way to use an operator.

    `build` makes it from float inputs of `shapes`, drawn from `domains` (one for all, or one each).
    `smooth` rows are differentiated twice. `exact` rows move elements only: onnxruntime has to give
    the very same bits.
    """

    operator: str
    build: Build
    shapes: Sequence[tuple[int, ...]]
    domains: Sequence[Domain] = (plain,)
    note: str = ""
    points: Sequence[Point] = ()
    smooth: bool = True
    exact: bool = False
    step: float = 1e-3

    @property
    def name(self) -> str:
        return f"{self.operator}-{self.note}" if self.note else self.operator

    def values(self, rng: np.random.Generator) -> list[Array]:
        """Draw operands, rounded to float32 so that both precisions see the same numbers."""
        domains = list(self.domains) * (len(self.shapes) if len(self.domains) == 1 else 1)
        drawn = [draw(rng, shape) for draw, shape in zip(domains, self.shapes, strict=True)]
        return [x.astype(np.float32).astype(np.float64) for x in drawn]
