"""Habits from elsewhere that the language does not share, as rows like those of `cases_newcomers`."""

from __future__ import annotations

from tests.errors.cases_newcomers import LENET, MLP

PAIR = """net Pair {
  input x: float32[N, 4]
  h: Linear(8) -> relu
  output y: Linear(3)
}

train learn {
  target t: int64[N]
  loss cross_entropy(y, t)
  optimizer = SGD(lr=0.1)
}
"""

HIDDEN = "h: Linear(hidden) -> relu -> Dropout(0.2)"

HABITS: dict[str, tuple[str, str, str, str, str]] = {
    # ---- train sections
    "a first section for what all share": (
        PAIR, "train learn {", "train common {\n  batch = 4\n  epochs = 2\n}\n\ntrain learn {",
        "E0607", "move its lines into `train learn`",
    ),
    "a section with a metric alone": (
        MLP, "  loss mse(y, price)\n  metric rmse(y, price)\n  optimizer = Adam(lr=0.001)\n",
        "  metric rmse(y, price)\n",
        "E0607", "this train section has neither a loss nor an optimizer",
    ),
    # ---- Python
    "False": (LENET, "f6: Linear(84)", "f6: Linear(84, bias=False)", "E0202", "f6: Linear(84, bias=false)"),
    "True as a default": (MLP, "hidden=64", "hidden=64, wide=True", "E0202", "net MLP(hidden=64, wide=true) {"),
    # ---- calls
    "the layer made, then called": (
        MLP, HIDDEN, "h = Linear(hidden)(x)", "E0214", "h = x -> Linear(hidden)",
    ),
    "the layer called behind an arrow": (
        MLP, HIDDEN, "h: x -> Linear(hidden)(x)", "E0214", "|   h: x -> Linear(hidden)",
    ),
    "a layer called in arithmetic": (
        MLP, HIDDEN, "h = 0.5 * Linear(hidden)(x)", "E0214", "h = 0.5 * (x -> Linear(hidden))",
    ),
    "a merge called with a list": (
        MLP, HIDDEN, "h = concat()([x, x])", "E0214", "h = concat(x, x)",
    ),
    "a function around a layer": (
        MLP, HIDDEN, "h: relu(Linear(hidden))", "E0501", "h: Linear(hidden) -> relu",
    ),
    "a function around a layer, beside the stack": (
        MLP, HIDDEN, "h = Dropout(Linear(hidden), 0.2)", "E0501", "h = x -> Linear(hidden) -> Dropout(0.2)",
    ),
    "layers as arguments of a merge": (
        MLP, HIDDEN, "h: concat(Linear(8), Linear(8), axis=1)", "E0501",
        "h: concat(axis=1) { | Linear(8) | Linear(8) }",
    ),
    "a layer in arithmetic": (
        MLP, HIDDEN, "h: x + Linear(13)", "E0501", "h: x + (x -> Linear(13))",
    ),
    "a setting without its value": (
        MLP, HIDDEN, "h: Linear(hidden, bias) -> relu", "E0204", "h: Linear(hidden, bias=false) -> relu",
    ),
    "a group without values": (
        MLP, "  batch = 32\n", "  batch = 32\n  group h (lr)\n", "E0204", "group h (lr=0.1)",
    ),
    "the target first": (
        LENET, "loss cross_entropy(logits, digit, ", "loss cross_entropy(digit, logits, ", "E0401",
        "loss cross_entropy(logits, digit, label_smoothing=0.1)",
    ),
    "the target first, in a metric": (
        LENET, "metric accuracy(logits, digit)", "metric accuracy(digit, logits)", "E0401",
        "metric accuracy(logits, digit)",
    ),
    "nothing comes in": (
        MLP, "  input x: float32[N, 13]\n", "", "E0501", "input x: float32[N, 10]",
    ),
}  # fmt: skip
