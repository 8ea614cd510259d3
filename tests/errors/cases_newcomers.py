"""Mistakes as somebody makes them who comes from another framework, or from none.

Each row is an edit of a spec that ships, or of a small one below: the text, what a newcomer writes in its place, the
code, and words that must stand in the message.
"""

from __future__ import annotations

MLP = """net MLP(hidden=64) {
  input x: float32[N, 13]
  h: Linear(hidden) -> relu -> Dropout(0.2)
  output y: Linear(1)
}

train {
  target price: float32[N, 1]
  loss mse(y, price)
  metric rmse(y, price)
  optimizer = Adam(lr=0.001)
  batch = 32
  epochs = 20
}
"""

SENTIMENT = """net Sentiment(words=5000, hidden=64) {
  input review: int64[N, T]
  Embedding(words, 32)
  y, h, c: LSTM(hidden, return_state=true)
  output logits: h -> Linear(2)
}

train {
  target positive: int64[N]
  loss cross_entropy(logits, positive)
  optimizer = Adam(lr=0.001)
  T = 100
  batch = 32
  epochs = 5
}
"""

STATES = "y, h, c: LSTM(hidden, return_state=true)"

LENET, RESNET, RESNET50 = "lenet5.net", "resnet18.net", "resnet50.net"

NEWCOMERS: dict[str, tuple[str, str, str, str, str]] = {
    # ---- LeNet
    "Conv2d": (
        LENET, "c1: Conv(6, 5x5)", "c1: Conv2d(1, 6, 5)", "E0202", "c1: Conv(6, 5)",
    ),
    "input channels first, as in PyTorch": (
        LENET, "c3: Conv(16, 5x5)", "c3: Conv(6, 16, 5)", "E0304", "c3: Conv(16, 5)",
    ),
    "activation as an argument": (
        LENET, "f6: Linear(84) -> tanh", 'f6: Linear(84, activation="tanh")', "E0203", "Linear(84) -> tanh",
    ),
    "strides": (
        LENET, "avg_pool(2x2)     -> [N, 6, 14, 14]", "avg_pool(2x2, strides=2)", "E0203", "stride=2",
    ),
    "a dot for the flow": (
        LENET, "c1: Conv(6, 5x5) -> tanh", "c1: Conv(6, 5x5).tanh", "E0211", "Conv(6, 5x5) -> tanh",
    ),
    "flatten forgotten": (
        LENET, "tanh -> flatten         -> [N, 120]", "tanh", "E0303", "flatten -> Linear(84)",
    ),
    "kernel of the wrong size": (
        LENET, "c5: Conv(120, 5x5)", "c5: Conv(120, 7x7)", "E0304", "at most 5x5",
    ),
    "softmax at the end": (
        LENET, "output logits: Linear(classes)", "output logits: Linear(classes) -> softmax",
        "W0602", "output prob = softmax(logits)",
    ),
    "layers joined by commas": (
        LENET, "f6: Linear(84) -> tanh", "f6: Linear(84), tanh", "E0102", "Linear(84) -> tanh",
    ),
    "Python's way to name a layer": (
        LENET, "f6: Linear(84) -> tanh", "f6 = Linear(84) -> tanh", "E0501", "f6: Linear(84)",
    ),
    "labels one-hot": (
        LENET, "target digit: int64[N]", "target digit: float32[N]", "E0401", "target digit: int64[N]",
    ),
    "image not cast": (
        LENET, "cast(float32) -> mul(1.275/255) -> sub(0.1) -> pad(2, value=-0.1)", "pad(2)",
        "E0401", "cast(float32) ->",
    ),
    "learning rate in the train section": (
        LENET, "schedule = cosine", "learning_rate = 0.05", "E0603", "SGD(lr=0.05)",
    ),
    "loss with an equals sign": (
        LENET, "loss cross_entropy(logits, digit, ", "loss = cross_entropy(logits, digit, ",
        "E0112", "loss cross_entropy(logits, digit, label",
    ),
    # ---- ResNet
    "a block without its capital": (
        RESNET, "stage2: Stage(128, ", "stage2: stage(128, ", "E0201", "did you mean `Stage`?",
    ),
    "shortcut forgotten": (
        RESNET, "    | if stride != 1 or C != width { ConvBN(width, 1x1, stride=stride) }\n", "    |\n",
        "E0301", "if stride != 1 or C != width { Conv(width, 1x1, stride=stride) }",
    ),
    "stride forgotten": (
        RESNET, "stage3: Stage(256, depths[2], stride=2)", "stage3: Stage(256, depths[2], stride=1)", "E0302",
        "[N, 256, 28, 28]",
    ),
    "plus between branches": (
        RESNET, "    | ConvBN(width, 3x3, stride=stride)", "    ConvBN(width, 3x3, stride=stride)",
        "E0110", "the first one too",
    ),
    "import without quotes": (
        RESNET, 'import ConvBN from "std/convolution.net"', "from std.convolution import ConvBN",
        "E0117", 'import ConvBN from "std/convolution.net"',
    ),
    "import misspelled": (
        RESNET, "import ConvBN", "import ConvBn", "E0701", "did you mean `ConvBN`?",
    ),
    "range for the repeats": (
        RESNET50, "repeat depth - 1 {", "for i in range(depth) - 1 {", "E0404", "range(depth - 1)",
    ),
    "brace forgotten": (
        RESNET50, "  } -> relu\n}", "  } -> relu\n", "E0101", "is missing above",
    ),
    "percent": (
        RESNET50, "epochs = 90", "epochs = 90\n  validation = 10%", "E0105", "validation = 0.1",
    ),
    "comma forgotten": (
        RESNET50, "ConvBN(64, 7x7, stride=2)", "ConvBN(64 7x7, stride=2)", "E0108", "ConvBN(64, 7x7",
    ),
    "PyTorch's schedule": (
        RESNET50, "schedule = step(every=30 epochs, gamma=0.1)", "schedule = StepLR(step_size=30, gamma=0.1)",
        "E0201", "did you mean `step`?",
    ),
    "a duration without a unit": (
        RESNET50, "every=30 epochs", "every=30", "E0402", "30 epochs",
    ),
    # ---- a perceptron and its loss
    "target without the second dimension": (
        MLP, "target price: float32[N, 1]", "target price: float32[N]", "E0309", "target price: float32[N, 1]",
    ),
    "target not declared": (
        MLP, "  target price: float32[N, 1]\n", "", "E0601", "target price: float32[N, 1]",
    ),
    "dropout in percent": (
        MLP, "Dropout(0.2)", "Dropout(20)", "E0406", "Dropout(0.2)",
    ),
    "number of inputs given": (
        MLP, "Linear(hidden)", "Linear(13, 64)", "E0402", "h: Linear(64)",
    ),
    "loss by hand": (
        MLP, "loss mse(y, price)", "loss (y - price)^2", "E0102", "(y - price)**2",
    ),
    "BatchNorm with a number": (
        MLP, "relu -> Dropout", "BatchNorm1d(64) -> relu -> Dropout", "E0202", "BatchNorm -> relu",
    ),
    # ---- an LSTM that reads reviews
    "PyTorch's module": (
        SENTIMENT, STATES, "y, h, c: nn.LSTM(32, 64, batch_first=True)", "E0202", "y, h, c: LSTM(64, ",
    ),
    "number of features given": (
        SENTIMENT, STATES, "y, h, c: LSTM(32, 64, return_state=true)", "E0402",
        "y, h, c: LSTM(64, return_state=true)",
    ),
    "number of layers without its name": (
        SENTIMENT, STATES, "y, h, c: LSTM(64, 2, return_state=true)", "E0402",
        "y, h, c: LSTM(64, layers=2, return_state=true)",
    ),
    "hidden_size and num_layers": (
        SENTIMENT, STATES, "y, h, c: LSTM(hidden_size=64, num_layers=2, return_state=true)", "E0203",
        "LSTM(units=64, num_layers=2, ",
    ),
    "batch_first": (
        SENTIMENT, STATES, "y, h, c: LSTM(hidden, batch_first=true, return_state=true)", "E0203",
        "sequences are always [N, T, features]",
    ),
    "states as a tuple": (
        SENTIMENT, STATES, "output, (h, c): LSTM(hidden, return_state=true)", "E0113",
        "y, h, c: LSTM(hidden, return_state=true)",
    ),
    "states not asked for": (
        SENTIMENT, STATES, "y, h, c: LSTM(hidden)", "E0505", "LSTM(hidden, return_state=true)",
    ),
    "Keras's return_sequences": (
        SENTIMENT, STATES, "h: LSTM(hidden, return_sequences=false)", "E0203", "h: LSTM(hidden, return_sequence=false)",
    ),
    "units forgotten": (
        SENTIMENT, STATES, "h: LSTM(return_sequence=false)", "E0204", "h: LSTM(10, return_sequence=false)",
    ),
    "a cell": (
        SENTIMENT, STATES, "y, h, c: LSTMCell(hidden)", "E0201", "`LSTM` runs over every step",
    ),
    "two directions as a wrapper": (
        SENTIMENT, STATES, "h: Bidirectional(LSTM(hidden))", "E0201", "LSTM(64, bidirectional=true)",
    ),
    "an activation of the cell": (
        SENTIMENT, STATES, 'h: LSTM(hidden, activation="relu", return_sequence=false)', "E0203",
        "h: LSTM(hidden, return_sequence=false)",
    ),
    "words as floats": (
        SENTIMENT, "input review: int64[N, T]", "input review: float32[N, T]", "E0401", "int64[N, T]",
    ),
    "embedding forgotten": (
        SENTIMENT, "  Embedding(words, 32)\n", "", "E0401", "Embedding(1000, 64) -> LSTM(hidden, return_state=true)",
    ),
    "features without steps": (
        MLP, "h: Linear(hidden) -> relu -> Dropout(0.2)", "h: LSTM(hidden, return_sequence=false)", "E0303",
        "h: reshape([N, 13, 1]) -> LSTM(hidden, return_sequence=false)",
    ),
    "every step flattened": (
        SENTIMENT, "h -> Linear(2)", "flatten(y) -> Linear(2)", "E0303", "x[:, -1]",
    ),
    "one target for every step": (
        SENTIMENT, "h -> Linear(2)", "y -> Linear(2)", "E0321", "score its last step, x[:, -1]",
    ),
    "length of the sequences left open": (
        SENTIMENT, "  T = 100\n", "", "E0609", "T = 64",
    ),
    "a mask for the lengths": (
        SENTIMENT, STATES, "y, h, c: LSTM(hidden, lengths=review, return_state=true)", "E0330",
        "one whole number for each sample",
    ),
    "dropout of one layer": (
        SENTIMENT, STATES, "h: LSTM(hidden, return_sequence=false, dropout=0.2)", "W0331",
        "h: LSTM(hidden, return_sequence=false) -> Dropout(0.2)",
    ),
    "nobody learns": (
        MLP, "  batch = 32\n", "  batch = 32\n  freeze h, y\n", "E0605", "leave `y` out",
    ),
}  # fmt: skip
