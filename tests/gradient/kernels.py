"""Float64 kernels for the reference evaluator, where onnx's own are wrong, incomplete, or round to
float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx.reference.op_run import OpRun

Array = NDArray[Any]
Ints = Sequence[int]


class Erf(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(self, x: Array) -> tuple[Array]:
        return (np.vectorize(math.erf, otypes=[x.dtype])(x),)


class ReduceLogSumExp(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(self, x: Array, axes: Any = None, keepdims: int = 1, **_: Any) -> tuple[Array]:
        along = tuple(range(x.ndim)) if axes is None else tuple(int(a) for a in axes)
        top = x.max(axis=along, keepdims=True)
        y = np.log(np.exp(x - top).sum(axis=along, keepdims=True)) + top
        return (y if keepdims else np.squeeze(y, axis=along),)


class LpNormalization(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(self, x: Array, axis: int = -1, p: int = 2) -> tuple[Array]:
        return (x / (np.abs(x) ** p).sum(axis=axis, keepdims=True) ** (1 / p),)


class LRN(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(
        self, x: Array, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0, size: int = 1
    ) -> tuple[Array]:
        total = np.zeros_like(x)
        for c in range(x.shape[1]):
            low, high = max(0, c - (size - 1) // 2), c + size // 2 + 1
            total[:, c] = (x[:, low:high] ** 2).sum(axis=1)
        return (x / (bias + alpha / size * total) ** beta,)


class Pad(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(
        self, x: Array, pads: Array, fill: Any = None, axes: Any = None, mode: str = "constant"
    ) -> tuple[Array]:
        along = list(range(x.ndim)) if axes is None else [int(a) % x.ndim for a in axes]
        for axis, before, after in zip(along, pads[: len(along)], pads[len(along) :], strict=True):
            width = [(0, 0)] * x.ndim
            width[axis] = (max(before, 0), max(after, 0))
            form = {"constant_values": 0 if fill is None else fill} if mode == "constant" else {}
            x = np.pad(x, width, mode=mode, **form)  # type: ignore[call-overload]  # mode is a word
            cut = [slice(None)] * x.ndim
            cut[axis] = slice(max(-before, 0), x.shape[axis] - max(-after, 0))
            x = x[tuple(cut)]
        return (x,)


def _pads(
    x: Array, kernel: Ints, strides: Ints, dilations: Ints, pads: Any, auto: str
) -> list[int]:
    """Return the padding, begins and then ends."""
    if not auto.startswith("SAME"):
        return list(pads or [0] * 2 * len(kernel))
    begins, ends = [], []
    for size, k, s, d in zip(x.shape[2:], kernel, strides, dilations, strict=True):
        total = max((math.ceil(size / s) - 1) * s + d * (k - 1) + 1 - size, 0)
        odd = total // 2, total - total // 2
        begins.append(odd[0] if auto == "SAME_UPPER" else odd[1])
        ends.append(total - begins[-1])
    return begins + ends


def _taps(
    kernel: Ints, strides: Ints, dilations: Ints, counts: Ints
) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...]]]:
    """Yield each place in the kernel and the positions it visits in the padded array."""
    for place in product(*map(range, kernel)):
        visited = [
            slice(p * d, p * d + (n - 1) * s + 1, s)
            for p, d, s, n in zip(place, dilations, strides, counts, strict=True)
        ]
        yield place, (Ellipsis, *visited)


def _padded(x: Array, pads: Ints, value: float, extra: Ints | None = None) -> Array:
    rank = len(pads) // 2
    more = extra or [0] * rank
    width = [(0, 0), (0, 0), *[(pads[i], pads[rank + i] + more[i]) for i in range(rank)]]
    return np.pad(x, width, constant_values=value)


def _grouped(a: Array, group: int, axis: int) -> Array:
    return a.reshape(*a.shape[:axis], group, a.shape[axis] // group, *a.shape[axis + 1 :])


class Conv(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(
        self,
        x: Array,
        w: Array,
        b: Any = None,
        auto_pad: str = "NOTSET",
        dilations: Any = None,
        group: int = 1,
        kernel_shape: Any = None,
        pads: Any = None,
        strides: Any = None,
    ) -> tuple[Array]:
        kernel, one = w.shape[2:], [1] * (w.ndim - 2)
        strides, dilations = strides or one, dilations or one
        x = _padded(x, _pads(x, kernel, strides, dilations, pads, auto_pad), 0)
        counts = [
            (n - d * (k - 1) - 1) // s + 1
            for n, k, s, d in zip(x.shape[2:], kernel, strides, dilations, strict=True)
        ]
        xs, ws = _grouped(x, group, 1), _grouped(w, group, 0)
        y = sum(
            np.einsum("ngc...,gmc->ngm...", xs[visited], ws[(Ellipsis, *place)])
            for place, visited in _taps(kernel, strides, dilations, counts)
        )
        y = np.asarray(y).reshape(x.shape[0], w.shape[0], *counts)
        return (y if b is None else y + b.reshape(-1, *one),)


class ConvTranspose(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(
        self,
        x: Array,
        w: Array,
        b: Any = None,
        auto_pad: str = "NOTSET",
        dilations: Any = None,
        group: int = 1,
        kernel_shape: Any = None,
        output_padding: Any = None,
        output_shape: Any = None,
        pads: Any = None,
        strides: Any = None,
    ) -> tuple[Array]:
        kernel, one = w.shape[2:], [1] * (w.ndim - 2)
        strides, dilations = strides or one, dilations or one
        extra, counts = output_padding or [0] * len(one), x.shape[2:]
        sizes = [
            (n - 1) * s + d * (k - 1) + 1 + more
            for n, k, s, d, more in zip(counts, kernel, strides, dilations, extra, strict=True)
        ]
        wanted = output_shape or (
            [n * s for n, s in zip(counts, strides, strict=True)] if auto_pad != "NOTSET" else None
        )
        if wanted:
            totals = [size - want for size, want in zip(sizes, wanted, strict=True)]
            small, large = [t // 2 for t in totals], [t - t // 2 for t in totals]
            pads = small + large if auto_pad == "SAME_UPPER" else large + small
        pads = pads or [0] * 2 * len(one)
        channels = w.shape[1] * group
        whole = np.zeros((x.shape[0], group, w.shape[1], *sizes), x.dtype)
        xs, ws = _grouped(x, group, 1), _grouped(w, group, 0)
        for place, visited in _taps(kernel, strides, dilations, counts):
            whole[visited] += np.einsum("ngc...,gcm->ngm...", xs, ws[(Ellipsis, *place)])
        y = whole.reshape(x.shape[0], channels, *sizes)
        cut = [slice(pads[i], n - pads[len(one) + i]) for i, n in enumerate(sizes)]
        y = y[(slice(None), slice(None), *cut)]
        return (y if b is None else y + b.reshape(-1, *one),)


def _counts(
    x: Array, kernel: Ints, strides: Ints, dilations: Ints, pads: Ints, ceil: int
) -> list[int]:
    """Count the windows; with `ceil` also those that hang over, if they start before the padding at
    the end.
    """
    counts = []
    for axis, size in enumerate(x.shape[2:]):
        before, after = pads[axis], pads[len(kernel) + axis]
        room = size + before + after - dilations[axis] * (kernel[axis] - 1) - 1
        count = (math.ceil if ceil else math.floor)(room / strides[axis]) + 1
        counts.append(count - int((count - 1) * strides[axis] >= size + before))
    return counts


def _overhang(
    x: Array, kernel: Ints, strides: Ints, dilations: Ints, pads: Ints, counts: Ints
) -> list[int]:
    return [
        max(
            (counts[i] - 1) * strides[i]
            + dilations[i] * (kernel[i] - 1)
            + 1
            - x.shape[2 + i]
            - pads[i]
            - pads[len(kernel) + i],
            0,
        )
        for i in range(len(kernel))
    ]


class MaxPool(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(
        self,
        x: Array,
        auto_pad: str = "NOTSET",
        ceil_mode: int = 0,
        dilations: Any = None,
        kernel_shape: Any = None,
        pads: Any = None,
        storage_order: int = 0,
        strides: Any = None,
    ) -> tuple[Array, ...]:
        one = [1] * len(kernel_shape)
        form = kernel_shape, strides or one, dilations or one
        pads = _pads(x, *form, pads, auto_pad)
        counts = _counts(x, *form, pads, ceil_mode)
        extra = _overhang(x, *form, pads, counts)
        numbers = np.arange(x.size).reshape(x.shape)
        values, places = _padded(x, pads, -np.inf, extra), _padded(numbers, pads, -1, extra)
        visits = [visited for _, visited in _taps(*form, counts)]
        stacked = np.stack([values[visited] for visited in visits])
        first = stacked.argmax(axis=0)[None]
        where = np.stack([places[visited] for visited in visits])
        y = np.take_along_axis(stacked, first, 0)[0], np.take_along_axis(where, first, 0)[0]
        return y[: len(self.onnx_node.output)]


class AveragePool(OpRun):  # type: ignore[misc]  # onnx has no types here
    op_domain = ""

    def _run(
        self,
        x: Array,
        auto_pad: str = "NOTSET",
        ceil_mode: int = 0,
        count_include_pad: int = 0,
        dilations: Any = None,
        kernel_shape: Any = None,
        pads: Any = None,
        strides: Any = None,
    ) -> tuple[Array]:
        one = [1] * len(kernel_shape)
        form = kernel_shape, strides or one, dilations or one
        pads = _pads(x, *form, pads, auto_pad)
        counts = _counts(x, *form, pads, ceil_mode)
        extra = _overhang(x, *form, pads, counts)
        values = _padded(x, pads, 0, extra)
        ones = _padded(np.ones_like(x), pads, float(count_include_pad), None)
        ones = _padded(ones, [0] * len(pads), 0, extra)
        visits = [visited for _, visited in _taps(*form, counts)]
        return (sum(values[v] for v in visits) / sum(ones[v] for v in visits),)


KERNELS: list[Any] = [
    AveragePool,
    Conv,
    ConvTranspose,
    Erf,
    LRN,
    LpNormalization,
    MaxPool,
    Pad,
    ReduceLogSumExp,
]
