"""One row per operator and corner: operands, attributes and the types of all results.

Operands are types, constants (arrays) or None; types are written as the language prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx_ir as ir

from dslc import dims
from dslc.graph.builder import Builder
from dslc.types import DType, TensorType

FLOAT = 1
INT64 = 7


def typed(text: str) -> TensorType:
    """Read `float32[N, 2*H + 1]`."""
    dtype, _, rest = text.removesuffix("]").partition("[")
    names = {name: dims.free(name) for name in "NTH"}
    return TensorType(DType(dtype), tuple(eval(f"[{rest}]", {}, names)))


@dataclass(frozen=True)
class Case:
    operator: str
    operands: tuple[str | np.ndarray[Any, Any] | None, ...]
    results: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    odd: bool = False
    """Whether ONNX's shape inference says something else than onnxruntime computes."""

    def __str__(self) -> str:
        shown = ",".join(self.results) + "".join(f";{k}" for k in self.attributes)
        return f"{self.operator}-{shown}".replace(" ", "")


def case(
    operator: str,
    *operands: Any,
    gives: str | tuple[str, ...],
    odd: bool = False,
    **attributes: Any,
) -> Case:
    results = (gives,) if isinstance(gives, str) else gives
    return Case(operator, operands, results, attributes, odd)


def body(*types: str, swapped: bool = False) -> Any:
    """Return what makes the graph of a Scan: the sum of a carry and a step, as the next carry and as a result."""

    def made(g: Builder) -> ir.Graph:
        inner = g.nested("body")
        carry, x = (inner.argument("v", typed(text)) for text in types)
        y = inner.Add(carry, x)
        results = [y, inner.Cast(y, to=INT64)]
        inner.graph.outputs.extend(reversed(results) if swapped else results)
        return inner.graph

    return made


def ints(*numbers: int) -> np.ndarray[Any, Any]:
    return np.asarray(numbers, np.int64)


def floats(*numbers: float) -> np.ndarray[Any, Any]:
    return np.asarray(numbers, np.float32)


_X = "float32[N, 3, 8]"

UNARY = [
    case(name, _X, gives=_X)
    for name in [
        "Abs",
        "Acos",
        "Acosh",
        "Asin",
        "Asinh",
        "Atan",
        "Atanh",
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
        "LeakyRelu",
        "Log",
        "Mish",
        "Neg",
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
        "Softmax",
        "LogSoftmax",
        "Hardmax",
        "LpNormalization",
    ]
]

BINARY = [
    case(name, "float32[N, 1, 8]", "float32[3, 1]", gives=_X)
    for name in ["Add", "Div", "Max", "Mean", "Min", "Mul", "Pow", "Sub", "Sum"]
]

COMPARISONS = [
    case(name, _X, "float32[8]", gives="bool[N, 3, 8]")
    for name in ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]
]

LOGIC = [case(name, "bool[N, 8]", "bool[]", gives="bool[N, 8]") for name in ["And", "Or", "Xor"]]

REDUCTIONS = [
    row
    for name in [
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "ReduceSumSquare",
    ]
    for row in (
        case(name, _X, ints(0, -1), gives="float32[3]", keepdims=0),
        case(name, _X, ints(2), gives="float32[N, 3, 1]"),
        case(name, _X, gives="float32[]", keepdims=0),
    )
]

ELEMENTWISE = [
    case("BitwiseNot", "int64[4]", gives="int64[4]"),
    *[
        case(name, "int64[2, 1]", "int64[3]", gives="int64[2, 3]")
        for name in ("BitwiseAnd", "BitwiseOr", "BitwiseXor")
    ],
    case("BitShift", "uint64[2, 1]", "uint64[3]", gives="uint64[2, 3]", direction="LEFT"),
    case("Not", "bool[N]", gives="bool[N]"),
    case("IsNaN", _X, gives="bool[N, 3, 8]"),
    case("IsInf", _X, gives="bool[N, 3, 8]", detect_negative=0),
    case("Mod", "int64[N]", ints(3), gives="int64[N]"),
    case("Mod", "float32[4]", "float32[4]", gives="float32[4]", fmod=1),
    case("Pow", "float32[N]", "int64[]", gives="float32[N]"),
    case("Add", "uint64[5]", "uint64[1]", gives="uint64[5]"),
    case("Max", "float32[N]", gives="float32[N]"),
    case("Sum", "float32[N]", "float32[3, 1]", "float32[2, 1, 1]", gives="float32[2, 3, N]"),
    case("Where", "bool[N, 1]", "float32[3]", "float32[]", gives="float32[N, 3]"),
    case("Clip", _X, floats(0).reshape(()), floats(6).reshape(()), gives=_X),
    case("Clip", _X, None, "float32[]", gives=_X),
    case("PRelu", "float32[N, 3, 8]", "float32[3, 1]", gives=_X),
    case("Cast", _X, gives="float64[N, 3, 8]", to=11),
    case("Cast", "bool[N]", gives="int64[N]", to=INT64),
    case("CastLike", "int64[N]", "float32[7]", gives="float32[N]"),
    case("Constant", gives="int64[2]", value_ints=[1, 2]),
    case("Constant", gives="float32[]", value_float=1.0),
    case("CumSum", "float32[N, 4]", ints(1).reshape(()), gives="float32[N, 4]"),
]

