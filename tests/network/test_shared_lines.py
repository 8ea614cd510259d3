"""What a train section takes over from the first one."""

from __future__ import annotations

from dslc.elaborate.sections import chosen
from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse

SECTIONS = """net A {
  input data: float32[N, 3, 8, 8]
  output y: flatten -> Linear(2)
}

train a {
  data = "x.npz"
  augment data: float32[N, 3, 8, 8] = random_flip
  target t: int64[N]
  loss cross_entropy(y, t)
  optimizer = SGD(lr=0.1)
  batch = 4
}

train b {
  target t: int64[N]
  loss cross_entropy(y, t)
  optimizer = SGD(lr=0.1)
}
"""


def test_an_input_may_be_named_as_a_setting_is() -> None:
    section = chosen(parse(Source("a.net", SECTIONS)), "b")
    assert section is not None
    names = [
        (type(one).__name__, one.name.text)
        for one in section.statements
        if isinstance(one, tree.Setting | tree.Augment)
    ]
    assert ("Setting", "data") in names
    assert ("Augment", "data") in names
