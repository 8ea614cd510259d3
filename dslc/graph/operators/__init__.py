"""Type rules of ONNX operators: `infer(operator, operands, attributes)` types the results.

An operator is one entry of `OPERATORS`, its shape rule, in the module of its family. How it is
called (operands, element types, attributes) is ONNX's own schema of opset 18, read by `signature`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import onnx_ir as ir

from dslc.errors import InternalError
from dslc.graph.operators import control, conv_pool, elementwise, index, linear, norm, reduce, shape
from dslc.graph.operators.call import Call, DTypeRule, Rule, ShapeNotKnownError
from dslc.graph.operators.elementwise import BROADCAST, COMMUTATIVE
from dslc.graph.operators.signature import OPSET, Signature, signature_of
from dslc.graph.values import type_of
from dslc.types import DType, Shape, TensorType

__all__ = [
    "BROADCAST",
    "COMMUTATIVE",
    "LARGEST",
    "OPERATORS",
    "OPSET",
    "Inference",
    "ShapeNotKnownError",
    "infer",
    "signature_of",
]

LARGEST = 2**31 - 1
"""Numbers beyond this in attributes and dimensions make runtimes crash rather than refuse."""

_FAMILIES = (control, conv_pool, elementwise, index, linear, norm, reduce, shape)

OPERATORS: Mapping[str, Rule] = MappingProxyType(
    {name: rule for family in _FAMILIES for name, rule in sorted(family.RULES.items())}
)

_DTYPES: Mapping[str, DTypeRule] = {**elementwise.DTYPES, **index.DTYPES}


def infer(
    operator: str, operands: Sequence[ir.Value | None], attributes: Mapping[str, Any]
) -> tuple[TensorType, ...]:
    """Return the types of all results the operator can have, also of those that may be left out.

    Raises `ShapeNotKnownError` where only a run can tell the shape, and `InternalError` for an
    operator, element type, shape or attribute that is not allowed.
    """
    rule = OPERATORS.get(operator)
    if rule is None:
        raise InternalError("graph", f"there is no type rule for the operator {operator}")
    signature = signature_of(operator)
    check_operands(signature, operands)
    check_attributes(signature, attributes)
    types = [None if value is None else type_of(value) for value in operands]
    bound = signature.bind(types)
    call = Call(signature, operands, types, attributes)
    own = _DTYPES.get(operator)
    results = []
    for position, result in enumerate(rule(call)):
        if not isinstance(result, TensorType):
            dtype = own(call) if own else _result_dtype(signature, position, bound)
            result = TensorType(dtype, result)
        check_shape(call, result.shape)
        results.append(result)
    return tuple(results)


class Inference:
    """`infer` with a memory: layers of equal shapes ask the same again and again.

    The answer depends on types, attributes and the elements of constants alone; of an operator that holds a graph also
    on that graph, which may change.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[TensorType, ...]] = {}

    def __call__(
        self, operator: str, operands: Sequence[ir.Value | None], attributes: Mapping[str, Any]
    ) -> tuple[TensorType, ...]:
        if operator in control.RULES:
            return infer(operator, operands, attributes)
        key = (operator, *map(_asked, operands), *attributes.items())
        types = self._known.get(key)
        if types is None:
            types = self._known[key] = infer(operator, operands, attributes)
        return types


def _asked(operand: ir.Value | None) -> object:
    """Return what of an operand the answer can depend on; a constant stands for its elements, which never change."""
    return operand if operand is None or operand.const_value is not None else type_of(operand)


def check_operands(signature: Signature, operands: Sequence[ir.Value | None]) -> None:
    """Refuse a wrong number of operands and the absence of one that must be there."""
    if not signature.least <= len(operands) <= signature.most:
        raise signature.fault(f"it has {len(operands)} operands")
    for position, value in enumerate(operands):
        if value is None and not signature.operand(position).optional:
            name = signature.operand(position).name
            raise signature.fault(f"operand {position} ({name}) is missing")


def check_attributes(signature: Signature, attributes: Mapping[str, Any]) -> None:
    """Refuse attributes that the operator has not, and numbers no tensor can need."""
    if signature.required and not signature.required <= attributes.keys():
        missing = min(signature.required - attributes.keys())
        raise signature.fault(f"the attribute {missing} is missing")
    for name, value in attributes.items():
        if name not in signature.kinds:
            raise signature.fault(f"it has no attribute {name}")
        for number in value if isinstance(value, list | tuple) else (value,):
            if isinstance(number, int) and abs(number) > LARGEST:
                raise signature.fault(f"the attribute {name} is {number}")


def check_shape(call: Call, shape: Shape) -> None:
    """Refuse dimensions that are negative or beyond what runtimes can count."""
    for dim in shape:
        if isinstance(dim, int) and not 0 <= dim <= LARGEST:
            raise call.fault(f"a dimension of the result would be {dim}")


def _result_dtype(signature: Signature, position: int, bound: Mapping[str, DType]) -> DType:
    slot = signature.result(position)
    dtype = bound.get(slot.letter, slot.only)
    if dtype is None:
        raise signature.fault(f"the element type of result {position} is not known")
    return dtype
