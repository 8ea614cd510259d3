"""What a shape rule sees of the node it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from dslc import dims
from dslc.dims import Expression
from dslc.errors import InternalError
from dslc.graph.operators.signature import Signature
from dslc.graph.values import constant_of
from dslc.types import DType, Shape, TensorType, broadcast, shape_text

Dim = int | Expression


class ShapeNotKnownError(InternalError):
    """The shape of the result depends on numbers that only a run knows.

    The builder must be told the type.
    """


@dataclass(slots=True)
class Call:
    """Operands and attributes of one node. Attributes not given have ONNX's own defaults."""

    signature: Signature
    values: Sequence[ir.Value | None]
    types: Sequence[TensorType | None]
    attributes: Mapping[str, Any]

    def has(self, operand: int) -> bool:
        return operand < len(self.types) and self.types[operand] is not None

    def type(self, operand: int) -> TensorType:
        found = self.types[operand] if operand < len(self.types) else None
        if found is None:
            raise self.fault(f"operand {operand} is missing")
        return found

    def shape(self, operand: int) -> Shape:
        return self.type(operand).shape

    def rank(self, operand: int) -> int:
        return len(self.shape(operand))

    def attribute(self, name: str) -> Any:
        """Return an attribute, ONNX's default where it is not given, None where there is none."""
        found = self.attributes.get(name)
        return self.signature.defaults.get(name) if found is None else found

    def flag(self, name: str) -> bool:
        return bool(self.attribute(name))

    def constant(self, operand: int) -> np.ndarray[Any, Any]:
        """Return the elements of a constant operand, or raise a ShapeNotKnownError."""
        found = constant_of(self.values[operand])
        if found is None:
            raise self.not_known(f"operand {operand} is not a constant")
        return found

    def whole(self, operand: int) -> tuple[int, ...]:
        """Return the elements of a constant operand as whole numbers."""
        return tuple(int(number) for number in self.constant(operand).reshape(-1))

    def axis(self, axis: int, rank: int) -> int:
        """Return `axis` counted from the front."""
        if not -rank <= axis < rank:
            raise self.fault(f"there is no axis {axis} in {rank} dimensions")
        return axis % rank

    def axes(self, axes: Sequence[int], rank: int) -> tuple[int, ...]:
        """Return distinct axes counted from the front."""
        found = tuple(self.axis(axis, rank) for axis in axes)
        if len(set(found)) != len(found):
            raise self.fault(f"an axis is named twice in {list(axes)}")
        return found

    def broadcast(self, *shapes: Shape) -> Shape:
        found = broadcast(*shapes)
        if found is None:
            raise self.fault(f"the shapes {' and '.join(map(shape_text, shapes))} do not fit")
        return found

    def stretches(self, shape: Shape, to: Shape) -> None:
        """Refuse a `shape` that cannot be broadcast to `to`."""
        if self.broadcast(shape, to) != to:
            raise self.fault(f"{shape_text(shape)} is not broadcast to {shape_text(to)}")

    def expect(self, operand: int, shape: Shape) -> None:
        """Refuse an operand of another shape, if it is there."""
        if self.has(operand) and self.shape(operand) != shape:
            raise self.fault(
                f"operand {operand} is {shape_text(self.shape(operand))}, not {shape_text(shape)}"
            )

    def expect_rank(self, operand: int, least: int, most: int | None = None) -> None:
        rank = self.rank(operand)
        if rank < least or (most is not None and rank > most):
            raise self.fault(f"operand {operand} has {rank} dimensions")

    def equal(self, one: Dim, other: Dim, what: str) -> None:
        if one != other:
            raise self.fault(f"{what}: {one} is not {other}")

    def divided(self, dim: Dim, by: int) -> Dim:
        """Return `dim / by`, which must come out even."""
        found = dims.quotient(dim, by) if by > 0 else None
        if found is None and isinstance(dim, int):
            raise self.fault(f"{dim} is not divisible by {by}")
        if found is None:
            raise self.not_known(f"nobody knows whether {by} divides {dim}")
        return found

    def fault(self, message: str) -> InternalError:
        return self.signature.fault(f"{message}; operands {self._operands()}")

    def not_known(self, message: str) -> ShapeNotKnownError:
        return ShapeNotKnownError(
            "graph",
            f"{self.signature.operator}: {message}; tell the builder with `type=`; "
            f"operands {self._operands()}",
        )

    def _operands(self) -> str:
        return ", ".join("-" if type is None else str(type) for type in self.types) or "none"


Rule = Callable[[Call], Sequence[Shape | TensorType]]
"""The shapes of all results an operator can have, in order; types, where they have different ones."""

DTypeRule = Callable[[Call], DType]
"""The element type of the result, where the operands' types do not say it."""


def least(dim: Dim) -> int | None:
    """Return the smallest size a dimension can have when free names are 1 or more.

    None where it is not known.
    """
    if isinstance(dim, int):
        return dim
    total = 0
    for monomial, coefficient in dim.terms:
        if not monomial:
            total += coefficient
            continue
        if coefficient < 0:
            return None
        product = coefficient
        for atom in monomial:
            if isinstance(atom, dims.Floor):
                inner = least(atom.expression)
                if inner is None:
                    return None
                product *= max(0, inner // atom.divisor)
        total += product
    return total
