from __future__ import annotations

import pytest

from tests.network.reading import network_of

X = "  input x: float32[N, 4]\n"
B = "block B { Linear(4) -> relu }\n"

WEIGHTS: dict[str, tuple[str, str]] = {
    "one layer in a row": ("net Net {\n" + X + "  a: Linear(3) -> relu\n}", "a"),
    "one layer in a bind": ("net Net {\n" + X + "  a = relu(x) -> Linear(3)\n  output y = a\n}", "a"),
    "two layers in a row": ("net Net {\n" + X + "  a: Linear(3) -> Linear(3)\n}", "a.linear1 a.linear2"),
    "two kinds in a row": (
        "net Net {\n" + X + "  a: B -> Linear(3)\n}\n" + B, "a.b1.linear1 a.linear1",
    ),
    "a weight that goes by another name, too": (
        "net Net {\n" + X + "  a: Linear(4)\n  w = a.weight\n  output y = x @ w\n}", "a",
    ),
    "unlabelled rows": ("net Net {\n" + X + "  Linear(3) -> relu\n  Linear(3)\n}", "linear1 linear2"),
    "a number that a label has": (
        "net Net {\n" + X + "  linear1: Linear(3)\n  Linear(3)\n}", "linear1 linear2",
    ),
    "a block in a row": ("net Net {\n" + X + "  a: B\n}\n" + B, "a.linear1"),
    "blocks in rows without labels": ("net Net {\n" + X + "  B -> B\n}\n" + B, "b1.linear1 b2.linear1"),
    "labels in a block": (
        "block C { a: Linear(4)\n  b: Linear(4) }\nnet Net {\n" + X + "  c: C\n}", "c.a c.b",
    ),
    "unlabelled repeat": ("net Net {\n" + X + "  repeat 2 { Linear(4) }\n  Linear(4)\n}", "linear1 linear2 linear3"),
    "labels in an unlabelled repeat": (
        "net Net {\n" + X + "  repeat 2 { a: Linear(4) }\n}", "a1 a2",
    ),
    "labelled repeat": ("net Net {\n" + X + "  l: repeat 2 { Linear(4) -> relu }\n}", "l.0 l.1"),
    "labelled repeat of two layers": (
        "net Net {\n" + X + "  l: repeat 2 { Linear(4) -> Linear(4) }\n}",
        "l.0.linear1 l.0.linear2 l.1.linear1 l.1.linear2",
    ),
    "labels in a labelled repeat": (
        "net Net {\n" + X + "  l: repeat 2 { a: Linear(4) }\n}", "l.0.a l.1.a",
    ),
    "blocks in a labelled repeat": ("net Net {\n" + X + "  l: repeat 2 { B }\n}\n" + B, "l.0.linear1 l.1.linear1"),
    "labelled for": ("net Net {\n" + X + "  l: for h in [5, 6] { Linear(h) }\n}", "l.0 l.1"),
    "a repeat behind a layer": (
        "net Net {\n" + X + "  l: Linear(4) -> repeat 2 { Linear(4) }\n}", "l.linear1 l.linear2 l.linear3",
    ),
    "a scan": (
        "net Net {\n" + X + "  xs = stack(x, x, axis=1)\n"
        "  hs: scan s in xs, h = x { a: Linear(4)\n    Linear(4) }\n  Linear(2)\n}",
        "hs.a hs.linear1 linear1",
    ),
    "a scan without a label": (
        "net Net {\n" + X + "  xs = stack(x, x, axis=1)\n  scan s in xs, h = x { Linear(4) }\n}", "scan1.linear1",
    ),
    "a shared layer in a scan": (
        "net Net {\n" + X + "  layer l = Linear(4)\n  xs = stack(x, x, axis=1)\n"
        "  hs: scan s in xs, h = l(x) { l -> relu }\n}", "l",
    ),
    "branches": (
        "net Net {\n" + X + "  h: add { | Linear(3) -> Linear(3) | Linear(3) }\n}",
        "h.linear1 h.linear2 h.linear3",
    ),
    "labels in branches": (
        "net Net {\n" + X + "  h: add { | a: Linear(3) | b: Linear(3) }\n}", "h.a h.b",
    ),
    "a shared layer": (
        "net Net {\n" + X + "  layer l = Linear(4)\n  l -> l\n  Linear(3)\n}", "l linear1",
    ),
    "a shared block": (
        "net Net {\n" + X + "  layer s = B\n  a: s\n  b: s\n}\n" + B, "s.linear1",
    ),
    "a shared layer in a block called twice": (
        "block C { layer l = Linear(4)\n  l -> l }\nnet Net {\n" + X + "  C -> C\n}", "c1.l c2.l",
    ),
    "a shared block with a shared layer": (
        "block C { layer l = Linear(4)\n  l -> l }\nnet Net {\n" + X + "  layer c = C\n  a: c -> c\n}", "c.l",
    ),
    "a shared layer beside its own kind": (
        "net Net {\n" + X + "  layer l = Linear(4)\n  a: l -> Linear(3)\n}", "l a",
    ),
    "a net as a layer": (
        "net Inner {\n  input z: float32[M, 4]\n  h: Linear(2)\n}\nnet Net {\n" + X + "  i: Inner\n}", "i.h",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTS)
def test_names_of_weights(name: str) -> None:
    text, owners = WEIGHTS[name]
    network = network_of(text)
    expected = [f"{owner}.{kind}" for owner in owners.split() for kind in ("weight", "bias")]
    assert sorted(p.name for p in network.parameters) == sorted(expected)


VALUES: dict[str, tuple[str, str]] = {
    "rows": ("net Net {\n" + X + "  a: Linear(3) -> tanh -> relu\n}", "a.linear a.tanh a"),
    "rows without labels": ("net Net {\n" + X + "  relu -> tanh\n  relu\n}", "relu1 tanh1 relu2"),
    "the outermost label wins": (
        "block C { inner: relu }\nnet Net {\n" + X + "  outer: C\n}", "outer",
    ),
    "an alias keeps the first label": (
        "net Net {\n" + X + "  a: relu\n  b = a\n  output c = b\n}", "a",
    ),
    "rounds": ("net Net {\n" + X + "  l: repeat 2 { relu -> tanh }\n}", "l.0.relu l.0 l.1.relu l"),
    "results": (
        "net Net {\n  input x: float32[N, 1, 4, 4]\n  p, i: max_pool(2x2, return_indices=true)\n}", "p i",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_names_of_values(name: str) -> None:
    text, names = VALUES[name]
    calls = network_of(text).calls
    assert [value.name for call in calls for value in call.outputs] == names.split()


def test_every_name_is_given_once() -> None:
    text = (
        B
        + "net Net {\n"
        + X
        + "  relu1: tanh\n  relu -> relu\n  a: B -> relu -> relu\n"
        + "  b = (x + 1) * 2 + (x + 1)\n  c: repeat 2 { a_2: B }\n"
        + "  output y = b + c\n}\ntrain {\n  target t: float32[N, 4]\n"
        + "  loss mse(y, t)\n  loss mse(y, t) * 2\n  optimizer = SGD(lr=1)\n  batch = 2\n}"
    )
    network = network_of(text)
    values = [*network.inputs, *network.parameters]
    values += [v for call in network.calls for v in call.outputs]
    constants = {v for call in network.calls for v in call.inputs if v and v not in values}
    names = [value.name for value in (*values, *constants) if value.name != "t"]
    calls = [call.name for call in network.calls]
    assert len(set(names)) == len(names) and all(names)
    assert len(set(calls)) == len(calls) and all(calls)
