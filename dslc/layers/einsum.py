"""Products summed over named dimensions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.layers.rules import need_float, same_dtype
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Einsum(Function):
    """Multiply values and add up over every dimension whose letter the result does not have.

    Shapes: as `equation` says: `einsum("nmd,nd->nm", x, y)` takes [N, M, D] and [N, D] to [N, M].
    Errors: E0318 where the equation cannot be read, or does not fit the values.
    Example:
        input memory: float32[N, 5, 4]
        input question: float32[N, 4]
        output match = einsum("nmd,nd->nm", memory, question)
    """

    precision = "half"

    equation: str

    def infer(self, *values: TensorType) -> TensorType:
        for about, value in enumerate(values):
            need_float("einsum", value, about)
        dtype = same_dtype("einsum", values)
        operands, result = self._letters()
        if len(operands) != len(values):
            message = f'"{self.equation}" is for {len(operands)} values; there are {len(values)}'
            raise RuleError("E0318", message, about="equation")
        sizes: dict[str, int | Expression] = {}
        for about, (letters, value) in enumerate(zip(operands, values, strict=True)):
            _enter(sizes, letters, value, about)
        return TensorType(dtype, tuple(sizes[letter] for letter in result))

    def _letters(self) -> tuple[list[str], str]:
        """Return the letters of each value and of the result."""
        plain = self.equation.replace(" ", "")
        if not re.fullmatch(r"[A-Za-z]*(,[A-Za-z]*)*->[A-Za-z]*", plain):
            message = f'"{self.equation}" is not an equation of letters, such as "nmd,nd->nm"'
            raise RuleError("E0318", message, about="equation")
        left, result = plain.split("->")
        operands = left.split(",")
        for letters in (*operands, result):
            twice = [letter for letter in letters if letters.count(letter) > 1]
            if twice:
                message = f"`{twice[0]}` stands twice in `{letters}`; a diagonal cannot be taken"
                raise RuleError("E0318", message, about="equation")
        unknown = set(result) - set(left)
        if unknown:
            message = f"the result has `{min(unknown)}`, which no value has"
            raise RuleError("E0318", message, about="equation")
        return operands, result

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        operands, _ = self._letters()
        sizes: dict[str, int | Expression] = {}
        for letters, value in zip(operands, inputs, strict=True):
            sizes.update(zip(letters, value.shape, strict=True))
        return dims.product(sizes.values())

    def lower(self, g: Builder, *values: ir.Value) -> Any:
        return g.Einsum(*values, equation=self.equation.replace(" ", ""))

    def reference(self, run: Run, *values: Array) -> Reference:
        operands, result = self._letters()

        def backward(dy: Array) -> tuple[Array, ...]:
            return tuple(_pull(dy, result, operands, values, index) for index in range(len(values)))

        return np.asarray(np.einsum(self.equation.replace(" ", ""), *values)), backward


def _enter(sizes: dict[str, int | Expression], letters: str, value: TensorType, about: int) -> None:
    """Hold the dimensions of a value against the sizes that its letters have so far."""
    if len(letters) != value.rank:
        message = (
            f"`{letters}` names {len(letters)} dimensions; the value is {shape_text(value.shape)}"
        )
        raise RuleError("E0318", message, about=about)
    for letter, dim in zip(letters, value.shape, strict=True):
        if sizes.setdefault(letter, dim) != dim:
            message = f"`{letter}` is {sizes[letter]} in one value and {dim} in another"
            raise RuleError(
                "E0318", message, about=about, text=f"`{letters}` is {shape_text(value.shape)}"
            )


def _pull(
    dy: Array, result: str, operands: list[str], values: tuple[Array, ...], index: int
) -> Array:
    """Return the gradient of one value: the cotangent times the others, summed to its letters.

    A letter that only this value has was summed over, so all its elements get the same gradient.
    """
    letters, value = operands[index], values[index]
    others = [*operands[:index], *operands[index + 1 :]]
    arrays = [*values[:index], *values[index + 1 :]]
    alone = "".join(x for x in letters if x not in result + "".join(others))
    ones = np.ones([value.shape[letters.index(x)] for x in alone], value.dtype)
    equation = ",".join([result, alone, *others])
    return np.asarray(np.einsum(f"{equation}->{letters}", dy, ones, *arrays))
