"""Type rules against their table, ONNX's shape inference and what onnxruntime computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest

from dslc.dims import Expression
from dslc.errors import InternalError
from dslc.graph.builder import IR_VERSION, Builder, type_of
from dslc.graph.operators import OPERATORS
from dslc.graph.verify import verify
from dslc.types import TensorType
from tests.graph.cases_operators import CASES, REFUSED, Case, typed


def build(case: Case) -> tuple[Builder, tuple[ir.Value, ...]]:
    g = Builder()
    operands = operands_of(g, case.operands)
    attributes = with_bodies(g, case.attributes)
    found = g.node(case.operator, operands, attributes, outputs=len(case.results))
    return g, found if isinstance(found, tuple) else (found,)


def with_bodies(g: Builder, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Let the functions among the attributes make the graphs they stand for."""
    return {name: made(g) if callable(made) else made for name, made in attributes.items()}


def operands_of(g: Builder, operands: tuple[Any, ...]) -> list[ir.Value | None]:
    made: list[ir.Value | None] = []
    for index, operand in enumerate(operands):
        if operand is None:
            made.append(None)
        elif isinstance(operand, str):
            made.append(g.input(f"x{index}", typed(operand)))
        else:
            made.append(g.constant(operand))
    return made


def model_of(case: Case) -> tuple[onnx.ModelProto, tuple[TensorType, ...]]:
    g, values = build(case)
    for index, value in enumerate(values):
        g.output(f"y{index}", value)
    types = tuple(type_of(value) for value in g.graph.outputs)
    proto = ir.to_proto(ir.Model(g.graph, ir_version=IR_VERSION))
    return proto, types


def test_every_operator_has_a_row() -> None:
    assert {case.operator for case in CASES} == set(OPERATORS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    g, values = build(case)
    assert tuple(str(type_of(value)) for value in values) == tuple(
        str(typed(text)) for text in case.results
    )
    verify(g.graph)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule_agrees_with_shape_inference(case: Case) -> None:
    proto, types = model_of(case)
    onnx.checker.check_model(proto)
    for output in proto.graph.output:
        output.type.tensor_type.ClearField("shape")
    if case.odd:
        return
    inferred = onnx.shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True)
    for output, ours in zip(inferred.graph.output, types, strict=True):
        theirs = output.type.tensor_type
        assert onnx.helper.tensor_dtype_to_np_dtype(theirs.elem_type) == ours.dtype.numpy
        if theirs.HasField("shape"):
            assert len(theirs.shape.dim) == ours.rank
            for dim, mine in zip(theirs.shape.dim, ours.shape, strict=True):
                assert not dim.HasField("dim_value") or dim.dim_value == mine


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule_agrees_with_a_run(case: Case) -> None:
    sizes = {"N": 2, "T": 3, "H": 9}
    proto, types = model_of(case)
    feeds = {}
    for value in proto.graph.input:
        feeds[value.name] = feed(typed(case.operands[int(value.name[1:])]).bind(sizes))
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    for result, ours in zip(session.run(None, feeds), types, strict=True):
        assert result.dtype == ours.dtype.numpy
        assert result.shape == ours.bind(sizes).sizes


def feed(type: TensorType) -> np.ndarray[Any, Any]:
    """Return floats in every operator's domain, and whole numbers that are an index anywhere."""
    return np.full(type.sizes, 1 if type.dtype.is_float else 0, type.dtype.numpy)


@pytest.mark.parametrize(
    ("operator", "operands", "attributes", "message"),
    REFUSED,
    ids=[f"{row[0]}-{index}" for index, row in enumerate(REFUSED)],
)
def test_refused(
    operator: str, operands: tuple[Any, ...], attributes: dict[str, Any], message: str
) -> None:
    g = Builder()
    with pytest.raises(InternalError) as caught:
        g.node(operator, operands_of(g, operands), with_bodies(g, attributes))
    assert message in str(caught.value)
    assert not list(g.graph), "a node that is refused is not appended"


def test_names_of_dimensions_stay_expressions() -> None:
    g = Builder()
    y = g.Concat(g.input("x", typed("float32[N, 3]")), np.ones((2, 3), np.float32), axis=0)
    assert isinstance(type_of(y).shape[0], Expression)
