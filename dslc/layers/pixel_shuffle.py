"""Channels that become places, and places that become channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.layers.windows import check_image
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class PixelShuffle(Function):
    """Make an image larger by laying groups of its channels out as the pixels of a block.

    Channel c*r*r + i*r + j of a place becomes row i, column j of the block that channel c has
    there, with r the `upscale_factor`; with one or three spatial dimensions accordingly.

    Shapes: [N, C*r*r, H, W] -> [N, C, r*H, r*W]
    Errors: E0303 not an image, E0314 channels that do not make whole blocks
    Source: Shi et al., "Real-time single image and video super-resolution using an efficient
        sub-pixel convolutional neural network" (2016), section 3.2, equation 4
    Example:
        input image: float32[N, 12, 16, 16]
        output y: pixel_shuffle(2)
    """

    upscale_factor: int = setting(minimum=1)

    def infer(self, x: TensorType) -> TensorType:
        check_image("pixel_shuffle", x)
        block = self.upscale_factor ** (x.rank - 2)
        channels = dims.quotient(x.shape[1], block)
        if channels is None or channels == 0:
            raise _uneven("pixel_shuffle", x, 1, block, "upscale_factor")
        return x.with_shape((x.shape[0], channels, *(s * self.upscale_factor for s in x.shape[2:])))

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        batch, channels, *sizes = g.bound(g.shape_of(x))
        factor, rank = self.upscale_factor, len(sizes)
        left = dims.quotient(channels, factor**rank)
        assert left is not None
        apart = g.reshape(x, (batch, left, *[factor] * rank, *sizes))
        pairs = [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
        turned = g.Transpose(apart, perm=[0, 1, *pairs])
        return g.reshape(turned, (batch, left, *(size * factor for size in sizes)))

    def reference(self, run: Run, x: Array) -> Reference:
        return _shuffled(x, self.upscale_factor), lambda dy: (_unshuffled(dy, self.upscale_factor),)


@dataclass(frozen=True)
class PixelUnshuffle(Function):
    """Make an image smaller by stacking the pixels of each block as channels: undo `pixel_shuffle`.

    Shapes: [N, C, r*H, r*W] -> [N, C*r*r, H, W], with r the `downscale_factor`
    Errors: E0303 not an image, E0314 sizes that do not make whole blocks
    Source: Shi et al., "Real-time single image and video super-resolution using an efficient
        sub-pixel convolutional neural network" (2016), section 3.2, equation 4 read backwards
    Example:
        input image: float32[N, 3, 32, 32]
        output y: pixel_unshuffle(2)
    """

    downscale_factor: int = setting(minimum=1)

    def infer(self, x: TensorType) -> TensorType:
        check_image("pixel_unshuffle", x)
        factor = self.downscale_factor
        sizes: list[int | Expression] = []
        for axis in range(2, x.rank):
            size = dims.quotient(x.shape[axis], factor)
            if size is None or size == 0:
                raise _uneven("pixel_unshuffle", x, axis, factor, "downscale_factor")
            sizes.append(size)
        return x.with_shape((x.shape[0], x.shape[1] * factor ** len(sizes), *sizes))

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        batch, channels, *sizes = g.bound(g.shape_of(x))
        factor, rank = self.downscale_factor, len(sizes)
        small = [size // factor for size in sizes]
        split = [part for size in small for part in (size, factor)]
        apart = g.reshape(x, (batch, channels, *split))
        blocks, places = range(3, 3 + 2 * rank, 2), range(2, 2 + 2 * rank, 2)
        turned = g.Transpose(apart, perm=[0, 1, *blocks, *places])
        return g.reshape(turned, (batch, channels * factor**rank, *small))

    def reference(self, run: Run, x: Array) -> Reference:
        return _unshuffled(x, self.downscale_factor), lambda dy: (
            _shuffled(dy, self.downscale_factor),
        )


def _uneven(name: str, x: TensorType, axis: int, block: int, about: str) -> RuleError:
    what = "channels" if axis == 1 else f"places of dimension {axis}"
    return RuleError(
        "E0314",
        f"`{name}` cannot make whole blocks of {x.shape[axis]} {what}",
        about=about,
        text=f"the {what} must be a multiple of {block}; the value is {shape_text(x.shape)}",
    )


def _at(offset: tuple[int, ...], factor: int) -> Any:
    """Return the index of the pixels at an offset in their blocks."""
    return (..., *(slice(start, None, factor) for start in offset))


def _shuffled(x: Array, factor: int) -> Array:
    """Put every channel at its offset in the block."""
    sizes = x.shape[2:]
    block = factor ** len(sizes)
    y = np.empty((x.shape[0], x.shape[1] // block, *(size * factor for size in sizes)), x.dtype)
    for number, offset in enumerate(np.ndindex(*[factor] * len(sizes))):
        y[_at(offset, factor)] = x[:, number::block]
    return y


def _unshuffled(y: Array, factor: int) -> Array:
    """Take every channel from its offset in the block."""
    sizes = [size // factor for size in y.shape[2:]]
    block = factor ** len(sizes)
    x = np.empty((y.shape[0], y.shape[1] * block, *sizes), y.dtype)
    for number, offset in enumerate(np.ndindex(*[factor] * len(sizes))):
        x[:, number::block] = y[_at(offset, factor)]
    return x