LINEAR = [
    case("MatMul", "float32[N, 4]", "float32[4, 5]", gives="float32[N, 5]"),
    case("MatMul", "float32[N, 2, 3, 4]", "float32[2, 4, 5]", gives="float32[N, 2, 3, 5]"),
    case("MatMul", "float32[4]", "float32[N, 4, 5]", gives="float32[N, 5]"),
    case("MatMul", "float32[N, 3, 4]", "float32[4]", gives="float32[N, 3]"),
    case("MatMul", "float32[4]", "float32[4]", gives="float32[]"),
    case("Gemm", "float32[N, 4]", "float32[5, 4]", "float32[5]", gives="float32[N, 5]", transB=1),
    case("Gemm", "float32[4, N]", "float32[4, 5]", gives="float32[N, 5]", transA=1, alpha=0.5),
    case("Einsum", "float32[N, 4]", "float32[5, 4]", gives="float32[N, 5]", equation="bi,oi->bo"),
    case("Einsum", "float32[3, 3]", gives="float32[]", equation="ii->"),
    case("Einsum", "float32[3, 4]", gives="float32[4, 3]", equation="ba"),
    case(
        "Einsum",
        "float32[2, 3, 4]",
        "float32[4, 5]",
        gives="float32[2, 3, 5]",
        equation="...i,ij->...j",
    ),
]

CONV_POOL = [
    case(
        "Conv",
        "float32[N, 3, 32, 30]",
        "float32[8, 3, 3, 3]",
        "float32[8]",
        gives="float32[N, 8, 30, 28]",
    ),
    case(
        "Conv",
        "float32[N, 3, 224, 224]",
        "float32[64, 3, 11, 11]",
        gives="float32[N, 64, 55, 55]",
        strides=[4, 4],
        pads=[2, 2, 2, 2],
    ),
    case(
        "Conv",
        "float32[2, 4, H]",
        "float32[6, 2, 3]",
        gives="float32[2, 6, (H + 1)//2 - 1]",
        strides=[2],
        group=2,
        dilations=[2],
        pads=[1, 1],
    ),
    case(
        "Conv",
        "float32[2, 3, 9, 8]",
        "float32[4, 3, 2, 3]",
        gives="float32[2, 4, 5, 4]",
        auto_pad="SAME_UPPER",
        strides=[2, 2],
    ),
    case(
        "Conv",
        "float32[2, 3, 9, 8]",
        "float32[4, 3, 2, 3]",
        gives="float32[2, 4, 4, 3]",
        auto_pad="VALID",
        strides=[2, 2],
    ),
    case(
        "ConvTranspose",
        "float32[N, 4, 5, 5]",
        "float32[4, 3, 3, 3]",
        "float32[3]",
        gives="float32[N, 3, 10, 10]",
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        output_padding=[1, 1],
    ),
    case(
        "ConvTranspose", "float32[N, 4, 5]", "float32[4, 3, 3]", gives="float32[N, 6, 7]", group=2
    ),
    case(
        "ConvTranspose",
        "float32[1, 4, 5]",
        "float32[4, 3, 3]",
        gives="float32[1, 3, 10]",
        strides=[2],
        output_shape=[10],
    ),
    case(
        "MaxPool",
        "float32[N, 3, 8, 8]",
        gives=("float32[N, 3, 4, 4]", "int64[N, 3, 4, 4]"),
        kernel_shape=[2, 2],
        strides=[2, 2],
    ),
    case(
        "MaxPool",
        "float32[N, 3, 5, 6]",
        gives=("float32[N, 3, 3, 3]", "int64[N, 3, 3, 3]"),
        kernel_shape=[2, 2],
        strides=[2, 2],
        ceil_mode=1,
    ),
    case(
        "MaxPool",
        "float32[2, 3, 7]",
        gives=("float32[2, 3, 3]", "int64[2, 3, 3]"),
        kernel_shape=[1],
        strides=[3],
        ceil_mode=1,
    ),
    case(
        "MaxPool",
        "float32[2, 3, 6]",
        gives=("float32[2, 3, 2]", "int64[2, 3, 2]"),
        kernel_shape=[1],
        strides=[3],
        ceil_mode=1,
        odd=True,
    ),
    case(
        "MaxPool",
        "float32[1, 1, 4]",
        gives=("float32[1, 1, 3]", "int64[1, 1, 3]"),
        kernel_shape=[2],
        strides=[2],
        pads=[1, 1],
    ),
    case(
        "AveragePool",
        "float32[N, 3, 8, 8]",
        gives="float32[N, 3, 8, 8]",
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        count_include_pad=1,
    ),
    case("AveragePool", "float32[N, 3, 7, 7]", gives="float32[N, 3, 1, 1]", kernel_shape=[7, 7]),
    case("GlobalAveragePool", "float32[N, 3, 8, 8]", gives="float32[N, 3, 1, 1]"),
    case("GlobalMaxPool", "float32[N, 3, H]", gives="float32[N, 3, 1]"),
    case("DepthToSpace", "float32[N, 12, 4, 5]", gives="float32[N, 3, 8, 10]", blocksize=2),
    case("SpaceToDepth", "float32[N, 3, 8, 10]", gives="float32[N, 12, 4, 5]", blocksize=2),
    case("Resize", "float32[N, 3, 4, 5]", None, floats(1, 1, 2, 1.5), gives="float32[N, 3, 8, 7]"),
    case(
        "Resize",
        "float32[N, 3, 4, 5]",
        None,
        None,
        ints(9, 3),
        gives="float32[N, 3, 9, 3]",
        axes=[2, 3],
    ),
    case(
        "RoiAlign",
        "float32[2, 3, 8, 8]",
        "float32[5, 4]",
        np.zeros(5, np.int64),
        gives="float32[5, 3, 2, 4]",
        output_height=2,
        output_width=4,
    ),
]

