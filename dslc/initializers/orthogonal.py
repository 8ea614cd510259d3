"""Initial values with orthonormal rows or columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.initializers import draw
from dslc.initializers.base import Initializer
from dslc.initializers.draw import Doubles
from dslc.initializers.fans import check_matrix
from dslc.initializers.quantile import lower_quantile, quantile
from dslc.operation import Array, setting
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

_FAST = (2.5, -2.0)
_EXACT = (1.5, -0.5)
_EXACT_ROUNDS = 10
_RISK = 1e-6


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Draw a matrix with orthonormal columns, or rows where it is wide; a kernel counts as columns.

    Formula: the polar factor of a normal matrix, which is distributed evenly over all such
    matrices, like the Q of its QR decomposition: X <- X (c I + d X^T X), first (c, d) = (2.5, -2),
    which lifts small singular values by 2.5 a round and keeps the others between 0.19 and 1.08,
    then (1.5, -0.5), which takes all of them to 1.

    Errors: E0319 for fewer than 2 dimensions.

    Source: Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks" (2013); Higham, "Functions of Matrices" (2008), section 8.3 (the
    Newton-Schulz iteration).
    Example:
        param w: float32[4, 3] = orthogonal
        output y = w * w
    """

    gain: float = setting(1.0)

    def check(self, shape: tuple[int, ...]) -> None:
        check_matrix("orthogonal", shape)

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        rows, columns = shape[0], math.prod(shape[1:])
        x = draw.sample((rows, columns), key, _normal, DType.FLOAT64)
        x = x if rows >= columns else x.T
        x = x / np.sqrt(np.sum(x * x))
        for scale, cube in _rounds(*x.shape):
            x = scale * x + cube * (x @ (x.T @ x))
        x = x if rows >= columns else x.T
        return np.asarray(self.gain * x, np.float32).reshape(shape)

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        rows, columns = shape[0], math.prod(shape[1:])
        x = draw.lower(g, (rows, columns), key, lambda k: _lower_normal(g, k), DType.FLOAT64)
        x = x if rows >= columns else g.Transpose(x, perm=[1, 0])
        x = g.Div(x, g.Sqrt(g.ReduceSum(g.Mul(x, x), keepdims=0)))
        for scale, cube in _rounds(max(rows, columns), min(rows, columns)):
            gram = g.MatMul(g.Transpose(x, perm=[1, 0]), x)
            x = g.Add(g.Mul(x, scale), g.Mul(g.MatMul(x, gram), cube))
        x = x if rows >= columns else g.Transpose(x, perm=[1, 0])
        return g.reshape(g.cast(g.Mul(x, self.gain), DType.FLOAT32), shape)


def _normal(k: Doubles) -> Doubles:
    return quantile((k + 0.5) / draw.RANGE - 0.5)


def _lower_normal(g: Builder, k: ir.Value) -> ir.Value:
    return lower_quantile(g, g.Sub(g.Div(g.Add(k, 0.5), draw.RANGE), 0.5))


def _rounds(rows: int, columns: int) -> list[tuple[float, float]]:
    """Return the coefficients of every round for a matrix that is not wide.

    The least singular value of a normal matrix is below e (sqrt(rows) - sqrt(columns - 1)) with a
    probability of about e^(rows - columns + 1) (Rudelson and Vershynin, 2009); `_RISK` is that
    probability.
    """
    likely = math.sqrt(rows) - math.sqrt(columns - 1)
    least = _RISK ** (1 / (rows - columns + 1)) * likely / math.sqrt(rows * columns)
    fast = max(0, math.ceil(math.log(0.2 / least, _FAST[0])))
    return [_FAST] * fast + [_EXACT] * _EXACT_ROUNDS
