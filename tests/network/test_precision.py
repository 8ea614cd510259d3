"""`precision = float16`: which calls of a net compute in halves, and what an operation says of itself."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dslc.compile import Options, network_of
from dslc.losses.base import Loss
from dslc.network.network import Network
from dslc.network.printer import print_network
from dslc.registry import operations
from dslc.source import Source


@dataclass(frozen=True)
class Net:
    """Lines of a net of `x`, and the names of the calls that compute in halves."""

    name: str
    lines: str
    halves: str

    def __str__(self) -> str:
        return self.name


NETS = (
    Net("products", "h: Linear(4)\nv = matmul(h, ones([4, 4]))\noutput y = v", "h v.matmul"),
    Net("what follows them", "h: Linear(4) -> relu\nDropout\noutput y: tanh", "h h.relu dropout1 y.tanh"),
    Net("what comes before them stays", "mul(2) -> relu\noutput y: Linear(4)", "y"),
    Net("sums stay", "h: Linear(4)\noutput y = h - mean(h, axis=-1, keepdims=true)", "h"),
    Net("softmax stays, what follows too", "h: Linear(4)\na: softmax -> mul(2)\noutput y: Linear(4)", "h y"),
    Net("norms give what they take", "h: Linear(4)\nLayerNorm -> relu\noutput y: Linear(4)", "h layernorm1 relu1 y"),
    Net("norms of singles", "h: LayerNorm\noutput y: Linear(4)", "y"),
    Net("the wider of two", "h: Linear(4)\nk: relu\noutput y = k + x", "h k.relu"),
    Net("two of the same", "h: Linear(4)\nk: relu\noutput y = k + h", "h k.relu y.add"),
    Net("weights decide nothing", "param w: float32[4] = ones\nh: Linear(4)\noutput y = h * w", "h y.mul"),
    Net("weights alone", "param w: float32[4, 4] = ones\nv = w * 2\noutput y = matmul(x, v)", "y.matmul"),
    Net("a cast of its own", "h: Linear(4)\nk: cast(float64)\noutput y: mul(2)", "h k.cast"),
    Net("a gradient's way stays", "h: Linear(4)\nk: tanh\noutput y = grad(k, h)", ""),
    Net("beside a gradient", "h: Linear(4)\nk: tanh\ns: Linear(4)\noutput y = grad(k, h) + s", "s"),
)  # fmt: skip


def network(lines: str, precision: str = "float16") -> Network:
    body = "".join(f"  {line}\n" for line in lines.split("\n"))
    text = f"net Net {{\n  input x: float32[N, 4]\n{body}}}\n"
    recipe = ("loss mean(y)", "optimizer = SGD(lr=0.1)", "batch = 2", f"precision = {precision}")
    text += "train {\n" + "".join(f"  {line}\n" for line in recipe) + "}\n"
    return network_of(Source("net.net", text), Options({}))


@pytest.mark.parametrize("net", NETS, ids=str)
def test_what_computes_in_halves(net: Net) -> None:
    assert [call.name for call in network(net.lines).calls if call.half] == net.halves.split()


@pytest.mark.parametrize("net", NETS, ids=str)
def test_float32_is_what_there_is_without_it(net: Net) -> None:
    single = network(net.lines, "float32")
    assert not any(call.half for call in single.calls)
    assert "precision" not in print_network(single)
    assert "precision = float16" in print_network(network(net.lines)).replace('"', "")


def test_losses_stay() -> None:
    losses = [one for one in operations().values() if issubclass(one, Loss)]
    assert losses and {one.precision for one in losses} == {"single"}
