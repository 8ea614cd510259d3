"""Local response normalisation, written out: the same numbers, and nothing computed twice."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from dslc.gradient.differentiate import differentiate
from dslc.gradient.rules import lrn
from dslc.graph.builder import Builder
from dslc.graph.verify import verify
from dslc.simplify import simplify
from dslc.types import float32
from tests.gradient.harness import in_onnxruntime

SHAPE = (2, 7, 3, 4)


def normalised(g: Builder, x: ir.Value, size: int = 5, beta: float = 0.75) -> ir.Value:
    y: ir.Value = g.LRN(x, size=size, alpha=0.5, beta=beta, bias=1.5)
    return y


def operators(g: Builder) -> list[str]:
    return [node.op_type for node in g.graph]


@pytest.mark.parametrize("size", [1, 3, 5, 15])
@pytest.mark.parametrize("beta", [0.5, 0.75, 1.0, 0.6])
def test_it_is_what_the_operator_gives(size: int, beta: float) -> None:
    x = np.random.default_rng(size).normal(0, 3, SHAPE).astype(np.float32)
    results = []
    for written_out in (False, True):
        g = Builder()
        g.output("y", normalised(g, g.input("x", float32(*SHAPE)), size, beta))
        if written_out:
            lrn.write_out(g.graph)
            verify(g.graph)
        assert ("LRN" in operators(g)) != written_out
        results += in_onnxruntime(g)({"x": x})
    np.testing.assert_allclose(results[1], results[0], rtol=2e-6, atol=1e-7)


def test_the_gradient_takes_what_the_forward_pass_has_computed() -> None:
    g = Builder()
    x = g.input("x", float32(*SHAPE))
    y = normalised(g, x)
    g.output("y", y)
    g.output("dx", differentiate(g, y, [x], cotangent=g.input("dy", float32(*SHAPE)))[x])
    lrn.write_out(g.graph)
    simplify(g.graph)
    assert operators(g).count("MatMul") == 2
    assert operators(g).count("Sqrt") == 2


@pytest.mark.parametrize(
    ("shape", "size"),
    [((1, lrn.WIDEST + 1, 1, 1), 5), ((1, 7, 2, 2), 4)],
    ids=["more channels than a band is made for", "a window without a middle"],
)
def test_some_stay(shape: tuple[int, ...], size: int) -> None:
    g = Builder()
    g.output("y", normalised(g, g.input("x", float32(*shape)), size))
    lrn.write_out(g.graph)
    assert operators(g) == ["LRN"]