NORM = [
    case("BatchNormalization", _X, *["float32[3]"] * 4, gives=_X),
    case("InstanceNormalization", _X, "float32[3]", "float32[3]", gives=_X),
    case(
        "LayerNormalization",
        _X,
        "float32[3, 8]",
        "float32[8]",
        gives=(_X, "float32[N, 1, 1]", "float32[N, 1, 1]"),
        axis=1,
    ),
    case(
        "LayerNormalization", _X, "float32[8]", gives=(_X, "float32[N, 3, 1]", "float32[N, 3, 1]")
    ),
    case("LRN", "float32[N, 3, 8, 8]", gives="float32[N, 3, 8, 8]", size=5),
]

SHAPES = [
    case("Reshape", "float32[N, 3, 8]", ints(0, -1), gives="float32[N, 24]"),
    case("Reshape", "float32[N, 24]", ints(-1, 3, 8), gives="float32[N, 3, 8]"),
    case("Reshape", "float32[N, 3, 8]", ints(-1, 8), gives="float32[3*N, 8]"),
    case("Reshape", "float32[6]", ints(2, 3), gives="float32[2, 3]"),
    case("Reshape", "float32[1]", ints(), gives="float32[]"),
    case("Reshape", "float32[0, 3]", ints(3, 0), gives="float32[3, 0]", allowzero=1),
    case("Flatten", _X, gives="float32[N, 24]"),
    case("Flatten", _X, gives="float32[3*N, 8]", axis=-1),
    case("Flatten", _X, gives="float32[1, 24*N]", axis=0),
    case("Transpose", _X, gives="float32[8, 3, N]"),
    case("Transpose", _X, gives="float32[3, N, 8]", perm=[1, 0, 2]),
    case("Squeeze", "float32[N, 1, 3, 1]", ints(-1), gives="float32[N, 1, 3]"),
    case("Squeeze", "float32[2, 1, 3, 1]", gives="float32[2, 3]"),
    case("Unsqueeze", "float32[N, 3]", ints(0, -1), gives="float32[1, N, 3, 1]"),
    case(
        "Concat", "float32[N, 3]", "float32[N, 4]", "float32[N, 1]", gives="float32[N, 8]", axis=1
    ),
    case("Concat", "float32[N, 3]", "float32[2, 3]", gives="float32[N + 2, 3]", axis=0),
    case("Split", "float32[N, 6]", gives=("float32[N, 3]", "float32[N, 3]"), axis=1, num_outputs=2),
    case("Split", "float32[7]", gives=("float32[3]", "float32[3]", "float32[1]"), num_outputs=3),
    case("Split", "float32[N, 6]", ints(1, 5), gives=("float32[N, 1]", "float32[N, 5]"), axis=-1),
    case("Slice", "float32[N, 10]", ints(2), ints(9), ints(1), ints(3), gives="float32[N, 3]"),
    case("Slice", "float32[10]", ints(-1), ints(-(2**63)), ints(0), ints(-1), gives="float32[10]"),
    case("Slice", "float32[10]", ints(8), ints(1), ints(0), ints(-3), gives="float32[3]"),
    case("Slice", "float32[10, 4]", ints(-3), ints(2**31 - 1), gives="float32[3, 4]"),
    case("Slice", "float32[T, 4]", ints(0), ints(1), gives="float32[1, 4]"),
    case("Slice", "float32[T, 4]", ints(-1), ints(2**63 - 1), gives="float32[1, 4]"),
    case("Slice", "float32[T, 4]", ints(1), ints(2**63 - 1), gives="float32[T - 1, 4]"),
    case(
        "Slice", "float32[T, 4]", ints(-1), ints(-(2**63)), ints(0), ints(-1), gives="float32[T, 4]"
    ),
    case("Pad", "float32[N, 3]", ints(0, 1, 0, 2), gives="float32[N, 6]"),
    case(
        "Pad", "float32[N, 3]", ints(2, -1), floats(1).reshape(()), ints(1), gives="float32[N, 4]"
    ),
    case("Expand", "float32[3, 1]", ints(2, 1, 4), gives="float32[2, 3, 4]"),
    case("Expand", "float32[N, 1]", ints(1, 4), gives="float32[N, 4]"),
    case("Tile", "float32[N, 3]", ints(2, 3), gives="float32[2*N, 9]"),
    case("Shape", "float32[N, 3, 8]", gives="int64[3]"),
    case("Shape", "float32[N, 3, 8]", gives="int64[1]", start=-1),
    case("Shape", "float32[N, 3, 8]", gives="int64[1]", start=0, end=1),
    case("Size", "float32[N, 3, 8]", gives="int64[]"),
    case("Trilu", "float32[N, 4, 4]", gives="float32[N, 4, 4]", upper=0),
    case("ReverseSequence", "float32[5, 2, 3]", np.ones(2, np.int64), gives="float32[5, 2, 3]"),
]

