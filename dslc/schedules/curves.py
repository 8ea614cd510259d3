"""Schedules that follow a curve from the first step on: Caffe's inv, poly and sigmoid."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dslc.operation import Array, setting
from dslc.schedules.base import Schedule
from dslc.schedules.clock import Clock
from dslc.schedules.duration import lower_steps, steps
from dslc.types import DType, Duration

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Inv(Schedule):
    """Let the rate fall as a power of the number of steps.

    Formula: (1 + gamma step)^-power.

    Source: Caffe, learning rate policy `inv`; LeNet was trained with gamma 1e-4, power 0.75 there.
    Example:
        schedule = inv(gamma=1e-4, power=0.75)
    """

    gamma: float = setting(1e-4, minimum=0.0)
    power: float = setting(0.75, minimum=0.0)

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        step = g.cast(clock.step, DType.FLOAT64)
        return g.Pow(g.Add(g.Mul(step, self.gamma), 1.0), -self.power), {}

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        return float((1 + self.gamma * clock.step) ** -self.power), {}


@dataclass(frozen=True)
class Poly(Schedule):
    """Let the rate fall to 0 at the end of training, along a power of what is left of it.

    Formula: (1 - step / total steps)^power.

    Source: Caffe, learning rate policy `poly`; torch.optim.lr_scheduler.PolynomialLR.
    Example:
        schedule = poly(power=0.9)
    """

    power: float = setting(1.0, above=0.0)

    @property
    def uses_total_steps(self) -> bool:
        return True

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        assert clock.total_steps is not None
        whole = g.Max(clock.total_steps, 1)
        left = g.cast(g.Max(g.Sub(whole, clock.step), 0), DType.FLOAT64)
        return g.Pow(g.Div(left, g.cast(whole, DType.FLOAT64)), self.power), {}

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        assert clock.total_steps is not None
        left = max(1 - clock.step / max(clock.total_steps, 1), 0.0)
        return float(left**self.power), {}


@dataclass(frozen=True)
class Sigmoid(Schedule):
    """Let the rate fall from 1 to 0 along an S, half of it at `at`.

    Formula: 1 / (1 + exp(gamma (step - at))).

    Source: Caffe, learning rate policy `sigmoid`, where a falling rate has a negative gamma.
    Example:
        schedule = sigmoid(at=20 epochs, gamma=0.01)
    """

    at: Duration
    gamma: float = setting(1e-3, above=0.0)

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        middle = lower_steps(g, self.at, clock)
        behind = g.cast(g.Sub(clock.step, middle), DType.FLOAT64)
        # Not Sigmoid: onnxruntime's is 0 where the argument is below about -18.
        return g.Reciprocal(g.Add(g.Exp(g.Mul(behind, self.gamma)), 1.0)), {}

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        behind = clock.step - steps(self.at, clock)
        return 1 / (1 + math.exp(min(self.gamma * behind, 700))), {}
