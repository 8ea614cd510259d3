"""Nets, each written twice: in the language, and in PyTorch over the same weights by the same names.

The PyTorch side is a function of the weights and of what a batch holds; it returns every value that
a loss line of the spec looks at, the first of them being the output `logits`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.torch.blocks import below, block, waves

SPECS = Path(__file__).parents[2] / "specs"
CLASSES = 5
Batch = dict[str, np.ndarray[Any, Any]]


class Weights(dict[str, Tensor]):
    """Weights by name; `training` chooses the batch's own statistics over the running ones."""

    training = True

    def conv(self, name: str, x: Tensor, **settings: int) -> Tensor:
        return F.conv2d(x, self[f"{name}.weight"], self.get(f"{name}.bias"), **settings)

    def linear(self, name: str, x: Tensor) -> Tensor:
        return F.linear(x, self[f"{name}.weight"], self[f"{name}.bias"])

    def batch_norm(self, name: str, x: Tensor) -> Tensor:
        """In training the running statistics change in place."""
        statistics = (self[f"{name}.running_mean"], self[f"{name}.running_var"])
        return F.batch_norm(
            x, *statistics, self[f"{name}.weight"], self[f"{name}.bias"], self.training
        )


Forward = Callable[[Weights, Tensor], tuple[Tensor, ...]]
Draw = Callable[[np.random.Generator, int], Batch]


@dataclass(frozen=True)
class Net:
    """A net in both spellings; `shares` are the factors of its loss lines, `smoothing` that of its labels.

    `axis` is where the scores of the classes stand.
    """

    name: str
    spec: str
    forward: Forward
    draw: Draw
    batch: int = 8
    input: str = "image"
    label: str = "label"
    axis: int = 1
    shares: tuple[float, ...] = (1.0,)
    settings: Mapping[str, object] = field(default_factory=dict)
    smoothing: float = 0.0
    idle: str | None = None
    """How the names of weights end that the loss does not depend on: what they get is rounding."""

    def loss(self, weights: Weights, batch: Batch) -> Tensor:
        labels = torch.from_numpy(batch[self.label])
        losses = [
            F.cross_entropy(output.movedim(self.axis, 1), labels, label_smoothing=self.smoothing)
            for output in self.forward(weights, self.given(batch))
        ]
        total = losses[0] * self.shares[0]
        for loss, share in zip(losses[1:], self.shares[1:], strict=True):
            total = total + share * loss
        return total

    def counts(self, weight: str) -> bool:
        """Tell whether the loss depends on a weight."""
        return self.idle is None or not weight.endswith(self.idle)

    def given(self, batch: Batch) -> Tensor:
        """Return what goes into the net: indices as they are, pixels as float64."""
        array = torch.from_numpy(batch[self.input])
        return array if array.dtype is torch.int64 else array.double()


def noise(channels: int, size: int) -> Draw:
    """Return batches of normal values with labels that their channels' means have a part in."""

    def draw(rng: np.random.Generator, count: int) -> Batch:
        label = rng.integers(0, CLASSES, count)
        image = rng.normal(size=(count, channels, size, size))
        image += 0.3 * label[:, None, None, None]
        return {"image": image.astype(np.float32), "label": label}

    return draw


def shapes(rng: np.random.Generator, count: int) -> Batch:
    """Return images whose brighter places are the classes to be found in their middle."""
    image = rng.normal(size=(count, 1, 28, 28)).astype(np.float32)
    middle = image[:, 0, 8:-8, 8:-8]
    return {"image": image, "mask": np.digitize(middle, [-1, 0, 1]).astype(np.int64)}


def some_text(rng: np.random.Generator, count: int) -> Batch:
    """Return texts in which a character is mostly the one before it, plus one."""
    steps = np.where(rng.random((count, 8)) < 0.7, 1, rng.integers(0, 12, (count, 8)))
    text = np.cumsum(steps, axis=1, dtype=np.int64) % 12
    return {"text": text[:, :-1].copy(), "next_char": text[:, 1:].copy()}


@cache
def digits() -> Mapping[str, np.ndarray[Any, Any]]:
    with np.load(SPECS / "data" / "mnist10k.npz") as file:
        return dict(file)


def some_digits(rng: np.random.Generator, count: int) -> Batch:
    rows = rng.integers(0, len(digits()["digit"]), count)
    return {name: array[rows] for name, array in digits().items()}


