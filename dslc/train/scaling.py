"""Loss scaling in the train graph: the loss is multiplied before it is differentiated.

Halves hold no number below 6e-8, which many a gradient is. Where a gradient overflows at that, the step does not count,
and the scale is halved; after many that counted in a row it is doubled. dslc/reference/scaling.py is the same in NumPy.

Source: Micikevicius et al., 2018, "Mixed precision training", section 3.2; the numbers are those of PyTorch's
    `GradScaler`, and the largest scale that of NVIDIA's Apex.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from dslc.graph.builder import Builder
from dslc.network.network import Training
from dslc.network.precision import LARGEST_SCALE, PATIENCE
from dslc.types import DType


def unscaled(g: Builder, gradient: ir.Value, scale: ir.Value) -> ir.Value:
    """Return a gradient of the scaled loss as one of the loss itself; one of halves becomes float32 first."""
    if g.dtype_of(gradient) is DType.FLOAT16:
        gradient = g.cast(gradient, DType.FLOAT32)
    result: ir.Value = g.Mul(gradient, g.cast(g.Reciprocal(scale), g.dtype_of(gradient)))
    return result


def following_scale(
    g: Builder, training: Training, counts: ir.Value, current: Mapping[str, ir.Value]
) -> dict[str, ir.Value]:
    """Return the next scale, and the next number of updates in a row that counted, by the names of the states."""
    scale, good = training.scale_name(), training.scale_name("good_updates")
    more = g.Add(current[good], 1)
    enough = g.Equal(more, PATIENCE)
    larger = g.Min(g.Mul(current[scale], 2.0), LARGEST_SCALE)
    kept = g.Where(enough, larger, current[scale])
    return {
        scale: g.Where(counts, kept, g.Mul(current[scale], 0.5)),
        good: g.Where(g.And(counts, g.Not(enough)), more, 0),
    }
