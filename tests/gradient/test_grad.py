"""`grad(y, x)` in nets: against PyTorch, and judged by `dslc check` as everything is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from dslc.artifact import graphs
from dslc.checking.check import check
from dslc.checking.report import verdict
from dslc.checking.situation import Situation
from dslc.layers.grad import slopes
from dslc.network.network import Network
from dslc.network.printer import print_network
from dslc.network.ways import way
from tests.checking.test_check import execute
from tests.network.reading import network_of

Twin = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """The body of a net, and the same in PyTorch: (torch, values by name) -> outputs by name."""

    name: str
    body: str
    twin: Twin

    @property
    def net(self) -> str:
        return f"net Net {{\n{self.body}}}\n"


def by(torch: Any, y: Any, x: Any) -> Any:
    """PyTorch's spelling: the gradient of the sum, differentiable again, zero where nothing arrives."""
    found = torch.autograd.grad(y.sum(), x, create_graph=True, allow_unused=True)[0]
    return torch.zeros_like(x) if found is None else found


def tanh_net(torch: Any, v: Any) -> Any:
    h = torch.tanh(v["x"] @ v["h.weight"].T + v["h.bias"])
    return h @ v["u.weight"].T + v["u.bias"]


def curvature(torch: Any, **v: Any) -> Mapping[str, Any]:
    u = tanh_net(torch, v)
    slope = by(torch, u, v["x"])
    second = by(torch, slope, v["x"])
    return {"slope": slope, "second": second, "third": by(torch, second, v["x"])}


def weights(torch: Any, **v: Any) -> Mapping[str, Any]:
    u = tanh_net(torch, v)
    return {"a": by(torch, u * u, v["h.weight"]), "b": by(torch, u, v["h.bias"])}


def inner(torch: Any, **v: Any) -> Mapping[str, Any]:
    h = torch.tanh(v["x"] @ v["h.weight"].T)
    y = (h @ v["w"]) ** 2 * v["x"][:, :1]
    return {"g": by(torch, y, h), "p": by(torch, y, v["w"])}


def stopped(torch: Any, **v: Any) -> Mapping[str, Any]:
    x = v["x"]
    s = (x * x).detach() * x
    mask = (x > 0.1).to(x.dtype)
    slope = by(torch, s * s, x)
    return {"slope": slope, "again": by(torch, slope, x), "masked": by(torch, mask * x**3, x)}


def apart(torch: Any, **v: Any) -> Mapping[str, Any]:
    same = v["x"] * 1
    y = same * same * v["x"]
    return {"g": by(torch, y, same), "whole": by(torch, y, v["x"]), "one": torch.ones_like(same)}


def convolved(torch: Any, **v: Any) -> Mapping[str, Any]:
    f = torch.nn.functional
    h = f.softplus(f.conv2d(v["x"], v["h.weight"], v["h.bias"], padding=1))
    y = f.avg_pool2d(h, 2).flatten(1) @ v["y.weight"].T + v["y.bias"]
    g = by(torch, y, v["x"])
    return {"size": (g * g).sum((1, 2, 3)), "sharp": by(torch, (g * g).sum(), v["x"])}


def normed(torch: Any, **v: Any) -> Mapping[str, Any]:
    f = torch.nn.functional
    h = f.batch_norm(
        v["x"] @ v["h.linear1.weight"].T,
        None,
        None,
        v["h.batchnorm1.weight"],
        v["h.batchnorm1.bias"],
        training=True,
    )
    y = f.softmax(h, -1)[:, :1]
    return {"g": by(torch, y, v["x"])}


def shifted(torch: Any, **v: Any) -> Mapping[str, Any]:
    f = torch.nn.functional
    y = f.pad(v["x"], (2, 2))[:, :, 1:4] * v["x"].mean((0, 1), keepdim=True)
    return {"g": by(torch, y, v["x"]), "of": by(torch, by(torch, y**2, v["x"]) ** 2, v["x"])}


def through_scan(torch: Any, **v: Any) -> Mapping[str, Any]:
    h, every = torch.zeros(3, 5, dtype=torch.float64), []
    for t in range(4):
        joined = torch.cat([v["xs"][:, t], h], 1)
        h = torch.tanh(joined @ v["hs.n.weight"].T + v["hs.n.bias"])
        every.append(h)
    return {"g": by(torch, torch.stack(every) ** 2, v["xs"])}


def inside_scan(torch: Any, **v: Any) -> Mapping[str, Any]:
    h, every = torch.zeros(3, 2, dtype=torch.float64), []
    for t in range(4):
        x = v["xs"][:, t] * 1
        h = h - 0.1 * by(torch, torch.tanh(x @ v["hs.y.weight"].T + v["hs.y.bias"]), x)
        every.append(h)
    return {"hs": torch.stack(every, 1)}


