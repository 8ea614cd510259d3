"""Pictures drawn anew between the pixels: turned, moved, scaled, or a part of them enlarged."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc.augmentations.base import Augmentation, lower_rounded, rounded
from dslc.augmentations.crop import part_of
from dslc.errors import RuleError
from dslc.operation import Array, setting
from dslc.types import DType, Size, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


Side = tuple[Any, Any]
"""Where a box begins and how far it goes along one dimension: float64 [N], or [1] for all of them."""


@dataclass(frozen=True)
class RandomResizedCrop(Augmentation):
    """Cut a box of drawn size and shape out of each picture and scale it to `size`.

    `scale` are the least and the largest share of the area, `ratio` of width to height. A box
    larger than the picture is cut to it. Outside of training: the centre of `size`, or where the
    picture is smaller, all of it, scaled.

    Shapes: [N, C, H, W] -> [N, C, *size]; uint8 is rounded
    Formula: area = H W even(scale), r = exp(even(log ratio)), width = sqrt(area r), height =
        sqrt(area / r), the corner even over what is left; pixels between others by their distance
    Errors: E0303 not a picture, E0406 scale or ratio that is no range
    Source: Szegedy et al., "Going deeper with convolutions" (2014), section 6; in the form of
        torchvision.transforms.RandomResizedCrop, which draws a box again where this one cuts it
    Example:
        input image: uint8[N, 3, 24, 24]
        augment image: uint8[N, 3, 32, 32] = random_resized_crop(24)
    """

    size: Size = setting(minimum=1)
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)

    draws: ClassVar[int] = 4

    def __post_init__(self) -> None:
        check_range("scale", self.scale, "[0.08, 1.0]", most=1.0)
        check_range("ratio", self.ratio, "[0.75, 1.33]")

    def infer(self, x: TensorType) -> TensorType:
        super().infer(x)
        return x.with_shape((*x.shape[:2], *part_of(self.language_name(), self.size)))

    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        height, width = (float(str(size)) for size in g.shape_of(x)[2:])
        (low, high), (narrow, wide) = self.scale, np.log(self.ratio)
        area = g.Mul(g.Add(g.Mul(drawn[0], high - low), low), height * width)
        shape = g.Exp(g.Add(g.Mul(drawn[1], float(wide - narrow)), float(narrow)))
        box_width = g.Min(g.Sqrt(g.Mul(area, shape)), width)
        box_height = g.Min(g.Sqrt(g.Div(area, shape)), height)
        top = g.Mul(drawn[2], g.Sub(height, box_height))
        left = g.Mul(drawn[3], g.Sub(width, box_width))
        return self._lower_scaled(g, x, (top, box_height), (left, box_width))

    def lower_still(self, g: Builder, x: ir.Value) -> Any:
        sides = []
        for length, wanted in zip(g.shape_of(x)[2:], self.size.of(2), strict=True):
            first, taken = _centre(int(str(length)), wanted)
            sides.append((g.constant([first], DType.FLOAT64), g.constant([taken], DType.FLOAT64)))
        return self._lower_scaled(g, x, *sides)

    def _lower_scaled(self, g: Builder, x: ir.Value, rows: Side, columns: Side) -> Any:
        """Scale boxes to `size`: along rows, then along columns, each a product with a matrix."""
        height, width = (int(str(size)) for size in g.shape_of(x)[2:])
        down, across = self.size.of(2)
        vertical = g.Unsqueeze(self._lower_shares(g, *rows, height, down), g.axes(1))
        horizontal = g.Unsqueeze(self._lower_shares(g, *columns, width, across), g.axes(1))
        scaled = g.MatMul(vertical, g.cast(x, DType.FLOAT64))
        scaled = g.MatMul(scaled, g.Transpose(horizontal, perm=[0, 1, 3, 2]))
        return lower_rounded(g, scaled, g.dtype_of(x))

    def _lower_shares(
        self, g: Builder, first: ir.Value, taken: ir.Value, length: int, wanted: int
    ) -> Any:
        """Return the share of each pixel in each new one: float64 [N, wanted, length]."""
        steps = g.constant((np.arange(wanted) + 0.5) / wanted, DType.FLOAT64)
        places = g.Add(g.Mul(g.Unsqueeze(taken, g.axes(1)), steps), g.Unsqueeze(first, g.axes(1)))
        places = g.Clip(g.Sub(places, 0.5), 0.0, float(length - 1))
        pixels = g.constant(np.arange(length), DType.FLOAT64)
        distance = g.Abs(g.Sub(g.Unsqueeze(places, g.axes(2)), pixels))
        return g.Max(g.Sub(1.0, distance), 0.0)

    def drawn(self, x: Array, numbers: Array) -> Array:
        height, width = x.shape[2:]
        u, v, a, b = numbers
        area = height * width * (self.scale[0] + (self.scale[1] - self.scale[0]) * u)
        logs = np.log(self.ratio)
        shape = np.exp(logs[0] + (logs[1] - logs[0]) * v)
        box_width = np.minimum(np.sqrt(area * shape), width)
        box_height = np.minimum(np.sqrt(area / shape), height)
        return self._scaled(
            x, a * (height - box_height), box_height, b * (width - box_width), box_width
        )

    def still(self, x: Array) -> Array:
        down, across = self.size.of(2)
        top, box_height = _centre(x.shape[2], down)
        left, box_width = _centre(x.shape[3], across)
        full = (np.full(len(x), value) for value in (top, box_height, left, box_width))
        return self._scaled(x, *full)

    def _scaled(self, x: Array, top: Array, tall: Array, left: Array, wide: Array) -> Array:
        """Look up each new pixel between its four neighbours."""
        down, across = self.size.of(2)
        rows = top[:, None] + tall[:, None] * (np.arange(down) + 0.5) / down - 0.5
        columns = left[:, None] + wide[:, None] * (np.arange(across) + 0.5) / across - 0.5
        rows = np.clip(rows, 0, x.shape[2] - 1)[:, :, None]
        columns = np.clip(columns, 0, x.shape[3] - 1)[:, None, :]
        return rounded(between(x, *np.broadcast_arrays(rows, columns)), x)


@dataclass(frozen=True)
class _Warp(Augmentation, ABC):
    """Pictures turned, scaled and moved about their centre; what comes from outside is zero."""

    @abstractmethod
    def lower_motion(self, g: Builder, drawn: list[Any]) -> tuple[Any, Any, Any, Any]:
        """Return angle (radians, against the clock), scale, and shift down and right as shares."""

    @abstractmethod
    def motion(self, numbers: Array) -> tuple[Array, Array, Array, Array]:
        """Return the same in NumPy, each float64 [N]."""

    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        samples, channels, height, width = (int(str(n)) for n in g.bound(g.shape_of(x)))
        angle, scale, down, right = (
            g.Unsqueeze(m, g.axes(1, 2)) for m in self.lower_motion(g, drawn)
        )
        middle, centre = (height - 1) / 2, (width - 1) / 2
        y = g.Sub(
            g.constant(np.arange(height)[:, None] - middle, DType.FLOAT64),
            g.Mul(down, float(height)),
        )
        x_ = g.Sub(
            g.constant(np.arange(width)[None] - centre, DType.FLOAT64), g.Mul(right, float(width))
        )
        cosine, sine = g.Div(g.Cos(angle), scale), g.Div(g.Sin(angle), scale)
        rows = g.Add(g.Add(g.Mul(cosine, y), g.Mul(sine, x_)), middle)
        columns = g.Add(g.Sub(g.Mul(cosine, x_), g.Mul(sine, y)), centre)
        exact = g.cast(g.reshape(x, (samples, channels, height * width)), DType.FLOAT64)
        found = self._lower_between(g, exact, rows, columns, (height, width))
        return lower_rounded(g, g.reshape(found, (samples, channels, height, width)), g.dtype_of(x))

    def _lower_between(
        self, g: Builder, pixels: ir.Value, rows: ir.Value, columns: ir.Value, size: tuple[int, int]
    ) -> Any:
        """Return what lies between the pixels [N, C, H * W] at places [N, H, W], zero outside."""
        samples, channels, count = (int(str(n)) for n in g.shape_of(pixels))
        height, width = size
        total = None
        top, left = g.Floor(rows), g.Floor(columns)
        for below in (0.0, 1.0):
            for beside in (0.0, 1.0):
                row, column = g.Add(top, below), g.Add(left, beside)
                share = g.Mul(
                    g.Sub(1.0, g.Abs(g.Sub(rows, row))), g.Sub(1.0, g.Abs(g.Sub(columns, column)))
                )
                inside = g.And(
                    g.And(g.GreaterOrEqual(row, 0.0), g.LessOrEqual(row, height - 1.0)),
                    g.And(g.GreaterOrEqual(column, 0.0), g.LessOrEqual(column, width - 1.0)),
                )
                share = g.reshape(g.Where(inside, share, 0.0), (samples, 1, count))
                row, column = g.Clip(row, 0.0, height - 1.0), g.Clip(column, 0.0, width - 1.0)
                place = g.cast(g.Add(g.Mul(row, float(width)), column), DType.INT64)
                place = g.expand(g.reshape(place, (samples, 1, count)), (samples, channels, count))
                part = g.Mul(g.GatherElements(pixels, place, axis=2), share)
                total = part if total is None else g.Add(total, part)
        return total

    def drawn(self, x: Array, numbers: Array) -> Array:
        angle, scale, down, right = (m[:, None, None] for m in self.motion(numbers))
        height, width = x.shape[2:]
        across = np.arange(width) - (width - 1) / 2 - right * width
        along = np.arange(height)[:, None] - (height - 1) / 2 - down * height
        rows = (np.cos(angle) * along + np.sin(angle) * across) / scale + (height - 1) / 2
        columns = (np.cos(angle) * across - np.sin(angle) * along) / scale + (width - 1) / 2
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        rows, columns = np.clip(rows + 1, 0, height + 1), np.clip(columns + 1, 0, width + 1)
        return rounded(between(padded, rows, columns), x)


@dataclass(frozen=True)
class RandomRotation(_Warp):
    """Turn each picture about its centre by up to so many degrees either way.

    Shapes: [N, C, H, W] -> the same; uint8 is rounded; what comes from outside is zero
    Formula: angle even between -degrees and degrees; pixels between others by their distance
    Errors: E0303 not a picture
    Source: torchvision.transforms.RandomRotation with bilinear interpolation
    Example:
        input image: uint8[N, 1, 28, 28]
        augment image: uint8[N, 1, 28, 28] = random_rotation(10)
    """

    degrees: float = setting(minimum=0.0, maximum=360.0)

    draws: ClassVar[int] = 1

    def lower_motion(self, g: Builder, drawn: list[Any]) -> tuple[Any, Any, Any, Any]:
        angle = g.Mul(g.Sub(drawn[0], 0.5), 2 * math.radians(self.degrees))
        still = g.constant(np.zeros(1), DType.FLOAT64)
        return angle, g.constant(np.ones(1), DType.FLOAT64), still, still

    def motion(self, numbers: Array) -> tuple[Array, Array, Array, Array]:
        still = np.zeros(numbers.shape[1])
        return 2 * math.radians(self.degrees) * (numbers[0] - 0.5), still + 1, still, still


@dataclass(frozen=True)
class RandomAffine(_Warp):
    """Turn, move and scale each picture, by amounts drawn for it.

    `degrees` is the largest angle either way, `translate` the largest shift as a share of height
    and width, `scale` the least and the largest factor.

    Shapes: [N, C, H, W] -> the same; uint8 is rounded; what comes from outside is zero
    Formula: angle, shifts and factor even in their ranges; pixels between others by their distance
    Errors: E0303 not a picture, E0406 a scale that is no range
    Source: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied
        to visual document analysis" (2003), section 2; torchvision.transforms.RandomAffine
    Example:
        input image: uint8[N, 1, 28, 28]
        augment image: uint8[N, 1, 28, 28] = random_affine(degrees=10, translate=0.1, scale=[0.9, 1.1])
    """

    degrees: float = setting(0.0, minimum=0.0, maximum=360.0)
    translate: float = setting(0.0, minimum=0.0, maximum=1.0)
    scale: tuple[float, float] = (1.0, 1.0)

    draws: ClassVar[int] = 4

    def __post_init__(self) -> None:
        check_range("scale", self.scale, "[0.9, 1.1]")

    def lower_motion(self, g: Builder, drawn: list[Any]) -> tuple[Any, Any, Any, Any]:
        angle, down, right = (
            g.Mul(g.Sub(u, 0.5), 2 * most)
            for u, most in zip(
                drawn[:3], (math.radians(self.degrees), self.translate, self.translate), strict=True
            )
        )
        scale = g.Add(g.Mul(drawn[3], self.scale[1] - self.scale[0]), self.scale[0])
        return angle, scale, down, right

    def motion(self, numbers: Array) -> tuple[Array, Array, Array, Array]:
        turn, down, right, size = numbers
        return (
            2 * math.radians(self.degrees) * (turn - 0.5),
            (self.scale[1] - self.scale[0]) * size + self.scale[0],
            2 * self.translate * (down - 0.5),
            2 * self.translate * (right - 0.5),
        )


def between(x: Array, rows: Array, columns: Array) -> Array:
    """Return what lies between the pixels of [N, C, H, W] at places [N, ...]: float64 [N, C, ...]."""
    top = np.minimum(np.floor(rows).astype(int), x.shape[2] - 2 if x.shape[2] > 1 else 0)
    left = np.minimum(np.floor(columns).astype(int), x.shape[3] - 2 if x.shape[3] > 1 else 0)
    bottom, right = np.minimum(top + 1, x.shape[2] - 1), np.minimum(left + 1, x.shape[3] - 1)
    each = np.arange(len(x))[:, None, None]
    down, across = (rows - top)[:, None], (columns - left)[:, None]

    def at(row: Array, column: Array) -> Array:
        return np.moveaxis(x[each, :, row, column], -1, 1).astype(np.float64)

    above = at(top, left) * (1 - across) + at(top, right) * across
    below = at(bottom, left) * (1 - across) + at(bottom, right) * across
    return np.asarray(above * (1 - down) + below * down)


def check_range(name: str, pair: tuple[float, ...], example: str, most: float = math.inf) -> None:
    """Refuse what is not two numbers above 0, the smaller one first (E0406)."""
    if len(pair) != 2 or not 0 < pair[0] <= pair[1] <= most:
        limit = f", at most {most:g}" if most < math.inf else ""
        message = f"`{name}` is a least and a largest number above 0{limit}"
        raise RuleError("E0406", message, about=name, helps=(f"write {name}={example}",))


def _centre(length: int, wanted: int) -> tuple[float, float]:
    """Return where the middle part of a side begins and how long it is; all of a shorter side."""
    return (
        (float((length - wanted) // 2), float(wanted)) if wanted <= length else (0.0, float(length))
    )
