"""Upsampling by a whole factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dslc.errors import Edit, RuleError
from dslc.layers.rules import refuse_float64
from dslc.layers.windows import check_image, spread
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import Size, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

_MODES = {1: "linear", 2: "bilinear"}


@dataclass(frozen=True)
class Upsample(Function):
    """Make an image `scale` times as large: repeat its pixels, or interpolate between them.

    `mode` is nearest, linear (one spatial dimension) or bilinear (two). Interpolation takes pixels
    as squares, whose centres are spread over the same area; with `align_corners` as points, of
    which the outermost stay where they are.

    Shapes: [N, C, *S] -> [N, C, *scale*S]
    Errors: E0303 not an image, E0406 a mode for another number of dimensions, or `align_corners`
        with nearest, E0590 float64
    Example:
        input image: float32[N, 3, 16, 16]
        output y: upsample(2, mode=bilinear)
    """

    scale: Size = setting(minimum=1)
    mode: Literal["nearest", "linear", "bilinear"] = "nearest"
    align_corners: bool = False

    def infer(self, x: TensorType) -> TensorType:
        check_image("upsample", x)
        refuse_float64("upsample", x)
        rank = x.rank - 2
        factors = spread(self.scale, rank, "scale")
        if self.mode != "nearest" and self.mode != _MODES.get(rank):
            raise _other_mode(self.mode, rank)
        if self.mode == "nearest" and self.align_corners:
            raise RuleError(
                "E0406",
                "nearest has no corners to align",
                about="align_corners",
                text="it repeats pixels; interpolation can align corners",
                helps=("leave align_corners out",),
            )
        return x.with_shape(
            (*x.shape[:2], *(s * k for s, k in zip(x.shape[2:], factors, strict=True)))
        )

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        shape = g.bound(g.shape_of(x))
        factors = spread(self.scale, len(shape) - 2, "scale")
        result = (*shape[:2], *(s * k for s, k in zip(shape[2:], factors, strict=True)))
        if all(factor == 1 for factor in factors):
            return x
        if len(shape) == 3:
            # The kernels interpolate in images: a line is one of a single column.
            x, factors = g.reshape(x, (*shape, 1)), (*factors, 1)
        scales = g.constant(np.array((1, 1, *factors), np.float32))
        return g.reshape(g.Resize(x, None, scales, **self._form()), result)

    def _form(self) -> dict[str, Any]:
        if self.mode == "nearest":
            return {
                "mode": "nearest",
                "coordinate_transformation_mode": "asymmetric",
                "nearest_mode": "floor",
            }
        corners = "align_corners" if self.align_corners else "half_pixel"
        return {"mode": "linear", "coordinate_transformation_mode": corners}

    def reference(self, run: Run, x: Array) -> Reference:
        factors = self.scale.of(x.ndim - 2)
        shares = [self._shares(size, k) for size, k in zip(x.shape[2:], factors, strict=True)]
        y = x
        for axis, share in enumerate(shares, start=2):
            y = _along(share.astype(x.dtype), y, axis)

        def backward(dy: Array) -> tuple[Array]:
            for axis, share in enumerate(shares, start=2):
                dy = _along(share.T.astype(dy.dtype), dy, axis)
            return (dy,)

        return y, backward

    def _shares(self, size: int, factor: int) -> Array:
        """Return how much of each old element each new one is: [new, old]."""
        shares = np.zeros((size * factor, size))
        for new in range(size * factor):
            if self.mode == "nearest":
                shares[new, new // factor] = 1
                continue
            points = new * (size - 1) / max(size * factor - 1, 1)
            squares = (new + 0.5) / factor - 0.5
            at = min(max(points if self.align_corners else squares, 0.0), size - 1.0)
            low = int(at)
            shares[new, low] += 1 - (at - low)
            shares[new, min(low + 1, size - 1)] += at - low
        return shares


def _along(matrix: Array, x: Array, axis: int) -> Array:
    """Multiply every line of `x` along an axis by the matrix."""
    return np.moveaxis(np.moveaxis(x, axis, -1) @ matrix.T, -1, axis)


def _other_mode(mode: str, rank: int) -> RuleError:
    fitting = _MODES.get(rank, "nearest")
    return RuleError(
        "E0406",
        f"`{mode}` does not interpolate in {rank} spatial dimension{'s' if rank > 1 else ''}",
        about="mode",
        text="linear is for one, bilinear for two, nearest for any number",
        edits=(Edit("for this value:", f"mode={fitting}", "mode"),),
    )
