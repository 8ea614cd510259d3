"""The product of matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.layers.arithmetic import sum_to
from dslc.layers.rules import need_float, same_dtype
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import TensorType, broadcast, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Matmul(Function):
    """Multiply matrices; also written `x @ y`.

    Shapes: [..., n, k] @ [..., k, m] -> [..., n, m], where the leading dimensions broadcast; a
        vector [k] is a row on the left and a column on the right, and its dimension is gone from
        the result.
    Formula: z[i, j] = sum over k of x[i, k] * y[k, j]
    Errors: E0307 where the inner sizes differ.
    Example:
        input words: float32[N, 7, 4]
        output alike = words @ transpose(words, [0, 2, 1])
    """

    precision = "half"

    def infer(self, x: TensorType, y: TensorType) -> TensorType:
        need_float("@", x, 0)
        need_float("@", y, 1)
        dtype = same_dtype("@", (x, y))
        if not x.rank or not y.rank:
            message = f"`@` multiplies matrices; {x} @ {y} has a single number: write `*`"
            raise RuleError("E0307", message, about=0 if not x.rank else 1)
        if x.shape[-1] != y.shape[-min(y.rank, 2)]:
            raise _unequal(x, y)
        stack = broadcast(x.shape[:-2], y.shape[:-2])
        if stack is None:
            message = (
                f"`@` cannot pair the matrices of {shape_text(x.shape)} and {shape_text(y.shape)}"
            )
            raise RuleError("E0307", message)
        return TensorType(dtype, (*stack, *x.shape[-2:-1], *(y.shape[-1:] if y.rank > 1 else ())))

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        return outputs[0].size * inputs[0].shape[-1]

    def lower(self, g: Builder, x: ir.Value, y: ir.Value) -> Any:
        return g.MatMul(x, y)

    def reference(self, run: Run, x: Array, y: Array) -> Reference:
        z = np.matmul(x, y)
        rows = x if x.ndim > 1 else x[None, :]
        columns = y if y.ndim > 1 else y[:, None]

        def backward(dz: Array) -> tuple[Array, ...]:
            dz = dz if y.ndim > 1 else dz[..., None]
            dz = dz if x.ndim > 1 else dz[..., None, :]
            dx = sum_to(np.matmul(dz, np.swapaxes(columns, -1, -2)), rows.shape)
            dy = sum_to(np.matmul(np.swapaxes(rows, -1, -2), dz), columns.shape)
            return dx.reshape(x.shape), dy.reshape(y.shape)

        return z, backward


def _unequal(x: TensorType, y: TensorType) -> RuleError:
    inner = y.shape[-min(y.rank, 2)]
    text = (
        f"{{0}} is {shape_text(x.shape)} and {{1}} is {shape_text(y.shape)}: "
        f"inner sizes {x.shape[-1]} and {inner} differ"
    )
    rule = "the last dimension of {0} must be the last but one of {1}"
    edits = [*_transposes(x, y), *_declarations(x, y)]
    return RuleError(
        "E0307",
        "`@` cannot multiply these shapes",
        text=text,
        edits=edits,
        helps=[] if edits else [rule],
    )


def _transposes(x: TensorType, y: TensorType) -> list[Edit]:
    """Return the transpositions after which the inner sizes agree, and what each gives."""
    if x.rank > 2 or y.rank > 2:
        return []
    turned_x, turned_y = x.with_shape(x.shape[::-1]), y.with_shape(y.shape[::-1])
    tried = []
    if x.rank == 2:
        tried.append(("transpose {0}", "transpose({0}) @ {1}", turned_x, y))
    if y.rank == 2:
        tried.append(("transpose {1}", "{0} @ transpose({1})", x, turned_y))
    if x.rank == y.rank == 2:
        tried.append(("transpose both", "transpose({0}) @ transpose({1})", turned_x, turned_y))
    return [
        Edit(f"{sentence}, which gives {shape_text(Matmul().infer(a, b).shape)}:", text)
        for sentence, text, a, b in tried
        if a.shape[-1] == b.shape[-min(b.rank, 2)]
    ]


def _declarations(x: TensorType, y: TensorType) -> list[Edit]:
    """Propose to declare a matrix the other way round, where then the inner sizes agree."""
    edits = []
    if x.rank == 2 and x.shape[0] == y.shape[-min(y.rank, 2)]:
        edits.append(
            Edit("or declare {0} the other way round:", f"{x.with_shape(x.shape[::-1])}", 0)
        )
    if y.rank == 2 and y.shape[1] == x.shape[-1]:
        edits.append(
            Edit("or declare {1} the other way round:", f"{y.with_shape(y.shape[::-1])}", 1)
        )
    return edits
