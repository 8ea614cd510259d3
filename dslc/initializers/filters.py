"""Kernels that are known filters: interpolation, means, bells. They are not drawn."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.errors import RuleError
from dslc.initializers.base import Initializer
from dslc.operation import Array, setting
from dslc.types import shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


class _Filter(Initializer, ABC):
    """One kernel for every pair of channels, times a number for each pair.

    Shapes: [out, in, *kernel].

    Errors: E0319 for a parameter without a kernel.
    """

    drawn = False

    @abstractmethod
    def line(self, size: int) -> Array:
        """Return the factor of the kernel along one dimension of this size, float64."""

    @abstractmethod
    def pairs(self, out: int, into: int) -> Array:
        """Return the factor of each pair of channels: [out, in] or what broadcasts to it."""

    def check(self, shape: tuple[int, ...]) -> None:
        if len(shape) < 3:
            raise RuleError(
                "E0319",
                f"`{self.spelling}` needs the weight of a convolution",
                text=f"this one is {shape_text(shape)}",
                facts=["its first two dimensions are channels, the others the kernel"],
            )

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        pairs, kernel = self._factors(shape)
        return np.broadcast_to(pairs * kernel, shape).copy()

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        pairs, kernel = self._factors(shape)
        return g.expand(g.Mul(g.constant(pairs), g.constant(kernel)), shape)

    def _factors(self, shape: tuple[int, ...]) -> tuple[Array, Array]:
        """Return both factors in float32, so that their product is the same everywhere."""
        kernel = np.ones(())
        for size in shape[2:]:
            kernel = kernel[..., np.newaxis] * self.line(size)
        pairs = self.pairs(*shape[:2]).reshape(*self.pairs(*shape[:2]).shape, *[1] * kernel.ndim)
        return pairs.astype(np.float32), kernel.astype(np.float32)


@dataclass(frozen=True)
class Bilinear(_Filter):
    """Interpolate between neighbours: a transposed convolution with it enlarges each channel.

    For a factor f write ConvTranspose(channels, 2*f, stride=f, padding=f // 2) with an even f. With
    groups=channels every kernel is the filter; without groups those from a channel to itself.

    Shapes: [out, in, *kernel].

    Formula: 1 - |position - (size - 1) / 2| / f in each dimension, f = (size + 1) // 2.

    Errors: E0319 for a parameter without a kernel.

    Source: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation"
    (2015), section 3.3. Caffe's filler `bilinear` is the same for even sizes.
    Example:
        input image: float32[N, 3, 32, 32]
        output y: ConvTranspose(3, 4x4, stride=2, padding=1, groups=3, bias=false, init=bilinear)     -> [N, 3, 64, 64]
    """

    spelling = "bilinear"

    def line(self, size: int) -> Array:
        return np.asarray(1 - np.abs(np.arange(size) - (size - 1) / 2) / ((size + 1) // 2))

    def pairs(self, out: int, into: int) -> Array:
        return np.ones((1, 1)) if into == 1 else np.eye(out, into)


@dataclass(frozen=True)
class MeanFilter(_Filter):
    """Take the mean over all channels and positions that the kernel sees.

    Shapes: [out, in, *kernel].

    Formula: w = 1 / (in * the size of the kernel).

    Errors: E0319 for a parameter without a kernel.
    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(1, 5x5, padding=2, bias=false, init=mean_filter, trainable=false)
    """

    spelling = "mean_filter"

    def line(self, size: int) -> Array:
        return np.full(size, 1 / size)

    def pairs(self, out: int, into: int) -> Array:
        return np.full((1, 1), 1 / into)


@dataclass(frozen=True)
class GaussianFilter(_Filter):
    """Blur: a mean over all channels, with weights that fall like a bell from the centre.

    `std` is in positions; without it, it follows from the size of the kernel.

    Shapes: [out, in, *kernel].

    Formula: exp(-(position - centre)^2 / (2 std^2)) in each dimension, scaled so that the weights
    of a unit sum to 1; std = 0.3 ((size - 1) / 2 - 1) + 0.8 where it is not given.

    Errors: E0319 for a parameter without a kernel.

    Source: the default of `std` is OpenCV's, getGaussianKernel.
    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(3, 5x5, padding=2, groups=3, bias=false, init=gaussian_filter, trainable=false)
    """

    spelling = "gaussian_filter"

    std: float | None = setting(None, above=0.0)

    def line(self, size: int) -> Array:
        std = 0.3 * ((size - 1) / 2 - 1) + 0.8 if self.std is None else self.std
        bell = np.exp(-(((np.arange(size) - (size - 1) / 2) / std) ** 2) / 2)
        return np.asarray(bell / math.fsum(bell))

    def pairs(self, out: int, into: int) -> Array:
        return np.full((1, 1), 1 / into)
