"""Whatever stands in a file, what is wrong with it is told as data: no exception of ours gets out."""

from __future__ import annotations

import random
import re

import pytest

from dslc.errors import CompileError
from tests.network.reading import network_of

SPEC = """default Linear(init=normal(std=0.5))
block Part(x: [N, C], width, act=relu, depth=2) {
  l: repeat depth { Linear(width) -> act }
  add { | Linear(C) -> tanh | if width != C { Linear(C) } }
}
net Net(sizes=[4, 5], k=3) {
  input x: float32[N, 4]
  layer shared = Linear(4)
  param w: float32[4] = normal(std=0.5)
  a: Part(k + 1, depth=len(sizes)) -> shared -> [N, 4]
  for h in reversed(sizes) { Part(h, act=tanh) }
  b = add(a, w * x) -> shared
  c = a.l[1][:, 0:2] * 2 - x[:, -2:]
  output y: Linear(k) -> relu
  output z = concat(b, c)
}
train {
  target t: float32[N, 3]
  loss 0.5 * mse(y, t)
  loss mean(a * a)
  freeze a.l[0]
  group bias (lr=0.25)
  optimizer = SGD(lr=0.5, momentum=0.5)
  schedule = step(every=3 epochs, gamma=0.5)
  batch = 8
  epochs = 3
}
"""

WORD = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|[-+*/<>!=]=?")


def exchanged(seed: int) -> str:
    """Return the spec with a few words in each other's places."""
    random_ = random.Random(seed)
    text = SPEC
    for _ in range(random_.randint(1, 4)):
        words = list(WORD.finditer(text))
        one, other = random_.choice(words), random_.choice(words)
        text = text[: one.start()] + other.group() + text[one.end() :]
    return text


def test_the_spec_itself_is_sound() -> None:
    assert network_of(SPEC).warnings == ()


@pytest.mark.parametrize("seed", range(40))
def test_exchanged_words_are_compiled_or_refused(seed: int) -> None:
    for number in range(5):
        try:
            network = network_of(exchanged(seed * 5 + number))
        except CompileError as error:
            assert error.diagnostics
            assert all(
                diagnostic.message and diagnostic.primary.span for diagnostic in error.diagnostics
            )
        else:
            assert network.outputs
