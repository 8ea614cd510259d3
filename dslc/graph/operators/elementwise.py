"""Operators that work element by element: the operands are broadcast, or there is only one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dslc.graph.operators.call import Call, DTypeRule, Rule
from dslc.graph.values import dtype_of
from dslc.types import DType, Shape

UNARY = (
    "Abs",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "BitwiseNot",
    "Ceil",
    "Celu",
    "Cos",
    "Cosh",
    "Elu",
    "Erf",
    "Exp",
    "Floor",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "IsInf",
    "IsNaN",
    "LeakyRelu",
    "Log",
    "Mish",
    "Neg",
    "Not",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
)

BROADCAST = (
    "Add",
    "And",
    "BitShift",
    "BitwiseAnd",
    "BitwiseOr",
    "BitwiseXor",
    "Div",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Max",
    "Mean",
    "Min",
    "Mod",
    "Mul",
    "Or",
    "Pow",
    "Sub",
    "Sum",
    "Where",
    "Xor",
)

COMMUTATIVE = frozenset({"Add", "And", "Equal", "Mul", "Or", "Xor"})
"""Operators whose result is the same, bit for bit, when the operands are exchanged."""


def _same_shape(call: Call) -> list[Shape]:
    """Give the result the shape of the first operand."""
    return [call.shape(0)]


def _broadcast_shape(call: Call) -> list[Shape]:
    """Broadcast all operands."""
    return [call.broadcast(*[call.shape(operand) for operand in range(len(call.types))])]


def _clip(call: Call) -> list[Shape]:
    """Take bounds that are scalars."""
    call.expect(1, ())
    call.expect(2, ())
    return [call.shape(0)]


def _p_relu(call: Call) -> list[Shape]:
    """Stretch the slope to the operand."""
    call.stretches(call.shape(1), call.shape(0))
    return [call.shape(0)]


def _cast_dtype(call: Call) -> DType:
    return dtype_of(call.attribute("to"))


def _constant(call: Call) -> list[Shape]:
    return [_constant_array(call).shape]


def _constant_dtype(call: Call) -> DType:
    return DType(str(_constant_array(call).dtype))


def _constant_array(call: Call) -> np.ndarray[Any, Any]:
    """Return what a Constant node holds."""
    for name, dtype in (("value_float", "f4"), ("value_int", "i8")):
        for key in (name, f"{name}s"):
            if call.attribute(key) is not None:
                return np.asarray(call.attribute(key), dtype)
    if call.attribute("value") is None:
        raise call.fault("only numbers can be constants")
    return np.asarray(call.attribute("value").numpy())


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(UNARY, _same_shape),
    **dict.fromkeys(BROADCAST, _broadcast_shape),
    "Cast": _same_shape,
    "CastLike": _same_shape,
    "Clip": _clip,
    "Constant": _constant,
    "PRelu": _p_relu,
}

DTYPES: Mapping[str, DTypeRule] = {"Cast": _cast_dtype, "Constant": _constant_dtype}
