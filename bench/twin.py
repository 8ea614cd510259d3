"""The PyTorch twin of a network: straight-line code of PyTorch's own functions, over the same weights.

A twin is a `torch.fx.GraphModule`: what somebody would write down by hand, and what `torch.compile` and
`torch.onnx.export` take. Nothing of dslc is left in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # as PyTorch's own documentation has it
from torch import fx, nn

from dslc import dims
from dslc.layers.recurrent import LSTM
from dslc.network.network import Call, Constant, Network, Value
from dslc.operation import Array


@dataclass(frozen=True)
class Mode:
    """What the code depends on besides the network."""

    sizes: Mapping[str, int]
    training: bool


def twin_of(
    network: Network, wanted: Sequence[Value], weights: Mapping[str, Array], mode: Mode
) -> fx.GraphModule:
    """Return the sum of `wanted` as a function of what they depend on, by name; one alone is itself."""
    calls = network.needed(wanted)
    targets = network.training.targets if network.training else ()
    changing = network.training.optimizers if network.training else ()
    used = {value for call in calls for value in call.inputs}
    writer = _Writer(mode)
    for value in (*network.inputs, *targets):
        if value in used:
            writer.input(value)
    owners = {parameter: call for call in calls for parameter in call.parameters}
    for parameter, owner in owners.items():
        tensor = torch.from_numpy(_in_torch_order(owner, weights[parameter.name]))
        writer.hold(parameter, nn.Parameter(tensor) if parameter in changing else tensor)
    for call in calls:
        writer.call(call)
    twin = writer.module(wanted)
    fx.replace_pattern(twin, _attention, _fused_attention)
    return twin


class _Writer:
    """Writes calls down as code over named weights. What depends on no input is computed at once."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.root, self.graph = nn.Module(), fx.Graph()
        self.tracer = fx.proxy.GraphAppendingTracer(self.graph)
        self.known: dict[Value, Any] = {}

    def input(self, value: Value) -> None:
        self.known[value] = fx.Proxy(self.graph.placeholder(value.name), self.tracer)

    def hold(self, value: Value, tensor: torch.Tensor) -> fx.Proxy:
        """Keep a parameter or a constant with the module."""
        name = value.name.replace(".", "_")
        if isinstance(tensor, nn.Parameter):
            self.root.register_parameter(name, tensor)
        else:
            self.root.register_buffer(name, tensor)
        with warnings.catch_warnings():  # the module the graph will have is not there yet
            warnings.simplefilter("ignore")
            node = self.graph.get_attr(name)
        proxy = fx.Proxy(node, self.tracer)
        self.known[value] = proxy
        return proxy

    def call(self, call: Call) -> None:
        operands = [v for v in (*call.inputs, *call.parameters) if v is not None]
        found = [self.known[v] if v in self.known else _number(v) for v in operands]
        if any(isinstance(item, fx.Proxy) for item in found):
            found = [
                self.hold(value, item) if isinstance(item, torch.Tensor) else item
                for value, item in zip(operands, found, strict=True)
            ]
        results = SPELLINGS[call.operation.language_name()](call, self.mode, *found)
        results = results if isinstance(results, tuple) else (results,)
        self.known |= zip(call.outputs, results, strict=False)

    def module(self, wanted: Sequence[Value]) -> fx.GraphModule:
        total = self.known[wanted[0]]
        for value in wanted[1:]:
            total = total + self.known[value]
        self.graph.output(total.node)
        return fx.GraphModule(self.root, self.graph)


def _attention(query: Any, key: Any, value: Any, mask: Any) -> Any:
    return F.softmax(query @ key + mask, -1) @ value


def _fused_attention(query: Any, key: Any, value: Any, mask: Any) -> Any:
    """Return the same by the function that PyTorch has for it."""
    turned = key.transpose(-2, -1)
    return F.scaled_dot_product_attention(query, turned, value, attn_mask=mask, scale=1.0)


def _in_torch_order(call: Call, weight: Array) -> Array:
    """Return a copy of a weight, the rows of an LSTM from i, o, f, c to PyTorch's i, f, g, o."""
    if not isinstance(call.operation, LSTM):
        return np.array(weight)
    i, o, f, c = np.split(weight, 4)
    return np.concatenate([i, f, c, o])


def _number(value: Value) -> Any:
    """Return a number or a tensor that is written in the spec."""
    assert isinstance(value, Constant)
    return value.array.item() if value.array.size == 1 else torch.from_numpy(value.array)


def _rank(call: Call) -> int:
    value = call.inputs[0]
    assert value is not None
    return value.type.rank - 2


def _sizes(call: Call, mode: Mode) -> list[int]:
    shape = (dims.bind(size, mode.sizes) for size in call.outputs[0].type.shape)
    return [size for size in shape if isinstance(size, int)]


def _conv(call: Call, mode: Mode, x: Any, weight: Any, bias: Any = None) -> Any:
    op: Any = call.operation
    sizes = [size.of(_rank(call)) for size in (op.stride, op.padding, op.dilation)]
    function: Any = (F.conv1d, F.conv2d, F.conv3d)[_rank(call) - 1]
    return function(x, weight, bias, *sizes, op.groups)


def _conv_transpose(call: Call, mode: Mode, x: Any, weight: Any, bias: Any = None) -> Any:
    op: Any = call.operation
    rank = _rank(call)
    function: Any = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    sizes = [size.of(rank) for size in (op.stride, op.padding, op.output_padding)]
    return function(x, weight, bias, *sizes, op.groups, op.dilation.of(rank))


