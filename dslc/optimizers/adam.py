"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dslc.operation import Array, setting
from dslc.optimizers.base import Optimizer, check_betas
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Adam(Optimizer):
    """Divide a running mean of the gradient by the root of a running mean of its square.

    Formula: d = gradient + weight_decay w; mean' = b1 mean + (1 - b1) d;
    square' = b2 square + (1 - b2) d^2;
    w' = w - lr mean' / (1 - b1^t) / (sqrt(square' / (1 - b2^t)) + eps); t = step + 1,
    betas = [b1, b2].

    Errors: E0406 unless both betas are at least 0 and less than 1.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1, in the
    form of torch.optim.Adam. ONNX's Adam moves both corrections into the rate, lr sqrt(1 - b2^t) / (1 - b1^t),
    so that eps weighs more by 1 / sqrt(1 - b2^t); its t is the step counted from 0, and it corrects nothing at
    step 0.
    Example:
        optimizer = Adam(lr=1e-3)
    """

    lr: float = setting(1e-3, minimum=0.0)
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = setting(1e-8, minimum=0.0)
    weight_decay: float = setting(0.0, minimum=0.0)

    decoupled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_betas(self.betas, (0.9, 0.999))

    @property
    def slots(self) -> tuple[str, ...]:
        return ("mean", "square")

    def lower(
        self,
        g: Builder,
        parameter: ir.Value,
        gradient: ir.Value,
        slots: tuple[ir.Value, ...],
        lr: ir.Value,
        step: ir.Value,
    ) -> tuple[ir.Value, tuple[ir.Value, ...]]:
        parameter, gradient = self._lower_decay(g, parameter, gradient, lr)
        beta, gamma = self.betas
        mean = g.Add(g.Mul(slots[0], beta), g.Mul(gradient, 1 - beta))
        square = g.Add(g.Mul(slots[1], gamma), g.Mul(g.Mul(gradient, 1 - gamma), gradient))
        # Top and bottom of the fraction are times sqrt(1 - b2^t): one pass over the tensor less.
        root = g.Sqrt(self._lower_correction(g, gamma, step))
        rate = g.Div(g.Mul(g.cast(lr, DType.FLOAT64), root), self._lower_correction(g, beta, step))
        eps = g.cast(g.Mul(root, self.eps), DType.FLOAT32)
        change = g.Mul(g.Div(mean, g.Add(g.Sqrt(square), eps)), g.cast(rate, DType.FLOAT32))
        return g.Sub(parameter, change), (mean, square)

    def _lower_decay(
        self, g: Builder, parameter: ir.Value, gradient: ir.Value, lr: ir.Value
    ) -> tuple[ir.Value, ir.Value]:
        if not self.weight_decay:
            return parameter, gradient
        if self.decoupled:
            return g.Mul(parameter, g.Sub(1.0, g.Mul(lr, self.weight_decay))), gradient
        return parameter, g.Add(gradient, g.Mul(parameter, self.weight_decay))

    def _lower_correction(self, g: Builder, beta: float, step: ir.Value) -> ir.Value:
        """Return 1 - beta^(step + 1) in float64: in float32 it keeps only four digits."""
        count = g.cast(g.Add(step, 1), DType.FLOAT64)
        result: ir.Value = g.Sub(1.0, g.Pow(beta, count))
        return result

    def reference(
        self, parameter: Array, gradient: Array, slots: tuple[Array, ...], lr: float, step: int
    ) -> tuple[Array, tuple[Array, ...]]:
        (b1, b2), (mean, square) = self.betas, slots
        if self.decoupled:
            parameter = parameter - lr * self.weight_decay * parameter
        else:
            gradient = gradient + self.weight_decay * parameter
        mean = b1 * mean + (1 - b1) * gradient
        square = b2 * square + (1 - b2) * gradient**2
        mean_hat = mean / (1 - b1 ** (step + 1))
        square_hat = square / (1 - b2 ** (step + 1))
        return parameter - lr * mean_hat / (np.sqrt(square_hat) + self.eps), (mean, square)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam whose weight decay is no part of the gradient.

    Formula: w is multiplied by 1 - lr weight_decay, then changed as Adam does without weight decay.

    Errors: E0406 unless both betas are at least 0 and less than 1.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2, in
    the form of torch.optim.AdamW.
    Example:
        optimizer = AdamW(lr=1e-3, weight_decay=0.05)
    """

    weight_decay: float = setting(0.01, minimum=0.0)

    decoupled: ClassVar[bool] = True
