"""Stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dslc.errors import RuleError
from dslc.operation import Array, setting
from dslc.optimizers.base import Optimizer

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class SGD(Optimizer):
    """Go against the gradient, with momentum where it is asked for.

    Formula: d = gradient + weight_decay w; momentum' = momentum m + (1 - dampening) d, at the first
    step d itself; w' = w - lr momentum', with nesterov w - lr (d + momentum momentum').

    Errors: E0406 for nesterov without momentum or with dampening.

    Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in
    deep learning" (2013), in the form of torch.optim.SGD. ONNX's Momentum, with alpha = momentum and
    beta = 1 - dampening, differs at the first step alone: it adds alpha times the momentum it is given.
    Example:
        optimizer = SGD(lr=0.1, momentum=0.9, weight_decay=1e-4)
    """

    momentum: float = setting(0.0, minimum=0.0)
    dampening: float = 0.0
    weight_decay: float = setting(0.0, minimum=0.0)
    nesterov: bool = False

    def __post_init__(self) -> None:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            message = "nesterov needs a momentum above 0 and no dampening"
            raise RuleError("E0406", message, about="nesterov", helps=["write momentum=0.9"])

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum",) if self.momentum else ()

    def lower(
        self,
        g: Builder,
        parameter: ir.Value,
        gradient: ir.Value,
        slots: tuple[ir.Value, ...],
        lr: ir.Value,
        step: ir.Value,
    ) -> tuple[ir.Value, tuple[ir.Value, ...]]:
        if self.weight_decay:
            gradient = g.Add(gradient, g.Mul(parameter, self.weight_decay))
        if not self.momentum:
            return g.Sub(parameter, g.Mul(gradient, lr)), ()
        part = gradient
        if self.dampening:
            part = g.Mul(gradient, g.Where(g.Equal(step, 0), 1.0, 1 - self.dampening))
        momentum = g.Add(g.Mul(slots[0], self.momentum), part)
        direction = momentum
        if self.nesterov:
            direction = g.Add(gradient, g.Mul(momentum, self.momentum))
        return g.Sub(parameter, g.Mul(direction, lr)), (momentum,)

    def reference(
        self, parameter: Array, gradient: Array, slots: tuple[Array, ...], lr: float, step: int
    ) -> tuple[Array, tuple[Array, ...]]:
        d = gradient + self.weight_decay * parameter
        if not self.momentum:
            return parameter - lr * d, ()
        momentum = d if step == 0 else self.momentum * slots[0] + (1 - self.dampening) * d
        direction = d + self.momentum * momentum if self.nesterov else momentum
        return parameter - lr * direction, (momentum,)
