"""print_graph: a graph as text."""

from __future__ import annotations

import numpy as np

from dslc import dims
from dslc.graph.builder import Builder
from dslc.graph.printer import print_graph
from dslc.types import DType, float32

PRINTED = """\
tiny
input   x: float32[N, 4]
const   w: float32[3, 4]
/fc/Gemm: float32[N, 3] = Gemm(x, w, [0.1, 1.0, 2.0], transB=1)           # tiny.net:3 fc
/fc/Clip: float32[N, 3] = Clip(/fc/Gemm, -, 6.0)                          # tiny.net:3 fc
values: float32[N, 1], places: int64[N, 1] = TopK(/fc/Clip, [1])
y: float64[N, 1] = Cast(values, to=float64)
z: int64[2, 2] = ConstantOfShape([2, 2], value=[7])
output  values: float32[N, 1]
output  places: int64[N, 1]
output  y: float64[N, 1]
output  z: int64[2, 2]
"""


def test_print_graph() -> None:
    g = Builder()
    g.graph.name = "tiny"
    x = g.input("x", float32(dims.free("N"), 4))
    w = g.initializer("w", np.arange(12, dtype=np.float32).reshape(3, 4))
    with g.at("fc", "tiny.net:3 fc"):
        clipped = g.Clip(g.Gemm(x, w, [0.1, 1, 2], transB=1, alpha=1.0), None, 6)
    values, places = g.TopK(clipped, [1])
    g.output("values", values)
    g.output("places", places)
    g.output("y", g.cast(values, DType.FLOAT64))
    g.output("z", g.ConstantOfShape([2, 2], value=np.asarray([7])))
    assert print_graph(g.graph) == PRINTED


SCAN = """\
graph
input   xs: float32[N, 5, 2]
input   start: float32[N, 2]
/Scan: float32[N, 2], sums: float32[N, 5, 2] = Scan(start, xs, body=body, num_scan_inputs=1, \
scan_input_axes=[1], scan_output_axes=[1])
    body
    input   carry: float32[N, 2]
    input   step: float32[N, 2]
    /Add: float32[N, 2] = Add(carry, step)
    /Mul: float32[N, 2] = Mul(/Add, 2.0)
    /Identity: float32[N, 2] = Identity(/Mul)
    /Identity_1: float32[N, 2] = Identity(/Mul)
    output  /Identity: float32[N, 2]
    output  /Identity_1: float32[N, 2]
output  sums: float32[N, 5, 2]
"""


def test_print_the_body_of_a_node() -> None:
    g = Builder()
    batch = dims.free("N")
    xs, start = g.input("xs", float32(batch, 5, 2)), g.input("start", float32(batch, 2))
    (sums,) = g.scan(xs, [start], lambda g, x, total: [g.Mul(g.Add(total, x), 2)])
    g.output("sums", sums)
    assert print_graph(g.graph) == SCAN