def lenet5(w: Weights, x: Tensor) -> tuple[Tensor, ...]:
    x = F.pad(x * (1.275 / 255) - 0.1, (2, 2, 2, 2), value=-0.1)
    x = F.avg_pool2d(torch.tanh(w.conv("c1", x)), 2)
    x = F.avg_pool2d(torch.tanh(w.conv("c3", x)), 2)
    x = torch.tanh(w.conv("c5", x)).flatten(1)
    x = torch.tanh(w.linear("f6", x))
    return (w.linear("logits", x),)


ALEXNET = """
default Conv(init=kaiming_normal)
default lrn(size=5, alpha=1e-2, beta=0.75, k=2)

net AlexNet(classes=5) {
  input image: float32[N, 3, 67, 67]
  conv1: Conv(8, 11x11, stride=4) -> relu -> lrn -> max_pool(3x3, stride=2)             -> [N, 8, 7, 7]
  conv2: Conv(12, 5x5, padding=2, groups=2, bias_init=ones) -> relu -> lrn
  pool2: max_pool(3x3, stride=2)                                                       -> [N, 12, 3, 3]
  conv3: Conv(16, 3x3, padding=1) -> relu
  conv4: Conv(16, 3x3, padding=1, groups=2, bias_init=ones) -> relu
  conv5: Conv(12, 3x3, padding=1, groups=2, bias_init=ones) -> relu
  pool5: max_pool(3x3, stride=2) -> flatten                                            -> [N, 12]
  fc6:   Linear(20) -> relu -> Dropout(0)
  fc7:   Linear(20) -> relu -> Dropout(0)
  output logits: Linear(classes)
}

train {
  target label: int64[N]
  loss cross_entropy(logits, label)
  optimizer = SGD(lr=0.01)
  batch = 8
  steps = 10
}
"""


def alexnet(w: Weights, x: Tensor) -> tuple[Tensor, ...]:
    def normalise(x: Tensor) -> Tensor:
        return F.local_response_norm(x, 5, alpha=1e-2, beta=0.75, k=2.0)

    x = F.max_pool2d(normalise(F.relu(w.conv("conv1", x, stride=4))), 3, stride=2)
    x = F.max_pool2d(normalise(F.relu(w.conv("conv2", x, padding=2, groups=2))), 3, stride=2)
    x = F.relu(w.conv("conv3", x, padding=1))
    x = F.relu(w.conv("conv4", x, padding=1, groups=2))
    x = F.relu(w.conv("conv5", x, padding=1, groups=2))
    x = F.max_pool2d(x, 3, stride=2).flatten(1)
    x = F.relu(w.linear("fc6", x))
    x = F.relu(w.linear("fc7", x))
    return (w.linear("logits", x),)


VGG = """
import Stage from "vgg.net"

net VGG11(classes=5) {
  input image: float32[N, 3, 32, 32]
  stage1: Stage( 6, 1)                                                                 -> [N, 6, 16, 16]
  stage2: Stage( 8, 1)
  stage3: Stage(12, 2)
  stage4: Stage(12, 2)
  stage5: Stage(12, 2) -> flatten                                                      -> [N, 12]
  fc6:    Linear(20) -> relu -> Dropout(0)
  fc7:    Linear(20) -> relu -> Dropout(0)
  output logits: Linear(classes)
}

train {
  target label: int64[N]
  loss cross_entropy(logits, label)
  optimizer = SGD(lr=0.01)
  batch = 8
  steps = 10
}
"""


def vgg11(w: Weights, x: Tensor) -> tuple[Tensor, ...]:
    for stage, depth in enumerate((1, 1, 2, 2, 2), start=1):
        for number in range(depth):
            x = F.relu(w.conv(f"stage{stage}.conv.{number}", x, padding=1))
        x = F.max_pool2d(x, 2)
    x = F.relu(w.linear("fc6", x.flatten(1)))
    return (w.linear("logits", F.relu(w.linear("fc7", x))),)


RESNET = """
import ConvBN from "std/convolution.net"
import Basic from "resnet18.net"

net ResNet(classes=5) {
  input image: float32[N, 3, 16, 16]
  stem:   ConvBN(8, 3x3) -> relu -> max_pool(3x3, stride=2, padding=1)                 -> [N, 8, 8, 8]
  stage1: Basic(8) -> Basic(8)                                                         -> [N, 8, 8, 8]
  stage2: Basic(16, stride=2) -> Basic(16)                                             -> [N, 16, 4, 4]
  output logits: global_avg_pool -> Linear(classes)
}

train {
  target label: int64[N]
  loss cross_entropy(logits, label)
  optimizer = SGD(lr=0.01)
  batch = 8
  steps = 10
}
"""


