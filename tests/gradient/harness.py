"""What the tests of gradients share: graphs in two precisions, and how a gradient is judged.

A gradient graph in float64 is run by onnx's reference evaluator (with our own float64 kernels where
that one is wrong or slow) and judged by central differences of the forward graph; the same graph in
float32, run by onnxruntime, is judged by the float64 one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from dslc.gradient.differentiate import differentiate
from dslc.gradient.registry import RULES
from dslc.gradient.rule import Rule
from dslc.graph.builder import IR_VERSION, Builder, type_of
from dslc.types import DType, TensorType
from tests.gradient.kernels import KERNELS

Array = NDArray[Any]
Build = Callable[..., ir.Value]
Runner = Callable[[Mapping[str, Array]], list[Array]]


@dataclass(frozen=True)
class Graph:
    """A graph with the inputs x0, x1, ..., the cotangent `dy`, and the outputs y and one gradient
    per x it depends on.
    """

    builder: Builder
    inputs: tuple[ir.Value, ...]
    result: ir.Value

    @classmethod
    def of(cls, build: Build, shapes: Sequence[Sequence[int]], dtype: DType) -> Graph:
        g = Builder(training=True)
        inputs = tuple(
            g.input(f"x{i}", TensorType(dtype, tuple(shape))) for i, shape in enumerate(shapes)
        )
        with g.at("forward", "net:1"):
            return cls(g, inputs, build(g, *inputs))

    def add_gradients(self, rules: Mapping[str, Rule] = RULES) -> dict[ir.Value, ir.Value]:
        g = self.builder
        dy = g.input("dy", type_of(self.result))
        return differentiate(g, self.result, self.inputs, rules=rules, cotangent=dy)


def serialized(g: Builder) -> Any:
    return ir.serde.serialize_model(ir.Model(g.graph, ir_version=IR_VERSION))


def in_float64(g: Builder) -> Runner:
    evaluator = ReferenceEvaluator(serialized(g), new_ops=KERNELS)
    return lambda feeds: [np.asarray(a) for a in evaluator.run(None, dict(feeds))]


def in_onnxruntime(g: Builder) -> Runner:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        serialized(g).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda feeds: list(session.run(None, dict(feeds)))


def slope(f: Callable[[float], float], h: float) -> float:
    """Return f'(0) by central differences and one step of Richardson; the error is of order h^4."""
    wide = (f(h) - f(-h)) / (2 * h)
    narrow = (f(h / 2) - f(-h / 2)) / h
    return (4 * narrow - wide) / 3


def feeds_of(values: Sequence[Array]) -> dict[str, Array]:
    return {f"x{i}": value for i, value in enumerate(values)}


def directions(shape: tuple[int, ...], rng: np.random.Generator) -> list[Array]:
    """Return directions to move a value of `shape` in: a random one, and two single elements."""
    size = int(np.prod(shape))
    units = [np.eye(size)[i].reshape(shape) for i in rng.choice(size, min(2, size), replace=False)]
    return [rng.uniform(-1, 1, shape), *units]


def check_against_differences(
    forward: Callable[[Sequence[Array]], float],
    values: Sequence[Array],
    gradients: Mapping[int, Array],
    rng: np.random.Generator,
    step: float,
) -> None:
    """Compare <gradient, v> with the slope of `forward` in direction v, for each value that has a
    gradient.
    """
    for index, gradient in gradients.items():
        assert gradient.shape == values[index].shape
        for v in directions(gradient.shape, rng):

            def along(t: float, index: int = index, v: Array = v) -> float:
                moved = list(values)
                moved[index] = values[index] + t * v
                return forward(moved)

            expected, found = slope(along, step), float(np.sum(gradient * v))
            scale = np.linalg.norm(gradient) * np.linalg.norm(v) + 1e-3
            assert abs(found - expected) <= 1e-7 * scale, (index, found, expected)


def check_close(found: Array, expected: Array, rms: float) -> None:
    """Compare a float32 gradient with the float64 one as a whole: 1e-5 of its length, and in the
    same direction.
    """
    assert found.dtype == np.float32 and found.shape == expected.shape
    floor = 1e-3 * np.sqrt(expected.size) * rms
    scale = max(float(np.linalg.norm(expected)), floor)
    assert np.linalg.norm(found - expected) <= 1e-5 * scale + 1e-30
    if np.linalg.norm(expected) > floor:
        both = np.linalg.norm(found.astype(np.float64)) * np.linalg.norm(expected)
        assert 1 - np.sum(found * expected) / both <= 1e-8