INDEX = [
    case("ArgMax", _X, gives="int64[N, 8]", axis=1, keepdims=0),
    case("ArgMin", _X, gives="int64[N, 3, 1]", axis=-1),
    case("TopK", "float32[N, 10]", ints(5), gives=("float32[N, 5]", "int64[N, 5]")),
    case("Gather", "float32[10, 4]", "int64[N, 7]", gives="float32[N, 7, 4]"),
    case("Gather", "float32[N, 4]", ints(1).reshape(()), gives="float32[N]", axis=1),
    case("GatherElements", "float32[N, 4]", "int64[N, 1]", gives="float32[N, 1]", axis=1),
    case("GatherND", "float32[5, 4, 3]", "int64[N, 2]", gives="float32[N, 3]"),
    case("GatherND", "float32[2, 4, 3]", "int64[2, 1]", gives="float32[2, 3]", batch_dims=1),
    case(
        "ScatterElements",
        "float32[N, 4]",
        "int64[N, 1]",
        "float32[N, 1]",
        gives="float32[N, 4]",
        axis=1,
        reduction="add",
    ),
    case("ScatterND", "float32[5, 4]", "int64[3, 1]", "float32[3, 4]", gives="float32[5, 4]"),
    case("OneHot", "int64[N]", ints(10).reshape(()), "float32[2]", gives="float32[N, 10]"),
    case(
        "OneHot", "int64[N, 3]", ints(10).reshape(()), "int64[2]", gives="int64[N, 10, 3]", axis=1
    ),
    case("NonZero", floats(0, 3, -4, 0), gives="int64[1, 2]"),
    case("NonZero", np.asarray([[True, False, True], [True, True, False]]), gives="int64[2, 4]"),
    case("Range", ints(1).reshape(()), ints(10).reshape(()), ints(4).reshape(()), gives="int64[3]"),
    case("ConstantOfShape", ints(3, 4), gives="float32[3, 4]"),
    case("ConstantOfShape", ints(), gives="int64[]", value=np.asarray([1], np.int64)),
    case("EyeLike", "float32[N, 4]", gives="float32[N, 4]"),
    case("EyeLike", "float32[3, 4]", gives="int64[3, 4]", dtype=INT64, k=1),
]

