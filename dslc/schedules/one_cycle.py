"""The schedule that rises once and falls once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dslc.operation import Array, setting
from dslc.schedules.base import Schedule
from dslc.schedules.clock import Clock
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Let the rate rise to `lr` along half a cosine, then fall to almost nothing along another.

    `lr` of the optimizer is the highest rate; momentum stays as it is.

    Formula: from 1 / div_factor up to 1 during the first pct_start of the steps, then down to
    1 / (div_factor final_div_factor) in the last step; between two values a and b,
    b + (a - b) (1 + cos(pi t)) / 2, t from 0 to 1.

    Source: Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
    Learning Rates" (2018), in the form of torch.optim.lr_scheduler.OneCycleLR.
    Example:
        schedule = one_cycle(pct_start=0.3)
    """

    pct_start: float = setting(0.3, above=0.0, below=1.0)
    div_factor: float = setting(25.0, minimum=1.0)
    final_div_factor: float = setting(1e4, minimum=1.0)

    @property
    def uses_total_steps(self) -> bool:
        return True

    @property
    def _ends(self) -> tuple[float, float]:
        """The factors in the first and in the last step."""
        return 1 / self.div_factor, 1 / self.div_factor / self.final_div_factor

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        assert clock.total_steps is not None
        step, total = (g.cast(x, DType.FLOAT64) for x in (clock.step, clock.total_steps))
        top, last = g.Sub(g.Mul(total, self.pct_start), 1.0), g.Sub(total, 1.0)
        risen = g.Div(step, g.Max(top, 1e-9))
        fallen = g.Div(g.Sub(step, top), g.Max(g.Sub(last, top), 1e-9))
        first, final = self._ends
        rise, fall = self._lower_arc(g, risen, first, 1.0), self._lower_arc(g, fallen, 1.0, final)
        return g.Where(g.LessOrEqual(step, top), rise, fall), {}

    def _lower_arc(self, g: Builder, t: ir.Value, a: float, b: float) -> ir.Value:
        """Return the way from a to b along half a cosine, at `t` between 0 and 1."""
        height = g.Add(g.Cos(g.Mul(g.Clip(t, 0.0, 1.0), math.pi)), 1.0)
        result: ir.Value = g.Add(g.Mul(height, (a - b) / 2), b)
        return result

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        assert clock.total_steps is not None
        top, last = self.pct_start * clock.total_steps - 1, clock.total_steps - 1
        first, final = self._ends
        if clock.step <= top:
            return _arc(clock.step / top if top > 0 else 1.0, first, 1.0), {}
        return _arc((clock.step - top) / (last - top) if last > top else 1.0, 1.0, final), {}


def _arc(t: float, a: float, b: float) -> float:
    return b + (a - b) * (1 + math.cos(math.pi * min(max(t, 0.0), 1.0))) / 2
