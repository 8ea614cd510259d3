"""What the compiler knows of a value of the graph: its type, and a constant's elements."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeGuard

import numpy as np
import onnx_ir as ir

from dslc.dims import Expression
from dslc.errors import InternalError
from dslc.types import DType, TensorType

ONNX_TYPES: dict[DType, ir.DataType] = {
    dtype: ir.DataType.from_numpy(dtype.numpy) for dtype in DType
}
DTYPES: dict[ir.DataType, DType] = {onnx: dtype for dtype, onnx in ONNX_TYPES.items()}


def dtype_of(code: int) -> DType:
    """Return the element type that has the number `code` in ONNX files."""
    try:
        return DTYPES[ir.DataType(code)]
    except (KeyError, ValueError):
        raise InternalError("graph", f"the element type {code} is not one of ours") from None


def is_value(operand: object) -> TypeGuard[ir.Value]:
    """Tell a value of a graph from a number: `isinstance` would ask a protocol, which takes long to say no."""
    return type(operand) is ir.Value


def type_of(value: ir.Value) -> TensorType:
    """Return the type that the builder wrote on a value."""
    try:  # past the layers of a UserDict: this is asked most of all
        found: TensorType = value.meta.data["type"]
    except KeyError:
        raise InternalError("graph", f"the value {value.name} has no type") from None
    return found


def set_type(value: ir.Value, type: TensorType) -> None:
    """Write a type on a value: for our own rules, and for whoever reads the file."""
    value.meta["type"] = type
    value.type, value.shape = onnx_type(type)


@cache
def onnx_type(type: TensorType) -> tuple[ir.TensorType, ir.Shape]:
    """Return a type as ONNX has it, which values share."""
    dims = [str(dim) if isinstance(dim, Expression) else dim for dim in type.shape]
    return ir.TensorType(ONNX_TYPES[type.dtype]), ir.Shape(dims, frozen=True)


def constant_of(value: ir.Value | None) -> np.ndarray[Any, Any] | None:
    """Return what is known of a value when the graph is built, or None.

    A graph input is not a constant even where it has a default.
    """
    if value is None or value.is_graph_input():
        return None
    if value.const_value is not None:
        return value.const_value.numpy()
    return None
