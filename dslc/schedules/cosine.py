"""The schedule that follows half a cosine down."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dslc.operation import Array, setting
from dslc.schedules.base import Clock, Schedule
from dslc.schedules.duration import lower_steps, steps
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Cosine(Schedule):
    """Let the rate fall along half a cosine, from the end of the warm-up to the end of training.

    Formula: final + (1 - final) (1 + cos(pi t)) / 2, t = (step - warmup) / (total steps - warmup),
    between 0 and 1.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017),
    equation 5 without restarts; torch.optim.lr_scheduler.CosineAnnealingLR.
    """

    final: float = setting(0.0, minimum=0.0)

    uses_total_steps: ClassVar[bool] = True

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        assert clock.total_steps is not None
        done, whole = clock.step, clock.total_steps
        if self.warmup is not None:
            warmup = lower_steps(g, self.warmup, clock.steps_per_epoch)
            done, whole = g.Max(g.Sub(done, warmup), 0), g.Sub(whole, warmup)
        whole = g.Max(whole, 1)
        done = g.cast(g.Min(done, whole), DType.FLOAT64)
        angle = g.Mul(g.Div(done, g.cast(whole, DType.FLOAT64)), math.pi)
        return g.Add(g.Mul(g.Add(g.Cos(angle), 1.0), (1 - self.final) / 2), self.final), {}

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        assert clock.total_steps is not None
        warmup = 0 if self.warmup is None else steps(self.warmup, clock.steps_per_epoch)
        t = (clock.step - warmup) / max(clock.total_steps - warmup, 1)
        t = min(max(t, 0.0), 1.0)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * t)) / 2, {}
