"""What every metric is: sums over the data, and the figure they amount to.

A metric is accumulated over a whole data set and computed once, never averaged over batches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from dslc.operation import Function
from dslc.types import TensorType


@dataclass(frozen=True)
class Metric(Function):
    """A figure over a data set.

    `infer` checks the values and returns the types of the accumulators (int64 or float64, of fixed shape, zero at the
    start). `lower` and `reference` return what one batch adds to them; `lower_value` and `reference_value` turn the
    accumulators into the figure, a scalar float32 (or a table).
    """

    better: ClassVar[Literal["min", "max"]] = "max"
    """Whether a larger (`max`) or a smaller (`min`) figure is the better one."""

    accumulators: ClassVar[tuple[str, ...]]
    """The names of the accumulators, in the order `infer` gives their types."""

    table: ClassVar[bool] = False
    """Whether the figure is a table of whole numbers, int64 [C, C]. Evaluation gives it, a training step does not."""

    lower_value: ClassVar[Callable[..., Any]]
    reference_value: ClassVar[Callable[..., Any]]

    def types(self, *values: TensorType) -> tuple[TensorType, ...]:
        """Return the types of the accumulators as a tuple."""
        found = self.infer(*values)
        return found if isinstance(found, tuple) else (found,)
