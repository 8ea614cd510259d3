"""Hover, hints, completion and the rest, on single texts; what a broken one still tells."""

from __future__ import annotations

import logging
import random

import pytest

from dslc.elaborate.train_settings import SETTINGS as KNOWN
from dslc.help.words import KEYWORDS, SETTINGS
from dslc.lsp import definition, hints, hover, outline, problems
from dslc.lsp.completion import completions
from dslc.lsp.formatting import changed_lines
from dslc.syntax.words import RESERVED, STATEMENT_WORDS, UNITS
from tests.lsp.editor import edited
from tests.lsp.reading import SPECS, analysed, unmarked

NET = """block Part(x: [N, C], units, deep=false) { hidden: Linear(units) -> relu }
net A(classes=3) {
  input x: float32[N, 4]
  a: Part(8)
  %s
  output y: Linear(classes)
}
train {
  target t: int64[N]
  loss cross_entropy(y, t)
  optimizer = SGD(lr=0.1)
  %s
  batch = 8
}
"""

# what is typed in the net and in the train section, what is offered, what is not
COMPLETIONS = [
    ("b: Linear(‸", "", {"units=", "bias=", "classes", "a", "relu"}, {"y", "Adam", "input"}),
    ("b: Linear(5, bias=‸", "", {"true", "false"}, {"units=", "relu"}),
    ("b: Linear(5, init=‸", "", {"xavier_uniform", "zeros"}, {"relu"}),
    ("b: Linear(5, bias=true, ‸)", "", {"init=", "bias_init="}, {"bias="}),
    ("b: Part(deep=true, ‸)", "", {"units="}, {"deep=", "channels="}),
    ("b: a -> ‸", "", {"Part", "Linear", "relu", "add { | | }", "repeat"}, {"a", "input", "A"}),
    ("b: a -> Li‸", "", {"Linear"}, {"input"}),
    ("‸", "", {"input", "param", "check", "a", "x", "Linear", "Part"}, {"loss", "y", "t", "net"}),
    ("b: reshape([‸", "", {"N", "classes"}, {"a", "relu"}),
    ("param w: ‸", "", {"float32", "int64"}, {"a"}),
    ("b = a.‸", "", {"hidden"}, {"a", "relu"}),
    ("check ‸", "", {"parameters", "classes"}, {"relu"}),
    ("b: max_pool(2x2, ceil_mode=‸)", "", {"true", "false"}, set()),
    ("b: relu  # ‸", "", set(), {"relu"}),
    ("", "‸", {"loss", "metric", "freeze", "epochs", "schedule", "clip_grad_norm"}, {"input", "a"}),
    ("", "loss ‸", {"mse", "cross_entropy", "a", "y", "t"}, {"SGD", "accuracy"}),
    ("", "metric ‸", {"accuracy", "y", "t"}, {"relu"}),
    ("", "schedule = ‸", {"cosine", "step"}, {"SGD"}),
    ("", "schedule = step(every=3 epochs, ‸)", {"gamma="}, {"every="}),
    ("", "freeze ‸", {"a", "y", "bias", "Linear"}, {"x", "t"}),
    ("", "freeze a.‸", {"hidden"}, {"y", "weight"}),
    ("", "freeze y.‸", {"weight", "bias"}, {"y", "hidden"}),
    ("", "group a (‸)", {"lr=", "momentum="}, {"units="}),
]  # fmt: skip


@pytest.mark.parametrize(("row", "recipe", "there", "absent"), COMPLETIONS)
def test_completion(row: str, recipe: str, there: set[str], absent: set[str]) -> None:
    text, offset = unmarked(NET % (row, recipe))
    found = analysed(text)
    index = found.index or analysed(NET % ("", "")).index
    labels = {item.label for item in completions(found, offset, index, snippets=True)}
    assert there <= labels
    assert not absent & labels


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("‸", {"net", "block", "import", "default", "train"}),
        ("default ‸", {"Conv", "max_pool"}),
        ("default Conv(‸)", {"bias=", "init="}),
        ('import ConvBN from "‸"', {"resnet50.net", "lenet5.net", "std/convolution.net"}),
    ],
)
def test_completion_outside_a_net(text: str, there: set[str]) -> None:
    plain, offset = unmarked(text)
    found = analysed(plain)
    assert there <= {item.label for item in completions(found, offset, found.index, False)}