def resnet(w: Weights, x: Tensor) -> tuple[Tensor, ...]:
    def conv_bn(name: str, x: Tensor, stride: int = 1, padding: int = 1) -> Tensor:
        x = w.conv(f"{name}.conv1", x, stride=stride, padding=padding)
        return w.batch_norm(f"{name}.batchnorm1", x)

    def basic(name: str, x: Tensor, stride: int = 1) -> Tensor:
        y = F.relu(conv_bn(f"{name}.convbn1", x, stride))
        y = conv_bn(f"{name}.convbn2", y)
        if stride != 1:
            x = conv_bn(f"{name}.convbn3", x, stride, padding=0)
        return F.relu(x + y)

    x = F.max_pool2d(F.relu(conv_bn("stem", x)), 3, stride=2, padding=1)
    x = basic("stage1.basic2", basic("stage1.basic1", x))
    x = basic("stage2.basic2", basic("stage2.basic1", x, stride=2))
    return (w.linear("logits", x.mean((2, 3))),)


INCEPTION = """
import ConvReLU, Inception from "googlenet.net"
default max_pool(ceil_mode=true)

block AuxHead(classes) {
  avg_pool(5x5, stride=3) -> ConvReLU(6, 1x1) -> flatten
  Linear(12) -> relu -> Dropout(0) -> Linear(classes)
}

net Inceptions(classes=5) {
  input image: float32[N, 3, 32, 32]
  conv1: ConvReLU(6, 7x7, stride=2) -> max_pool(3x3, stride=2) -> lrn(5, alpha=1e-2)    -> [N, 6, 8, 8]
  conv2: ConvReLU(6, 1x1) -> ConvReLU(8, 3x3) -> lrn(5, alpha=1e-2)
  inc3a: Inception(4, 4, 6, 2, 3, 3)                                                   -> [N, 16, 8, 8]
  inc3b: Inception(6, 4, 8, 2, 4, 4) -> max_pool(3x3, stride=2)                        -> [N, 22, 4, 4]
  inc4a: Inception(4, 4, 6, 2, 3, 3)                                                   -> [N, 16, 4, 4]
  output logits: global_avg_pool -> Dropout(0) -> Linear(classes)
  aux1 = conv2 -> AuxHead(classes)
  aux2 = inc3a -> AuxHead(classes)
}

train {
  target label: int64[N]
  loss       cross_entropy(logits, label)
  loss 0.3 * cross_entropy(aux1, label)
  loss 0.3 * cross_entropy(aux2, label)
  optimizer = SGD(lr=0.01)
  batch = 8
  steps = 10
}
"""


def inception(w: Weights, x: Tensor) -> tuple[Tensor, ...]:
    def conv_relu(name: str, x: Tensor, stride: int = 1) -> Tensor:
        padding = w[f"{name}.weight"].shape[-1] // 2
        return F.relu(w.conv(name, x, stride=stride, padding=padding))

    def module(name: str, x: Tensor) -> Tensor:
        def conv(number: int, x: Tensor) -> Tensor:
            return conv_relu(f"{name}.convrelu{number}.conv1", x)

        pooled = F.max_pool2d(x, 3, stride=1, padding=1, ceil_mode=True)
        branches = [conv(1, x), conv(3, conv(2, x)), conv(5, conv(4, x)), conv(6, pooled)]
        return torch.cat(branches, 1)

    def head(name: str, x: Tensor) -> Tensor:
        x = conv_relu(f"{name}.convrelu1.conv1", F.avg_pool2d(x, 5, stride=3)).flatten(1)
        return w.linear(f"{name}.linear2", F.relu(w.linear(f"{name}.linear1", x)))

    x = F.max_pool2d(conv_relu("conv1.conv1", x, stride=2), 3, stride=2, ceil_mode=True)
    x = F.local_response_norm(x, 5, alpha=1e-2)
    x = conv_relu("conv2.convrelu2.conv1", conv_relu("conv2.convrelu1.conv1", x))
    conv2 = F.local_response_norm(x, 5, alpha=1e-2)
    inc3a = module("inc3a", conv2)
    x = F.max_pool2d(module("inc3b", inc3a), 3, stride=2, ceil_mode=True)
    x = module("inc4a", x).mean((2, 3))
    return w.linear("logits", x), head("aux1", conv2), head("aux2", inc3a)


