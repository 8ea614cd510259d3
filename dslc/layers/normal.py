"""What the normalisations share: moments in two passes, and what cannot be normalised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.types import TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


def check_eps(name: str, eps: float, arguments: str = "") -> None:
    """Refuse what stands where other frameworks have the number of channels (E0406)."""
    if eps >= 1:
        raise RuleError(
            "E0406",
            f"`eps` of `{name}` must be less than 1",
            about="eps",
            text=f"this is {eps}",
            edits=(
                Edit(
                    "the number of channels comes from the value and is not written:",
                    f"{name}{arguments}",
                ),
            ),
        )


def refuse_single(name: str, x: TensorType, size: int | Expression, *helps: str) -> None:
    """Refuse to normalise one element by itself (E0323)."""
    if size == 1:
        raise RuleError(
            "E0323",
            f"`{name}` of one element is always 0",
            about=0,
            text=f"this is {shape_text(x.shape)}: one element for each mean and variance",
            helps=helps,
        )


def lower_moments(
    g: Builder, x: ir.Value, axes: Sequence[int]
) -> tuple[ir.Value, ir.Value, ir.Value]:
    """Return the mean, x - mean, and the variance.

    The variance is that of x - mean: a mean of squares less the square of the mean cancels.
    """
    mean = g.ReduceMean(x, g.axes(*axes), keepdims=1)
    centred = g.Sub(x, mean)
    variance = g.ReduceMean(g.Mul(centred, centred), g.axes(*axes), keepdims=1)
    return mean, centred, variance


def lower_inverse(g: Builder, variance: ir.Value, eps: float) -> ir.Value:
    """Return 1 / sqrt(variance + eps)."""
    result: ir.Value = g.Reciprocal(g.Sqrt(g.Add(variance, eps)))
    return result
