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
import torch.nn.functional as F  # noqa: N812
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
    root, graph = nn.Module(), fx.Graph()
    tracer = fx.proxy.GraphAppendingTracer(graph)
    known: dict[Value, Any] = {}
    used = {value: None for call in calls for value in call.inputs if value is not None}
    targets = network.training.targets if network.training else ()
    for value in (*network.inputs, *targets):
        if value in used:
            known[value] = fx.Proxy(graph.placeholder(value.name), tracer)
    changing = network.training.optimizers if network.training else ()
    owners = {parameter: call for call in calls for parameter in call.parameters}
    for parameter, owner in owners.items():
        name = parameter.name.replace(".", "_")
        tensor = torch.from_numpy(_in_torch_order(owner, weights[parameter.name]))
        if parameter in changing:
            root.register_parameter(name, nn.Parameter(tensor))
        else:
            root.register_buffer(name, tensor)
        known[parameter] = fx.Proxy(_attribute(graph, name), tracer)
    for call in calls:
        known |= zip(call.outputs, _results(call, known, mode), strict=False)
    total = known[wanted[0]]
    for value in wanted[1:]:
        total = total + known[value]
    graph.output(total.node)
    return fx.GraphModule(root, graph)


def _attribute(graph: fx.Graph, name: str) -> fx.Node:
    with warnings.catch_warnings():  # the module the graph will have is not there yet
        warnings.simplefilter("ignore")
        return graph.get_attr(name)


def _in_torch_order(call: Call, weight: Array) -> Array:
    """Return a copy of a weight, the rows of an LSTM from i, o, f, c to PyTorch's i, f, g, o."""
    if not isinstance(call.operation, LSTM):
        return np.array(weight)
    i, o, f, c = np.split(weight, 4)
    return np.concatenate([i, f, c, o])


def _results(call: Call, known: Mapping[Value, Any], mode: Mode) -> tuple[Any, ...]:
    """Write one call down."""
    values = [
        value.array.item() if isinstance(value, Constant) else known[value]
        for value in (*call.inputs, *call.parameters)
        if value is not None
    ]
    results = SPELLINGS[call.operation.language_name()](call, mode, *values)
    return results if isinstance(results, tuple) else (results,)


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
    "cross_entropy": _cross_entropy,
    "flatten": lambda call, mode, x: x.flatten(call.operation.axis),
    "gelu": lambda call, mode, x: F.gelu(x, approximate=call.operation.approximate or "none"),
    "global_avg_pool": lambda call, mode, x: x.mean([2, 3]),
    "lrn": _lrn,
    "matmul": lambda call, mode, x, y: x @ y,
    "max_pool": _max_pool,
    "mul": _joined(lambda x, y: x * y),
    "pad": _pad,
    "relu": lambda call, mode, x: F.relu(x),
    "reshape": lambda call, mode, x: x.reshape(_sizes(call, mode)),
    "softmax": lambda call, mode, x: F.softmax(x, call.operation.axis),
    "sub": lambda call, mode, x, y: x - y,
    "tanh": lambda call, mode, x: torch.tanh(x),
    "transpose": lambda call, mode, x: x.permute(call.operation.axes),
}
"""Each operation in PyTorch, by its name in the language; `call` has its settings."""
