"""Random choices by seed, among them the sizes at which kernels go wrong."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

SIZES = (1, 2, 3, 7, 8, 9)
"""Nothing to loop over, odd and even, and both sides of a vector register."""


class Dice(random.Random):
    """A random generator with the words of this package."""

    def one(self, options: Sequence[T]) -> T:
        return options[self.randrange(len(options))]

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def size(self) -> int:
        return self.one(SIZES)

    def axis(self, rank: int) -> int:
        """Return an axis of a value, counted from either end."""
        return self.randrange(-rank, rank)

    def some(self, options: Sequence[T]) -> tuple[T, ...]:
        """Return at least one of the options, in their order."""
        count = self.randint(1, len(options))
        return tuple(options[i] for i in sorted(self.sample(range(len(options)), count)))
