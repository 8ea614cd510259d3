"""The schedule that lowers the rate when validation stops improving."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from dslc.errors import RuleError
from dslc.operation import Array, setting
from dslc.schedules.base import Schedule
from dslc.schedules.clock import Clock
from dslc.types import DType, Duration

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

_PATIENCE = Duration(10, "epochs")
_NO_COOLDOWN = Duration(0, "epochs")

_State = Mapping[str, "ir.Value"]


@dataclass(frozen=True)
class Plateau(Schedule):
    """Multiply the rate by `factor` when validation does not get better for more than `patience`.

    `on` names what is looked at: `loss`, or a metric; `mode` says which way is better, by default
    the way that is better for it (`min` for a loss). It is looked at in the first step of every
    epoch but the first; NaN means that there is no figure yet. State: the best figure, how many
    epochs in a row were not better, how many epochs of `cooldown` are left in which none is
    counted, and the factor reached.

    Formula: better is v < best (1 - threshold) for min, v > best (1 + threshold) for max;
    factor' = max(factor * reached, min_factor).

    Errors: E0406 where patience or cooldown is not a whole number of epochs.

    Source: torch.optim.lr_scheduler.ReduceLROnPlateau with a relative threshold.
    Example:
        schedule = plateau(factor=0.1, patience=5 epochs)
    """

    on: str = "loss"
    mode: Literal["min", "max"] | None = None
    factor: float = setting(0.1, minimum=0.0, below=1.0)
    patience: Duration = _PATIENCE
    threshold: float = setting(1e-4, minimum=0.0)
    cooldown: Duration = _NO_COOLDOWN
    min_factor: float = setting(0.0, minimum=0.0)

    uses_validation: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("patience", "cooldown"):
            duration: Duration = getattr(self, name)
            if not duration.unit.startswith("epoch") or duration.amount != int(duration.amount):
                message = f"`{name}` is a whole number of epochs: validation comes once an epoch"
                raise RuleError("E0406", message, about=name, helps=[f"write {name}=5 epochs"])

    @property
    def state(self) -> Mapping[str, float]:
        worst = -math.inf if self.mode == "max" else math.inf
        return {"best": worst, "bad_epochs": 0.0, "cooldown": 0.0, "factor": 1.0}

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        assert clock.validation is not None
        due = g.And(clock.epoch_begins, g.Not(g.IsNaN(clock.validation)))
        looked = self._lower_look(g, clock.validation, state)
        following = {name: g.Where(due, looked[name], state[name]) for name in self.state}
        return g.cast(following["factor"], DType.FLOAT64), following

    def _lower_look(self, g: Builder, figure: ir.Value, state: _State) -> _State:
        """Return the state after another figure."""
        if self.mode == "max":
            better = g.Greater(figure, g.Mul(state["best"], 1 + self.threshold))
        else:
            better = g.Less(figure, g.Mul(state["best"], 1 - self.threshold))
        counted = g.Not(g.Or(better, g.Greater(state["cooldown"], 0.0)))
        bad = g.Mul(g.Add(state["bad_epochs"], 1.0), g.cast(counted, DType.FLOAT32))
        lowered = g.Greater(bad, self.patience.amount)
        rest = g.Max(g.Sub(state["cooldown"], 1.0), 0.0)
        lower = g.Max(g.Mul(state["factor"], self.factor), self.min_factor)
        return {
            "best": g.Where(better, figure, state["best"]),
            "bad_epochs": g.Where(lowered, g.constant(np.float32(0)), bad),
            "cooldown": g.Where(lowered, g.constant(np.float32(self.cooldown.amount)), rest),
            "factor": g.Where(lowered, lower, state["factor"]),
        }

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        assert clock.validation is not None
        following = {name: float(state[name]) for name in self.state}
        if clock.epoch_begins and not math.isnan(clock.validation):
            self._look(clock.validation, following)
        return following["factor"], {name: np.asarray(value) for name, value in following.items()}

    def _look(self, figure: float, state: dict[str, float]) -> None:
        """Take another figure into the state."""
        sign = 1 if self.mode == "max" else -1
        if sign * figure > sign * state["best"] * (1 + sign * self.threshold):
            state["best"] = figure
            state["bad_epochs"] = 0
        else:
            state["bad_epochs"] += 1
        if state["cooldown"] > 0:
            state["cooldown"] -= 1
            state["bad_epochs"] = 0
        if state["bad_epochs"] > self.patience.amount:
            state["factor"] = max(state["factor"] * self.factor, self.min_factor)
            state["cooldown"] = self.cooldown.amount
            state["bad_epochs"] = 0
