"""The schedule that follows half a cosine down, once or again and again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.operation import Array, setting
from dslc.schedules.base import Schedule
from dslc.schedules.clock import Clock
from dslc.schedules.duration import lower_rounds, lower_steps, rounds, steps
from dslc.types import DType, Duration

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

_MOST_CYCLES = 1 << 40
"""First cycles behind which none begins any more: their steps stay whole numbers of 64 bits."""


@dataclass(frozen=True)
class Cosine(Schedule):
    """Let the rate fall along half a cosine, from the end of the warm-up to the end of training.

    With `restart` it falls within that time and begins again at the top; each cycle is `growth`
    times as long as the one before.

    Formula: final + (1 - final) (1 + cos(pi t)) / 2, t = (step - warmup) / (total steps - warmup),
    between 0 and 1; with restarts t is the part of the cycle that is over.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017),
    equation 5; torch.optim.lr_scheduler.CosineAnnealingLR and CosineAnnealingWarmRestarts.
    Example:
        schedule = cosine(warmup=500 steps)
    """

    final: float = setting(0.0, minimum=0.0)
    restart: Duration | None = None
    growth: int = setting(1, minimum=1)

    @property
    def uses_total_steps(self) -> bool:
        return self.restart is None

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        done, whole = self._lower_cycle(g, clock)
        done = g.cast(g.Min(done, whole), DType.FLOAT64)
        angle = g.Mul(g.Div(done, g.cast(whole, DType.FLOAT64)), math.pi)
        return g.Add(g.Mul(g.Add(g.Cos(angle), 1.0), (1 - self.final) / 2), self.final), {}

    def _lower_cycle(self, g: Builder, clock: Clock[ir.Value]) -> tuple[ir.Value, ir.Value]:
        """Return how much of the cycle is over, and how long it is (at least 1)."""
        if self.restart is None:
            assert clock.total_steps is not None
            done, whole = clock.step, clock.total_steps
            if self.warmup is not None:
                warmup = lower_steps(g, self.warmup, clock)
                done, whole = g.Max(g.Sub(done, warmup), 0), g.Sub(whole, warmup)
            return done, g.Max(whole, 1)
        done, first = lower_rounds(g, self.restart, clock, self.restart)
        if self.warmup is not None:
            _, warmup = lower_rounds(g, self.restart, clock, self.warmup)
            done = g.Max(g.Sub(done, warmup), 0)
        if self.growth == 1:
            return g.Mod(done, first), first
        # Cycle n begins after 1 + growth + ... + growth^(n - 1) first cycles.
        begins = [0]
        while (following := begins[-1] * self.growth + 1) < _MOST_CYCLES:
            begins.append(following)
        starts = g.Mul(g.constant(np.array(begins, np.int64)), first)
        begun = g.LessOrEqual(starts, done)
        start = g.ReduceMax(g.Where(begun, starts, 0), keepdims=0)
        lengths = g.Mul(g.constant(self.growth ** np.arange(len(begins), dtype=np.int64)), first)
        return g.Sub(done, start), g.ReduceMax(g.Where(begun, lengths, 0), keepdims=0)

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        if self.restart is None:
            assert clock.total_steps is not None
            warmup = 0 if self.warmup is None else steps(self.warmup, clock)
            done, whole = max(clock.step - warmup, 0), max(clock.total_steps - warmup, 1)
        else:
            now, whole = rounds(self.restart, clock, self.restart)
            warmup = 0 if self.warmup is None else rounds(self.restart, clock, self.warmup)[1]
            done = max(now - warmup, 0)
            while done >= whole:
                done, whole = done - whole, whole * self.growth
        t = min(done / whole, 1.0)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * t)) / 2, {}
