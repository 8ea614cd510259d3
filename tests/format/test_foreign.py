"""`--fix`: what is rewritten, and what is left alone."""

from __future__ import annotations

import pytest

from dslc.elaborate.suggest import FOREIGN
from dslc.format.foreign import fix_spellings
from dslc.source import Source

ROWS = {
    "Conv2d(6, 5) -> ReLU -> MaxPool2d(2)": "Conv(6, 5) -> relu -> max_pool(2)",
    "nn.Conv2d(3, 64, 3, padding=1)": "Conv(64, 3, padding=1)",
    "Conv2d(3, 64, kernel_size=3)": "Conv(64, kernel=3)",
    "nn.Conv2d(in_channels=3, out_channels=64, kernel_size=3)": "Conv(channels=64, kernel=3)",
    "Conv2D(64, 3, strides=2, padding=\"same\")": "Conv(64, 3, stride=2, padding=same)",
    "Conv2D(64, 3, padding=\"valid\", use_bias=False)": "Conv(64, 3, padding=0, bias=false)",
    "nn.BatchNorm2d(64) -> nn.ReLU(inplace=True)": "BatchNorm -> relu",
    "torch.nn.functional.relu": "relu",
    "nn.Linear(784, 10)": "Linear(10)",
    "Linear(784, 10)": "Linear(10)",
    "Linear(10, false)": "Linear(10, false)",
    "Dense(10, activation=\"relu\")": "Linear(10) -> relu",
    "Dense(10, activation=ReLU) -> Dense(5, activation=\"linear\")": "Linear(10) -> relu -> Linear(5)",
    "Dropout(rate=0.5)": "Dropout(p=0.5)",
    "nn.LSTM(28, 128, 2, batch_first=True)": "LSTM(128, layers=2)",
    "nn.GRU(input_size=28, hidden_size=128, num_layers=2)": "GRU(units=128, layers=2)",
    "RNN(28, 128)": "RNN(128)",
    "LSTM(28, hidden_size=128, bidirectional=True)": "LSTM(units=128, bidirectional=true)",
    "SimpleRNN(64, return_sequences=True)": "RNN(64, return_sequence=true)",
    "LSTM(64, false)": "LSTM(64, false)",
    "AdaptiveAvgPool2d(1) -> Flatten()": "global_avg_pool -> flatten",
    "AdaptiveAvgPool2d([1, 1])": "global_avg_pool",
    "LeakyReLU(alpha=0.3) -> ReLU6() -> Hardswish": "leaky_relu(negative_slope=0.3) -> relu6 -> hardswish",
    "nn.SELU() -> nn.CELU(0.5) -> F.mish -> nn.GLU(dim=1)": "selu -> celu(0.5) -> mish -> glu(axis=1)",
    "nn.Hardtanh(-2, 2) -> nn.PReLU() -> Swish": "hardtanh(-2, 2) -> PReLU -> silu",
    "nn.LayerNorm(64) -> RMSNorm([6, 64])": "LayerNorm(axis=-1) -> RMSNorm(axis=[-2, -1])",
    "LayerNorm(normalized_shape=[3, 4, 4], eps=1e-6)": "LayerNorm(axis=[-3, -2, -1], eps=1e-6)",
    "LayerNorm(2) -> LayerNorm([1, 2])": "LayerNorm(2) -> LayerNorm([1, 2])",
    "GroupNorm(8, 64) -> nn.GroupNorm(num_groups=8, num_channels=64)": "GroupNorm(8) -> GroupNorm(groups=8)",
    "nn.InstanceNorm2d(64, affine=True)": "InstanceNorm(affine=true)",
    "nn.Dropout2d(p=0.2) -> GaussianNoise(stddev=0.1)": "SpatialDropout(p=0.2) -> GaussianNoise(std=0.1)",
    "nn.Embedding(num_embeddings=9, embedding_dim=3)": "Embedding(rows=9, features=3)",
    "Embedding(input_dim=9, output_dim=3) -> Dense(5, input_dim=3)": "Embedding(rows=9, features=3) -> Linear(5)",
    "Softmax(dim=1)": "softmax(axis=1)",
    "Conv(8, 3, init=he_normal)": "Conv(8, 3, init=kaiming_normal)",
    "add { | ReLU | Tanh }": "add { | relu | tanh }",
    "repeat 2 { Dense(3) }": "repeat 2 { Linear(3) }",
    "if True { Conv(8, 3) }": "if true { Conv(8, 3) }",
    # where it is not certain what is meant, or a comment would be lost
    "AdaptiveAvgPool2d(7)": "AdaptiveAvgPool2d(7)",
    "Conv(3, 64, 3)": "Conv(3, 64, 3)",
    "Unknown2d(3)": "Unknown2d(3)",
    "mean(reduction=to)": "mean(reduction=to)",
    "Conv2d(3, # in\n 64, 3)": "Conv2d(3, # in\n 64, 3)",
    "foo.Conv2d(3)": "foo.Conv2d(3)",
}  # fmt: skip


def fixed(text):
    return fix_spellings(Source("a.net", text))


@pytest.mark.parametrize("row", ROWS)
def test_rows(row):
    text = "net A {{\n  input x: float32[N, 3, 8, 8]\n  {}\n}}\n"
    assert fixed(text.format(row)) == text.format(ROWS[row])


@pytest.mark.parametrize("row", [row for row in ROWS if "#" not in row])
def test_what_is_fixed_stays(row):
    text = f"net A {{\n  {ROWS[row]}\n}}\n"
    assert fixed(text) == text


def test_defaults_types_settings_losses_and_metrics():
    before = """\
default Conv2d(bias=False)
net A(wide=True) {
  input x: float[N]   # as it is
}
train {
  target t: long[N]
  loss MSELoss(x, t)
  metric Accuracy(x, t)
  optimizer = optim.adam(learning_rate=1e-3)
  lr_scheduler = CosineAnnealingLR
  batch_size = 32
}
"""
    after = """\
default Conv(bias=false)
net A(wide=true) {
  input x: float32[N]   # as it is
}
train {
  target t: int64[N]
  loss mse(x, t)
  metric accuracy(x, t)
  optimizer = Adam(lr=1e-3)
  schedule = cosine
  batch = 32
}
"""
    assert fixed(before) == after
    assert fixed(after) == after


def test_names_of_the_file_are_its_own():
    text = "block Dense(k) { relu }\nnet A {\n  ReLU: Dense(3)\n  y = ReLU -> relu\n}\n"
    assert fixed(text) == text


@pytest.mark.parametrize("name", FOREIGN)
def test_no_foreign_name_breaks_the_file(name):
    """Every name of the table, with and without brackets, gives a file that can be read and fixed again."""
    text = f"net A {{\n  {name}(1) -> {name}\n}}\n"
    once = fixed(text)
    assert fixed(once) == once
