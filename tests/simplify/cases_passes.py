"""One row per rule: how a graph is built, and the operators that a pass leaves of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from dslc import dims
from dslc.graph.builder import Builder
from dslc.simplify.algebra import simplify_algebra
from dslc.simplify.batch_norm import fold_batch_norm
from dslc.simplify.broadcasts import remove_broadcasts, widen_scalars
from dslc.simplify.common import merge_common
from dslc.simplify.constants import fold_constants
from dslc.simplify.products import fuse_products, share_turned
from dslc.simplify.rewriter import Rewriter
from dslc.simplify.sums import absorb_sums, join_products
from dslc.types import DType, TensorType, float32, int64

N, T = dims.free("N"), dims.free("T")

Build = Callable[..., Any]


@dataclass(frozen=True)
class Row:
    """`build` takes a builder and inputs of the types `inputs`; what it returns is put out.

    `after` are the operators left, in running order, separated by blanks.
    """

    run: Callable[[Rewriter], None]
    build: Build
    inputs: tuple[TensorType, ...]
    after: str
    about: str

    def __str__(self) -> str:
        return f"{self.run.__name__}: {self.about}"


def rows(
    run: Callable[[Rewriter], None], *given: tuple[str, tuple[TensorType, ...], Build, str]
) -> list[Row]:
    return [Row(run, build, inputs, after, about) for about, inputs, build, after in given]


X = (float32(N, 3),)
XX = (float32(N, 3), float32(N, 3))
SQUARE = (float32(3, 3), float32(3, 3))
IMAGE = (float32(N, 2, 6, 6),)

DEAD = rows(
    Rewriter.remove_dead,
    ("a node nobody reads", X, lambda g, x: (g.Exp(x), g.Neg(x))[1], "Neg"),
    ("a chain nobody reads", X, lambda g, x: (g.Exp(g.Exp(x)), g.Neg(x))[1], "Neg"),
    ("what is read stays", X, lambda g, x: g.Neg(g.Exp(x)), "Exp Neg"),
    (
        "indices nobody reads",
        IMAGE,
        lambda g, x: g.MaxPool(x, kernel_shape=[2, 2], outputs=2)[0],
        "MaxPool",
    ),
    ("both results of TopK stay", X, lambda g, x: g.TopK(x, [2])[1], "TopK"),
)

ALGEBRA = rows(
    simplify_algebra,
    ("x + 0", X, lambda g, x: g.Exp(g.Add(x, 0.0)), "Exp"),
    ("0 + x", X, lambda g, x: g.Exp(g.Add(0.0, x)), "Exp"),
    ("x + zeros that broadcast", X, lambda g, x: g.Add(x, np.zeros((2, 1, 3))), "Add"),
    ("x - 0", X, lambda g, x: g.Exp(g.Sub(x, 0.0)), "Exp"),
    ("0 - x", X, lambda g, x: g.Exp(g.Sub(0.0, x)), "Sub Exp"),
    ("x * 1", X, lambda g, x: g.Exp(g.Mul(x, np.ones(3))), "Exp"),
    ("x * 0", X, lambda g, x: g.Exp(g.Mul(x, 0.0)), "Mul Exp"),
    ("x / 1", X, lambda g, x: g.Exp(g.Div(x, 1.0)), "Exp"),
    ("1 / x", X, lambda g, x: g.Exp(g.Div(1.0, x)), "Div Exp"),
    ("x ** 1", X, lambda g, x: g.Exp(g.Pow(x, 1.0)), "Exp"),
    ("x + (-y)", XX, lambda g, x, y: g.Add(x, g.Neg(y)), "Sub"),
    ("(-x) + y", XX, lambda g, x, y: g.Add(g.Neg(x), y), "Sub"),
    ("x - (-y)", XX, lambda g, x, y: g.Sub(x, g.Neg(y)), "Add"),
    ("-(-x)", X, lambda g, x: g.Exp(g.Neg(g.Neg(x))), "Exp"),
    ("2 * (x * 3)", X, lambda g, x: g.Mul(2.0, g.Mul(x, 3.0)), "Mul"),
    ("-(2 * x)", X, lambda g, x: g.Neg(g.Mul(2.0, x)), "Mul"),
    ("2 * (-x)", X, lambda g, x: g.Mul(2.0, g.Neg(x)), "Mul"),
    ("a product that underflows", X, lambda g, x: g.Mul(1e-30, g.Mul(x, 1e-30)), "Mul Mul"),
    ("x * 0.5 * 2", X, lambda g, x: g.Exp(g.Mul(g.Mul(x, 0.5), 2.0)), "Exp"),
    (
        "uint64 factors wrap",
        (TensorType(DType.UINT64, (3,)),),
        lambda g, x: g.Mul(g.Mul(x, np.uint64(2**63 + 1)), np.uint64(2)),
        "Mul",
    ),
    ("identities", X, lambda g, x: g.Exp(g.Identity(g.Identity(x))), "Exp"),
    ("an identity that is an output of an input", X, lambda g, x: g.Identity(x), "Identity"),
    ("a cast to the same type", X, lambda g, x: g.Exp(g.Cast(x, to=DType.FLOAT32)), "Exp"),
    (
        "there and back",
        X,
        lambda g, x: g.Exp(g.cast(g.cast(x, DType.FLOAT64), DType.FLOAT32)),
        "Exp",
    ),
    (
        "there and back with a loss",
        X,
        lambda g, x: g.Exp(g.cast(g.cast(x, DType.INT64), DType.FLOAT32)),
        "Cast Cast Exp",
    ),
    ("a transpose of nothing", X, lambda g, x: g.Exp(g.Transpose(x, perm=[0, 1])), "Exp"),
    ("transposed twice", X, lambda g, x: g.Exp(g.Transpose(g.Transpose(x))), "Exp"),
    (
        "two orders",
        IMAGE,
        lambda g, x: g.Transpose(g.Transpose(x, perm=[0, 2, 3, 1]), perm=[1, 0, 2, 3]),
        "Transpose",
    ),
    (
        "a dimension of size 1 moves",
        (float32(N, 1, 3),),
        lambda g, x: g.Transpose(x, perm=[0, 2, 1]),
        "Reshape",
    ),
    ("a number is its sum", (float32(),), lambda g, x: g.Exp(g.ReduceSum(x, keepdims=0)), "Exp"),
    ("a view of the same shape", X, lambda g, x: g.Exp(g.Reshape(x, [-1, 3])), "Exp"),
    ("a view of a view", IMAGE, lambda g, x: g.Reshape(g.Flatten(x), [0, 9, 8]), "Reshape"),
    (
        "a view and back",
        X,
        lambda g, x: g.Exp(g.Squeeze(g.Unsqueeze(x, [1]), [1])),
        "Exp",
    ),
    (
        "a view of a view that cannot be written",
        (float32(N, T, 6),),
        lambda g, x: g.reshape(g.Reshape(x, [-1, 6]), (T, N, 6)),
        "Reshape Shape Shape Concat Reshape",
    ),
    ("an expansion of nothing", (float32(3),), lambda g, x: g.Exp(g.Expand(x, [3])), "Exp"),
    ("one is not many", X, lambda g, x: g.Exp(g.Concat(x, axis=0)), "Exp"),
    ("a sum of one", X, lambda g, x: g.Exp(g.Sum(x)), "Exp"),
    ("a slice of all", X, lambda g, x: g.Exp(g.Slice(x, [0], [9], [1])), "Exp"),
    (
        "a slice backwards",
        X,
        lambda g, x: g.Exp(g.Slice(x, [-1], [-(2**62)], [1], [-1])),
        "Slice Exp",
    ),
    ("no padding", X, lambda g, x: g.Exp(g.Pad(x, [0, 0, 0, 0])), "Exp"),
    ("tiled once", X, lambda g, x: g.Exp(g.Tile(x, [1, 1])), "Exp"),
    (
        "a sum over nothing",
        (float32(N, 1, 3),),
        lambda g, x: g.Exp(g.ReduceSum(x, [1])),
        "Exp",
    ),
    (
        "a sum over nothing, squeezed",
        (float32(N, 1, 3),),
        lambda g, x: g.Exp(g.ReduceSum(x, [1], keepdims=0)),
        "Squeeze Exp",
    ),
    ("two outputs of one value", X, lambda g, x: (g.Exp(x), g.Identity(g.Exp(x))), "Exp Exp"),
)


def _product_of_views(g: Builder, x: ir.Value) -> Any:
    return g.Mul(g.Exp(x), g.Exp(x))


COMMON = rows(
    merge_common,
    ("equal nodes", X, _product_of_views, "Exp Mul"),
    ("exchanged operands", XX, lambda g, x, y: g.Div(g.Add(x, y), g.Add(y, x)), "Add Div"),
    ("no exchange", XX, lambda g, x, y: g.Div(g.Sub(x, y), g.Sub(y, x)), "Sub Sub Div"),
    (
        "other attributes",
        X,
        lambda g, x: g.Div(g.Softmax(x, axis=0), g.Softmax(x, axis=1)),
        "Softmax Softmax Div",
    ),
    (
        "chains",
        X,
        lambda g, x: g.Mul(g.Neg(g.Exp(x)), g.Neg(g.Exp(x))),
        "Exp Neg Mul",
    ),
    (
        "the later one has more results",
        IMAGE,
        lambda g, x: (
            g.Neg(g.MaxPool(x, kernel_shape=[2, 2])),
            g.MaxPool(x, kernel_shape=[2, 2], outputs=2)[1],
        ),
        "MaxPool Neg",
    ),
    ("two outputs", X, lambda g, x: (g.Exp(x), g.Exp(x)), "Exp Identity"),
    (
        "large constants",
        (float32(100),),
        lambda g, x: g.Add(g.Mul(x, np.arange(100.0)), g.Div(x, np.arange(100.0) + 0.0)),
        "Mul Div Add",
    ),
)

CONSTANTS = rows(
    fold_constants,
    ("numbers", X, lambda g, x: g.Add(x, g.Mul(g.constant(2.0), 3.0)), "Add"),
    ("a chain", X, lambda g, x: g.Add(x, g.Sqrt(g.Exp(g.constant(2.0)))), "Add"),
    ("a shape", (float32(4, 3),), lambda g, x: g.Add(x, g.cast(g.Size(x), DType.FLOAT32)), "Add"),
    (
        "part of a shape",
        X,
        lambda g, x: g.node("Reshape", [x, g.Shape(x)], type=float32(N, 3)),
        "Shape Reshape",
    ),
    (
        "the part that is known",
        X,
        lambda g, x: g.Gather(x, g.Sub(g.Shape(x, start=1), 1), axis=1),
        "Gather",
    ),
    (
        "integers are divided towards zero",
        (int64(2),),
        lambda g, x: g.Add(x, g.Div(g.constant([-7, 7]), -2)),
        "Add",
    ),
    ("too large", (float32(5000),), lambda g, x: g.Add(x, g.Expand(0.0, [5000])), "Expand Add"),
    ("a result that is put out", X, lambda g, x: g.Add(g.constant(1.0), 2.0), "Identity"),
    ("an integer division by zero", X, lambda g, x: g.Div(g.constant([1]), 0), "Div"),
    (
        "filled",
        (float32(4, 3),),
        lambda g, x: g.Add(x, g.ConstantOfShape([4, 3], value=np.float32([2]))),
        "Add",
    ),
)

BROADCASTS = rows(
    remove_broadcasts,
    (
        "the other operand is as large",
        (float32(N, 3), float32(3)),
        lambda g, x, y: g.Add(x, g.expand(y, (N, 3))),
        "Add",
    ),
    (
        "the expansion makes the shape",
        (float32(3), float32(1)),
        lambda g, x, y: g.Add(x, g.Expand(y, [2, 3])),
        "Expand Add",
    ),
    (
        "a sum as narrow as its operands is expanded",
        (float32(3), float32(3)),
        lambda g, x, y: g.Add(x, g.Expand(y, [2, 3])),
        "Add Expand",
    ),
    (
        "a multiple is expanded",
        (float32(1, 3), float32(N, 3)),
        lambda g, x, y: g.Exp(g.Mul(2.0, g.expand(x, (N, 3)))),
        "Shape Concat Mul Expand Exp",
    ),
    (
        "a multiple of a multiple",
        (float32(2, 3), float32(1, 3)),
        lambda g, x, y: g.Mul(x, g.Mul(g.Div(g.Expand(y, [2, 3]), 4.0), 2.0)),
        "Div Mul Mul",
    ),
    (
        "a choice of numbers is expanded",
        (float32(3),),
        lambda g, x: g.Exp(g.Where(g.Greater(g.Expand(x, [2, 3]), 0.0), 1.0, 2.0)),
        "Greater Where Expand Exp",
    ),
    (
        "a number that makes the shape",
        (float32(3),),
        lambda g, x: g.Add(g.Expand(x, [2, 3]), np.ones((4, 1, 1))),
        "Expand Add",
    ),
    (
        "both are expanded",
        (float32(3), float32(1)),
        lambda g, x, y: g.Add(g.Expand(x, [2, 3]), g.Expand(y, [2, 3])),
        "Expand Add",
    ),
    (
        "another reader",
        (float32(2, 3), float32(3)),
        lambda g, x, y: (g.Add(x, e := g.Expand(y, [2, 3])), g.MatMul(x, g.Transpose(e))),
        "Expand Add Transpose MatMul",
    ),
)

SCALARS = rows(
    widen_scalars,
    ("a number", (float32(N, 3, 1),), lambda g, x: g.Mul(x, 2.0), "Mul"),
    (
        "a scalar that is computed",
        (float32(5, 3, 1, 1), float32()),
        lambda g, x, y: g.Sub(g.Exp(y), x),
        "Exp Reshape Sub",
    ),
    (
        "one element in a list",
        (float32(5, 1), float32(1)),
        lambda g, x, y: g.Where(g.Greater(x, 0.5), x, y),
        "Greater Reshape Where",
    ),
    (
        "a number of another type",
        (TensorType(DType.FLOAT64, (5, 1)),),
        lambda g, x: g.Mul(x, 2.0),
        "Mul",
    ),
    ("a vector", (float32(5, 3, 1), float32(3, 1)), lambda g, x, y: g.Add(x, y), "Add"),
    ("a last dimension of 3", (float32(N, 3), float32()), lambda g, x, y: g.Add(x, y), "Add"),
    ("one element in all", (float32(1, 1), float32()), lambda g, x, y: g.Add(x, y), "Add"),
)

PRODUCTS = rows(
    fuse_products,
    ("a transposed", SQUARE, lambda g, a, b: g.MatMul(g.Transpose(a), b), "Gemm"),
    ("b transposed", SQUARE, lambda g, a, b: g.MatMul(a, g.Transpose(b)), "Gemm"),
    ("both", SQUARE, lambda g, a, b: g.MatMul(g.Transpose(a), g.Transpose(b)), "Gemm"),
    (
        "a flag is taken back",
        SQUARE,
        lambda g, a, b: g.Gemm(g.Transpose(a), b, b, transA=1, alpha=0.5),
        "Gemm",
    ),
    ("nothing transposed", SQUARE, lambda g, a, b: g.MatMul(a, b), "MatMul"),
    (
        "stacked matrices",
        (float32(2, 3, 3), float32(3, 3)),
        lambda g, a, b: g.MatMul(a, g.Transpose(b)),
        "Transpose MatMul",
    ),
    (
        "another reader",
        SQUARE,
        lambda g, a, b: g.Add(g.MatMul(a, t := g.Transpose(b)), t),
        "Transpose Gemm Add",
    ),
)


def _by_part(g: Builder, weights: ir.Value, x: ir.Value, products: int, **flags: int) -> Any:
    """Return `products` different products of one half of the weights and of x."""
    half = g.Split(weights, [3, 3], axis=0)[1]
    return tuple(g.Gemm(half, x, alpha=1.0 + i, **flags) for i in range(products))


HALVES = (float32(6, 3), float32(3, 3))

SHARED = rows(
    share_turned,
    (
        "a left operand of many products",
        HALVES,
        lambda g, w, x: _by_part(g, w, x, 4, transA=1),
        "Transpose Split Gemm Gemm Gemm Gemm",
    ),
    (
        "cut along the columns",
        (float32(3, 6), float32(3, 3)),
        lambda g, w, x: (
            half := g.Split(w, [2, 4], axis=-1)[1],
            *(g.Gemm(half, x, alpha=1.0 + i, transA=1) for i in range(4)),
        )[1:],
        "Transpose Split Gemm Gemm Gemm Gemm",
    ),
    (
        "of few products",
        HALVES,
        lambda g, w, x: _by_part(g, w, x, 3, transA=1),
        "Split Gemm Gemm Gemm",
    ),
    (
        "as it lies",
        HALVES,
        lambda g, w, x: _by_part(g, w, x, 4),
        "Split Gemm Gemm Gemm Gemm",
    ),
    (
        "a right operand",
        HALVES,
        lambda g, w, x: (
            half := g.Split(w, [3, 3], axis=0)[1],
            *(g.Gemm(x, half, alpha=1.0 + i, transB=1) for i in range(4)),
        )[1:],
        "Split Gemm Gemm Gemm Gemm",
    ),
    (
        "a whole matrix",
        SQUARE,
        lambda g, a, b: tuple(g.Gemm(a, b, alpha=1.0 + i, transA=1) for i in range(4)),
        "Gemm Gemm Gemm Gemm",
    ),
)


def numbers(*shape: int) -> np.ndarray[Any, Any]:
    """Return numbers without a pattern that are not small."""
    count = int(np.prod(shape))
    return (1.5 + np.sin(np.arange(count))).reshape(shape).astype(np.float32)


def _normalized(g: Builder, x: ir.Value, channels: int = 4) -> Any:
    return g.BatchNormalization(x, *(numbers(channels) + i for i in range(4)), epsilon=1e-3)


BATCH_NORM = rows(
    fold_batch_norm,
    ("after Conv", IMAGE, lambda g, x: _normalized(g, g.Conv(x, numbers(4, 2, 3, 3))), "Conv"),
    (
        "after Conv with a bias, in groups",
        IMAGE,
        lambda g, x: _normalized(g, g.Conv(x, numbers(4, 1, 3, 3), numbers(4), group=2)),
        "Conv",
    ),
    (
        "after ConvTranspose, in groups",
        IMAGE,
        lambda g, x: _normalized(
            g, g.ConvTranspose(x, numbers(2, 2, 3, 3), numbers(4), group=2, strides=[2, 2])
        ),
        "ConvTranspose",
    ),
    (
        "after Gemm",
        X,
        lambda g, x: _normalized(g, g.Gemm(x, numbers(3, 4), numbers(4), alpha=0.5, beta=2.0)),
        "Gemm",
    ),
    (
        "after Gemm transposed",
        X,
        lambda g, x: _normalized(g, g.Gemm(x, numbers(4, 3), transB=1)),
        "Gemm",
    ),
    ("after MatMul", X, lambda g, x: _normalized(g, g.MatMul(x, numbers(3, 4))), "Gemm"),
    (
        "after stacked matrices",
        (float32(N, 4, 3),),
        lambda g, x: _normalized(g, g.MatMul(x, numbers(3, 4))),
        "MatMul BatchNormalization",
    ),
    (
        "weights that are inputs",
        (float32(N, 2, 6, 6), float32(4, 2, 3, 3)),
        lambda g, x, w: _normalized(g, g.Conv(x, w)),
        "Conv BatchNormalization",
    ),
    (
        "another reader",
        IMAGE,
        lambda g, x: (y := g.Conv(x, numbers(4, 2, 3, 3)), g.Neg(y), _normalized(g, y))[1:],
        "Conv Neg BatchNormalization",
    ),
    ("after nothing linear", IMAGE, lambda g, x: _normalized(g, x, 2), "BatchNormalization"),
)


def _turned(g: Builder, *operands: ir.Value) -> list[ir.Value]:
    """Return a^T b for each two of the operands."""
    return [g.Gemm(a, b, transA=1) for a, b in zip(operands[::2], operands[1::2], strict=True)]


SHORT = (float32(1, 3), float32(1, 4), float32(2, 3), float32(2, 4))
LONG = (float32(7, 3), float32(7, 4), float32(7, 3), float32(7, 4))

JOINED = rows(
    join_products,
    (
        "products of rows",
        SHORT[:2] * 2,
        lambda g, *x: g.Add(*_turned(g, *x)),
        "Concat Concat Gemm",
    ),
    (
        "as many terms as a recurrence has steps",
        (float32(1, 8), float32(1, 9)) * 5,
        lambda g, *x: functools.reduce(g.Add, _turned(g, *x)),
        "Concat Concat Gemm",
    ),
    (
        "what is no product is added behind",
        (float32(1, 3), float32(1, 4), float32(1, 3), float32(1, 4), float32(3, 4)),
        lambda g, a, b, c, d, e: g.Add(g.Add(g.Gemm(a, b, transA=1), e), g.Gemm(c, d, transA=1)),
        "Concat Concat Gemm Add",
    ),
    (
        "products of both kinds",
        (float32(5, 1), float32(1, 6)) * 2,
        lambda g, *x: g.Add(g.MatMul(x[0], x[1]), g.Gemm(x[2], x[3])),
        "Concat Concat Gemm",
    ),
    ("operands larger than the sum", LONG, lambda g, *x: g.Add(*_turned(g, *x)), "Gemm Gemm Add"),
    (
        "a free number of rows",
        (float32(N, 3), float32(N, 4)) * 2,
        lambda g, *x: g.Add(*_turned(g, *x)),
        "Gemm Gemm Add",
    ),
    (
        "another reader",
        SHORT[:2] * 2,
        lambda g, *x: (y := _turned(g, *x), g.Add(*y), g.Neg(y[0]))[1:],
        "Gemm Gemm Add Neg",
    ),
    (
        "a factor",
        SHORT[:2] * 2,
        lambda g, a, b, c, d: g.Add(g.Gemm(a, b, transA=1, alpha=0.5), g.Gemm(c, d, transA=1)),
        "Gemm Gemm Add",
    ),
    (
        "a sum that is an output",
        SHORT[:2] * 3,
        lambda g, *x: (y := _turned(g, *x), s := g.Add(*y[:2]), g.Add(s, y[2]))[1:],
        "Gemm Concat Concat Gemm Add",
    ),
)

ABSORBED = rows(
    absorb_sums,
    ("x + a b", SQUARE * 2, lambda g, x, a, b, c: g.Exp(g.Add(x, g.MatMul(a, b))), "Gemm Exp"),
    ("a b + x", SQUARE * 2, lambda g, x, a, b, c: g.Exp(g.Add(g.MatMul(a, b), x)), "Gemm Exp"),
    (
        "a momentum",
        (*SHORT[:2], float32(3, 4)),
        lambda g, a, b, m: g.Add(g.Mul(m, 0.9), g.Gemm(a, b, transA=1)),
        "Gemm",
    ),
    (
        "a momentum that another reads",
        (*SHORT[:2], float32(3, 4)),
        lambda g, a, b, m: (s := g.Mul(m, 0.9), g.Add(s, g.Gemm(a, b, transA=1)), g.Neg(s))[1:],
        "Mul Gemm Neg",
    ),
    (
        "a product of two values",
        (*SHORT[:2], float32(3, 4), float32()),
        lambda g, a, b, m, r: g.Add(g.Mul(m, r), g.Gemm(a, b, transA=1)),
        "Mul Gemm",
    ),
    (
        "what is broadcast",
        (*SHORT[:2], float32(4)),
        lambda g, a, b, m: g.Add(m, g.Gemm(a, b, transA=1)),
        "Gemm Add",
    ),
    (
        "a product with a C of its own",
        (*SHORT[:2], float32(3, 4)),
        lambda g, a, b, m: g.Add(m, g.Gemm(a, b, m, transA=1)),
        "Gemm Add",
    ),
    (
        "another reader",
        (*SHORT[:2], float32(3, 4)),
        lambda g, a, b, m: (p := g.Gemm(a, b, transA=1), g.Add(m, p), g.Neg(p))[1:],
        "Gemm Add Neg",
    ),
    (
        "whole numbers",
        (int64(3, 3),) * 3,
        lambda g, a, b, m: g.Add(m, g.MatMul(a, b)),
        "MatMul Add",
    ),
)

ROWS = [
    *DEAD,
    *ALGEBRA,
    *COMMON,
    *CONSTANTS,
    *BROADCASTS,
    *SCALARS,
    *PRODUCTS,
    *SHARED,
    *BATCH_NORM,
    *JOINED,
    *ABSORBED,
]
