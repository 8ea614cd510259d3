"""Names: which uses belong together, and that renaming changes nothing but names."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from dslc.dims import Expression
from dslc.lsp.analysis import Analysis
from dslc.lsp.rename import RenameError, applied, edits_of, rename
from dslc.lsp.symbols import Kind
from dslc.operation import Operation
from tests.lsp.reading import SPECS, analysed

# In each text one symbol is written between « and »; no other word is.
TEXTS = {
    "a hyper-parameter and its named arguments": """
default Block(«width»=8)
block Block(x: [N, C, H, W], «width», stride=1) {
  Conv(«width», 3x3, stride=stride) -> relu
}
net A(width=3) {
  input x: float32[N, 3, 8, 8]
  a: Block(x, «width»=width) -> Block(4)
}
""",
    "an input of a block, and one that it stands for": """
block Attend(«query»: [N, T, E], key: [N, S, E] = «query», mask: [T, S] = none) {
  scores: «query» @ transpose(key, [0, 2, 1])
  if mask != none { add(mask) }
  matmul(key)
}
net A {
  input x: float32[N, 3, 4]
  a: Attend(«query»=x)
}
""",
    "a block and the places that go by its name": """
block «Basic»(x: [N, C], units) {
  Linear(units) -> relu
}
net A {
  input x: float32[N, 3]
  basic: Linear(3)
  stage: «Basic»(4) -> «Basic»(5)
  output y: Linear(2)
}
train {
  target t: int64[N]
  loss cross_entropy(y, t)
  freeze stage.«basic»1, basic
  group stage.«basic»2.linear1 (lr=0.2)
  optimizer = SGD(lr=0.1)
  batch = 4
}
""",
    "a label in both arms, in a path and behind a dot": """
block Part(x: [N, C], wide=true) {
  if wide { «inner»: Linear(8) } else { «inner»: Linear(2) }
  output «inner»
}
net A {
  input x: float32[N, 3]
  first: Part
  inner: Part(wide=false)
  again = first.«inner» -> relu
  output y = inner.«inner» + mean(again)
}
train {
  target t: float32[N, 2]
  loss mse(y, t)
  freeze first.«inner».weight
  optimizer = SGD(lr=0.1)
  batch = 4
}
""",
    "a label inside the rounds of a loop": """
net A {
  input x: float32[N, 3]
  tap: repeat 2 { «round»: Linear(3) -> relu }
  y = add(tap[:].«round»)
  output z = y + tap[0].«round»
}
train {
  target t: float32[N, 3]
  loss mse(z, t)
  freeze tap[1].«round».bias
  optimizer = SGD(lr=0.1)
  batch = 4
}
""",
    "a label that has the name of a function": """
net A {
  input x: float32[N, 3, 8, 8]
  param w: float32[4, 3, 1, 1] = ones
  «conv»: Conv(3, 1x1)
  other = conv(x, w)
  output y = «conv» + mean(other)
}
""",
    "a loop variable": """
net A(sizes=[3, 4]) {
  input x: float32[N, 3]
  for «size» in sizes { Linear(«size» * 2) -> relu }
  for size in sizes { Linear(size) }
}
""",
    "a dimension": """
block Same(x: [N, C]) {
  if C != 4 { Linear(4) }
}
net A {
  input x: float32[«N», 3]    # N samples
  y: Same -> Linear(2)         -> [«N», 2]
}
train {
  target t: int64[«N»]
  loss cross_entropy(y, t)
  optimizer = SGD(lr=0.1)
  «N» = 4
  batch = 4
}
""",
    "a shared layer": """
net A {
  input x: float32[N, 3]
  layer «embed» = Linear(3)
  «embed» -> «embed» -> relu
  output y = matmul(transpose(«embed».weight))
}
""",
    "a label inside a layer that is called": """
block Features(x: [N, C]) {
  «first»: Linear(4)
  Linear(2)
}
net Both {
  input a, b: float32[N, 3]
  layer features = Features()
  one = features(a)
  two = b -> features
  output y = one.«first» + two.«first»
}
""",
    "an input of a net used as a layer": """
