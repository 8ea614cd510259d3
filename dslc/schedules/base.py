"""What every schedule is: a factor on the base rate, as a function of the step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from dslc.operation import Array
from dslc.schedules.clock import Clock
from dslc.schedules.duration import lower_steps, steps
from dslc.types import DType, Duration

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Schedule(ABC):
    """A factor on the base rate of every parameter group.

    `warmup` is how long the rate rises first: the factor is multiplied by (step + 1) / warmup until
    that is 1. Other durations count from the beginning of training, the warm-up included.
    """

    spelling: ClassVar[str | None] = None

    uses_validation: ClassVar[bool] = False
    warmup: Duration | None = field(default=None, kw_only=True)

    @property
    def uses_total_steps(self) -> bool:
        """Whether the length of the training has to be known."""
        return False

    @property
    def state(self) -> Mapping[str, float]:
        """State kept between steps, float32 scalars: the name and the value at step 0."""
        return {}

    def lower(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        """Return the factor (float32 scalar) and the next state."""
        factor, following = self.lower_factor(g, clock, state)
        if self.warmup is not None:
            length = lower_steps(g, self.warmup, clock)
            risen = g.cast(g.Min(g.Add(clock.step, 1), length), DType.FLOAT64)
            factor = g.Mul(factor, g.Div(risen, g.cast(length, DType.FLOAT64)))
        return g.cast(factor, DType.FLOAT32), following

    def reference(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        """Return the same in NumPy."""
        factor, following = self.reference_factor(clock, state)
        if self.warmup is not None:
            factor *= min(1.0, (clock.step + 1) / steps(self.warmup, clock))
        return factor, following

    @abstractmethod
    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        """Return the factor without warm-up (float64 scalar) and the next state."""

    @abstractmethod
    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        """Return the same in NumPy."""
