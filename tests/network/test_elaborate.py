from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dslc.network.network import Constant
from dslc.types import Duration
from tests.network.reading import network_of

X = "  input x: float32[N, 4]\n"
PARTS = (
    "block Scale(k) { mul(k) }\nblock Twice(Part, act=relu) { Part -> act -> Part }\n"
    "block Sized(x: [N, C], by=C) { Linear(by) }\n"
)

OUTPUTS: dict[str, tuple[str, str]] = {
    # what the statements make of `input x: float32[N, 4]`, and the type of `y`
    "the end of the stack": ("  y: Linear(3)", "float32[N, 3]"),
    "a value starts the flow": ("  h: Linear(3)\n  y: x -> Linear(5)", "float32[N, 5]"),
    "a bind leaves the flow alone": ("  h = x -> Linear(9)\n  y: Linear(5)", "float32[N, 5]"),
    "a call with all its values starts": ("  a: Linear(7)\n  y: sub(x, x)", "float32[N, 4]"),
    "a merge with one value joins the flow": ("  a: Linear(3)\n  Linear(5)\n  y: concat(a)", "float32[N, 8]"),
    "a merge of two in a bind": ("  y = concat(x, relu(x))", "float32[N, 8]"),
    "an empty branch is the identity": ("  y: concat { | | Linear(2) }", "float32[N, 6]"),
    "a false if is the identity": ("  y: add { | relu | if false { Linear(2) } }", "float32[N, 4]"),
    "else": ("  if false { Linear(2) } else { Linear(3) }\n  y: relu", "float32[N, 3]"),
    "else if": ("  if false { relu } else if 1 < 2 { Linear(3) }\n  y: relu", "float32[N, 3]"),
    "names in an if stay visible": ("  if true { a: Linear(2) }\n  y = a", "float32[N, 2]"),
    "training": ("  if training { Linear(2) } else { Linear(3) }\n  y: relu", "float32[N, 2]"),
    "repeat 0": ("  repeat 0 { Linear(2) }\n  y: relu", "float32[N, 4]"),
    "for over a list": ("  for h in reversed([2, 3]) { Linear(h) }\n  y: relu", "float32[N, 2]"),
    "for over a range": ("  for h in range(2, 4) { Linear(h) }\n  y: relu", "float32[N, 3]"),
    "a round": ("  l: for h in [5, 6, 7] { Linear(h) }\n  y = l[1]", "float32[N, 6]"),
    "the last round": ("  l: for h in [5, 6, 7] { Linear(h) }\n  y = l[-1]", "float32[N, 7]"),
    "a label in a round": ("  l: repeat 2 { a: Linear(3)\n    Linear(4) }\n  y = l[1].a", "float32[N, 3]"),
    "all rounds": ("  l: repeat 3 { a: Linear(3)\n    Linear(4) }\n  y = add(l[:].a)", "float32[N, 3]"),
    "all rounds of two": ("  l: repeat 3 { a: Linear(3)\n    Linear(4) }\n  y = concat(l[1:].a)", "float32[N, 6]"),
    "a round of a round as a tensor": ("  l: repeat 2 { Linear(4) }\n  a = l[-1]\n  y = a[:, 0]", "float32[N]"),
    "inside a block": ("  b: Twice(Part=Scale)\n  y = relu(x)", ""),
    "a block as a hyper-parameter": ("  y: Twice(Inner, act=tanh)", "float32[N, 4]"),
    "a dimension as a number": ("  y: Sized", "float32[N, 4]"),
    "a dimension given": ("  y: Sized(by=9)", "float32[N, 9]"),
    "an operator on tensors": ("  y = x * 2 + x @ transpose(x, [1, 0]) @ x", "float32[N, 4]"),
    "a comparison": ("  y = x > 0", "bool[N, 4]"),
    "a weight of a row": ("  a: Linear(3)\n  y = a.weight", "float32[3, 4]"),
    "a weight of a shared layer": ("  layer l = Linear(3)\n  l\n  y = l.weight", "float32[3, 4]"),
    "a list as a constant": ("  y = x * [1, 2, 3, 4]", "float32[N, 4]"),
    "a list as the value of a call": ("  y = cast(range(4), float32)", "float32[4]"),
    "a list that would fit the setting": ("  y = unsqueeze(range(5), 1)", "int64[5, 1]"),
    "two lists": ("  y = reshape(range(6), [2, 3])", "int64[2, 3]"),
    "a list before a named setting": ("  y = unsqueeze(range(5), axis=0)", "int64[1, 5]"),
    "a list as settings of what flows": ("  y: unsqueeze([0, 1])", "float32[1, 1, N, 4]"),
    "a shape with blanks": ("  y: Linear(3) -> [_, 1 + 2]", "float32[N, 3]"),
    "a label as a value beside a function of its name": (
        "  sub: Linear(4)\n  y = sub(x, sub)", "float32[N, 4]",
    ),
    "overloaded max of two values": ("  a: Linear(4)\n  y = max(x, a)", "float32[N, 4]"),
    "overloaded max as a reduction": ("  y: max(axis=1)", "float32[N]"),
    "static functions": ("  y: Linear(max(2, 3) + len([1, 2]) + floor(sqrt(17)))", "float32[N, 9]"),
}  # fmt: skip
del OUTPUTS["inside a block"]