net Inner {
  input «data»: float32[N, 3]
  output y = «data» -> Linear(2)
}
net Outer {
  input data: float32[N, 3]
  output z: Inner(«data»=data)
}
""",
}


def marked_and_plain(marked: str) -> tuple[str, list[int]]:
    """Return a text without marks, and where the marked words begin."""
    starts, text = [], ""
    for piece in marked.split("«"):
        text += piece.replace("»", "")
        starts.append(len(text))
    return text, starts[:-1]


@pytest.mark.parametrize("name", TEXTS)
def test_the_uses_of_a_symbol(name: str) -> None:
    text, starts = marked_and_plain(TEXTS[name])
    found = analysed(text)
    assert not found.syntax
    assert found.index is not None
    for start in starts:
        use = found.index.at(start)
        assert use is not None, text[start : start + 20]
        assert [one.span.start for one in found.index.of(use.symbol)] == starts


@pytest.mark.parametrize("name", TEXTS)
def test_renaming_changes_the_marked_words_and_nothing_else(name: str) -> None:
    marked = TEXTS[name]
    text, starts = marked_and_plain(marked)
    found = analysed(text)
    assert found.index is not None
    use = found.index.at(starts[0])
    assert use is not None
    new = "Fresh" if use.symbol.kind in (Kind.BLOCK, Kind.DIMENSION) else "fresh"
    word = use.symbol.name
    wanted = marked.replace(f"«{word}»", new).replace(f"«{word.lower()}»", new.lower())
    assert applied(text, edits_of(found.index, use.symbol, new)) == wanted
    if not any(one.code == "E0590" for one in found.diagnostics):
        rename(found, starts[0], new)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_name_of_a_spec_can_be_changed(path: Path) -> None:
    """The net stays the same, call by call."""
    found = analysed(path.read_text(), path)
    assert found.index is not None
    assert not [one for one in found.diagnostics if one.severity.value == "error"]
    symbols = {use.symbol for use in found.index.uses if use.symbol.source is found.source}
    for symbol in sorted(symbols, key=lambda one: one.span.start)[:12]:
        new = "Fresh_name" if symbol.name[0].isupper() else "fresh_name"
        text = applied(found.source.text, edits_of(found.index, symbol, new))
        assert shapes(analysed(text, path)) == shapes(found)


def shapes(found: Analysis) -> list[object]:
    """Return the calls of a net; of a free dimension, which may have another name, only that it is there."""
    assert found.network is not None, found.diagnostics
    return [
        (type(call.operation), _settings(call.operation), _sized(value.type.shape))
        for call in found.network.calls
        for value in call.outputs
    ]


def _settings(operation: Operation) -> list[object]:
    return [_sized(getattr(operation, item.name)) for item in fields(operation) if item.compare]


def _sized(setting: object) -> object:
    if isinstance(setting, tuple):
        return tuple(map(_sized, setting))
    return None if isinstance(setting, Expression) else setting


@pytest.mark.parametrize(
    ("text", "place", "name", "reason"),
    [
        ("net A {\n  input x: float32[N, 3]\n  y: relu\n}\n", "y:", "x", "used twice"),
        (
            "net A {\n  input x: float32[N, 3]\n  y: relu\n}\n",
            "relu",
            "z",
            "only names that a file",
        ),
        ("net A {\n  input x: float32[N, 3]\n  y: relu\n", "y:", "z", "mistakes"),
        (
            "net A(n=2) {\n  input x: float32[N, 3]\n  y: Linear(n)\n}\n",
            "n=2",
            "none",
            "something else",
        ),
    ],
)
def test_refusals(text: str, place: str, name: str, reason: str) -> None:
    found = analysed(text)
    if name == "none":
        text = text.replace("Linear(n)", "Linear(n, init=ones)")
        found, name = analysed(text), "ones"
    with pytest.raises(RenameError, match=reason):
        rename(found, text.index(place), name)


def test_a_name_of_another_file_is_changed_there() -> None:
    files = {"part.net": "block Part(units) { Linear(units) }\n"}
    text = 'import Part from "part.net"\nnet A {\n  input x: float32[N, 4]\n  y: Part(3)\n}\n'
    found = analysed(text, files=files)
    assert not found.diagnostics
    with pytest.raises(RenameError, match=r"part\.net"):
        rename(found, text.index("Part(3)"), "Piece")