def _batch_norm(
    call: Call, mode: Mode, x: Any, weight: Any, bias: Any, mean: Any, variance: Any
) -> Any:
    op: Any = call.operation
    return F.batch_norm(x, mean, variance, weight, bias, mode.training, op.momentum, op.eps)


def _max_pool(call: Call, mode: Mode, x: Any) -> Any:
    op: Any = call.operation
    rank = _rank(call)
    kernel, stride = op.kernel.of(rank), (op.stride or op.kernel).of(rank)
    padding, dilation = op.padding.of(rank), op.dilation.of(rank)
    return F.max_pool2d(x, kernel, stride, padding, dilation, op.ceil_mode)


def _avg_pool(call: Call, mode: Mode, x: Any) -> Any:
    op: Any = call.operation
    rank = _rank(call)
    kernel, stride = op.kernel.of(rank), (op.stride or op.kernel).of(rank)
    padding = op.padding.of(rank)
    return F.avg_pool2d(x, kernel, stride, padding, op.ceil_mode, op.count_include_pad)


def _pad(call: Call, mode: Mode, x: Any) -> Any:
    op: Any = call.operation
    assert isinstance(op.padding, int) and op.mode == "constant"
    return F.pad(x, [op.padding] * 2 * _rank(call), value=op.value)


def _crop(call: Call, mode: Mode, x: Any, like: Any = None) -> Any:
    op: Any = call.operation
    assert op.offset is None
    assert call.inputs[0] is not None
    before = call.inputs[0].type.shape[2:]
    for axis, (old, new) in enumerate(zip(before, _sizes(call, mode)[2:], strict=True), start=2):
        if old != new:
            x = x.narrow(axis, (int(str(old)) - new) // 2, new)
    return x


def _lrn(call: Call, mode: Mode, x: Any) -> Any:
    op: Any = call.operation
    return F.local_response_norm(x, op.size, op.alpha, op.beta, op.k)


def _lstm(call: Call, mode: Mode, x: Any, *weights: Any) -> Any:
    op = call.operation
    assert isinstance(op, LSTM) and (op.layers, op.bidirectional, op.return_state) == (
        1,
        False,
        False,
    )
    batch = _sizes(call, mode)[0]
    zeros = x.new_zeros(1, batch, op.units)
    state = (zeros, zeros)
    return torch.lstm(x, state, list(weights), op.bias, 1, 0.0, mode.training, False, True)[0]


def _cross_entropy(call: Call, mode: Mode, logits: Any, labels: Any) -> Any:
    op: Any = call.operation
    if op.axis == -1 and _rank(call) > 0:
        logits, labels = logits.flatten(0, -2), labels.flatten()
    return F.cross_entropy(logits, labels, label_smoothing=op.label_smoothing)


def _joined(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return the spelling of an operator that takes any number of values."""

    def spell(call: Call, mode: Mode, first: Any, *rest: Any) -> Any:
        for value in rest:
            first = function(first, value)
        return first

    return spell


SPELLINGS: Mapping[str, Callable[..., Any]] = {
    "BatchNorm": _batch_norm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Dropout": lambda call, mode, x: x,
    "Embedding": lambda call, mode, x, weight: F.embedding(x, weight),
    "LSTM": _lstm,
    "LayerNorm": lambda call, mode, x, weight, bias: F.layer_norm(
        x, [weight.shape[0]], weight, bias, call.operation.eps
    ),
    "Linear": lambda call, mode, x, weight, bias=None: F.linear(x, weight, bias),
    "add": _joined(lambda x, y: x + y),
    "avg_pool": _avg_pool,
    "cast": lambda call, mode, x: x.to(getattr(torch, str(call.outputs[0].type.dtype))),
    "concat": lambda call, mode, *values: torch.cat(values, call.operation.axis),
    "crop": _crop,
    "cross_entropy": _cross_entropy,
    "div": lambda call, mode, x, y: x / y,
    "flatten": lambda call, mode, x: x.flatten(call.operation.axis),
    "gelu": lambda call, mode, x: F.gelu(x, approximate=call.operation.approximate or "none"),
    "global_avg_pool": lambda call, mode, x: x.mean([2, 3]),
    "greater_equal": lambda call, mode, x, y: x >= y,
    "lrn": _lrn,
    "matmul": lambda call, mode, x, y: x @ y,
    "max_pool": _max_pool,
    "mul": _joined(lambda x, y: x * y),
    "pad": _pad,
    "range": lambda call, mode: torch.arange(*_sizes(call, mode)),
    "relu": lambda call, mode, x: F.relu(x),
    "reshape": lambda call, mode, x: x.reshape(_sizes(call, mode)),
    "softmax": lambda call, mode, x: F.softmax(x, call.operation.axis),
    "sub": lambda call, mode, x, y: x - y,
    "tanh": lambda call, mode, x: torch.tanh(x),
    "unsqueeze": lambda call, mode, x: x.unsqueeze(call.operation.axis),
    "where": lambda call, mode, condition, x, y: torch.where(condition, x, y),
    "transpose": lambda call, mode, x: x.permute(call.operation.axes),
}
"""Each operation in PyTorch, by its name in the language; `call` has its settings."""
