"""RMSprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.operation import Array, setting
from dslc.optimizers.base import Optimizer

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Divide the gradient by the root of a running mean of its square.

    Formula: d = gradient + weight_decay w; square' = alpha square + (1 - alpha) d^2; mean' = alpha
    mean + (1 - alpha) d; r = d / (sqrt(square') + eps), centered d / (sqrt(square' - mean'^2) +
    eps); momentum' = momentum m + r; w' = w - lr r, with momentum w - lr momentum'. A variance that
    rounding makes negative counts as 0.

    Source: Tieleman and Hinton, "Lecture 6.5, rmsprop" (2012), centered: Graves, "Generating
    Sequences With Recurrent Neural Networks" (2013), equations 38 to 45, in the form of
    torch.optim.RMSprop.
    Example:
        optimizer = RMSprop(lr=2.5e-4, alpha=0.95, eps=0.01)
    """

    lr: float = setting(1e-2, minimum=0.0)
    alpha: float = setting(0.99, minimum=0.0, maximum=1.0)
    eps: float = setting(1e-8, minimum=0.0)
    momentum: float = setting(0.0, minimum=0.0)
    weight_decay: float = setting(0.0, minimum=0.0)
    centered: bool = False

    @property
    def slots(self) -> tuple[str, ...]:
        wanted = {"square": True, "mean": self.centered, "momentum": self.momentum > 0}
        return tuple(name for name, kept in wanted.items() if kept)

    def lower(
        self,
        g: Builder,
        parameter: ir.Value,
        gradient: ir.Value,
        slots: tuple[ir.Value, ...],
        lr: ir.Value,
        step: ir.Value,
    ) -> tuple[ir.Value, tuple[ir.Value, ...]]:
        state = dict(zip(self.slots, slots, strict=True))
        if self.weight_decay:
            gradient = g.Add(gradient, g.Mul(parameter, self.weight_decay))
        scaled = g.Mul(gradient, 1 - self.alpha)
        state["square"] = g.Add(g.Mul(state["square"], self.alpha), g.Mul(scaled, gradient))
        spread = state["square"]
        if self.centered:
            state["mean"] = g.Add(g.Mul(state["mean"], self.alpha), scaled)
            spread = g.Relu(g.Sub(spread, g.Mul(state["mean"], state["mean"])))
        direction = g.Div(gradient, g.Add(g.Sqrt(spread), self.eps))
        if self.momentum:
            state["momentum"] = g.Add(g.Mul(state["momentum"], self.momentum), direction)
            direction = state["momentum"]
        return g.Sub(parameter, g.Mul(direction, lr)), tuple(state.values())

    def reference(
        self, parameter: Array, gradient: Array, slots: tuple[Array, ...], lr: float, step: int
    ) -> tuple[Array, tuple[Array, ...]]:
        state = dict(zip(self.slots, slots, strict=True))
        d = gradient + self.weight_decay * parameter
        state["square"] = self.alpha * state["square"] + (1 - self.alpha) * d**2
        spread = state["square"]
        if self.centered:
            state["mean"] = self.alpha * state["mean"] + (1 - self.alpha) * d
            spread = np.maximum(state["square"] - state["mean"] ** 2, 0)
        direction = d / (np.sqrt(spread) + self.eps)
        if self.momentum:
            direction = self.momentum * state["momentum"] + direction
            state["momentum"] = direction
        return parameter - lr * direction, tuple(state.values())
