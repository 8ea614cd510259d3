"""Adagrad and Adadelta: every weight has a rate of its own, from the sizes of its gradients so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.operation import Array, setting
from dslc.optimizers.base import Optimizer
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Divide the gradient by the root of the sum of its squares so far.

    Formula: d = gradient + weight_decay w; square' = square + d^2;
    w' = w - lr / (1 + step lr_decay) d / (sqrt(initial_accumulator_value + square') + eps).

    Source: Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization" (2011), figure 1, in the form of torch.optim.Adagrad and of ONNX's Adagrad.
    Example:
        optimizer = Adagrad(lr=0.01)
    """

    lr: float = setting(1e-2, minimum=0.0)
    lr_decay: float = setting(0.0, minimum=0.0)
    weight_decay: float = setting(0.0, minimum=0.0)
    initial_accumulator_value: float = setting(0.0, minimum=0.0)
    eps: float = setting(1e-10, above=0.0)

    @property
    def slots(self) -> tuple[str, ...]:
        return ("square",)

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
        square = g.Add(slots[0], g.Mul(gradient, gradient))
        whole = square
        if self.initial_accumulator_value:
            whole = g.Add(square, self.initial_accumulator_value)
        direction = g.Div(gradient, g.Add(g.Sqrt(whole), self.eps))
        if self.lr_decay:
            slower = g.Add(g.Mul(g.cast(step, DType.FLOAT32), self.lr_decay), 1.0)
            lr = g.Div(lr, slower)
        return g.Sub(parameter, g.Mul(direction, lr)), (square,)

    def reference(
        self, parameter: Array, gradient: Array, slots: tuple[Array, ...], lr: float, step: int
    ) -> tuple[Array, tuple[Array, ...]]:
        d = gradient + self.weight_decay * parameter
        square = slots[0] + d**2
        rate = lr / (1 + step * self.lr_decay)
        root = np.sqrt(self.initial_accumulator_value + square)
        return parameter - rate * d / (root + self.eps), (square,)


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Change each weight by the gradient in units of its size, times the size of recent changes.

    Formula: d = gradient + weight_decay w; square' = rho square + (1 - rho) d^2;
    change = sqrt(delta + eps) / sqrt(square' + eps) d; delta' = rho delta + (1 - rho) change^2;
    w' = w - lr change.

    Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method" (2012), algorithm 1, in the form of
    torch.optim.Adadelta.
    Example:
        optimizer = Adadelta(rho=0.95)
    """

    lr: float = setting(1.0, minimum=0.0)
    rho: float = setting(0.9, minimum=0.0, maximum=1.0)
    eps: float = setting(1e-6, above=0.0)
    weight_decay: float = setting(0.0, minimum=0.0)

    @property
    def slots(self) -> tuple[str, ...]:
        return ("square", "delta")

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
        square = self._lower_mean(g, slots[0], gradient)
        share = g.Div(g.Add(slots[1], self.eps), g.Add(square, self.eps))
        change = g.Mul(g.Sqrt(share), gradient)
        delta = self._lower_mean(g, slots[1], change)
        return g.Sub(parameter, g.Mul(change, lr)), (square, delta)

    def _lower_mean(self, g: Builder, mean: ir.Value, x: ir.Value) -> ir.Value:
        """Return the running mean of the squares with those of `x`."""
        result: ir.Value = g.Add(g.Mul(mean, self.rho), g.Mul(g.Mul(x, 1 - self.rho), x))
        return result

    def reference(
        self, parameter: Array, gradient: Array, slots: tuple[Array, ...], lr: float, step: int
    ) -> tuple[Array, tuple[Array, ...]]:
        square, delta = slots
        d = gradient + self.weight_decay * parameter
        square = self.rho * square + (1 - self.rho) * d**2
        change = np.sqrt(delta + self.eps) / np.sqrt(square + self.eps) * d
        delta = self.rho * delta + (1 - self.rho) * change**2
        return parameter - lr * change, (square, delta)
