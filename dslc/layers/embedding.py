"""The embedding: a table of vectors, looked up by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.initializers.base import Initializer
from dslc.initializers.normal import Normal
from dslc.operation import Array, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Embedding(Layer):
    """Look up a row of `weight` for each whole number: a word, a character, a category.

    The rows start normal with mean 0 and variance 1 unless `init` says otherwise. The row number
    `padding_idx` starts as zeros and is not trained by this layer; -1 is the last one.

    Shapes: [*S], int64 or int32 -> [*S, features]; weight [rows, features]
    Formula: y[i] = weight[x[i]]
    Errors: E0401 anything but whole numbers, E0316 no row number `padding_idx`

    Example:
        input text: int64[N, T]
        output y: Embedding(1000, 64) -> mean(axis=1) -> Linear(2)
    """

    rows: int = setting(minimum=1)
    features: int = setting(minimum=1)
    padding_idx: int | None = None
    init: Initializer | None = None
    trainable: bool = True

    def infer(self, x: TensorType) -> TensorType:
        if x.dtype not in (DType.INT64, DType.INT32):
            raise _no_index(x, self.features)
        if self.padding_idx is not None and not -self.rows <= self.padding_idx < self.rows:
            raise RuleError(
                "E0316",
                f"`Embedding` has no row {self.padding_idx}",
                about="padding_idx",
                text=f"the rows are 0 to {self.rows - 1}",
            )
        return TensorType(DType.FLOAT32, (*x.shape, self.features))

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        initializer = self.init or Normal()
        if self._padding is not None:
            initializer = ZeroRow(initializer, self._padding)
        owned = TensorType(DType.FLOAT32, (self.rows, self.features))
        return (ParameterSpec("weight", owned, initializer, self.trainable),)

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {0: self.rows}

    def lower(self, g: Builder, x: ir.Value, weight: ir.Value) -> Any:
        y = g.Gather(weight, x, axis=0)
        if self._padding is None or not g.training:
            return y
        padding = g.Unsqueeze(g.Equal(x, self._padding), g.axes(-1))
        return g.Where(padding, g.stop_gradient(y), y)

    def reference(self, run: Run, x: Array, weight: Array) -> Reference:
        y = weight[x]
        trained = np.ones(x.shape, bool)
        if self._padding is not None:
            trained = x != self._padding
            # The row is a constant, for a finite difference too.
            y[~trained] = run.decide(weight[self._padding])

        def backward(dy: Array) -> tuple[Array | None, ...]:
            dweight = np.zeros_like(weight)
            np.add.at(dweight, x[trained], dy[trained])
            return None, dweight

        return y, backward

    @property
    def _padding(self) -> int | None:
        return None if self.padding_idx is None else self.padding_idx % self.rows


@dataclass(frozen=True)
class ZeroRow(Initializer):
    """The values of another initializer, with zeros in one row."""

    values: Initializer
    row: int

    def check(self, shape: tuple[int, ...]) -> None:
        self.values.check(shape)

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        drawn = self.values.sample(shape, key)
        drawn[self.row] = 0
        return drawn

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        drawn = self.values.lower(g, shape, key)
        row = g.constant(np.full((1, shape[1]), self.row, np.int64))
        zeros = g.expand(g.constant(0.0, g.dtype_of(drawn)), (1, shape[1]))
        result: ir.Value = g.ScatterElements(drawn, row, zeros, axis=0)
        return result


def _no_index(x: TensorType, features: int) -> RuleError:
    return RuleError(
        "E0401",
        "`Embedding` needs whole numbers",
        about=0,
        text=f"it looks up rows by index; the value is {x.dtype}",
        edits=(Edit("declare it as whole numbers:", str(x.with_dtype(DType.INT64)), 0),),
        helps=(f"for one-hot rows, or to mix features, use  Linear({features})",)
        if x.dtype.is_float
        else ("convert stored bytes:  cast(int64)",),
    )