UNET = """
import Convs, Up from "unet.net"

net UNet(classes=4) {
  input image: float32[N, 1, 28, 28]
  down1: Convs(4, 0)                                                                   -> [N, 4, 24, 24]
  down2: max_pool(2x2) -> Convs(8, 0)                                                  -> [N, 8, 8, 8]
  up1:   Up(down1, 0)                                                                  -> [N, 4, 12, 12]
  output logits: Conv(classes, 1x1)
}

train {
  target mask: int64[N, 12, 12]
  loss cross_entropy(logits, mask, axis=1)
  optimizer = SGD(lr=0.01)
  batch = 4
  steps = 10
}
"""


def unet(w: Weights, x: Tensor) -> tuple[Tensor, ...]:
    def convs(name: str, x: Tensor) -> Tensor:
        return F.relu(w.conv(f"{name}.conv2", F.relu(w.conv(f"{name}.conv1", x))))

    skip = convs("down1", x)
    x = convs("down2", F.max_pool2d(skip, 2))
    x = F.conv_transpose2d(x, w["up1.up.weight"], w["up1.up.bias"], stride=2)
    x = torch.cat([skip[:, :, 4:-4, 4:-4], x], 1)
    return (w.conv("logits", convs("up1.convs1", x)),)


LSTM = """
import CharacterModel from "characters.net"

net Characters {
  input text: int64[N, T]
  output logits: CharacterModel(characters=12, embedding=6, hidden=10)                  -> [N, T, 12]
}

train {
  target next_char: int64[N, T]
  loss cross_entropy(logits, next_char)
  optimizer = SGD(lr=0.01)
  T = 7
  batch = 8
  steps = 10
}
"""


def lstm(w: Weights, text: Tensor) -> tuple[Tensor, ...]:
    """The gates are stored in ONNX's order (input, output, forget, cell); PyTorch's is input, forget, cell, output."""
    features, hidden = (w[f"logits.recurrent.weight_{name}"].shape[1] for name in ("ih", "hh"))
    layer = torch.nn.LSTM(features, hidden, batch_first=True).double()
    state = {}
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        i, o, f, c = w[f"logits.recurrent.{name}"].chunk(4)
        state[f"{name}_l0"] = torch.cat([i, f, c, o])
    x = F.embedding(text, w["logits.embedding1.weight"])
    states, _ = torch.func.functional_call(layer, state, x)
    return (w.linear("logits.logits", states),)


TRANSFORMER = """
import CharacterTransformer from "transformer.net"

net Characters {
  input text: int64[N, T]
  output logits: CharacterTransformer(characters=12, width=8, heads=2, depth=2)         -> [N, T, 12]
}

train {
  target next_char: int64[N, T]
  loss cross_entropy(logits, next_char)
  optimizer = SGD(lr=0.01)
  T = 7
  batch = 8
  steps = 10
}
"""


def transformer(w: Weights, text: Tensor) -> tuple[Tensor, ...]:
    """Its blocks are PyTorch's `TransformerEncoderLayer`."""
    w = Weights(below(w, "logits."))
    table = w["embedding1.weight"]
    x = F.embedding(text, table) + waves(text.shape[1], table.shape[1])
    layer = block(heads=2, causal=True, hidden=4 * table.shape[1])
    for number in range(2):
        x = layer(below(w, f"blocks.{number}."), {"x": x})
    norm = "logits.layernorm1"
    x = F.layer_norm(x, x.shape[-1:], w[f"{norm}.weight"], w[f"{norm}.bias"])
    return (w.linear("logits.linear1", x),)


CHARACTERS: Mapping[str, Any] = {"input": "text", "label": "next_char", "axis": -1}
LENET5_LENGTH = {"train.batch": 16, "train.steps": 10}
NETS = {
    net.name: net
    for net in (
        Net(
            "lenet5",
            "",
            lenet5,
            some_digits,
            16,
            label="digit",
            settings=LENET5_LENGTH,
            smoothing=0.1,
        ),
        Net("alexnet", ALEXNET, alexnet, noise(3, 67)),
        Net("vgg11", VGG, vgg11, noise(3, 32)),
        Net("resnet", RESNET, resnet, noise(3, 16)),
        Net("inception", INCEPTION, inception, noise(3, 32), shares=(1.0, 0.3, 0.3)),
        Net("segmenting", UNET, unet, shapes, 4, label="mask"),
        Net("lstm", LSTM, lstm, some_text, **CHARACTERS),
        # one bias more in every key changes no attention
        Net(
            "attention",
            TRANSFORMER,
            transformer,
            some_text,
            idle="k_proj.bias",
            **CHARACTERS,
        ),
    )
}