LEFT_OUT = """
block Attend(q: [N, E], k: [M, F] = q, v: [M, G] = k, mask: [N, M] = none, width=G) {
  if mask == none { Linear(width) } else { mask @ v }
}
block Pass(x: [N, E], other: [N, F] = none, mask: [N, N] = none) {
  if other != none and mask == none { Attend(x, other) } else { Attend(x, x, mask=mask) }
}
net Net {
  input x: float32[6, 4]
  input z: float32[9, 5]
  input w: float32[6, 9]
  input u: float32[6, 6]
"""

INPUTS_LEFT_OUT: dict[str, tuple[str, str]] = {
    # a row, and the type of what it gives
    "all of them": ("y: x -> Attend", "float32[6, 4]"),
    "the flow is the first": ("y: x -> Attend(z, mask=w)", "float32[6, 5]"),
    "a name for one in the middle": ("y: Attend(x, v=u, mask=u)", "float32[6, 6]"),
    "one stands for another": ("y: Attend(x, z)", "float32[6, 5]"),
    "all given": ("y: Attend(x, z, z, w, width=3)", "float32[6, 5]"),
    "none in so many words": ("y: Attend(x, none, none, none, width=3)", "float32[6, 3]"),
    "none by its name": ("y: Attend(x, mask=none, k=z)", "float32[6, 5]"),
    "left out in the call around": ("y: x -> Pass", "float32[6, 4]"),
    "passed on": ("y: x -> Pass(mask=u)", "float32[6, 4]"),
    "given to the call around": ("y: x -> Pass(z[:6])", "float32[6, 5]"),
    "a layer that is called twice": (
        "layer l = Attend(width=7)\n  a: l(x)\n  y: l(x, mask=none)", "float32[6, 7]",
    ),
    "values of an operation": ("y: unsqueeze(x, 1) -> Attended", "float32[6, 2]"),
}  # fmt: skip


@pytest.mark.parametrize("name", INPUTS_LEFT_OUT)
def test_inputs_that_are_left_out(name: str) -> None:
    row, expected = INPUTS_LEFT_OUT[name]
    recurrent = (
        "block Attended(x: [N, T, F], start: [N, H] = none) {\n"
        "  RNN(2, return_sequence=false, initial_h=start)\n}\n"
    )
    network = network_of(f"{recurrent}{LEFT_OUT}  {row}\n  output y\n}}")
    assert str(network.outputs["y"].type) == expected


INNER = "block Inner { Linear(4) }\n"


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_rows_give(name: str) -> None:
    rows, expected = OUTPUTS[name]
    text = PARTS + INNER + "net Net {\n" + X + rows + "\n  output y\n}"
    network = network_of(text)
    assert str(network.outputs["y"].type) == expected


def test_two_modes_of_one_spec() -> None:
    text = "net Net {\n" + X + "  if training { relu } else { tanh }\n}"
    names = [network_of(text, training=t).calls[0].operation.language_name() for t in (True, False)]
    assert names == ["relu", "tanh"]


