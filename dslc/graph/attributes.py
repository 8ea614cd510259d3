"""Attributes of nodes: from what Python code writes to what ONNX stores, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from dslc.graph.operators.signature import Signature
from dslc.graph.values import ONNX_TYPES
from dslc.types import DType


def attribute_of(signature: Signature, name: str, value: Any) -> ir.Attr:
    """Return an attribute of the kind the operator wants, however its numbers are written."""
    kind = signature.kinds.get(name)
    if kind is None:
        raise signature.fault(f"it has no attribute {name}")
    match kind:
        case ir.AttributeType.INT:
            stored: Any = int(ONNX_TYPES[value]) if isinstance(value, DType) else int(value)
        case ir.AttributeType.FLOAT:
            stored = float(value)
        case ir.AttributeType.STRING:
            stored = str(value)
        case ir.AttributeType.INTS:
            stored = tuple(int(number) for number in value)
        case ir.AttributeType.FLOATS:
            stored = tuple(float(number) for number in value)
        case ir.AttributeType.STRINGS:
            stored = tuple(str(text) for text in value)
        case ir.AttributeType.TENSOR:
            stored = value if isinstance(value, ir.TensorProtocol) else ir.tensor(np.asarray(value))
        case ir.AttributeType.GRAPH:
            stored = value
        case _:
            raise signature.fault(f"the attribute {name} is of no kind we write")
    return ir.Attr(name, kind, stored)


def attributes_of(node: ir.Node) -> dict[str, Any]:
    """Return the attributes of a node as plain Python values."""
    return {name: attribute.value for name, attribute in node.attributes.data.items()}
