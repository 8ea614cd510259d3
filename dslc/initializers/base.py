"""What every initializer is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dslc.errors import RuleError
from dslc.operation import Array

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder
    from dslc.initializers.pieces import Stages


@dataclass(frozen=True)
class Initializer(ABC):
    """The values of a parameter at step 0, drawn from the counter.

    `sample` and `lower` give the same numbers, in NumPy and as ONNX operators. `key` is the counter
    key of the parameter (see `dslc_runtime.counter`); shapes are plain numbers. The layout of a
    weight is ONNX's: [out, in / groups, *kernel] for Conv, [out, in] for Linear.
    """

    spelling: ClassVar[str | None] = None

    drawn: ClassVar[bool] = True
    """Whether the values depend on the key: else they are the same for every parameter of a shape."""

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise a `RuleError` (E0319) where no parameter of this shape can be filled."""
        return

    def for_stack_of(self, shape: tuple[int, ...]) -> Initializer:
        """Return what fills a stack of weights of `shape`, in any layout, as this fills each of them.

        Only values that do not depend on their place can be laid out anew (E0319).
        """
        raise RuleError(
            "E0319",
            "this initializer arranges the values of one weight; here every position has its own",
            about="init",
            helps=(
                "use one that draws every value alike, such as kaiming_normal or uniform(a, b)",
            ),
        )

    @abstractmethod
    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        """Return float32 values of `shape`."""

    def stages(self, shape: tuple[int, ...]) -> Stages | None:
        """Return how random whole numbers become values of `shape`, where each does so by itself."""
        return None

    @abstractmethod
    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        """Return a float32 value of `shape`; `key` is a uint64 scalar that depends on the seed."""
