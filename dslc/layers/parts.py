"""Functions that cut values: into parts, or down to a size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.layers.rules import axis_of
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import Shape, Size, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Split(Function):
    """Cut a value apart along one dimension: the inverse of `concat`.

    `parts` is how many equal parts there are, or a list of their sizes. (In PyTorch a number is
    the size of a part; `torch.chunk` takes their number.)

    Shapes: [N, C] -> as many values as there are parts; `parts=2` gives [N, C/2] twice.
    Errors: E0314 where the dimension cannot be cut so.
    Example:
        input x: float32[N, 8, 4, 4]
        a, b: split(2)
        output y = a * sigmoid(b)
    """

    parts: int | tuple[int, ...] = setting(minimum=1)
    axis: int = 1

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        axis = axis_of("split", self.axis, x)
        return tuple(x.with_axis(axis, size) for size in self._sizes(x, axis))

    def _sizes(self, x: TensorType, axis: int) -> Sequence[int | Expression]:
        """Return the sizes of the parts; refuse those that do not make up the dimension (E0314)."""
        size = x.shape[axis]
        if isinstance(self.parts, int):
            part = dims.quotient(size, self.parts)
            if part is None:
                raise self._misfit(x, axis, f"{size} is no multiple of {self.parts}")
            return (part,) * self.parts
        if not self.parts or size != sum(self.parts):
            added = " + ".join(map(str, self.parts)) or "nothing"
            raise self._misfit(
                x, axis, f"{added} = {sum(self.parts)}, and the dimension has {size}"
            )
        return self.parts

    def _misfit(self, x: TensorType, axis: int, why: str) -> RuleError:
        size, edits = x.shape[axis], []
        if isinstance(self.parts, int) and isinstance(size, int) and size > self.parts:
            each = -(-size // self.parts)
            sizes = [each] * (size // each) + [size % each] * (size % each > 0)
            edits = [Edit("say the sizes of the parts, for example:", f"parts={sizes}", "parts")]
        return RuleError(
            "E0314",
            f"`split` cannot cut dimension {axis} of {shape_text(x.shape)} into these parts",
            about="parts",
            text=why,
            edits=edits,
        )

    def lower(self, g: Builder, x: ir.Value) -> Any:
        axis = self.axis % len(g.shape_of(x))
        if isinstance(self.parts, int):
            return g.Split(x, axis=axis, num_outputs=self.parts)
        return g.Split(x, g.axes(*self.parts), axis=axis)

    def reference(self, run: Run, x: Array) -> Reference:
        if isinstance(self.parts, int):
            places: Any = self.parts
        else:
            places = np.cumsum(self.parts)[:-1]

        def backward(*parts: Array) -> tuple[Array, ...]:
            return (np.concatenate(parts, axis=self.axis),)

        return tuple(np.split(x, places, axis=self.axis)), backward


@dataclass(frozen=True)
class Crop(Function):
    """Cut the spatial dimensions (all after the first two) down to `size`, or to those of `like`.

    `offset` is where the part begins, a number for all of them or a list; without it the part is
    centred, and of an odd border the larger side is behind.

    Shapes: [N, C, H, W] and `like` [M, D, h, w] -> [N, C, h, w]
    Formula: the offset of a centred part is floor((H - h) / 2)
    Errors: E0316 where the part is not inside the value.
    Source: Ronneberger et al. 2015 (U-Net), section 2.
    Example:
        input image: float32[N, 3, 32, 32]
        skip: Conv(4, 3x3, padding=1)
        deep: Conv(8, 3x3) -> Conv(4, 3x3)
        output y = concat(crop(skip, deep), deep)
    """

    size: Size | None = setting(None, minimum=1)
    offset: int | tuple[int, ...] | None = setting(None, minimum=0)

    def infer(self, x: TensorType, like: TensorType | None = None) -> TensorType:
        if (self.size is None) == (like is None):
            both = "" if like is None else ", not both"
            message = f"`crop` needs a size, or a value that has it{both}"
            raise RuleError("E0316", message, about="size", helps=("for example:  crop(24x24)",))
        if x.rank < 3:
            message = f"`crop` finds no spatial dimension in {shape_text(x.shape)}"
            facts = ("it leaves the first two dimensions, samples and channels, as they are",)
            raise RuleError(
                "E0316", message, about=0, facts=facts, helps=("cut by index:  x[:, 1:3]",)
            )
        if like is not None and like.rank != x.rank:
            message = (
                f"`crop` cannot cut {shape_text(x.shape)} to the size of {shape_text(like.shape)}"
            )
            raise RuleError("E0316", message, about=1)
        shape = self._shape(x.shape, like.shape if like else None)
        for axis, start in enumerate(self._starts(x, shape), start=2):
            self._check_part(x, axis, start, shape)
        return x.with_shape(shape)

    def _check_part(self, x: TensorType, axis: int, start: int | Expression, shape: Shape) -> None:
        """Refuse a part that reaches outside; a free dimension counts as long enough (E0316)."""
        size = shape[axis]
        behind = x.shape[axis] - size - start
        if any(isinstance(border, int) and border < 0 for border in (start, behind)):
            place = "" if self.offset is None else f" from {start} on"
            raise RuleError(
                "E0316",
                f"`crop` cannot cut {size} elements{place} out of the {x.shape[axis]} in dimension {axis}",
                about="size" if self.offset is None else "offset",
                text=f"the value is {shape_text(x.shape)}",
                edits=self._exchanged(x, shape),
            )

    def _exchanged(self, x: TensorType, shape: Shape) -> tuple[Edit, ...]:
        """Propose to crop the other value, where that is the larger one."""
        sizes = dims.known((*x.shape[2:], *shape[2:]))
        spatial = x.rank - 2
        if self.size is not None or self.offset is not None or sizes is None:
            return ()
        if any(mine > other for mine, other in zip(sizes[:spatial], sizes[spatial:], strict=True)):
            return ()
        return (
            Edit(
                "crop the other value, which is the larger one, for example:",
                "crop({1}, {0})",
            ),
        )

    def _shape(self, shape: Shape, like: Shape | None) -> Shape:
        if like is not None:
            return (*shape[:2], *like[2:])
        assert self.size is not None
        try:
            return (*shape[:2], *self.size.of(len(shape) - 2))
        except ValueError as error:
            raise RuleError("E0316", f"`crop`: {error}", about="size") from error

    def _starts(self, x: TensorType, shape: Shape) -> Shape:
        spatial = x.rank - 2
        if self.offset is None:
            return tuple((old - new) // 2 for old, new in zip(x.shape[2:], shape[2:], strict=True))
        offsets = (self.offset,) * spatial if isinstance(self.offset, int) else self.offset
        if len(offsets) != spatial:
            message = (
                f"`crop` needs {spatial} offsets for {shape_text(x.shape)}, not {len(offsets)}"
            )
            raise RuleError("E0316", message, about="offset")
        return offsets

    def lower(self, g: Builder, x: ir.Value, like: ir.Value | None = None) -> Any:
        its_type = TensorType(g.dtype_of(x), g.shape_of(x))
        shape = self._shape(its_type.shape, g.shape_of(like) if like is not None else None)
        starts = self._starts(its_type, shape)
        ends = [start + size for start, size in zip(starts, shape[2:], strict=True)]
        axes = g.axes(*range(2, len(shape)))
        return g.node(
            "Slice",
            [x, g.shape_tensor(starts), g.shape_tensor(ends), axes],
            type=its_type.with_shape(shape),
        )

    def reference(self, run: Run, x: Array, *like: Array) -> Reference:
        spatial = x.ndim - 2
        sizes = like[0].shape[2:] if like else np.broadcast_to(self._numbers(), spatial)
        borders = np.subtract(x.shape[2:], sizes)
        starts = borders // 2 if self.offset is None else np.broadcast_to(self.offset, spatial)
        inside: Any = (..., *map(slice, starts, starts + sizes))

        def backward(dy: Array) -> tuple[Array | None, ...]:
            dx = np.zeros_like(x)
            dx[inside] = dy
            return (dx, *(None for _ in like))

        return x[inside].copy(), backward

    def _numbers(self) -> tuple[int, ...]:
        return self.size.sizes if self.size is not None else ()
