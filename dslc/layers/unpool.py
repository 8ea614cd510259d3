"""Undoing a maximum pool: values go back to where the maxima stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.layers.rules import need_index
from dslc.layers.windows import ZERO, Window, check_image, window_over
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import Shape, Size, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class MaxUnpool(Function):
    """Put every value where `switches` say that a maximum stood, and zeros everywhere else.

    `switches` is the second result of `max_pool(..., return_indices=true)`; kernel, stride and
    padding are those of that pool. Where its windows did not come out even (2x2 on an odd size, say),
    `like` must be a value of the size that was pooled: the switches are counted in that size.
    What several windows put in one place is added up, as in the gradient of the pool (PyTorch keeps
    one of them and does not say which).

    Shapes: [N, C, *S], switches the same -> [N, C, *(S - 1)*stride + kernel - 2*padding], or the
        size of `like`
    Errors: E0303 not an image, E0310 switches or `like` of another size, E0401 switches that are
        not whole numbers
    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2014),
        section 2.1; Noh, Hong and Han, "Learning deconvolution network for semantic segmentation"
        (2015), section 3.2.1
    Example:
        input image: float32[N, 3, 32, 32]
        pooled, switches: max_pool(2x2, return_indices=true)
        output y: max_unpool(pooled, switches, 2x2)
    """

    kernel: Size = setting(minimum=1)
    stride: Size | None = setting(None, minimum=1)
    padding: Size = setting(ZERO, minimum=0)

    def infer(
        self, x: TensorType, switches: TensorType, like: TensorType | None = None
    ) -> TensorType:
        check_image("max_unpool", x)
        need_index("max_unpool", switches, 1)
        if switches.shape != x.shape:
            raise _other_switches(x, switches)
        window = self._window(x.rank)
        if like is None:
            return x.with_shape((*x.shape[:2], *_whole_windows(window, x.shape[2:])))
        self._check_like(window, x, like)
        return x.with_shape((*x.shape[:2], *like.shape[2:]))

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {1: self.infer(*types).size}

    def lower(
        self, g: Builder, x: ir.Value, switches: ir.Value, like: ir.Value | None = None
    ) -> ir.Value:
        shape = g.shape_of(x)
        window = self._window(len(shape))
        sizes = _whole_windows(window, shape[2:]) if like is None else g.shape_of(like)[2:]
        result = g.bound((*shape[:2], *sizes))
        overlap = any(k > s for k, s in zip(window.kernel, window.stride, strict=True))
        count = (dims.product(g.bound(shape)),)
        zeros = g.expand(g.constant(0, g.dtype_of(x)), (dims.product(result),))
        operands = zeros, g.reshape(switches, count), g.reshape(x, count)
        flat = g.scatter_add(*operands, axis=0) if overlap else g.ScatterElements(*operands, axis=0)
        return g.reshape(flat, result)

    def reference(
        self, run: Run, x: Array, switches: Array, like: Array | None = None
    ) -> Reference:
        window = self._window(x.ndim)
        sides = zip(
            x.shape[2:], window.stride, window.kernel, window.before, window.after, strict=True
        )
        sizes = [(n - 1) * s + k - b - a for n, s, k, b, a in sides]
        shape = (*x.shape[:2], *(sizes if like is None else like.shape[2:]))
        y = np.zeros(shape, x.dtype)
        np.add.at(y.reshape(-1), switches.reshape(-1), x.reshape(-1))

        def backward(dy: Array) -> tuple[Array | None, ...]:
            back = dy.reshape(-1)[switches]
            return (back, None) if like is None else (back, None, None)

        return y, backward

    def _window(self, rank: int) -> Window:
        stride = self.kernel if self.stride is None else self.stride
        return window_over(rank - 2, self.kernel, stride, self.padding)

    def _check_like(self, window: Window, x: TensorType, like: TensorType) -> None:
        """Refuse a size that no such pool, whole windows or not, brings to that of `x`."""
        if like.rank != x.rank:
            raise self._other_like(x, like)
        smallest = _whole_windows(window, x.shape[2:])
        for axis, (low, size) in enumerate(zip(smallest, like.shape[2:], strict=True)):
            more = size - low
            if isinstance(more, int) and abs(more) >= window.stride[axis]:
                raise self._other_like(x, like)

    def _other_like(self, x: TensorType, like: TensorType) -> RuleError:
        return RuleError(
            "E0310",
            f"a pool of {self.kernel} does not bring {shape_text(like.shape)} "
            f"to {shape_text(x.shape)}",
            about=2,
            text=f"this is {shape_text(like.shape)}",
            helps=("give `like` the value that was pooled, or leave it out",),
        )


def _whole_windows(window: Window, sizes: Shape) -> Shape:
    """Return the sizes that such a pool, its windows coming out even, brings to `sizes`."""
    sides = zip(sizes, window.stride, window.kernel, window.before, window.after, strict=True)
    return tuple((n - 1) * s + (k - b - a) for n, s, k, b, a in sides)


def _other_switches(x: TensorType, switches: TensorType) -> RuleError:
    recorded, wanted = shape_text(switches.shape), shape_text(x.shape)
    return RuleError(
        "E0310",
        "these switches belong to another size",
        about=1,
        text=f"recorded by a pool that gave {recorded}; the value to unpool is {wanted}",
        facts=("there is one switch for every value",),
        helps=(f"unpool with the switches of the pool that gave {wanted}",),
    )
