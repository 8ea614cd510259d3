"""Parts of pictures, and pictures turned round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dslc.augmentations.base import Augmentation
from dslc.errors import RuleError
from dslc.operation import Array, setting
from dslc.types import DType, Size, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

_BEFORE_THE_FIRST = np.iinfo(np.int64).min


@dataclass(frozen=True)
class RandomCrop(Augmentation):
    """Cut out a part of each picture, at a place drawn for it. Outside of training: the centre.

    `padding` puts so many zeros around the picture first: random_crop(28, padding=2) of 28 by 28
    shifts by up to two pixels.

    Shapes: [N, C, H, W] -> [N, C, *size]
    Formula: the first row is floor(u (H + 2 padding - height + 1)), the first column likewise
    Errors: E0303 where the part is larger than the picture
    Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional
        neural networks" (2012), section 4.1
    Example:
        input image: uint8[N, 1, 28, 28]
        augment image: uint8[N, 1, 32, 32] = random_crop(28)
    """

    size: Size = setting(minimum=1)
    padding: int = setting(0, minimum=0)

    draws: ClassVar[int] = 2

    def infer(self, x: TensorType) -> TensorType:
        super().infer(x)
        height, width = part_of(self.language_name(), self.size)
        room = [int(str(size)) + 2 * self.padding for size in x.shape[2:]]
        if height > room[0] or width > room[1]:
            raise RuleError(
                "E0303",
                f"`random_crop` cannot cut {height}x{width} out of {room[0]}x{room[1]}",
                about="size",
                text=f"the value is {shape_text(x.shape)}",
                facts=(f"with padding={self.padding} the picture is {room[0]}x{room[1]}",),
            )
        return x.with_shape((*x.shape[:2], height, width))

    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        x = self._lower_padded(g, x)
        samples, channels, height, width = (int(str(n)) for n in g.bound(g.shape_of(x)))
        rows, columns = part_of(self.language_name(), self.size)
        row = self._lower_places(g, drawn[0], height - rows, rows)
        column = self._lower_places(g, drawn[1], width - columns, columns)
        places = g.Add(
            g.Mul(g.reshape(row, (samples, rows, 1)), width),
            g.reshape(column, (samples, 1, columns)),
        )
        flat = g.reshape(places, (samples, 1, rows * columns))
        flat = g.expand(flat, (samples, channels, rows * columns))
        pixels = g.reshape(x, (samples, channels, height * width))
        part = g.GatherElements(pixels, flat, axis=2)
        return g.reshape(part, (samples, channels, rows, columns))

    def _lower_places(self, g: Builder, drawn: ir.Value, room: int, length: int) -> Any:
        """Return the rows or columns that are taken: int64 [N, length]."""
        first = g.cast(g.Floor(g.Mul(drawn, float(room + 1))), DType.INT64)
        return g.Add(g.Unsqueeze(first, g.axes(1)), np.arange(length))

    def _lower_padded(self, g: Builder, x: ir.Value) -> ir.Value:
        if self.padding == 0:
            return x
        pads = g.axes(*[0, 0, self.padding, self.padding] * 2)
        padded: ir.Value = g.Pad(x, pads, g.constant(0, g.dtype_of(x)))
        return padded

    def lower_still(self, g: Builder, x: ir.Value) -> Any:
        x = self._lower_padded(g, x)
        sizes = [int(str(size)) for size in g.shape_of(x)[2:]]
        part = part_of(self.language_name(), self.size)
        starts = [(size - length) // 2 for size, length in zip(sizes, part, strict=True)]
        ends = [start + length for start, length in zip(starts, part, strict=True)]
        return g.Slice(x, g.axes(*starts), g.axes(*ends), g.axes(2, 3))

    def drawn(self, x: Array, numbers: Array) -> Array:
        return self._cut(x, lambda room: np.floor(numbers[room[0]] * (room[1] + 1)).astype(int))

    def still(self, x: Array) -> Array:
        return self._cut(x, lambda room: np.full(len(x), room[1] // 2))

    def _cut(self, x: Array, first: Any) -> Array:
        """Cut a part out of each picture; `first` says where, given the axis and the room along it."""
        p = self.padding
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        height, width = self.size.of(2)
        tops = first((0, padded.shape[2] - height))
        lefts = first((1, padded.shape[3] - width))
        parts = [
            picture[:, top : top + height, left : left + width]
            for picture, top, left in zip(padded, tops, lefts, strict=True)
        ]
        return np.stack(parts)


@dataclass(frozen=True)
class RandomFlip(Augmentation):
    """Turn each picture round with probability `p`: left to right, or upside down.

    Shapes: [N, C, H, W] -> the same
    Formula: turned where u < p
    Errors: E0303 not a picture
    Example:
        input image: uint8[N, 3, 32, 32]
        augment image: uint8[N, 3, 32, 32] = random_flip
    """

    p: float = setting(0.5, minimum=0.0, maximum=1.0)
    direction: Literal["horizontal", "vertical"] = "horizontal"

    draws: ClassVar[int] = 1

    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        turned = g.Unsqueeze(g.Less(drawn[0], self.p), g.axes(1, 2, 3))
        axis = 3 if self.direction == "horizontal" else 2
        ends, steps = g.axes(_BEFORE_THE_FIRST), g.axes(-1)
        mirrored = g.node(
            "Slice",
            [x, g.axes(-1), ends, g.axes(axis), steps],
            type=TensorType(g.dtype_of(x), g.shape_of(x)),
        )
        return g.Where(turned, mirrored, x)

    def drawn(self, x: Array, numbers: Array) -> Array:
        axis = 3 if self.direction == "horizontal" else 2
        return np.where((numbers[0] < self.p)[:, None, None, None], np.flip(x, axis), x)


def part_of(name: str, size: Size) -> tuple[int, int]:
    """Return height and width of the part that is asked for (E0303)."""
    if len(size.sizes) > 2:
        raise RuleError("E0303", f"`{name}` makes pictures: height and width", about="size")
    height, width = size.of(2)
    return height, width
