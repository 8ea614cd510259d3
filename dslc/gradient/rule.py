"""What a gradient rule is, and what it sees.

A rule belongs to one ONNX operator (or a few that differ in a word). It gets the builder, the node
it differentiates and one cotangent per result, and returns one gradient per input, in order:

    @rule("Mul")
    def multiply(g: Builder, node: Node, dy: ir.Value) -> Gradients:
        a, b = node.inputs
        return lambda: g.Mul(dy, b), lambda: g.Mul(dy, a)

A gradient is a value, `None` (this input has none, by decision) or a function that makes the value:
it is called only where that gradient is wanted. Inputs behind the last one returned have none.
Rules know nothing of broadcasting: a gradient may have any shape that NumPy broadcasts to or from
the shape of its input; the walk sums or expands it. A cotangent always has the full shape of its
result. (Where less is left to compute with after the sum, a rule sums first: `unbroadcast`.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import onnx_ir as ir

from dslc.dims import Expression
from dslc.errors import DslcError
from dslc.graph.builder import Builder, constant_of, type_of
from dslc.types import DType, Shape, shape_text

Tuning = Literal["cpu", "cuda"]
"""The device whose costs decide between equal forms of a gradient."""

Gradient = ir.Value | Callable[[], ir.Value] | None
Gradients = Gradient | tuple[Gradient, ...] | Any
"""One gradient per input, or a single one bare. (Any: what `g.Add(...)` is to a type checker.)"""

Rule = Callable[..., Gradients]

Decorated = TypeVar("Decorated", bound=Rule)


class GradientError(DslcError):
    """A graph cannot be differentiated: an operator has no rule, or none for this form of it."""


class FreeSizeError(GradientError):
    """A rule has to know a size that is known only when the graph runs."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node as a rule sees it: read only, attributes as plain Python values."""

    inputs: tuple[ir.Value | None, ...]
    outputs: tuple[ir.Value, ...]
    operator: str
    name: str
    doc: str
    attributes: dict[str, Any]
    wanted: tuple[bool, ...]
    tuning: Tuning = "cpu"

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or `default` where the node does not set it."""
        return self.attributes.get(name, default)

    def input(self, index: int) -> ir.Value:
        """Return an input that the operator requires."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise self.refuse(f"its input {index} is missing")
        return value

    def has(self, index: int) -> bool:
        """Tell whether the optional input `index` is there."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def dims(self, index: int) -> Shape:
        """Return the shape of an input, free dimensions and all."""
        return type_of(self.input(index)).shape

    def rank(self, index: int) -> int:
        """Return how many dimensions an input has."""
        return len(self.dims(index))

    def shape(self, index: int, start: int = 0) -> tuple[int, ...]:
        """Return the shape of an input from axis `start` on as plain numbers, where a rule needs them."""
        return self.sizes(self.input(index), start)

    def sizes(self, value: ir.Value, start: int = 0) -> tuple[int, ...]:
        """Return the shape of any value from axis `start` on as plain numbers, where a rule needs them."""
        return tuple(self.size(value, axis) for axis in range(start, len(type_of(value).shape)))

    def size(self, value: ir.Value, axis: int) -> int:
        """Return one dimension of a value as a plain number."""
        shape = type_of(value).shape
        dim = shape[axis]
        if not isinstance(dim, int):
            why = f"{value.name} is {shape_text(shape)}, and this has to know {dim}"
            raise FreeSizeError(str(self.refuse(why)))
        return dim

    def dtype(self, index: int = 0) -> DType:
        """Return the element type of an input."""
        return type_of(self.input(index)).dtype

    def axis(self, default: int, index: int = 0) -> int:
        """Return the attribute `axis`, counted from the front."""
        return int(self.attribute("axis", default)) % self.rank(index)

    def constant(self, index: int) -> np.ndarray[Any, Any]:
        """Return the contents of an input that must be known when the graph is built."""
        data = constant_of(self.inputs[index]) if self.has(index) else None
        if data is None:
            why = f"its input {index} is computed, and the gradient needs to know it"
            raise FreeSizeError(str(self.refuse(why)))
        return data

    def integers(self, index: int) -> tuple[int, ...] | None:
        """Return a known input as whole numbers, or None where it is missing."""
        if not self.has(index):
            return None
        return tuple(int(number) for number in self.constant(index).reshape(-1))

    def refuse(self, why: str) -> GradientError:
        """Return the error that says which node cannot be differentiated, and why."""
        place = f" ({self.doc})" if self.doc else ""
        return GradientError(f"no gradient of {self.operator} at {self.name}{place}: {why}")


def view(node: ir.Node, wanted: tuple[bool, ...] = (), tuning: Tuning = "cpu") -> Node:
    """Return what a rule may see of `node`."""
    return Node(
        inputs=tuple(node.inputs),
        outputs=tuple(node.outputs),
        operator=node.op_type,
        name=node.name or "",
        doc=node.doc_string or "",
        attributes={name: _plain(attribute) for name, attribute in node.attributes.data.items()},
        wanted=wanted,
        tuning=tuning,
    )


def _plain(attribute: ir.Attr) -> Any:
    """Return the value as a file holds it: numbers with a fraction are float32 there."""
    if attribute.type == ir.AttributeType.FLOAT:
        return float(np.float32(attribute.value))
    return list(attribute.value) if isinstance(attribute.value, tuple) else attribute.value


def rule(*operators: str) -> Callable[[Decorated], Decorated]:
    """Say which operators a function is the gradient rule of; `registry` collects it from there."""

    def mark(function: Decorated) -> Decorated:
        function.operators = operators  # type: ignore[attr-defined]  # read back by registry
        return function

    return mark


def unbroadcast(g: Builder, gradient: ir.Value, shape: Shape) -> ir.Value:
    """Sum `gradient` over the axes along which a value of `shape` was broadcast."""
    wide = type_of(gradient).shape
    extra = max(len(wide) - len(shape), 0)
    axes = [*range(extra)]
    axes += [
        axis for axis in range(extra, len(wide)) if shape[axis - len(wide)] == 1 and wide[axis] != 1
    ]
    if not axes:
        return gradient
    summed: ir.Value = g.ReduceSum(gradient, g.axes(*axes), keepdims=not extra)
    aligned = [1 if axis in axes else dim for axis, dim in enumerate(wide)][extra:]
    return g.reshape(summed, aligned)


def full(g: Builder, shape: tuple[int | Expression, ...], number: float, dtype: DType) -> ir.Value:
    """Return a tensor of one number, made when the graph runs: it takes no room in the file."""
    return g.expand(g.constant(number, dtype), shape)
