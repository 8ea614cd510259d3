"""Padding: a border around a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dslc.errors import RuleError
from dslc.layers.rules import need_number
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Pad(Function):
    """Put a border around the last dimensions.

    `padding` in elements: a number for both sides of every spatial dimension (all after the first
    two), or a list `[before..., after...]` for the last dimensions, half as many as it has
    numbers. `mode` says what the border holds: `value`, the mirror image without the edge
    (`reflect`), or the edge.

    Shapes: [N, C, H, W] -> [N, C, H + 2p, W + 2p] for a number p
    Errors: E0315 where `padding` fits no dimensions, or a mirror image is wider than the value.
    Example:
        input image: float32[N, 3, 8, 8]
        output y: pad(2, mode=reflect)
    """

    padding: int | tuple[int, ...] = setting(minimum=0)
    mode: Literal["constant", "reflect", "edge"] = "constant"
    value: float = 0.0

    def infer(self, x: TensorType) -> TensorType:
        need_number("pad", x)
        self._check(x)
        for axis, (before, after) in enumerate(self.widths(x.rank)):
            x = x.with_axis(axis, x.shape[axis] + before + after)
        return x

    def _check(self, x: TensorType) -> None:
        if isinstance(self.padding, int):
            if x.rank > 2:
                return self._check_mirror(x)
            message = f"`pad` finds no spatial dimension in {shape_text(x.shape)}"
            raise RuleError(
                "E0315",
                message,
                about="padding",
                facts=("a number pads every dimension after the first two",),
                helps=("give the last dimension its own:  pad([before, after])",),
            )
        if len(self.padding) % 2 or len(self.padding) > 2 * x.rank:
            message = "`pad` needs a number before and one after each dimension it pads"
            text = f"[before..., after...] for the last dimensions of {shape_text(x.shape)}"
            raise RuleError("E0315", message, about="padding", text=text)
        return self._check_mirror(x)

    def _check_mirror(self, x: TensorType) -> None:
        for axis, pair in enumerate(self.widths(x.rank)):
            size = x.shape[axis]
            if self.mode == "reflect" and isinstance(size, int) and max(pair) >= size:
                message = (
                    f"a mirror image of {max(pair)} needs more than the {size} of dimension {axis}"
                )
                raise RuleError("E0315", message, about="padding")

    def widths(self, rank: int) -> list[tuple[int, int]]:
        """Return the border before and after each dimension."""
        if isinstance(self.padding, int):
            return [(0, 0)] * 2 + [(self.padding, self.padding)] * (rank - 2)
        half = len(self.padding) // 2
        sides = list(zip(self.padding[:half], self.padding[half:], strict=True))
        return [(0, 0)] * (rank - half) + sides

    def lower(self, g: Builder, x: ir.Value) -> Any:
        rank = len(g.shape_of(x))
        befores, afters = zip(*self.widths(rank), strict=True)
        number = g.constant(self.value, g.dtype_of(x)) if self.mode == "constant" else None
        # onnxruntime makes a Pad of zeros the border of the pool behind it, even of a maximum, which takes no border
        # for zeros, or one that is too wide for its kernel; it leaves a Pad alone that names its axes.
        return g.Pad(x, g.axes(*befores, *afters), number, g.axes(*range(rank)), mode=self.mode)

    def reference(self, run: Run, x: Array) -> Reference:
        widths = self.widths(x.ndim)
        # Where each element of the result comes from: -1 is the border of constants.
        places = np.arange(x.size).reshape(x.shape)
        if self.mode == "constant":
            places = np.pad(places, widths, constant_values=-1)
        else:
            places = np.pad(places, widths, mode=self.mode)
        y = np.where(places < 0, self.value, x.reshape(-1)[places]).astype(x.dtype)

        def backward(dy: Array) -> tuple[Array, ...]:
            inside = places >= 0
            dx = np.bincount(places[inside], weights=dy[inside], minlength=x.size)
            return (dx.astype(dy.dtype).reshape(x.shape),)

        return y, backward
