"""Habits from elsewhere that the language does not share, as rows like those of `cases_newcomers`."""

from __future__ import annotations

from tests.errors.cases_newcomers import LENET, MLP, RESNET, RESNET50

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

READER = """import MultiheadAttention from "std/attention.net"

net Reader(words=100, width=32) {
  input text: int64[N, T]
  Embedding(words, width)
  h: MultiheadAttention(heads=4)
  output logits: LayerNorm -> Linear(words)
}

train {
  target next: int64[N, T]
  loss cross_entropy(logits, next)
  optimizer = Adam(lr=1e-3)
  T = 16
  batch = 8
  epochs = 2
}
"""

HEADS = "MultiheadAttention(heads=4)"

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
    # ---- lists of names, results
    "names without a comma, frozen": (
        RESNET, "  batch = 256\n", "  batch = 256\n  freeze stem stage1\n", "E0108", "freeze stem, stage1",
    ),
    "names in quotes, frozen": (
        RESNET, "  batch = 256\n", '  batch = 256\n  freeze "stem"\n', "E0116", "freeze stem",
    ),
    "everything inside, with a star": (
        RESNET, "  batch = 256\n", "  batch = 256\n  freeze stem.*\n", "E0115", "freeze stem",
    ),
    "rounds as a slice": (
        RESNET50, "  batch = 256\n", "  batch = 256\n  freeze stage1.bottleneck[0:2]\n", "E0102",
        "freeze stage1.bottleneck[0], stage1.bottleneck[1]",
    ),
    "a group with a colon": (
        RESNET, "  batch = 256\n", "  batch = 256\n  group stem: lr=0.01\n", "E0116", "group stem (lr=0.01)",
    ),
    "a group in braces": (
        RESNET, "  batch = 256\n", "  batch = 256\n  group stem { lr=0.01 }\n", "E0116", "group stem (lr=0.01)",
    ),
    "two values on a line": (
        MLP, "  output y: Linear(1)\n", "  y: Linear(1)\n  output a, b = y, h\n", "E0112", "  output a = y\n",
    ),
    "names of outputs without a comma": (
        MLP, "  output y: Linear(1)\n", "  y: Linear(1)\n  output y h\n", "E0108", "  output y, h",
    ),
    "an output with a sign": (
        MLP, "  output y: Linear(1)\n", "  y: Linear(1)\n  output = y\n", "E0116", "  output y",
    ),
    "an output behind an arrow": (
        MLP, "output y: Linear(1)", "Linear(1) -> output y", "E0111", "output y: Linear(1)",
    ),
    "a label behind an arrow": (
        MLP, HIDDEN, "Linear(hidden) -> features", "E0206", "features: Linear(hidden)",
    ),
    "self": (MLP, HIDDEN, "self.h = relu(x)", "E0112", "  h = relu(x)"),
    # ---- headers and control
    "a type of a hyper-parameter": (
        RESNET, "width, stride=1) {", "width: int, stride=1) {", "E0112", "width, stride=1) {",
    ),
    "what a block gives": (
        RESNET, "width, stride=1) {", "width, stride=1) -> [N, width, H, W] {", "E0112", "width, stride=1) {",
    ),
    "def": (RESNET, "block Basic(", "def Basic(", "E0120", "block Stage(width, stride=1) { }"),
    "a number to count to": (
        MLP, HIDDEN, "h: for i in 3 { Linear(hidden) }", "E0404", "h: for i in range(3) { Linear(hidden) }",
    ),
    "a list to repeat": (
        MLP, HIDDEN, "h: repeat [8, 16] { Linear(hidden) }", "E0404", "h: for width in [8, 16] { Linear(hidden) }",
    ),
    "a colon for the braces": (
        MLP, HIDDEN, "h: for k in [8, 16]: Linear(k)", "E0109", "h: for k in [8, 16] { Linear(k) }",
    ),
    "elif": (
        MLP, HIDDEN, "h: if hidden > 9 { Linear(9) } elif hidden > 5 { Linear(5) }", "E0120",
        "h: if hidden > 9 { Linear(9) } else if hidden > 5 { Linear(5) }",
    ),
    "while": (MLP, HIDDEN, "h: while hidden > 9 { Linear(9) }", "E0120", "repeat 3 { }"),
    "a choice of numbers": (
        MLP, HIDDEN, "h: Linear(8 if hidden > 9 else 4)", "E0100", "make the number a hyper-parameter",
    ),
    "Sequential": (MLP, HIDDEN, "h: Sequential(relu, tanh)", "E0201", "rows and arrows do this"),
    # ---- blocks of the standard library
    "a block under PyTorch's name": (
        READER, HEADS, "TransformerEncoderLayer(nhead=4)", "E0201",
        'import TransformerBlock from "std/transformer.net"',
    ),
    "a block with other letters": (
        READER, "h: MultiheadAttention(", "h: MultiHeadAttention(", "E0201", "h: MultiheadAttention(heads=4)",
    ),
    "a block that stands in another file": (
        READER, "import MultiheadAttention", "import MultiheadAttention, TransformerBlock", "E0701",
        'import TransformerBlock from "std/transformer.net"',
    ),
    "PyTorch's number of heads": (
        READER, HEADS, "MultiheadAttention(num_heads=4)", "E0203", "h: MultiheadAttention(heads=4)",
    ),
    "the number of features": (
        READER, HEADS, "MultiheadAttention(embed_dim=32, heads=4)", "E0203", "h: MultiheadAttention(heads=4)",
    ),
    "PyTorch's mask": (
        READER, HEADS, "MultiheadAttention(heads=4, attn_mask=none)", "E0203",
        "h: MultiheadAttention(heads=4, mask=none)",
    ),
    "a length with a point": (READER, "  T = 16\n", "  T = 16.0\n", "E0402", "takes a whole number"),
}  # fmt: skip