CONSTANTS: dict[str, tuple[str, object, str]] = {
    "number": ("x + 0.5", 0.5, "float32"),
    "whole number beside floats": ("x + 1", 1.0, "float32"),
    "list": ("x * [1, 2, 3, 4]", [1, 2, 3, 4], "float32"),
    "static arithmetic": ("x * (2 * 3 - 1)", 5.0, "float32"),
    "whole number beside whole numbers": ("k + 1", 1, "int64"),
    "range": ("k + range(4)", [0, 1, 2, 3], "int64"),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_numbers_become_constants(name: str) -> None:
    row, array, dtype = CONSTANTS[name]
    text = f"net Net {{\n  input x: float32[N, 4]\n  input k: int64[N, 4]\n  output y = {row}\n}}"
    (call,) = network_of(text).calls
    constant = call.inputs[1]
    assert isinstance(constant, Constant)
    assert str(constant.type.dtype) == dtype
    np.testing.assert_array_equal(constant.array, np.asarray(array))


def test_defaults_belong_to_the_file_they_stand_in() -> None:
    files = {"lib.net": "default Linear(bias=false)\nblock B { Linear(3) }"}
    text = 'import B from "lib.net"\nnet Net {\n' + X + "  b: B\n  c: Linear(2)\n}"
    names = {parameter.name for parameter in network_of(text, files=files).parameters}
    assert names == {"b.linear1.weight", "c.weight", "c.bias"}


def test_a_call_overrides_the_defaults_of_its_file() -> None:
    text = (
        "default Linear(bias=false)\nnet Net {\n"
        + X
        + "  a: Linear(3)\n  b: Linear(3, bias=true)\n}"
    )
    names = {parameter.name for parameter in network_of(text).parameters}
    assert names == {"a.weight", "b.weight", "b.bias"}


def test_a_shared_layer_has_one_set_of_weights() -> None:
    text = "net Net {\n" + X + "  layer l = Linear(4)\n  l -> l\n}"
    first, second = network_of(text).calls
    assert first.parameters == second.parameters and first.name != second.name


def test_a_shared_net_can_be_looked_into() -> None:
    text = (
        "net Inner(width=4) {\n  input z: float32[M, 4]\n  l: repeat 2 { Linear(width) }\n  output q: Linear(2)\n}\n"
        "net Net {\n" + X + "  layer i = Inner(width=4)\n  a = i(x)\n  b = i(relu(x))\n"
        "  output y = a.l[0] - b.l[-1]\n}"
    )
    network = network_of(text)
    assert len(network.parameters) == 6
    assert [p.name for p in network.parameters][:2] == ["i.l.0.weight", "i.l.0.bias"]
    assert [v.name for v in network.calls[-1].inputs if v] == ["a.l.0", "b.l"]


def test_hyper_parameters_are_set_from_outside() -> None:
    text = "net Net(depths=[1, 2], width=3) {\n" + X + "  for d in depths { Linear(width * d) }\n}"
    network = network_of(text, settings={"depths": "[4]", "width": "2 * 2"})
    assert dict(network.hyperparameters) == {"depths": (4,), "width": 4}
    assert str(network.outputs["output"].type) == "float32[N, 16]"


def test_the_last_net_is_the_default() -> None:
    text = "net A {\n" + X + "  relu\n}\nnet B {\n" + X + "  tanh\n}"
    assert (network_of(text).name, network_of(text, net="A").name) == ("B", "A")


SECTION = (
    (
        "block B { Linear(4) -> BatchNorm }\n"
        "net Net {\n  input x: float32[N, 4]\n  b: B\n  c: B\n  output y: Linear(3)\n}\n"
        "train {{\n  target t: float32[N, 3]\n  loss mse(y, t)\n{}  optimizer = SGD(lr=1, momentum=0.5)\n"
        "  batch = 8\n  epochs = 2\n}}"
    )
    .replace("net Net {\n", "net Net {{\n")
    .replace("output y: Linear(3)\n}", "output y: Linear(3)\n}}")
    .replace("block B { Linear(4) -> BatchNorm }", "block B {{ Linear(4) -> BatchNorm }}")
)

GROUPS: dict[str, tuple[str, dict[str, str]]] = {
    # lines -> optimizer of some weights: lr and weight_decay, or `frozen`
    "nothing": ("", {"b.linear1.weight": "1 0.0"}),
    "freeze": ("  freeze b\n", {"b.linear1.bias": "frozen", "c.linear1.bias": "1 0.0"}),
    "freeze a kind of weight": ("  freeze bias\n", {"y.bias": "frozen", "y.weight": "1 0.0"}),
    "freeze a kind of layer": (
        "  freeze BatchNorm\n", {"b.batchnorm1.weight": "frozen", "b.linear1.weight": "1 0.0"},
    ),
    "group": ("  group b (lr=0.1)\n", {"b.linear1.bias": "0.1 0.0", "c.linear1.bias": "1 0.0"}),
    "the longest path wins": (
        "  group b.linear1 (lr=0.2)\n  group b (lr=0.1)\n",
        {"b.linear1.bias": "0.2 0.0", "b.batchnorm1.bias": "0.1 0.0"},
    ),
    "a path over a kind": (
        "  group b (lr=0.1)\n  group bias (lr=0.3, weight_decay=0.5)\n",
        {"b.linear1.bias": "0.1 0.5", "c.linear1.bias": "0.3 0.5", "c.linear1.weight": "1 0.0"},
    ),
    "freeze over group": ("  group b (lr=0.1)\n  freeze b\n", {"b.linear1.bias": "frozen"}),
}  # fmt: skip


@pytest.mark.parametrize("name", GROUPS)
def test_freeze_and_group(name: str) -> None:
    lines, expected = GROUPS[name]
    training = network_of(SECTION.format(lines)).training
    assert training is not None
    found = {
        parameter.name: f"{optimizer.lr} {optimizer.weight_decay}"  # type: ignore[attr-defined]  # SGD
        for parameter, optimizer in training.optimizers.items()
    }
    assert {weight: found.get(weight, "frozen") for weight in expected} == expected


@pytest.mark.parametrize(
    ("line", "frozen"), [("", []), ("  freeze b\n", ["b.batchnorm1"]), ("  freeze b.linear1\n", []),
                         ("  freeze b (statistics=true)\n", [])],
)  # fmt: skip
def test_freeze_stops_statistics(line: str, frozen: list[str]) -> None:
    """And nothing else: the dropout of a frozen LSTM goes on, like one that stands behind a frozen layer."""
    network = network_of(SECTION.format(line))
    assert [call.name for call in network.calls if call.frozen] == frozen


def test_a_train_section_is_resolved() -> None:
    text = (
        "net Net {\n  input x: float32[N, T, 4]\n  output y: Linear(3)\n}\n"
        "train {\n  target t: float32[N, T, 3]\n  loss mse(y, t)\n  loss 0.5 * mse(y, t)\n  loss size = mean(y * y)\n"
        "  metric rmse(y, t)\n  optimizer = SGD(lr=0.1)\n  schedule = step(every=3 epochs, gamma=0.5)\n"
        "  batch = 8\n  T = 16\n  steps = 100\n  seed = 7\n  validation = 0.25\n"
        '  data = "d.npz"\n  clip_grad_norm = 5\n}'
    )
    training = network_of(text).training
    assert training is not None
    assert [term.name for term in training.terms] == ["mse1", "mse2", "size"]
    assert [term.weighing is not None for term in training.terms] == [True, True, False]
    assert [term.value.name for term in training.terms] == ["loss.mse1", "loss.mse2", "loss.size"]
    assert dict(training.sizes) == {"N": 8, "T": 16}
    assert training.length == Duration(100, "steps")
    assert (training.seed, training.validation, training.data) == (7, 0.25, "d.npz")
    assert (training.clip_grad_norm, training.clip_grad_value) == (5, None)
    assert [measure.name for measure in training.measures] == ["rmse"]


def test_set_replaces_settings_of_the_train_section() -> None:
    training = network_of(
        SECTION.format(""), settings={"train.steps": "5", "train.optimizer": "Adam(lr=0.5)"}
    ).training
    assert training is not None
    assert training.length == Duration(5, "steps") and training.optimizer.lr == 0.5


def test_set_reaches_one_section_by_its_name() -> None:
    text = (Path(__file__).parents[2] / "specs/gan.net").read_text()
    given = {"train.making.optimizer": "SGD(lr=0.5)", "train.batch": "8"}
    for section, rate in (("judging", 1e-3), ("making", 0.5)):
        training = network_of(text, settings=given, section=section).training
        assert training is not None
        assert (training.optimizer.lr, training.sizes["N"]) == (rate, 8)


WARNINGS: dict[str, tuple[str, str]] = {
    "unused input": ("net Net {\n  input x: float32[2]\n  input y: float32[2]\n  output z = relu(x)\n}", "W0207 y"),
    "unused row": ("net Net {\n  input x: float32[2]\n  a = relu(x)\n  output z = tanh(x)\n}", "W0212 a"),
    "only the last of unused rows": (
        "net Net {\n  input x: float32[2]\n  a = relu(x)\n  b = relu(a)\n  output z = tanh(x)\n}", "W0212 b",
    ),
    "unused weight": (
        "net Net {\n  input x: float32[2]\n  param w: float32[2] = zeros\n  output z = tanh(x)\n}",
        "W0212 w",
    ),
    "softmax twice": (
        "net Net {\n  input x: float32[N, 4]\n  output z: Linear(3) -> softmax\n}\n"
        "train {\n  target t: int64[N]\n  loss cross_entropy(z, t)\n  optimizer = SGD(lr=1)\n  batch = 2\n}",
        "W0602 cross_entropy(z, t)",
    ),
    "a partly used net": (
        "net Inner {\n  input z: float32[M, 4]\n  h: relu\n  Linear(2)\n}\n"
        "net Net {\n  input x: float32[N, 4]\n  a = Inner(x)\n  output y = a.h + 1\n}",
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings(name: str) -> None:
    text, expected = WARNINGS[name]
    found = [f"{w.code} {w.primary.span.text}" for w in network_of(text).warnings]
    assert found == ([expected] if expected else [])
