"""Rows for locally connected layers."""

from __future__ import annotations

from typing import Any

from dslc.layers.locally_connected import LocallyConnected
from dslc.types import TensorType, float32, int64
from tests.operations.cases_conv import size
from tests.operations.harness import Case, N, T, WrongCall


def torch_local(*pads: int, stride: Any = 1) -> Any:
    """Return the layer in PyTorch: `pads` (last dimension first), windows, one sum of products."""

    def call(t: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        windows = t.nn.functional.pad(x, pads)
        rank = x.ndim - 2
        strides = (stride,) * rank if isinstance(stride, int) else stride
        for axis, step in enumerate(strides):
            kernel = weight.shape[rank + 1 + axis]
            windows = windows.unfold(2 + axis, kernel, step)
        p, q = "ijk"[:rank], "uvw"[:rank]
        y = t.einsum(f"nc{p}{q},{p}m{q}c->nm{p}", windows, weight)
        return y if bias is None else y + bias.movedim(-1, 0)

    return call


CASES = (
    Case(
        "locally connected",
        LocallyConnected(4, size(3)),
        (float32(N, 2, 6, 5),),
        torch=torch_local(),
    ),
    Case(
        "locally connected, no bias",
        LocallyConnected(3, size(2, 3), bias=False),
        (float32(N, 2, 5, 4),),
        torch=torch_local(),
    ),
    Case(
        "locally connected 1x1",
        LocallyConnected(2, size(1)),
        (float32(N, 3, 3, 4),),
        torch=torch_local(),
    ),
    Case(
        "locally connected, stride that leaves a rest",
        LocallyConnected(2, size(3, 2), size(2, 3), size(1, 0)),
        (float32(N, 2, 8, 9),),
        torch=torch_local(0, 0, 1, 1, stride=(2, 3)),
    ),
    Case(
        "locally connected, padding=same",
        LocallyConnected(2, size(3, 4), padding="same"),
        (float32(N, 2, 4, 5),),
        torch=torch_local(1, 2, 1, 1),
    ),
    Case(
        "locally connected, padding on one side",
        LocallyConnected(2, size(3), size(2), size(2, 0, 0, 1)),
        (float32(N, 2, 6, 6),),
        torch=torch_local(0, 1, 2, 0, stride=2),
    ),
    Case(
        "locally connected 1d",
        LocallyConnected(3, size(3), size(2), size(1)),
        (float32(N, 2, 9),),
        torch=torch_local(1, 1, stride=2),
    ),
    Case(
        "locally connected 1d, causal",
        LocallyConnected(3, size(3), padding="causal"),
        (float32(N, 2, 5),),
        torch=torch_local(2, 0),
    ),
    Case(
        "locally connected 3d",
        LocallyConnected(2, size(2, 3, 1), size(2, 1, 1), size(1, 0, 0)),
        (float32(N, 2, 4, 4, 2),),
        torch=torch_local(0, 0, 0, 0, 1, 1, stride=(2, 1, 1)),
    ),
    Case(
        "locally connected, kernel too long for slices",
        LocallyConnected(2, size(2, 65), size(1, 3), size(0, 1)),
        (float32(N, 2, 3, 70),),
        torch=torch_local(1, 1, 0, 0, stride=(1, 3)),
    ),
    Case(
        "locally connected, kernel too long for slices along the first dimension",
        LocallyConnected(2, size(66, 2), size(2, 1)),
        (float32(N, 2, 69, 3),),
        torch=torch_local(stride=(2, 1)),
    ),
    Case(
        "locally connected, fixed filters",
        LocallyConnected(2, size(3), trainable=False),
        (float32(N, 2, 4, 4),),
        torch=torch_local(),
    ),
)

_face = float32(N, 3, 8, 8)


def _wrong(
    name: str, operation: LocallyConnected, x: TensorType, code: str, *says: str
) -> WrongCall:
    return WrongCall(f"locally connected: {name}", operation, (x,), code, says)


WRONG_CALLS = (
    _wrong("features", LocallyConnected(4, size(3)), float32(N, 20), "E0303", "[N, 20]"),
    _wrong("whole numbers", LocallyConnected(4, size(3)), int64(N, 3, 8, 8), "E0401"),
    _wrong(
        "free length",
        LocallyConnected(4, size(3)),
        float32(N, 3, T),
        "E0303",
        "`LocallyConnected` needs a known number of positions; here it is T",
        "dimension 2",
    ),
    _wrong("free channels", LocallyConnected(4, size(3)), float32(N, T, 8), "E0303", "channels"),
    _wrong("kernel too large", LocallyConnected(4, size(9)), _face, "E0304", "9x9", "padding=1"),
    _wrong("kernel of three", LocallyConnected(4, size(3, 3, 3)), _face, "E0303", "kernel=3x3x3"),
    _wrong("same with stride", LocallyConnected(4, size(3), size(2), "same"), _face, "E0406"),
)
