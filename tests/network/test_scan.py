"""Recurrence written out by `scan`: it is the layer, it is expanded nowhere, and nothing looks inside from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dslc.artifact.labels import labels
from dslc.network.network import Network, Value
from dslc.network.summary import summarize
from dslc.operation import Array
from dslc.reference.interpreter import Interpreter
from dslc.scan import Scan
from tests.network.reading import mistakes_of, network_of

SIZES = {"N": 3, "T": 4}
HEAD = "  input xs: float32[N, T, 5]\n"
WEIGHTS = (
    "  param weight_ih: float32[{0}, 5] = zeros\n  param weight_hh: float32[{0}, 6] = zeros\n"
    "  param bias_ih: float32[{0}] = zeros\n  param bias_hh: float32[{0}] = zeros\n"
)
GATES = "    a = x @ transpose(weight_ih) + bias_ih + h @ transpose(weight_hh) + bias_hh\n"

WRITTEN: dict[str, tuple[str, str]] = {
    # layer -> the same as a scan
    "RNN(6, nonlinearity=relu)": (
        WEIGHTS.format(6),
        "  hs: scan x in xs, h = zeros([N, 6]) {\n" + GATES + "    output next = relu(a)\n  }\n",
    ),
    "LSTM(6)": (
        WEIGHTS.format(24),
        "  hs, cs: scan x in xs, h = zeros([N, 6]), c = zeros([N, 6]) {\n"
        + GATES
        + "    i = sigmoid(a[:, :6])\n    o = sigmoid(a[:, 6:12])\n    f = sigmoid(a[:, 12:18])\n"
        "    next_c = f * c + i * tanh(a[:, 18:])\n"
        "    output next_h = o * tanh(next_c)\n    output next_c\n  }\n",
    ),
    "GRU(6)": (
        WEIGHTS.format(18),
        "  hs: scan x in xs, h = zeros([N, 6]) {\n"
        "    a = x @ transpose(weight_ih) + bias_ih\n    b = h @ transpose(weight_hh) + bias_hh\n"
        "    z = sigmoid(a[:, :6] + b[:, :6])\n    r = sigmoid(a[:, 6:12] + b[:, 6:12])\n"
        "    n = tanh(a[:, 12:] + r * b[:, 12:])\n"
        "    output next = (1 - z) * n + z * h\n  }\n",
    ),
}


def _derived(network: Network, weights: dict[str, Array]) -> dict[str, Array]:
    """Return the result, and the gradient of a weighted sum of it by every weight and the input."""
    rng = np.random.default_rng(2)
    (xs,) = network.inputs
    feeds: dict[Value, Array] = {xs: rng.standard_normal((3, 4, 5))}
    for parameter in network.parameters:
        feeds[parameter] = weights[parameter.name.rpartition(".")[2]]
    interpreter = Interpreter(network, True, SIZES)
    y = network.outputs["hs"]
    done = interpreter.forward(feeds, [y])
    found = interpreter.backward(done, {y: rng.standard_normal((3, 4, 6))})
    return {
        "result": done.arrays[y],
        "xs": found[xs],
        **{p.name.rpartition(".")[2]: found[p] for p in network.parameters},
    }


@pytest.mark.parametrize("layer", WRITTEN)
def test_a_layer_written_out_is_the_layer(layer: str) -> None:
    parameters, rows = WRITTEN[layer]
    output = "  output hs\n}"
    known = network_of("net Net {\n" + HEAD + f"  hs: {layer}\n" + output)
    written = network_of("net Net {\n" + HEAD + parameters + rows + output)
    rng = np.random.default_rng(1)
    weights = {
        p.name.rpartition(".")[2]: rng.standard_normal(p.type.sizes) for p in known.parameters
    }
    expected = _derived(known, weights)
    for name, array in _derived(written, weights).items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-12, atol=1e-12, err_msg=name)


def _scan(rows: str, **more: Any) -> Network:
    return network_of("net Net {\n" + HEAD + rows + "\n}", **more)


RESULTS: dict[str, tuple[str, str]] = {
    # rows -> the type of y
    "one output": ("  y: scan x in xs, h = zeros([N, 5]) { output n = x + h }", "float32[N, T, 5]"),
    "the end of the stack": ("  y: scan x in xs, h = zeros([N, 5]) { add(h) -> tanh }", "float32[N, T, 5]"),
    "a further output": (
        "  a, y: scan x in xs, h = zeros([N, 5]) { output n = x + h\n    output m = sum(x, axis=1) > 0 }",
        "bool[N, T]",
    ),
    "whole numbers": (
        "  y: scan x in argmax(xs), n = cast(zeros([N]), int64) { output m = n + x }", "int64[N, T]",
    ),
    "images": (
        "  images = reshape(xs, [N, T, 1, 5, 1])\n"
        "  y: scan x in images, h = zeros([N, 2, 5, 1]) { Conv(2, 1x1) -> add(h) }",
        "float32[N, T, 2, 5, 1]",
    ),
    "a scan, then a layer": (
        "  y: scan x in xs, h = zeros([N, 5]) { add(h) } -> Linear(7)", "float32[N, T, 7]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str) -> None:
    rows, expected = RESULTS[name]
    network = _scan(f"{rows}\n  output z = y")
    assert str(network.outputs["z"].type) == expected


def test_rows_that_a_body_does_not_need_are_left_out() -> None:
    rows = "  y: scan x in xs, h = zeros([N, 5]) { a = exp(x)\n    output n = x + h }"
    (scan,) = (c.operation for c in _scan(rows).calls if isinstance(c.operation, Scan))
    assert [call.operation.language_name() for call in scan.body.calls] == ["add"]


def test_the_work_of_a_body_counts_for_every_step() -> None:
    rows = "  y: scan x in xs, h = zeros([N, 5]) { concat(h) -> Linear(5) }"
    summary = summarize(_scan(rows), {"T": 7})
    assert (summary.parameters, summary.multiply_adds) == (55, 7 * 50)


def test_classes_are_known_through_a_body() -> None:
    text = "net Net {\n  input words: int64[N, T]\n  y: scan w in words, h = zeros([N, 5]) { one_hot(w, 5) + h }\n}"
    network = network_of(text)
    assert labels(network).classes == {network.inputs[0]: 5}


def test_every_step_draws_other_numbers() -> None:
    rows = (
        "  y, deep: scan x in xs, h = zeros([N, 5]) {\n    output next = Dropout(x, 0.5)\n"
        "    output inner: scan z in xs, k = zeros([N, 5]) { Dropout(z, 0.5) }\n  }\n  output y\n  output deep"
    )
    network = network_of("net Net {\n" + HEAD + rows + "\n}")
    (xs,) = network.inputs
    wanted = list(network.outputs.values())
    done = Interpreter(network, True, SIZES).forward({xs: np.ones((3, 4, 5))}, wanted)
    flat, deep = (done.arrays[value] for value in wanted)
    steps = [flat[:, t] for t in range(4)]
    steps += [deep[:, t, s] for t in range(4) for s in range(4)]
    assert len({step.tobytes() for step in steps}) == 20


MISTAKES: dict[str, tuple[str, str]] = {
    "a label of the body from outside": ("  y: scan x in xs, h = zeros([N, 5]) { a: x + h }\n  z = y.a", "E0211"),
    "an output of the body from outside": (
        "  y: scan x in xs, h = zeros([N, 5]) { output a = x + h }\n  z = a", "E0206",
    ),
    "the carry from outside": ("  y: scan x in xs, h = zeros([N, 5]) { x + h }\n  z = h", "E0206"),
    "a name that is taken": ("  y: scan xs in xs, h = zeros([N, 5]) { xs + h }", "E0205"),
    "two carries of one name": (
        "  y: scan x in xs, h = zeros([N, 5]), h = zeros([N, 5]) { x + h }", "E0205",
    ),
    "a carry that becomes an integer": (
        "  y: scan x in xs, h = zeros([N, 5]) { cast(x + h, int64) }", "E0350",
    ),
    "a number at every step": ("  y: scan x in xs, h = zeros([N, 5]) { sum(x) }", "E0303"),
    "a mistake in the body": ("  y: scan x in xs, h = zeros([N, 5]) { Linear(0) }", "E0406"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str) -> None:
    rows, code = MISTAKES[name]
    (found,) = mistakes_of("net Net {\n" + HEAD + rows + "\n}")
    assert found.code == code