def test_completion_goes_on_with_the_names_of_before() -> None:
    """Where nothing can be read, the names are those of the last text that could."""
    before = analysed(NET % ("", ""))
    text, offset = unmarked((NET % ("b: ‸", "")) + "}" * 12 + " ( ] " * 12)
    found = analysed(text)
    labels = {item.label for item in completions(found, offset, before.index, False)}
    assert {"a", "Part", "classes", "Linear"} <= labels


# text, what the hover says
HOVERS = [
    ("net A {\n  input x: float32[N, 4]\n  ‸repeat 2 { relu }\n}\n", "several times"),
    ("net A {\n  ‸input x: float32[N, 4]\n  relu\n}\n", "A data input"),
    ("net A {\n  input x: float32[‸N, 4]\n  relu\n}\n", "free dimension"),
    ("net A {\n  input x: float32[N, 4]\n  width = 2 * 3\n  y: Linear(‸width)\n}\n", "width = 6"),
    ("net A {\n  input x: float32[N, 4]\n  y: Linear(3, ‸bias=false)\n}\n", "true or false; default true"),
    ("net A {\n  input x: float32[N, 4]\n  ‸add { | relu | }\n}\n", "gives `float32[N, 4]`"),
    ("net A {\n  input x: float32[N, 4]\n  for ‸k in [3, 5] { Linear(k) }\n}\n", "k = 3\nk = 5"),
    ("net A {\n  input x: float32[N, 1, 4, 4]\n  a, ‸b: max_pool(2x2, return_indices=true)\n}\n", "b: int64[N, 1, 2"),
    ("## The best.\nblock P(n) { Linear(n) }\nnet A {\n  input x: float32[N, 4]\n  ‸P(3)\n}\n", "The best."),
    ("net A {\n  input x: float32[N, 4]\n  param ‸w: float32[4, 2] = ones\n  x @ w\n}\n", "w: float32[4, 2]"),
    (NET % ("", "freeze a.‸hidden"), "40 parameters"),
    (NET % ("", "‸freeze a.hidden"), "running statistics"),
    (NET % ("", "‸clip_grad_norm = 5"), "largest norm"),
    (NET % ("", "‸accumulate = 4"), "`step` counts batches"),
    (NET % ("", "schedule = ‸cosine"), "half a cosine"),
    (NET % ("", "metric ‸accuracy(y, t)"), "accuracy("),
    ("block P(n) { Linear(‸n) }\n", "hyper-parameter"),
    ("net A {\n  input x: float32[N, 4]\n  y: Linear(3\n  z: ‸relu\n", "relu(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("marked", "says"), HOVERS)
def test_hover(marked: str, says: str) -> None:
    text, offset = unmarked(marked)
    found = hover.hover(analysed(text), offset)
    assert found is not None
    assert says in getattr(found.contents, "value", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("net A {\n  input x: float32[N, 4]\n  y: Linear(3)   # three\n}\n", {2: "[N, 3]"}),
        ("net A {\n  input x: float32[N, 4]\n  y: Linear(3)   -> [N, 3]\n}\n", {}),
        ("net A {\n  input x: float32[N, 4]\n  add {\n    | relu\n    |\n  }\n}\n", {3: "[N, 4]", 5: "[N, 4]"}),
        ("net A {\n  input x: float32[N, 4]\n  w = 2 * 4\n  Linear(w)\n}\n", {2: "= 8", 3: "[N, 8]"}),
        ("net A {\n  input x: float32[N, 4]\n  repeat 2 { Linear(3) }\n}\n", {2: "[N, 3]"}),
        ("net A {\n  input x: float32[N, 4]\n  for k in [3, 5] {\n    Linear(k)\n  }\n}\n", {4: "[N, 5]"}),
        ("net A {\n  input x: float32[N, 4]\n  Linear(x, nothing)\n  relu\n}\n", {}),
        ("net A {\n  input x: float32[N, 4]\n  Linear(2)\n}\nnet B {\n  input x: float32[M, 5]\n  relu\n}\n",
         {2: "[N, 2]", 6: "[M, 5]"}),
        ("block P(n) { Linear(n) }\nnet A {\n  input x: float32[N, 4]\n  P(3) -> P(4)\n}\n", {3: "[N, 4]"}),
        ("block P(n) {\n  Linear(n)\n}\nnet A {\n  input x: float32[N, 4]\n  P(3)\n}\n", {1: "[N, 3]", 5: "[N, 3]"}),
    ],
)  # fmt: skip
def test_hints(text: str, shown: dict[int, str]) -> None:
    found = hints.hints(analysed(text))
    assert {hint.position.line: hint.label for hint in found} == shown


def test_a_hole_leaves_no_wrong_shape() -> None:
    """What is computed from a statement that could not be read has no shape; what is beside it keeps its own."""
    text = """block P(x: [N, C]) {
  Linear(8
  relu
}
net A {
  input x: float32[N, 4]
  a: Linear(5)
  b: P
  c: Linear(2)
  d = x -> Linear(3)
}
"""
    found = analysed(text)
    assert found.syntax
    assert {one.position.line: one.label for one in hints.hints(found)} == {
        6: "[N, 5]",
        9: "[N, 3]",
    }


def test_a_file_of_blocks_is_no_mistake() -> None:
    assert analysed("block P(n) { Linear(n) }\n").diagnostics == ()
    assert analysed("").diagnostics == ()
    assert [one.code for one in analysed("default Conv(bias=false)\n").diagnostics] == ["E0506"]


def test_every_net_of_a_file_is_read() -> None:
    text = "net A {\n  input x: float32[N, 4]\n  Liner(2)\n}\nnet B {\n  input x: float32[N, 5]\n  rellu\n}\n"
    found = analysed(text)
    assert {one.primary.span.text for one in found.diagnostics} >= {"Liner", "rellu"}


def test_an_import_out_of_the_folder_is_not_read() -> None:
    text = 'import A from "../README.md"\nnet B {\n  input x: float32[N, 4]\n  A\n}\n'
    found = analysed(text)
    assert [one.code for one in found.diagnostics] == ["E0704"]
    assert found.folder.read == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a", "a\n"),
        ("a\nb", "a"),
        ("", "x\n"),
        ("a\n\n\n", "a\n"),
        ("# 🧠\nb", "b\n# 🧠\n"),
    ],
)
def test_line_edits(before: str, after: str) -> None:
    assert edited(before, changed_lines(before, after)) == after


