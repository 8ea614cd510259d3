"""Changes of the pixels that leave them where they are: brightness, contrast, noise, a part erased."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc import dims
from dslc.augmentations.base import Augmentation, lower_rounded, rounded
from dslc.graph import random
from dslc.initializers.quantile import lower_quantile, quantile
from dslc.operation import Array, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class _Jitter(Augmentation, ABC):
    """A factor for each picture, drawn evenly from 1 - amount to 1 + amount."""

    amount: float = setting(minimum=0.0, maximum=1.0)

    draws: ClassVar[int] = 1

    def lower_factor(self, g: Builder, drawn: ir.Value) -> Any:
        factor = g.Add(g.Mul(drawn, 2 * self.amount), 1 - self.amount)
        return g.Unsqueeze(factor, g.axes(1, 2, 3))

    def factor(self, numbers: Array) -> Array:
        factor: Array = 2 * self.amount * numbers[0] + (1 - self.amount)
        return factor[:, None, None, None]


@dataclass(frozen=True)
class RandomBrightness(_Jitter):
    """Make each picture darker or brighter by up to the given share.

    Shapes: [N, C, H, W] -> the same; uint8 is rounded, and cut to 0 to 255
    Formula: y = f x, f even between 1 - amount and 1 + amount
    Errors: E0303 not a picture
    Source: torchvision.transforms.ColorJitter
    Example:
        input image: uint8[N, 3, 32, 32]
        augment image: uint8[N, 3, 32, 32] = random_brightness(0.2)
    """

    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        exact = g.cast(x, DType.FLOAT64)
        return lower_rounded(g, g.Mul(exact, self.lower_factor(g, drawn[0])), g.dtype_of(x))

    def drawn(self, x: Array, numbers: Array) -> Array:
        return rounded(x * self.factor(numbers), x)


@dataclass(frozen=True)
class RandomContrast(_Jitter):
    """Bring the pixels of each picture nearer to their mean, or take them away from it.

    Shapes: [N, C, H, W] -> the same; uint8 is rounded, and cut to 0 to 255
    Formula: y = m + f (x - m), m the mean of the picture, f even between 1 - amount and 1 + amount
    Errors: E0303 not a picture
    Source: torchvision.transforms.ColorJitter, which takes the mean of the picture in grey
    Example:
        input image: uint8[N, 3, 32, 32]
        augment image: uint8[N, 3, 32, 32] = random_contrast(0.2)
    """

    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        exact = g.cast(x, DType.FLOAT64)
        mean = g.ReduceMean(exact, g.axes(1, 2, 3), keepdims=1)
        spread = g.Mul(g.Sub(exact, mean), self.lower_factor(g, drawn[0]))
        return lower_rounded(g, g.Add(mean, spread), g.dtype_of(x))

    def drawn(self, x: Array, numbers: Array) -> Array:
        mean = x.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float64)
        return rounded(mean + (x - mean) * self.factor(numbers), x)


@dataclass(frozen=True)
class RandomNoise(Augmentation):
    """Add a normal number to every pixel, with standard deviation `std` in units of the pixels.

    Shapes: [N, C, H, W] -> the same; uint8 is rounded, and cut to 0 to 255
    Formula: y = x + std Q(u), Q the inverse of the normal distribution function
    Errors: E0303 not a picture
    Example:
        input image: uint8[N, 3, 32, 32]
        augment image: uint8[N, 3, 32, 32] = random_noise(8)
    """

    std: float = setting(minimum=0.0)

    draws: ClassVar[int] = 0

    def lower(self, g: Builder, x: ir.Value) -> Any:
        if not g.training:
            return x
        shape = g.bound(g.shape_of(x))
        drawn = random.uniform(g, g.random_words(dims.count(shape)))
        normal = g.reshape(lower_quantile(g, g.Add(drawn, 2.0**-54 - 0.5)), shape)
        noisy = g.Add(g.cast(x, DType.FLOAT64), g.Mul(normal, self.std))
        pictures = lower_rounded(g, noisy, g.dtype_of(x))
        return g.stop_gradient(pictures) if g.dtype_of(x).is_float else pictures

    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        raise NotImplementedError("every pixel has a number of its own")

    def reference(self, run: Run, x: Array) -> Reference:
        if not run.training:
            return x, lambda dy: (None,)
        numbers = (run.words(x.size) >> np.uint64(11)) * 2.0**-53
        return self.drawn(x, numbers), lambda dy: (None,)

    def drawn(self, x: Array, numbers: Array) -> Array:
        normal = quantile(numbers + (2.0**-54 - 0.5)).reshape(x.shape)
        return rounded(x + self.std * normal, x)


@dataclass(frozen=True)
class Cutout(Augmentation):
    """Set a square of each picture to zero; its centre is any pixel, so it may hang over the edge.

    `size` is the side in pixels; a picture is left as it is with probability 1 - p.

    Shapes: [N, C, H, W] -> the same
    Formula: zero where -(size // 2) <= position - centre < size - size // 2, in both dimensions
    Errors: E0303 not a picture
    Source: DeVries and Taylor, "Improved regularization of convolutional neural networks with
        cutout" (2017), section 3.2
    Example:
        input image: uint8[N, 3, 32, 32]
        augment image: uint8[N, 3, 32, 32] = cutout(8)
    """

    size: int = setting(minimum=1)
    p: float = setting(1.0, minimum=0.0, maximum=1.0)

    draws: ClassVar[int] = 3

    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        height, width = (int(str(size)) for size in g.shape_of(x)[2:])
        rows = g.Unsqueeze(self._lower_near(g, drawn[0], height), g.axes(1, 3))
        columns = g.Unsqueeze(self._lower_near(g, drawn[1], width), g.axes(1, 2))
        taken = g.Unsqueeze(g.Less(drawn[2], self.p), g.axes(1, 2, 3))
        erased = g.And(g.And(rows, columns), taken)
        return g.Where(erased, g.constant(0, g.dtype_of(x)), x)

    def _lower_near(self, g: Builder, drawn: ir.Value, length: int) -> Any:
        """Return which rows or columns the square takes: bool [N, length]."""
        centre = g.Unsqueeze(g.Floor(g.Mul(drawn, float(length))), g.axes(1))
        away = g.Sub(g.constant(np.arange(length), DType.FLOAT64), centre)
        low, high = float(-(self.size // 2)), float(self.size - self.size // 2)
        return g.And(g.GreaterOrEqual(away, low), g.Less(away, high))

    def drawn(self, x: Array, numbers: Array) -> Array:
        y = x.copy()
        height, width = x.shape[2:]
        half = self.size // 2
        for picture, u, v, chance in zip(y, *numbers, strict=True):
            if chance < self.p:
                top, left = int(u * height) - half, int(v * width) - half
                rows = slice(max(top, 0), max(top + self.size, 0))
                picture[:, rows, max(left, 0) : max(left + self.size, 0)] = 0
        return y
