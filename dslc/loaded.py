"""Initial values that come from a file of weights."""

from __future__ import annotations

import hashlib
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dslc.initializers.base import Initializer
from dslc.operation import Array

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True, eq=False)
class FromFile(Initializer):
    """Take the values of a tensor in a file, rounded to float32; `sha256` is that of its numbers."""

    file: str
    tensor: str
    array: InitVar[Array]
    sha256: str = field(init=False)

    def __post_init__(self, array: Array) -> None:
        values = np.asarray(array, np.float32, order="C")
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "sha256", hashlib.sha256(values.tobytes()).hexdigest())

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        values: Array = self._values  # type: ignore[attr-defined]  # set when it was made: no setting
        return values

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        return g.constant(self.sample(shape, 0))
