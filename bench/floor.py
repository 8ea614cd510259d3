"""What a step takes at best with single forms: every convolution and its gradients, each in the fastest form by itself.

Single forms make all the multiplications of the sum: a Conv; for its input ConvTranspose, or Conv with the kernel
backwards; for its weight what `conv_forms` has. What they leave to gain is another sum, as Winograd's. The rest of a
step has no other form, and counts as it runs there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import onnx_ir as ir

from bench.profile import Took
from dslc import dims
from dslc.artifact.graphs import train_graph
from dslc.gradient.conv_forms import FORMS as WEIGHT_FORMS
from dslc.gradient.conv_forms import costs as weight_costs
from dslc.gradient.conv_input_forms import flipped, scatter
from dslc.gradient.convolution import Convolution
from dslc.gradient.rule import view
from dslc.gradient.window import window_of
from dslc.graph.builder import IR_VERSION, Builder, type_of
from dslc.network.network import Network
from dslc.simplify import simplify
from dslc.types import float32

Part = Literal["convolve", "spread", "weight", "bias"]
"""X and W to Y; Y and W to X, which is the gradient of that and a ConvTranspose; the gradients of W and the bias."""

Form = Callable[..., ir.Value]

OF_WEIGHT = ("correlate", "columns", "taps", "rows", "gathered")
"""Forms of the weight's gradient that make all its multiplications."""


@dataclass(frozen=True)
class Piece:
    """One of the sums that a convolution and its gradients consist of."""

    part: Part
    conv: Convolution

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of its operands."""
        conv = self.conv
        x, y = (
            (conv.batch, conv.channels, *conv.sizes),
            (conv.batch, conv.features, *conv.positions),
        )
        operands = {
            "convolve": (x, conv.weight_shape),
            "spread": (y, conv.weight_shape),
            "weight": (x, y),
            "bias": (y,),
        }
        return operands[self.part]

    @property
    def forms(self) -> Mapping[str, Form]:
        """The forms it can have, as functions of a builder and the operands."""
        conv = self.conv
        if self.part == "convolve":
            return {"conv": partial(_convolved, conv)}
        if self.part == "bias":
            axes = (0, *range(2, 2 + conv.rank))
            return {"sum": lambda g, y: g.ReduceSum(y, g.axes(*axes), keepdims=0)}
        if self.part == "weight":
            return {
                name: lambda g, x, y, form=WEIGHT_FORMS[name]: form(g, x, y, conv)
                for name in OF_WEIGHT
                if name in weight_costs(conv)
            }
        turning = {} if conv.turned is None else {"flipped": flipped}
        return {
            name: lambda g, y, weight, form=form: form(g, y, weight, conv)
            for name, form in {"scatter": scatter, **turning}.items()
        }

    def model(self, form: str) -> bytes:
        """Return a model of one of its forms alone, with the operands `x0` and `x1`."""
        g = Builder()
        operands = [g.input(f"x{i}", float32(*shape)) for i, shape in enumerate(self.shapes)]
        g.output("y", self.forms[form](g, *operands))
        simplify(g.graph)
        g.graph.name = form
        return bytes(ir.to_proto(ir.Model(g.graph, ir_version=IR_VERSION)).SerializeToString())


def _convolved(conv: Convolution, g: Builder, x: ir.Value, weight: ir.Value) -> ir.Value:
    window = conv.window
    result: ir.Value = g.Conv(
        x,
        weight,
        strides=list(window.strides),
        dilations=list(window.dilations),
        pads=window.pads,
        group=conv.group,
    )
    return result


@dataclass(frozen=True)
class Convolutions:
    """The pieces of all convolutions of a step, with how often each is there, and the scopes of their nodes."""

    pieces: Counter[Piece]
    scopes: frozenset[str]

    def rest(self, nodes: Sequence[Took]) -> float:
        """Return the share of a step's time that is no part of a convolution.

        A node without a name is one that onnxruntime put before the next.
        """
        rest, total, waiting = 0.0, 0.0, 0.0
        for took in nodes:
            total += took.seconds
            waiting += took.seconds
            if took.node.name.startswith("/"):
                rest += 0.0 if _scope(took.node.name) in self.scopes else waiting
                waiting = 0.0
        return (rest + waiting) / total


def convolutions(network: Network) -> Convolutions:
    """Find the convolutions of a training step. (As CUDA has it, which leaves each a node of its own.)"""
    graph = train_graph(network.fed, tuning="cuda")
    nodes = [
        node
        for node in graph
        if node.op_type in ("Conv", "ConvTranspose") and not _is_gradient(node)
    ]
    pieces = Counter(piece for node in nodes for piece in _pieces(node))
    names = [str(node.name) for node in nodes]
    scopes = frozenset([*(_scope(name) for name in names), *(f"/grad{name}" for name in names)])
    return Convolutions(pieces, scopes)


def _scope(name: str) -> str:
    return name.rpartition("/")[0]


def _pieces(node: ir.Node) -> Iterator[Piece]:
    conv = _convolution(node)
    forward: Part = "convolve"
    backward: Part = "spread"
    if node.op_type == "ConvTranspose":
        forward, backward = backward, forward
    yield Piece(forward, conv)
    yield Piece("weight", conv)
    weight = node.inputs[1]
    if weight is not None and any(_is_gradient(user) for user in weight.consumers()):
        yield Piece(backward, conv)  # nothing else of the backward pass needs the weight
    if len(node.inputs) > 2:
        yield Piece("bias", conv)


def _is_gradient(node: ir.Node) -> bool:
    return str(node.name).startswith("/grad/")


def _convolution(node: ir.Node) -> Convolution:
    """Return the sizes; a ConvTranspose is the convolution the other way round."""
    found = [
        dims.known(type_of(value).shape) or ()
        for value in (*node.inputs[:2], node.outputs[0])
        if value is not None
    ]
    x, weight, y = found if node.op_type == "Conv" else reversed(found)
    window, group = window_of(view(node), weight[2:]), node.attributes.get_int("group", 1)
    return Convolution(x[0], x[1], y[1], x[2:], y[2:], window, group)