RECURRENT = [
    case(
        "Scan",
        "float32[N, 2]",
        "float32[T, N, 2]",
        gives=("float32[N, 2]", "int64[T, N, 2]"),
        body=body("float32[N, 2]", "float32[N, 2]"),
        num_scan_inputs=1,
    ),
    case(
        "Scan",
        "float32[N, 2]",
        "float32[N, 5, 2]",
        gives=("float32[N, 2]", "int64[N, 2, 5]"),
        body=body("float32[N, 2]", "float32[N, 2]"),
        num_scan_inputs=1,
        scan_input_axes=[1],
        scan_output_axes=[2],
    ),
    case(
        "LSTM",
        "float32[T, N, 5]",
        "float32[1, 24, 5]",
        "float32[1, 24, 6]",
        "float32[1, 48]",
        gives=("float32[T, 1, N, 6]", "float32[1, N, 6]", "float32[1, N, 6]"),
        hidden_size=6,
    ),
    case(
        "LSTM",
        "float32[2, 4, 5]",
        "float32[2, 24, 5]",
        "float32[2, 24, 6]",
        None,
        None,
        "float32[2, 4, 6]",
        gives=("float32[2, 2, 4, 6]", "float32[2, 4, 6]", "float32[2, 4, 6]"),
        hidden_size=6,
        direction="bidirectional",
    ),
    case(
        "GRU",
        "float32[T, N, 5]",
        "float32[1, 18, 5]",
        "float32[1, 18, 6]",
        gives=("float32[T, 1, N, 6]", "float32[1, N, 6]"),
        hidden_size=6,
        linear_before_reset=1,
    ),
    case(
        "RNN",
        "float32[T, N, 5]",
        "float32[1, 6, 5]",
        "float32[1, 6, 6]",
        gives=("float32[T, 1, N, 6]", "float32[1, N, 6]"),
        hidden_size=6,
    ),
]

CASES = [
    *UNARY,
    *BINARY,
    *COMPARISONS,
    *LOGIC,
    *REDUCTIONS,
    *ELEMENTWISE,
    *LINEAR,
    *CONV_POOL,
    *NORM,
    *SHAPES,
    *INDEX,
    *RECURRENT,
]

REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("Fly", ("float32[2]",), {}, "there is no operator Fly"),
    ("Unique", ("float32[2]",), {}, "there is no type rule for the operator Unique"),
    ("Add", ("float32[2]",), {}, "Add: it has 1 operands"),
    ("Add", ("float32[2]", None), {}, "Add: operand 1"),
    ("Add", ("float32[2]", "float64[2]"), {}, "Add: operand 1"),
    ("Add", ("bool[2]", "bool[2]"), {}, "Add: operand 0"),
    ("Add", ("float32[2]", "float32[3]"), {}, "Add: the shapes"),
    ("Add", ("float32[N]", "float32[3]"), {}, "Add: the shapes"),
    ("Relu", ("float32[2]",), {"slope": 1}, "Relu: it has no attribute slope"),
    ("Gather", ("float32[2]", "int64[]"), {"axis": 1}, "Gather: there is no axis 1"),
    ("Concat", ("float32[2]",), {}, "Concat: the attribute axis is missing"),
    ("Concat", ("float32[2, 3]", "float32[3, 2]"), {"axis": 0}, "does not fit beside"),
    ("MatMul", ("float32[2, 3]", "float32[4, 5]"), {}, "inner dimensions: 3 is not 4"),
    ("Gemm", ("float32[2, 3]", "float32[3, 5]", "float32[4]"), {}, "Gemm: the shapes"),
    ("Gemm", ("float32[1, 3]", "float32[3, 5]", "float32[2, 5]"), {}, "is not broadcast to"),
    ("Conv", ("float32[1, 3, 8]", "float32[4, 2, 3]"), {}, "input channels: 2 is not 3"),
    ("Conv", ("float32[1, 3, 8]", "float32[4, 3, 9]"), {}, "a window of 9 does not fit into 8"),
    (
        "Conv",
        ("float32[1, 3, 8]", "float32[4, 3, 3]"),
        {"strides": [0]},
        "strides has a number below 1",
    ),
    ("Conv", ("float32[1, 3, 8]", "float32[4, 3, 3]"), {"pads": [1]}, "pads has 1 numbers, not 2"),
    (
        "MaxPool",
        ("float32[1, 3, 8]",),
        {"kernel_shape": [2], "pads": [2, 2]},
        "padding is not smaller",
    ),
    (
        "MaxPool",
        ("float32[1, 3, 8]",),
        {"kernel_shape": [2**31], "auto_pad": "SAME_UPPER"},
        "kernel_shape is 2147483648",
    ),
    ("DepthToSpace", ("float32[1, 4, 2, 2]",), {"blocksize": 2**32}, "blocksize is 4294967296"),
    ("DepthToSpace", ("float32[1, 3, 2, 2]",), {"blocksize": 2}, "3 is not divisible by 4"),
    ("LayerNormalization", ("float32[2, 3]", "float32[3]"), {"axis": 5}, "there is no axis 5"),
    (
        "BatchNormalization",
        ("float32[2, 3]", *["float32[3]"] * 4),
        {"training_mode": 1},
        "training_mode",
    ),
    ("Reshape", ("float32[2, 3]", ints(4)), {}, "has not as many elements"),
    ("Reshape", ("float32[2, 3]", ints(4, -1)), {}, "does not divide 6 elements"),
    ("Reshape", ("float32[2, 3]", ints(-1, -1)), {}, "two sizes are -1"),
    ("Reshape", ("float32[2, 3]", "int64[1]"), {}, "tell the builder with `type=`"),
    ("NonZero", ("bool[2, 3]",), {}, "tell the builder with `type=`"),
    ("Transpose", ("float32[2, 3]",), {"perm": [0, 0]}, "is no order"),
    ("Squeeze", ("float32[2, 3]", ints(0)), {}, "dimension 0: 2 is not 1"),
    ("Unsqueeze", ("float32[2]", ints(0, 0)), {}, "an axis is named twice"),
    ("Slice", ("float32[2]", ints(0), ints(1), ints(0), ints(0)), {}, "a step is 0"),
    ("Slice", ("float32[T]", ints(2), ints(3)), {}, "tell the builder"),
    ("Pad", ("float32[2]", ints(-3, 0)), {}, "a dimension of the result would be -1"),
    ("Tile", ("float32[2]", ints(2**31)), {}, "a dimension of the result would be"),
    ("Split", ("float32[5]", ints(2, 2)), {}, "the sum of the lengths: 4 is not 5"),
    ("TopK", ("float32[5]", ints(6)), {}, "6 elements of 5"),
    ("OneHot", ("int64[5]", "int64[]", "float32[2]"), {}, "tell the builder"),
    ("Cast", ("float32[5]",), {"to": 16}, "the element type 16"),
    (
        "Einsum",
        ("float32[2, 3]", "float32[4, 5]"),
        {"equation": "ij,jk->ik"},
        "dimension j: 3 is not 4",
    ),
    ("Einsum", ("float32[2, 3]",), {"equation": "ij->k"}, "no operand has a dimension k"),
    (
        "Scan",
        ("float32[N, 3]", "float32[T, N, 2]"),
        {"body": body("float32[N, 2]", "float32[N, 2]"), "num_scan_inputs": 1},
        "the body takes float32[N, 2], float32[N, 2], not float32[N, 3], float32[N, 2]",
    ),
    (
        "Scan",
        ("float32[N, 2]", "float32[T, N, 2]"),
        {"body": body("float32[N, 2]", "float32[N, 2]", swapped=True), "num_scan_inputs": 1},
        "the body carries on int64[N, 2], not float32[N, 2]",
    ),
    (
        "Scan",
        ("float32[N, 2]", "float32[T, N, 2]"),
        {
            "body": body("float32[N, 2]", "float32[N, 2]"),
            "num_scan_inputs": 1,
            "scan_input_directions": [1],
        },
        "running backwards is not supported",
    ),
    (
        "LSTM",
        ("float32[2, 3, 4]", "float32[1, 20, 4]", "float32[1, 24, 6]"),
        {"hidden_size": 6},
        "operand 1 is",
    ),
    ("ScatterElements", ("float32[4]", "int64[2]", "float32[3]"), {}, "operand 2 is [3], not [2]"),
    ("ScatterND", ("float32[5, 4]", "int64[3, 1]", "float32[3, 3]"), {}, "operand 2 is"),
    ("Range", (ints(1).reshape(()), ints(5).reshape(()), ints(0).reshape(())), {}, "the step is 0"),
]
