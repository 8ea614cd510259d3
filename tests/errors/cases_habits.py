"""Habits from elsewhere that the language does not share, as rows like those of `cases_newcomers`."""

from __future__ import annotations

from tests.errors.cases_newcomers import LENET, MLP

GAN, RNN = "gan.net", "rnn.net"
SCAN = "{ output next = tanh(x @ U + h @ W + b) }"

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
    # ---- imports
    "an import without a file in quotes": (
        MLP, "net MLP", "import ConvBN from std\n\nnet MLP", "E0117", 'import ConvBN from "std/convolution.net"',
    ),
    "an import of everything": (
        MLP, "net MLP", 'import * from "std/convolution.net"\n\nnet MLP', "E0117", "names are missing",
    ),
    "an import under another name": (
        MLP, "net MLP", 'import ConvBN as CB from "std/convolution.net"\n\nnet MLP', "E0117",
        'import ConvBN from "std/convolution.net"',
    ),
    "an import in braces": (
        MLP, "net MLP", 'import { ConvBN } from "std/convolution.net"\n\nnet MLP', "E0117",
        'import ConvBN from "std/convolution.net"',
    ),
    "an import of a package": (
        MLP, "net MLP", "import torch.nn as nn\n\nnet MLP", "E0117", "layers and functions need no import",
    ),
    "an import inside a net": (
        MLP, "  input x", '  import ConvBN from "std/convolution.net"\n  input x', "E0111",
        "`import` stands outside nets and blocks",
    ),
    "a default inside a net": (
        MLP, "  input x", "  default Linear(bias=false)\n  input x", "E0111", "`default` stands outside",
    ),
    "a block of the library, not imported": (
        LENET, "c1: Conv(6, 5x5)", "c1: ConvBN(6, 5x5)", "E0201", 'import ConvBN from "std/convolution.net"',
    ),
    # ---- headers, results
    "a colon in front of the brace": (
        MLP, "net MLP(hidden=64) {", "net MLP(hidden=64): {", "E0112", "net MLP(hidden=64) {",
    ),
    "the name of a section in quotes": (
        GAN, "train judging {", 'train "judging" {', "E0112", "train judging {",
    ),
    "return": (
        MLP, "  output y: Linear(1)\n", "  y: Linear(1)\n  return y\n", "E0120", "  output y",
    ),
    "return in a scan": (
        RNN, SCAN, "{ return tanh(x @ U + h @ W + b) }", "E0120", "{ tanh(x @ U + h @ W + b) }",
    ),
    # ---- layers that are called several times
    "a layer with a colon": (
        GAN, "layer generator = Generator", "layer generator: Generator", "E0112", "layer generator = Generator(",
    ),
    "a layer without its word": (
        GAN, "layer generator = Generator", "generator = Generator", "E0501", "  layer generator = Generator(",
    ),
    # ---- the train section
    "freeze with a sign": (GAN, "freeze generator", "freeze = generator", "E0603", "  freeze generator"),
    "freeze with brackets": (GAN, "freeze generator", "freeze(generator)", "E0116", "  freeze generator"),
    "betas in round brackets": (
        GAN, "betas=[0.5, 0.99]", "betas=(0.5, 0.99)", "E0100", "Adam(lr=1e-3, betas=[0.5, 0.99])",
    ),
    "a number as the target": (
        GAN, "loss mean(softplus(-on_real)) + mean(softplus(on_fake))", "loss bce_with_logits(on_real, 1)",
        "E0309", "loss bce_with_logits(on_real, ones([N, 1]))",
    ),
    "a smoothed number as the target": (
        GAN, "loss mean(softplus(-on_real)) + mean(softplus(on_fake))", "loss bce_with_logits(on_real, 0.9)",
        "E0309", "loss bce_with_logits(on_real, 0.9 * ones([N, 1]))",
    ),
    "zeros without a shape": (
        GAN, "loss mean(softplus(-on_real)) + mean(softplus(on_fake))", "loss mse(on_real, zeros)",
        "E0309", "loss mse(on_real, zeros([N, 1]))",
    ),
    "detach": (
        GAN, "discriminator(fake)", "discriminator(fake.detach())", "E0211", "discriminator(stop_gradient(fake))",
    ),
    # ---- methods, lists
    "a method": (MLP, HIDDEN, "h = x.relu()", "E0211", "h = relu(x)"),
    "a method with a shape": (MLP, HIDDEN, "h = x.view(-1, 13)", "E0211", "h = reshape(x, [-1, 13])"),
    "a shape without brackets": (
        LENET, "-> flatten", "-> reshape(N, 120)", "E0402", "-> reshape([N, 120])",
    ),
    "a shape in round brackets": (
        LENET, "-> flatten", "-> reshape((N, 120))", "E0100", "-> reshape([N, 120])",
    ),
    # ---- scan
    "what is carried is assigned": (
        RNN, SCAN, "{ h = tanh(x @ U + h @ W + b) }", "E0205", "{ output next_h = tanh(x @ U + h @ W + b) }",
    ),
    "for that carries": (RNN, "scan x in xs", "for x in xs", "E0109", "hs = scan x in xs, h = zeros([N, hidden])"),
    "zeros without a list": (RNN, "zeros([N, hidden])", "zeros(N, hidden)", "E0402", "h = zeros([N, hidden])"),
    "`*` for a product of matrices": (RNN, "x @ U + h @ W", "x * U + h @ W", "E0308", "tanh(x @ U + h @ W + b)"),
    "how many classes": (RNN, "one_hot(text, vocab)", "one_hot(text)", "E0204", "xs = one_hot(text, 10)"),
    "an initializer's short name": (RNN, "= xavier_uniform", "= xavier", "E0202", "= xavier_uniform"),
}  # fmt: skip
