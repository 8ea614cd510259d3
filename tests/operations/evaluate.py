"""A row of the table, evaluated by its reference, and as a graph on onnxruntime."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime as ort
from dslc_runtime import counter

from dslc.gradient.differentiate import differentiate
from dslc.graph.builder import IR_VERSION, Builder, type_of
from dslc.operation import Backward, ParameterSpec
from dslc.reference.run import Run
from dslc.types import DType, TensorType
from tests.operations.harness import Array, Case, Domain, normal, usual

SCOPE = "call"
STEP_KEY = counter.step_key(7, 3)

Arrays = tuple["Array | None", ...]


def types_of(case: Case) -> tuple[TensorType, ...]:
    """Return the types of the results, free dimensions free."""
    found = case.operation.infer(*case.inputs)
    return found if isinstance(found, tuple) else (found,)


def parameters_of(case: Case) -> tuple[ParameterSpec, ...]:
    return case.operation.parameters(*(type for type in case.inputs if type is not None))


def draw(case: Case) -> tuple[Arrays, tuple[Array, ...]]:
    """Return values and parameters: the same for the same row, float64 and exact in float32."""
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    domains = (*case.domains, *(None,) * len(case.inputs))
    values = tuple(
        None if type is None else _drawn(case, rng, type, domain or usual(type))
        for type, domain in zip(case.inputs, domains, strict=False)
    )
    owned = tuple(
        _drawn(case, rng, spec.type, case.parameters.get(spec.name, normal))
        for spec in parameters_of(case)
    )
    return values, owned


def _drawn(case: Case, rng: np.random.Generator, type: TensorType, domain: Domain) -> Array:
    array = domain(rng, type.bind(case.sizes).sizes)
    return array.astype(np.float64 if type.dtype.is_float else type.dtype.numpy)


@dataclass
class Evaluation:
    """What the reference gives: results, next statistics, the backward pass."""

    results: tuple[Array, ...]
    state: dict[str, Array]
    backward: Backward


def evaluate(
    case: Case, training: bool, operands: Sequence[Array | None], dtype: type = np.float64
) -> Evaluation:
    """Run the reference on values and parameters of the given precision."""
    key = (STEP_KEY + 2 * counter.stream_of(SCOPE)) % 2**64
    run = Run(training, case.sizes, key, dtype=dtype)
    results, backward = case.operation.reference(run, *cast(operands, dtype))
    results = results if isinstance(results, tuple) else (results,)
    return Evaluation(results, run.state, backward)


def cast(operands: Sequence[Array | None], dtype: type) -> list[Array | None]:
    """Give floating-point arrays another precision."""
    return [x.astype(dtype) if x is not None and x.dtype.kind == "f" else x for x in operands]


def cotangents(results: Sequence[Array]) -> tuple[Array, ...]:
    """Return the weights of the sum that is differentiated: random, zero for whole numbers."""
    rng = np.random.default_rng(11)
    return tuple(
        rng.standard_normal(y.shape).astype(np.float32).astype(y.dtype)
        if y.dtype.kind == "f"
        else np.zeros_like(y)
        for y in results
    )


def weighted_sum(results: Sequence[Array], weights: Sequence[Array]) -> float:
    return float(
        sum((y * w).sum() for y, w in zip(results, weights, strict=True) if y.dtype.kind == "f")
    )


def trained_operands(case: Case) -> list[int]:
    """Return which values and parameters, counted together, can have a gradient."""
    found = [i for i, type in enumerate(case.inputs) if type is not None and type.dtype.is_float]
    behind = len(case.inputs)
    return found + [behind + i for i, spec in enumerate(parameters_of(case)) if spec.trained]


@dataclass
class Lowered:
    """A graph of one call: `operands` are its inputs, in order, None where a value is left out."""

    builder: Builder
    operands: list[ir.Value | None]
    results: tuple[ir.Value, ...]
    names: list[str] = field(default_factory=list)

    def model(self) -> bytes:
        """Return the graph as a file."""
        model = ir.Model(self.builder.graph, ir_version=IR_VERSION)
        found: bytes = ir.to_proto(model).SerializeToString()
        return found


def lower(
    case: Case, training: bool, sizes: Mapping[str, int], *, differentiated: bool = False
) -> Lowered:
    """Lower one call; its results are outputs `y0`, `y1`, ..., its statistics `next.NAME`."""
    g = Builder(training=training, sizes=sizes)
    g.differentiated = training or differentiated
    g.step_key = g.constant(np.uint64(STEP_KEY))
    operands = [
        None if type is None else g.input(f"x{i}", type.bind(sizes))
        for i, type in enumerate(case.inputs)
    ]
    operands += [g.input(spec.name, spec.type.bind(sizes)) for spec in parameters_of(case)]
    with g.at(SCOPE):
        results = case.operation.lower(g, *operands)
    results = results if isinstance(results, tuple) else (results,)
    lowered = Lowered(g, operands, results)
    for i, value in enumerate(results):
        _output(lowered, f"y{i}", value)
    for name, value in g.updates.items():
        _output(lowered, f"next.{name}", value)
    return lowered


def lower_gradient(case: Case, training: bool, weights: Sequence[Array]) -> Lowered:
    """Lower a call and the gradient of the weighted sum of its results, `d0`, `d1` by operand."""
    lowered = lower(case, training, case.sizes)
    g = lowered.builder
    total = g.constant(np.float32(0))
    for value, weight in zip(lowered.results, weights, strict=True):
        dtype = g.dtype_of(value)
        if dtype.is_float:
            products = g.Mul(value, g.constant(weight, dtype))
            total = g.Add(total, g.cast(g.ReduceSum(products, keepdims=0), DType.FLOAT32))
    _output(lowered, "total", total)
    wanted = {i: lowered.operands[i] for i in trained_operands(case)}
    found = differentiate(g, total, [value for value in wanted.values() if value is not None])
    for i, value in wanted.items():
        if value in found:
            _output(lowered, f"d{i}", found[value])
    return lowered


def _output(lowered: Lowered, name: str, value: ir.Value) -> None:
    lowered.builder.output(name, value)
    lowered.names.append(name)


def on_onnxruntime(lowered: Lowered, operands: Sequence[Array | None]) -> dict[str, Array]:
    """Run a graph in the precision of its types, with all that onnxruntime does to it by itself."""
    session = session_of(lowered)
    given = {
        value.name: array.astype(type_of(value).dtype.numpy)
        for value, array in zip(lowered.operands, operands, strict=True)
        if value is not None and array is not None
    }
    taken = {item.name for item in session.get_inputs()}
    feeds: dict[str, Any] = {str(name): array for name, array in given.items() if name in taken}
    return dict(zip(lowered.names, session.run(lowered.names, feeds), strict=True))


@cache
def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return options


def session_of(lowered: Lowered) -> ort.InferenceSession:
    """Give a graph to onnxruntime, which refuses one with a node that it has no kernel for."""
    return ort.InferenceSession(lowered.model(), _options(), providers=["CPUExecutionProvider"])