def test_every_word_has_its_sentence() -> None:
    assert set(KEYWORDS) == STATEMENT_WORDS | RESERVED | UNITS | {"from"}
    assert set(SETTINGS) == {*KNOWN, "optimizer", "schedule"}


PIECES = [
    "(",
    ")",
    "{",
    "}",
    "->",
    "|",
    "\n",
    "[",
    ",",
    ":",
    "=",
    "Conv(",
    "repeat 2 {",
    '"',
    "#",
    "🧠",
    "\t",
    "train {",
    "freeze ",
]


@pytest.mark.parametrize("seed", range(60))
def test_no_text_is_too_broken(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """Cut and stirred specs are answered, and no step of the analysis fails inside."""
    draw = random.Random(seed)
    path = draw.choice(SPECS)
    text = path.read_text()
    for _ in range(draw.randint(1, 4)):
        start = draw.randrange(len(text) + 1)
        text = text[:start] + draw.choice(PIECES) + text[start + draw.randrange(5) :]
    if draw.random() < 0.3:
        text = text[: draw.randrange(len(text))]
    with caplog.at_level(logging.ERROR):
        found = analysed(text, path)
        offset = draw.randrange(len(text) + 1)
        problems.problems_of(found)
        hints.hints(found)
        hover.hover(found, offset)
        completions(found, offset, found.index, True)
        definition.definition(found, offset)
        definition.references(found, offset)
        outline.outline(found)
    assert not caplog.records