ROWS = [
    Row(
        "curvature",
        """  input x: float32[N, 1]
  h: Linear(5) -> tanh
  u: Linear(1)
  output slope = grad(u, x)
  output second = grad(slope, x)
  output third = grad(second, x)
""",
        curvature,
    ),
    Row(
        "weights",
        """  input x: float32[N, 2]
  h: Linear(3) -> tanh
  u: Linear(1)
  output a = grad(u * u, h.weight)
  output b = grad(u, h.bias)
""",
        weights,
    ),
    Row(
        "computed value and param",
        """  input x: float32[N, 2]
  param w: float32[3, 1] = normal(std=0.5)
  h: Linear(3, bias=false) -> tanh
  y = (h @ w)**2 * x[:, :1]
  output g = grad(y, h)
  output p = grad(y, w)
""",
        inner,
    ),
    Row(
        "stop_gradient and masks",
        """  input x: float32[N, 3]
  s = stop_gradient(x * x) * x
  mask = cast(x > 0.1, float32)
  output slope = grad(s * s, x)
  output again = grad(slope, x)
  output masked = grad(mask * x**3, x)
""",
        stopped,
    ),
    Row(
        "a value and what passes it on",
        """  input x: float32[N, 3]
  same = identity(x)
  y = same * same * x
  output g = grad(y, same)
  output whole = grad(y, x)
  output one = grad(same, same)
""",
        apart,
    ),
    Row(
        "convolution",
        """  input x: float32[N, 2, 6, 6]
  h: Conv(3, 3x3, padding=1) -> softplus
  y: avg_pool(2x2) -> flatten -> Linear(1)
  g = grad(y, x)
  output size = sum(g * g, axis=[1, 2, 3])
  output sharp = grad(sum(g * g), x)
""",
        convolved,
    ),
    Row(
        "slices, pads and means over a free batch",
        """  input x: float32[N, 2, 3]
  wide = x -> pad(2)
  y = wide[:, :, 1:4] * mean(x, axis=[0, 1], keepdims=true)
  output g = grad(y, x)
  output of = grad(grad(y**2, x)**2, x)
""",
        shifted,
    ),
    Row(
        "through a scan",
        """  input xs: float32[3, 4, 2]
  hs: scan x in xs, h = zeros([3, 5]) {
    output n = concat(x, h) -> Linear(5) -> tanh
  }
  output g = grad(hs * hs, xs)
""",
        through_scan,
    ),
    Row(
        "inside a scan",
        """  input xs: float32[3, 4, 2]
  output hs: scan x in xs, h = zeros([3, 2]) {
    y = x -> Linear(5) -> tanh
    output n = h - 0.1 * grad(y, x)
  }
""",
        inside_scan,
    ),
    Row(
        "batch statistics",
        """  input x: float32[8, 4]
  h: Linear(3, bias=false) -> BatchNorm
  y: softmax
  output g = grad(y[:, :1], x)
""",
        normed,
    ),
]

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@cache
def network(row: Row, training: bool) -> Network:
    return network_of(row.net, training=training)


def situation(row: Row) -> Situation:
    return Situation(network(row, True), network(row, False), execute)


@every_row
def test_check_passes(row: Row) -> None:
    report = check(situation(row))
    assert report.passed, verdict(report)


@every_row
def test_pytorch_computes_the_same(row: Row) -> None:
    """Values and the gradients of their weighted sum, in float64."""
    torch = pytest.importorskip("torch", reason="PyTorch is an extra: a second opinion only")
    at = situation(row)
    net = at.learning
    tensors = {v.name: torch.tensor(a, dtype=torch.float64) for v, a in at.feeds.items()}
    for tensor in tensors.values():
        tensor.requires_grad_(True)
    expected = row.twin(torch, **tensors)
    assert set(expected) == set(net.outputs)
    for name, value in net.outputs.items():
        np.testing.assert_allclose(
            at.whole.arrays[value], expected[name].detach().numpy(), rtol=1e-7, atol=1e-9
        )
    total = sum((expected[n] * torch.tensor(w.astype(float))).sum() for n, w in at.weights.items())
    total.backward()
    found = at.interpreter().backward(at.whole, at.cotangents)
    for value in at.feeds:
        slope = tensors[value.name].grad
        if slope is not None and not getattr(value, "statistic", False):
            given = found.get(value)
            given = np.zeros(slope.shape) if given is None else given
            scale = max(1.0, float(np.abs(slope.numpy()).max(initial=0.0)))
            np.testing.assert_allclose(given, slope.numpy(), rtol=1e-6, atol=1e-7 * scale)


def test_the_way_ends_where_no_gradient_goes() -> None:
    net = network_of(ROWS[3].net)
    values = {value.name: value for call in net.calls for value in call.outputs}
    body = way(net.calls, net.inputs[0], values["s"])
    assert [call.operation.language_name() for call in body.calls] == ["mul"]
    stopped = next(c for c in net.calls if c.operation.language_name() == "stop_gradient")
    assert body.inputs == (net.inputs[0], *stopped.outputs)
    assert body.outputs == (values["s"],)


def test_a_call_shows_what_it_depends_on() -> None:
    net = network_of(ROWS[0].net)
    slope = next(call for call in net.calls if call.name == "slope.grad")
    assert slope.body is not None
    shown = {value.name for value in slope.inputs if value is not None}
    assert shown == {"u", "x", "h.weight", "h.bias", "u.weight", "u.bias"}
    assert "through h, h.tanh, u" in print_network(net)


def test_nodes_stand_below_the_call_and_lead_to_the_line() -> None:
    graph = graphs.inference_graph(network_of(ROWS[0].net, training=False), None)
    found = [n for n in graph if n.name and n.name.startswith("/slope/grad/grad/h/tanh/")]
    assert found and all("spec.net:3" in (node.doc_string or "") for node in found)


@pytest.mark.parametrize(
    ("function", "slope"),
    [(np.sin, 1.0), (lambda e: np.exp(40 * e), 40.0), (lambda e: np.log(1e-2 + e), 100.0)],
    ids=["sin", "steep", "beside a pole"],
)
def test_slopes_fit_the_step_to_the_function(
    function: Callable[[float], float], slope: float
) -> None:
    found = slopes(lambda e: [np.asarray(function(e)), None])
    assert found[1] is None
    assert abs(found[0] / slope - 1) <= 1e-9


def test_recurrence_beside_a_gradient_keeps_its_free_steps() -> None:
    text = """net Net {
  input x: float32[N, T, 3]
  input z: float32[N, 1]
  output h = x -> GRU(4)
  output slope = grad(tanh(z), z)
}
"""
    graph = graphs.inference_graph(network_of(text, training=False), None)
    assert "GRU" in {node.op_type for node in graph}
