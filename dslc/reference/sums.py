"""Sums as they are rounded: in float64 as exact as can be, in float32 as kernels add.

onnxruntime adds the elements of a tensor up in a few running sums. Where many of them are equal (the losses of a net
whose last layer starts at 0), each addition is rounded the same way, and the error grows with their number; NumPy adds
pairs.

Source: N. Higham, Accuracy and Stability of Numerical Algorithms, section 4.2.
"""

from __future__ import annotations

import numpy as np

from dslc.operation import Array


def total(x: Array, axes: tuple[int, ...] | None = None) -> Array:
    """Add up the elements along `axes` (all by default), which stay as 1."""
    axes = tuple(range(x.ndim)) if axes is None else axes
    if x.dtype != np.float32 or x.size == 0:
        return np.asarray(x.sum(axis=axes, keepdims=True))
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    rows = x.transpose(*kept, *axes).reshape(*(x.shape[axis] for axis in kept), -1)
    return np.expand_dims(np.add.accumulate(rows, axis=-1)[..., -1], axes)
