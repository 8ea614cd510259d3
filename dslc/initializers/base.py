"""What every initializer is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dslc.operation import Array

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Initializer(ABC):
    """The values of a parameter at step 0, drawn from the counter.

    `sample` and `lower` give the same numbers, in NumPy and as ONNX operators. `key` is the counter
    key of the parameter (see `dslc_runtime.counter`); shapes are plain numbers. The layout of a
    weight is ONNX's: [out, in / groups, *kernel] for Conv, [out, in] for Linear.
    """

    spelling: ClassVar[str | None] = None

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise a `RuleError` (E0319) where no parameter of this shape can be filled."""
        return

    @abstractmethod
    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        """Return float32 values of `shape`."""

    @abstractmethod
    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        """Return a float32 value of `shape`; `key` is a uint64 scalar that depends on the seed."""
