"""Batch normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc import dims
from dslc.initializers.constant import Ones, Zeros
from dslc.layers.channels import channels_of
from dslc.layers.normal import check_eps, lower_inverse, lower_moments
from dslc.operation import Array, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Give every channel mean 0 and variance 1 over the batch, then scale and shift it.

    Inference uses running statistics instead of the batch's own: in training, running =
    (1 - momentum) * running + momentum * the batch's, with the variance that divides by n - 1.
    `affine=false` leaves weight and bias out.

    Shapes: [N, C, *S] -> the same; weight, bias, running_mean, running_var [C]
    Formula: y = (x - mean) / sqrt(variance + eps) * weight + bias; the variance divides by n
    Errors: E0303 no channels, or of unknown number, E0406 eps of 1 or more
    Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by
        reducing internal covariate shift" (2015), algorithm 1

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(16, 3x3, bias=false) -> BatchNorm -> relu
    """

    precision = "wide"

    eps: float = setting(1e-5, above=0.0)
    momentum: float = setting(0.1, minimum=0.0, maximum=1.0)
    affine: bool = True

    def infer(self, x: TensorType) -> TensorType:
        check_eps("BatchNorm", self.eps)
        channels_of("BatchNorm", x)
        return x

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        channels = types[0].with_shape((types[0].shape[1],))
        trained = (
            ParameterSpec("weight", channels, Ones()),
            ParameterSpec("bias", channels, Zeros()),
        )
        statistics = (
            ParameterSpec("running_mean", channels, Zeros(), trained=False, statistic=True),
            ParameterSpec("running_var", channels, Ones(), trained=False, statistic=True),
        )
        return trained + statistics if self.affine else statistics

    def lower(self, g: Builder, x: ir.Value, *parameters: ir.Value) -> ir.Value:
        *affine, running_mean, running_var = parameters
        if g.training:
            return self._lower_training(g, x, affine, running_mean, running_var)
        channels = g.shape_of(running_mean)
        weight, bias = affine or (
            g.expand(g.constant(1.0), channels),
            g.expand(g.constant(0.0), channels),
        )
        result: ir.Value = g.BatchNormalization(
            x, weight, bias, running_mean, running_var, epsilon=self.eps
        )
        return result

    def _lower_training(
        self,
        g: Builder,
        x: ir.Value,
        affine: list[ir.Value],
        running_mean: ir.Value,
        running_var: ir.Value,
    ) -> ir.Value:
        shape = g.bound(g.shape_of(x))
        others = [axis for axis in range(len(shape)) if axis != 1]
        along = (shape[1], *(1,) * (len(shape) - 2))
        mean, centred, variance = lower_moments(g, x, others)
        self._update(g, "running_mean", running_mean, mean)
        count = dims.count(shape[axis] for axis in others)
        self._update(g, "running_var", running_var, variance, _unbias(count))
        # The arithmetic per channel comes first: the value is multiplied once and added to once.
        scale = lower_inverse(g, variance, self.eps)
        if not affine:
            normalised: ir.Value = g.Mul(centred, scale)
            return normalised
        scale = g.Mul(scale, g.reshape(affine[0], along))
        result: ir.Value = g.Add(g.Mul(centred, scale), g.reshape(affine[1], along))
        return result

    def _update(
        self, g: Builder, name: str, running: ir.Value, current: ir.Value, factor: float = 1.0
    ) -> None:
        """Blend a running statistic with `factor` times the one of this batch."""
        current = g.Mul(g.reshape(current, g.shape_of(running)), factor * self.momentum)
        g.update(name, g.Add(g.Mul(running, 1 - self.momentum), current))

    def reference(self, run: Run, x: Array, *parameters: Array) -> Reference:
        *affine, running_mean, running_var = parameters
        rows = _rows(x)
        mean, variance = running_mean, running_var
        if run.training:
            mean, variance = rows.mean(axis=1), rows.var(axis=1)
            unbiased = variance * _unbias(rows.shape[1])
            run.update("running_mean", self._blend(running_mean, mean))
            run.update("running_var", self._blend(running_var, unbiased))
        scale = 1 / np.sqrt(variance + self.eps)
        normal = (rows - mean[:, None]) * scale[:, None]
        weight, bias = affine or (np.ones_like(mean), np.zeros_like(mean))

        def backward(dy: Array) -> tuple[Array | None, ...]:
            dy_rows = _rows(dy)
            dweight, dbias = (dy_rows * normal).sum(axis=1), dy_rows.sum(axis=1)
            drows = dy_rows
            if run.training:
                drows = drows - dbias[:, None] / rows.shape[1]
                drows -= normal * dweight[:, None] / rows.shape[1]
            dx = _unrows(drows * (scale * weight)[:, None], x.shape)
            return (dx, dweight, dbias, None, None) if affine else (dx, None, None)

        y = normal * weight[:, None] + bias[:, None]
        return _unrows(y, x.shape), backward

    def _blend(self, running: Array, current: Array) -> Array:
        return (1 - self.momentum) * running + self.momentum * current


def _unbias(count: int) -> float:
    """Return the factor from the variance that divides by n to the one that divides by n - 1."""
    return count / max(count - 1, 1)


def _rows(x: Array) -> Array:
    """Return [N, C, ...] as [C, everything else]."""
    return np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)


def _unrows(rows: Array, shape: tuple[int, ...]) -> Array:
    return np.moveaxis(rows.reshape(shape[1], shape[0], *shape[2:]), 0, 1)
