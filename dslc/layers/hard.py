"""Activations made of straight pieces, and the step.

Source: the functions of PyTorch with these names, their derivatives at the kinks included.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.errors import RuleError
from dslc.layers import elementwise
from dslc.layers.elementwise import Elementwise
from dslc.operation import Array, Reference
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

Piece = tuple[Any, Any]
"""The results on one piece of a function, and the derivative there."""


@dataclass(frozen=True)
class _Pieces(Elementwise, ABC):
    """A function with a kink at `low` and one at `high`; both belong to the pieces outside."""

    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """Return `low` and `high`."""

    @abstractmethod
    def pieces(self, x: Array) -> tuple[Piece, Piece, Piece]:
        """Return the pieces below `low`, between the two, and above `high`."""

    def compute(self, x: Array) -> Array:
        return self._chosen(self._places(x), x, 0)

    def slope(self, x: Array, y: Array) -> Array:
        return self._chosen(self._places(x), x, 1)

    def reference(self, run: Run, x: Array) -> Reference:
        places = run.decide(self._places(x))
        return self._chosen(places, x, 0), lambda dy: (dy * self._chosen(places, x, 1),)

    def _places(self, x: Array) -> Array:
        low, high = self.ends()
        return np.where(x <= low, 0, np.where(x >= high, 2, 1))

    def _chosen(self, places: Array, x: Array, part: int) -> Array:
        below, between, above = (piece[part] for piece in self.pieces(x))
        middle = np.where(places == 1, between, below)
        return np.asarray(np.where(places == 2, above, middle), x.dtype)


@dataclass(frozen=True)
class Relu6(_Pieces):
    """Limit each element to the range from 0 to 6.

    Shapes: any -> the same
    Formula: y = min(max(x, 0), 6)
    Kinks: the derivative at 0 and at 6 is 0.

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(16, 3x3) -> relu6
    """

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Min(6.0, g.Relu(x))

    def ends(self) -> tuple[float, float]:
        return 0.0, 6.0

    def pieces(self, x: Array) -> tuple[Piece, Piece, Piece]:
        return (0, 0), (x, 1), (6, 0)


@dataclass(frozen=True)
class Hardtanh(_Pieces):
    """Limit each element to the range from `min_val` to `max_val`.

    Unlike `clip` it is flat at its limits.

    Shapes: any -> the same
    Formula: y = min(max(x, min_val), max_val)
    Errors: E0406 unless min_val < max_val
    Kinks: the derivative at both limits is 0.

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> hardtanh(min_val=-2, max_val=2)
    """

    min_val: float = -1.0
    max_val: float = 1.0

    def infer(self, x: TensorType) -> TensorType:
        if not self.min_val < self.max_val:
            message = f"min_val={self.min_val} must be less than max_val={self.max_val}"
            raise RuleError("E0406", message, about="max_val")
        return super().infer(x)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Max(float(self.min_val), g.Min(float(self.max_val), x))

    def ends(self) -> tuple[float, float]:
        return self.min_val, self.max_val

    def pieces(self, x: Array) -> tuple[Piece, Piece, Piece]:
        return (self.min_val, 0), (x, 1), (self.max_val, 0)


@dataclass(frozen=True)
class Hardsigmoid(_Pieces):
    """Take a straight line for the sigmoid.

    Shapes: any -> the same
    Formula: y = min(max(x / 6 + 1/2, 0), 1)
    Kinks: the derivative at -3 and at 3 is 0.

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> hardsigmoid
    """

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.HardSigmoid(x, alpha=1 / 6, beta=0.5)

    def ends(self) -> tuple[float, float]:
        return -3.0, 3.0

    def pieces(self, x: Array) -> tuple[Piece, Piece, Piece]:
        return (0, 0), (x / 6 + 0.5, 1 / 6), (1, 0)


@dataclass(frozen=True)
class Hardswish(_Pieces):
    """Multiply each element by a straight line for its sigmoid.

    Shapes: any -> the same
    Formula: y = x * min(max(x / 6 + 1/2, 0), 1)
    Kinks: the derivative at -3 is 0, at 3 it is 1.
    Source: Howard et al., "Searching for MobileNetV3" (2019), section 5.2

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(16, 3x3) -> hardswish
    """

    operator = "HardSwish"

    def ends(self) -> tuple[float, float]:
        return -3.0, 3.0

    def pieces(self, x: Array) -> tuple[Piece, Piece, Piece]:
        return (0, 0), (x * (x + 3) / 6, (2 * x + 3) / 6), (x, 1)


@dataclass(frozen=True)
class Heaviside(elementwise.Step):
    """Return 1 for elements above 0, else 0: the neuron of Rosenblatt's perceptron.

    No gradient passes: nothing in front of a step learns from a loss behind it (W0616).

    Shapes: any -> the same
    Formula: y = 1 where x > 0, else 0
    Kinks: the derivative is 0, at 0 too.
    Source: Rosenblatt, "The perceptron: a probabilistic model for information storage and
        organization in the brain" (1958)

    Example:
        input x: float32[N, 2]
        output fires: Linear(1) -> step
    """

    spelling = "step"

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.cast(g.Greater(x, 0.0), g.dtype_of(x))

    def compute(self, x: Array) -> Array:
        return (x > 0).astype(x.dtype)
