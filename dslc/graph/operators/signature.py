"""How an operator is called: operands, results and attributes, as ONNX's own schemas state them.

Element types follow from here alone; shapes are the business of the rules beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import onnx
import onnx_ir as ir
from onnx.defs import OpSchema

from dslc.errors import InternalError
from dslc.types import DType, TensorType

OPSET = 18

_ONNX_NAMES = {"float32": "float", "float64": "double"}
_TENSORS = {f"tensor({_ONNX_NAMES.get(dtype.value, dtype.value)})": dtype for dtype in DType}

_KINDS = {
    getattr(OpSchema.AttrType, kind.name): kind
    for kind in ir.AttributeType
    if hasattr(OpSchema.AttrType, kind.name)
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One operand or result.

    Slots of the same `letter` have the same element type, one of `dtypes`, unless the slot is
    `mixed`: then each value of it has its own. `only` is that type where there is a single one.
    """

    name: str
    letter: str
    dtypes: frozenset[DType]
    optional: bool
    variadic: bool
    mixed: bool
    only: DType | None


@dataclass(frozen=True, slots=True)
class Signature:
    """The operands, results and attributes of one operator."""

    operator: str
    operands: tuple[Slot, ...]
    results: tuple[Slot, ...]
    least: int
    most: int
    kinds: Mapping[str, ir.AttributeType]
    defaults: Mapping[str, Any]
    required: frozenset[str]

    def operand(self, index: int) -> Slot:
        return self.operands[min(index, len(self.operands) - 1)]

    def result(self, index: int) -> Slot:
        return self.results[min(index, len(self.results) - 1)]

    @property
    def variadic_result(self) -> bool:
        """Whether the number of results is for the call to say (Split)."""
        return self.results[-1].variadic

    @property
    def usual_results(self) -> int | None:
        """How many results a call has that does not say: those that are not optional.

        All, where every one is optional (LSTM); None, where the rule says how many (Split).
        """
        if self.variadic_result:
            return None
        return sum(not slot.optional for slot in self.results) or len(self.results)

    def bind(self, types: Sequence[TensorType | None]) -> dict[str, DType]:
        """Return the element type of each letter; InternalError where the operands do not fit."""
        bound: dict[str, DType] = {}
        for index, type in enumerate(types):
            if type is None:
                continue
            dtype, slot = type.dtype, self.operand(index)
            if dtype not in slot.dtypes:
                raise self.fault(f"operand {index} ({slot.name}) cannot be {dtype}")
            if slot.mixed:
                continue
            if bound.setdefault(slot.letter, dtype) is not dtype:
                raise self.fault(
                    f"operand {index} ({slot.name}) is {dtype}, another is {bound[slot.letter]}"
                )
        return bound

    def fault(self, message: str) -> InternalError:
        return InternalError("graph", f"{self.operator}: {message}")


@cache
def signature_of(operator: str) -> Signature:
    """Return the signature of an operator of the standard domain, or raise an InternalError."""
    try:
        schema = onnx.defs.get_schema(operator, OPSET, "")
    except onnx.defs.SchemaError:
        raise InternalError("graph", f"there is no operator {operator} in opset {OPSET}") from None
    attributes = schema.attributes
    return Signature(
        operator,
        tuple(_slot(parameter) for parameter in schema.inputs),
        tuple(_slot(parameter) for parameter in schema.outputs),
        schema.min_input,
        schema.max_input,
        {name: _KINDS[item.type] for name, item in attributes.items()},
        {name: _default(item) for name, item in attributes.items() if item.default_value.name},
        frozenset(name for name, item in attributes.items() if item.required),
    )


def _slot(parameter: OpSchema.FormalParameter) -> Slot:
    dtypes = frozenset(_TENSORS[name] for name in parameter.types if name in _TENSORS)
    return Slot(
        parameter.name,
        parameter.type_str,
        dtypes,
        parameter.option == OpSchema.FormalParameterOption.Optional,
        parameter.option == OpSchema.FormalParameterOption.Variadic,
        not parameter.is_homogeneous,
        next(iter(dtypes)) if len(dtypes) == 1 else None,
    )


def _default(attribute: OpSchema.Attribute) -> Any:
    value = onnx.helper.get_attribute_value(attribute.default_value)
    return value.decode() if isinstance(value, bytes) else value
