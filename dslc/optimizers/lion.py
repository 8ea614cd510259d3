"""Lion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.operation import Array, setting
from dslc.optimizers.base import Optimizer, check_betas

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Lion(Optimizer):
    """Go by the sign of a running mean of the gradient: every weight moves by the same amount.

    A good rate is three to ten times smaller than Adam's. Weight decay is decoupled, as AdamW's.

    Formula: w' = w - lr (sign(b1 mean + (1 - b1) gradient) + weight_decay w);
    mean' = b2 mean + (1 - b2) gradient; betas = [b1, b2].

    Errors: E0406 unless both betas are at least 0 and less than 1.

    Source: Chen et al., "Symbolic Discovery of Optimization Algorithms" (2023), program 1.
    Example:
        optimizer = Lion(lr=1e-4, weight_decay=0.1)
    """

    lr: float = setting(1e-4, minimum=0.0)
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = setting(0.0, minimum=0.0)

    def __post_init__(self) -> None:
        check_betas(self.betas, (0.9, 0.99))

    @property
    def slots(self) -> tuple[str, ...]:
        return ("mean",)

    def lower(
        self,
        g: Builder,
        parameter: ir.Value,
        gradient: ir.Value,
        slots: tuple[ir.Value, ...],
        lr: ir.Value,
        step: ir.Value,
    ) -> tuple[ir.Value, tuple[ir.Value, ...]]:
        (beta, gamma), (mean,) = self.betas, slots
        direction = g.Sign(g.Add(g.Mul(mean, beta), g.Mul(gradient, 1 - beta)))
        if self.weight_decay:
            parameter = g.Mul(parameter, g.Sub(1.0, g.Mul(lr, self.weight_decay)))
        following = g.Add(g.Mul(mean, gamma), g.Mul(gradient, 1 - gamma))
        return g.Sub(parameter, g.Mul(direction, lr)), (following,)

    def reference(
        self, parameter: Array, gradient: Array, slots: tuple[Array, ...], lr: float, step: int
    ) -> tuple[Array, tuple[Array, ...]]:
        (b1, b2), (mean,) = self.betas, slots
        change = np.sign(b1 * mean + (1 - b1) * gradient) + self.weight_decay * parameter
        return parameter - lr * change, (b2 * mean + (1 - b2) * gradient,)
