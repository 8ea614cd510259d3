"""Schedules that multiply the rate by gamma at certain steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dslc.errors import RuleError
from dslc.operation import Array, setting
from dslc.schedules.base import Schedule
from dslc.schedules.clock import Clock
from dslc.schedules.duration import lower_rounds, lower_steps, rounds, steps
from dslc.types import DType, Duration

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

_EVERY_EPOCH = Duration(1, "epochs")


@dataclass(frozen=True)
class _Staircase(Schedule, ABC):
    """gamma to the power of the number of stairs gone down so far."""

    @property
    @abstractmethod
    def base(self) -> float:
        """The number that is raised: gamma."""

    @abstractmethod
    def lower_stairs(self, g: Builder, clock: Clock[ir.Value]) -> ir.Value:
        """Return how many stairs lie behind this step, int64 scalar."""

    @abstractmethod
    def reference_stairs(self, clock: Clock[float]) -> float:
        """Return the same in NumPy."""

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        return g.Pow(self.base, g.cast(self.lower_stairs(g, clock), DType.FLOAT64)), {}

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        return float(self.base ** self.reference_stairs(clock)), {}


@dataclass(frozen=True)
class Step(_Staircase):
    """Multiply the rate by gamma at `start`, or else after `every`, and then again and again.

    Formula: gamma^n, n = 0 before start, then 1 + (step - start) // every.

    Source: torch.optim.lr_scheduler.StepLR.
    Example:
        schedule = step(every=30 epochs, gamma=0.1)
    """

    every: Duration
    gamma: float = setting(0.1, minimum=0.0)
    start: Duration | None = None

    @property
    def base(self) -> float:
        return self.gamma

    def lower_stairs(self, g: Builder, clock: Clock[ir.Value]) -> ir.Value:
        now, every = lower_rounds(g, self.every, clock, self.every)
        if self.start is None:
            plain: ir.Value = g.Div(now, every)
            return plain
        _, start = lower_rounds(g, self.every, clock, self.start)
        behind = g.Add(g.Sub(now, start), every)
        result: ir.Value = g.Max(g.Div(behind, every), 0)
        return result

    def reference_stairs(self, clock: Clock[float]) -> float:
        now, every = rounds(self.every, clock, self.every)
        start = every if self.start is None else rounds(self.every, clock, self.start)[1]
        return 0 if now < start else 1 + (now - start) // every


@dataclass(frozen=True)
class Exponential(_Staircase):
    """Multiply the rate by gamma after every epoch.

    Formula: gamma^(step // every).

    Source: torch.optim.lr_scheduler.ExponentialLR.
    Example:
        schedule = exponential(0.95)
    """

    gamma: float = setting(minimum=0.0)
    every: Duration = _EVERY_EPOCH

    @property
    def base(self) -> float:
        return self.gamma

    def lower_stairs(self, g: Builder, clock: Clock[ir.Value]) -> ir.Value:
        now, every = lower_rounds(g, self.every, clock, self.every)
        result: ir.Value = g.Div(now, every)
        return result

    def reference_stairs(self, clock: Clock[float]) -> float:
        now, every = rounds(self.every, clock, self.every)
        return now // every


@dataclass(frozen=True)
class Multistep(_Staircase):
    """Multiply the rate by gamma at each of the listed times.

    Formula: gamma^n, n = how many of the times have been reached.

    Errors: E0406 for an empty list.

    Source: torch.optim.lr_scheduler.MultiStepLR.
    Example:
        schedule = multistep(at=[60 epochs, 80 epochs])
    """

    at: tuple[Duration, ...]
    gamma: float = setting(0.1, minimum=0.0)

    def __post_init__(self) -> None:
        if not self.at:
            example = ["write at=[30 epochs, 60 epochs]"]
            raise RuleError("E0406", "`at` lists no time", about="at", helps=example)

    @property
    def base(self) -> float:
        return self.gamma

    def lower_stairs(self, g: Builder, clock: Clock[ir.Value]) -> ir.Value:
        total = g.constant(0, DType.INT64)
        for time in self.at:
            moment = lower_steps(g, time, clock)
            total = g.Add(total, g.cast(g.GreaterOrEqual(clock.step, moment), DType.INT64))
        return total

    def reference_stairs(self, clock: Clock[float]) -> float:
        return sum(clock.step >= steps(time, clock) for time in self.at)
