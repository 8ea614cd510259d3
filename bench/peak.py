"""What an operator would take at best: its multiplications over those of a large product, its bytes over a copy's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from time import perf_counter

import numpy as np
import onnx_ir as ir
import onnxruntime

from dslc.graph.builder import IR_VERSION, Builder
from dslc.types import float32

WIDTH = 768
"""Of the matrices whose product is the peak."""

LENGTH = 1 << 21
"""Elements of the copy: about as many as the results of a convolution have."""

TRIES = 20
"""Of which the fastest counts."""

BYTES = {"bool": 1, "int8": 1, "uint8": 1, "float16": 2, "double": 8, "int64": 8, "uint64": 8}
"""Of an element, where it is not 4."""

NOTHING_MOVES = {"Flatten", "Identity", "Reshape", "Shape", "Size", "Squeeze", "Unsqueeze"}
"""Operators whose result is their input, or is not made of its elements."""

PICKS = {"Gather", "GatherElements", "GatherND", "Slice"}
"""Operators that read no more of their input than they write."""


@dataclass(frozen=True)
class Tensor:
    """The type of a value: onnxruntime's name of its elements, and its shape."""

    kind: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        return prod(self.shape) * BYTES.get(self.kind, 4)


@dataclass(frozen=True)
class Node:
    """A node of a graph as onnxruntime runs it."""

    name: str
    operator: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def products(self) -> int:
        """How many multiplications with their additions it makes, where it is a product or a convolution."""
        result = prod(self.outputs[0].shape)
        kind = self.operator.removeprefix("Fused")
        if kind == "Conv":
            return result * prod(self.inputs[1].shape[1:])
        if kind == "ConvTranspose":
            return prod(self.inputs[0].shape) * prod(self.inputs[1].shape[1:])
        if kind in ("MatMul", "Gemm"):
            rows = self.outputs[0].shape[-2] if len(self.outputs[0].shape) > 1 else 1
            return result * prod(self.inputs[0].shape[-2:]) // max(rows, 1)
        return 0

    @property
    def bytes(self) -> int:
        """How many bytes it reads and writes."""
        if self.operator in NOTHING_MOVES:
            return 0
        written = sum(tensor.bytes for tensor in self.outputs)
        read = sum(tensor.bytes for tensor in self.inputs)
        return written + (min(read, written) if self.operator in PICKS else read)


@dataclass(frozen=True)
class Peak:
    """Multiplications (each with its addition) and bytes per second."""

    products: float
    bytes: float

    def seconds(self, node: Node) -> float:
        """Return what a node would take that made its products, or moved its bytes, at this pace."""
        return max(node.products / self.products, node.bytes / self.bytes)


def measured_peak(threads: int) -> Peak:
    """Measure what onnxruntime reaches here and now."""
    square = _fastest(lambda g, x: g.MatMul(x, x), (WIDTH, WIDTH), threads)
    copy = _fastest(lambda g, x: g.Neg(x), (LENGTH,), threads)
    return Peak(WIDTH**3 / square, 2 * 4 * LENGTH / copy)


def _fastest(
    result: Callable[[Builder, ir.Value], ir.Value], shape: tuple[int, ...], threads: int
) -> float:
    g = Builder()
    g.output("y", result(g, g.input("x", float32(*shape))))
    g.graph.name = "peak"
    model = ir.to_proto(ir.Model(g.graph, ir_version=IR_VERSION)).SerializeToString()
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    feeds = {"x": onnxruntime.OrtValue.ortvalue_from_numpy(np.ones(shape, np.float32))}

    def seconds() -> float:
        begin = perf_counter()
        session.run_with_ort_values(None, feeds)
        return perf_counter() - begin

    return min(seconds() for _ in range(TRIES))
