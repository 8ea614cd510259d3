"""Every slip has its own sentence, its place, and, where there is one, the edit that mends it."""

from __future__ import annotations

import pytest

from dslc.errors import CompileError
from dslc.source import Source
from dslc.syntax.parser import parse

# what stands in the net: (code, line, column, part of the message, a line of an edit or "")
STACK = {
    # numbers and sizes
    "Conv(8, 3 x 3)": ("E0106", 3, 11, "without spaces", "  Conv(8, 3x3)"),
    "Conv(8, 3 x3)": ("E0106", 3, 11, "without spaces", "  Conv(8, 3x3)"),
    "Conv(8, k x k)": ("E0106", 3, 11, "with names it is a list", "  Conv(8, [k, k])"),
    "Conv(8, 3×3)": ("E0102", 3, 12, "a size is written 3x3", "  Conv(8, 3x3)"),
    "Conv(8, 3x)": ("E0106", 3, 11, "no second number", ""),
    "Dropout(.5)": ("E0105", 3, 11, "begins with a digit", "  Dropout(0.5)"),
    "y = x * .5": ("E0105", 3, 11, "begins with a digit", "  y = x * 0.5"),
    "y = 1. * x": ("E0105", 3, 7, "ends with a digit", "  y = 1.0 * x"),
    "y = l.3": ("E0105", 3, 8, "no decimals", "  y = l[3]"),
    "Linear(1,000)": ("E0105", 3, 10, "not grouped by commas", "  Linear(1000)"),
    "Dropout(50%)": ("E0105", 3, 11, "no percentages", "  Dropout(0.5)"),
    "y = 1_000": ("E0105", 3, 7, "without `_`", "  y = 1000"),
    "y = 5k": ("E0105", 3, 7, "neither a number nor a name", ""),
    "y = 007": ("E0105", 3, 7, "further zeros", "  y = 7"),
    "y = 00.5": ("E0105", 3, 7, "further zeros", "  y = 0.5"),
    "y = 03x3": ("E0105", 3, 7, "further zeros", "  y = 3x3"),
    "y = 1e400": ("E0105", 3, 7, "too large", ""),
    "y = 1e-400": ("E0105", 3, 7, "cannot be told from 0", ""),
    "y = ٣": ("E0105", 3, 7, "digits 0 to 9", ""),
    # text and characters
    "conv('same')": ("E0104", 3, 8, "double quotes", '  conv("same")'),
    'y = f("abc)': ("E0104", 3, 9, "never closed", '  y = f("abc)"'),
    "y = f(“abc”)": ("E0104", 3, 9, "plain double quote", ""),
    "relu;": ("E0107", 3, 7, "no semicolon", "  relu"),
    "relu; tanh": ("E0107", 3, 7, "not `;`", "  tanh"),
    "y = größe": ("E0103", 3, 9, "the letter `ö`", ""),
    "y = x\u00a0+ 1": ("E0103", 3, 8, "U+00A0", "  y = x + 1"),
    "y = x ? 1": ("E0103", 3, 9, "`?` has no meaning", ""),
    # operators
    "y = (y - t)^2": ("E0102", 3, 14, "powers are written `**`", "  y = (y - t)**2"),
    "y = x && z": ("E0102", 3, 9, "`&&` is not an operator", "  y = x and z"),
    "y = x || z": ("E0102", 3, 9, "`||` is not an operator", "  y = x or z"),
    "y = !x": ("E0102", 3, 7, "`!` is not an operator", "  y = not x"),
    "y = x ++ z": ("E0102", 3, 9, "`++` is not an operator", "  y = x + z"),
    "y = x => z": ("E0102", 3, 9, "written `->`", "  y = x -> z"),
    "y = x → z": ("E0102", 3, 9, "written `->`", "  y = x -> z"),
    "y = x === z": ("E0102", 3, 9, "`===` is not", "  y = x == z"),
    "y += 1": ("E0102", 3, 5, "values do not change", ""),
    "y = x[0:8:2]": ("E0102", 3, 12, "no step", ""),
    "name := relu": ("E0112", 3, 8, "`:=` is not a sign", "  name: relu"),
    "f(a.b = 1)": ("E0112", 3, 9, "left of `=`", ""),
    "y = a < b < c": ("E0118", 3, 13, "not chained", "  y = a < b and b < c"),
    "relu // a comment": ("E0119", 3, 8, "begins with `#`", "  relu # a comment"),
    "y = x +* 3": ("E0102", 3, 9, "side by side", ""),
    # unfinished
    "y =": ("E0115", 3, 5, "a value is missing after `=`", ""),
    "c1:": ("E0115", 3, 5, "missing after `:`", ""),
    "y = f(a=)": ("E0115", 3, 10, "missing after `=`", ""),
    "y = x.": ("E0115", 3, 8, "a name is missing after `.`", ""),
    "* x": ("E0115", 3, 3, "a line cannot begin with `*`", ""),
    "else { relu }": ("E0115", 3, 3, "this `else` has no `if`", ""),
    "x -> 3": ("E0114", 3, 8, "`3` cannot take the value", ""),
    "x -> (relu)": ("E0114", 3, 8, "`(` cannot take the value", ""),
    "x -> relu + 1": ("E0114", 3, 13, "binds loosest", ""),
    # brackets and braces
    "Conv(8, 3x3 -> relu": ("E0101", 3, 7, "`(` is never closed", "  Conv(8, 3x3) -> relu"),
    "f(x))": ("E0101", 3, 7, "`)` closes nothing", "  f(x)"),
    "f([1, 2)": ("E0101", 3, 10, "`[` is closed by `)`", "  f([1, 2])"),
    "add {\n    relu\n    | tanh\n  }": (
        "E0110",
        3,
        7,
        "every branch begins with `|`",
        "  add { |",
    ),
    "foo { relu }": ("E0110", 3, 7, "`foo` is followed by a brace", ""),
    "y = a | b": ("E0110", 3, 9, "no merge group is open", ""),
    "repeat 3 Conv(3)": ("E0109", 3, 12, "`repeat` applies to", "  repeat 3 { Conv(3)"),
    "for h hidden { relu }": ("E0109", 3, 9, "`in` is missing", ""),
    "scan x in xs { relu }": ("E0109", 3, 16, "carries nothing", ""),
    # statements
    "Conv(8 3x3)": ("E0108", 3, 10, "a comma is missing between `8` and `3x3`", "  Conv(8, 3x3)"),
    "Conv(8,\n    3x3\n    padding=1)": ("E0108", 5, 5, "a comma is missing", "    3x3,"),
    "conv1 Conv(8, 3x3)": ("E0107", 3, 9, "side by side", "  conv1: Conv(8, 3x3)"),
    "a: relu b: tanh": ("E0107", 3, 11, "two statements on one line", "  a: relu"),
    "Linear 4": ("E0107", 3, 10, "`Linear` and `4` stand side by side", "  Linear(4)"),
    "c: relu -> Conv 8, 3x3 -> relu": (
        "E0107",
        3,
        19,
        "side by side",
        "  c: relu -> Conv(8, 3x3) -> relu",
    ),
    "relu ->\n  h: tanh": ("E0115", 3, 8, "missing after `->`", "  relu"),
    "relu ->\n  h = tanh": ("E0115", 3, 8, "missing after `->`", "  relu"),
    "relu ->\n  output y": ("E0115", 3, 8, "missing after `->`", "  relu"),
    "relu ->\n  Linear 4": ("E0107", 4, 10, "side by side", "  Linear(4)"),
    "y, z = a, b": ("E0112", 3, 11, "one value stands right of `=`", "  z = b"),
    "relu -> output y": ("E0111", 3, 11, "`output` begins a line", "  output y: relu"),
    "h: relu -> output y": ("E0111", 3, 14, "`output` begins a line", "  output h: relu"),
    "output = y": ("E0116", 3, 3, "names what a net gives", "  output y"),
    "output y z": ("E0108", 3, 12, "a comma is missing", "  output y, z"),
    "layer f: Linear(3)": ("E0112", 3, 10, "has `=`", "  layer f = Linear(3)"),
    "self.f = relu": ("E0112", 3, 3, "a name alone", "  f = relu"),
    "return y": ("E0120", 3, 3, "begins with `return`", "  output y"),
    "return relu(y)": ("E0120", 3, 3, "begins with `return`", "  relu(y)"),
    "if k > 3: relu": ("E0109", 3, 11, "stands in braces", "  if k > 3 { relu }"),
    "for i in [1, 2]:": ("E0109", 3, 18, "stands in braces", "  for i in [1, 2] {"),
    "if k { relu } elif j { tanh }": (
        "E0120",
        3,
        17,
        "no `elif`",
        "  if k { relu } else if j { tanh }",
    ),
    "while k { relu }": ("E0120", 3, 3, "no `while`", "repeat 3 { }"),
    "for x in xs, h = 0 { relu }": (
        "E0109",
        3,
        14,
        "carries nothing",
        "  scan x in xs, h = 0 { relu }",
    ),
    "Linear(8 if k else 4)": ("E0100", 3, 12, "not numbers", ""),
    "y = mean(axis=(1, 2))": ("E0100", 3, 17, "in square brackets", "  y = mean(axis=[1, 2])"),
    'import A from "a.net"': ("E0111", 3, 3, "`import` stands outside", ""),
    "k := 3": ("E0112", 3, 5, "`:=` is not a sign", "  k = 3"),
    "Linear(10) relu": ("E0107", 3, 14, "two statements on one line", "  relu"),
    "loss mse(a, b)": ("E0111", 3, 3, "`loss` stands in a train section", "  loss mse(a, b)"),
    "in: relu": ("E0113", 3, 3, "a word of the language", "  in_: relu"),
    "inptu y: float32[N]": ("E0120", 3, 3, "begins with `inptu`", "  input y: float32[N]"),
    "input y": ("E0116", 3, 9, "`input` needs a type", "  input y: float32[N, 10]"),
    "input y: float32": ("E0116", 3, 12, "`float32` has no brackets", "  input y: float32[]"),
    "input y = float32[N, 8]": ("E0116", 3, 9, "needs a type", "  input y: float32[N, 8]"),
    "input y, z int64[N]": ("E0116", 3, 12, "needs a type", "  input y, z: int64[N]"),
    "input y[N, 8]": ("E0116", 3, 9, "needs a type", "  input y: float32[N, 8]"),
    "input y = Input(shape=(None, 8))": ("E0116", 3, 9, "needs a type", "  input y: float32[N, 8]"),
    "input y = 3": ("E0116", 3, 9, "needs a type", "  input y: float32[N, 10]"),
    "input y: float32(N, 8)": ("E0116", 3, 19, "in square brackets", "  input y: float32[N, 8]"),
    "input y: (-1, 8)": ("E0116", 3, 12, "in square brackets", "  input y: float32[N, 8]"),
    "param W = zeros(3)": ("E0116", 3, 9, "needs a type", "  param W: float32[3] = zeros"),
    "param W = float32[3]": ("E0116", 3, 9, "needs a type", "  param W: float32[3] = zeros"),
    "param W, V: float32[3] = zeros": ("E0112", 3, 10, "one name", "  param V: float32[3] = zeros"),
    "param W, V": ("E0112", 3, 10, "one name", ""),
    "layer f, g = Linear(3)": ("E0112", 3, 10, "one name", "  layer g = Linear(3)"),
    "output: Linear(3)": ("E0116", 3, 3, "`output` needs a name", "output logits: Linear(10)"),
    "param W: float32[3]": (
        "E0116",
        3,
        21,
        "needs an initialiser",
        "  param W: float32[3] = zeros",
    ),
}

# what stands in the train section
TRAIN = {
    "validation = 50%": ("E0105", 5, 16, "no percentages", "  validation = 0.5"),
    "steps = 10,000": ("E0105", 5, 11, "not grouped by commas", "  steps = 10000"),
    "every = 30 epoch": ("E0105", 5, 14, "written `epochs` or `steps`", "  every = 30 epochs"),
    "optimizer Adam(lr=0.1)": ("E0112", 5, 13, "`=` is missing", "  optimizer = Adam(lr=0.1)"),
    "batch_size 32": ("E0112", 5, 14, "`=` is missing", "  batch_size = 32"),
    "batch = 32,": ("E0107", 5, 13, "without a comma", "  batch = 32"),
    "target t = int64(N)": ("E0116", 5, 10, "needs a type", "  target t: int64[N]"),
    "target t": ("E0116", 5, 10, "needs a type", "  target t: int64[N]"),
    "freeze a b": ("E0108", 5, 12, "a comma is missing", "  freeze a, b"),
    'freeze "a"': ("E0116", 5, 10, "without quotes", "  freeze a"),
    "freeze(a.b)": ("E0116", 5, 3, "names what it keeps", "  freeze a.b"),
    "freeze a.*": ("E0115", 5, 11, "a name is missing", "  freeze a"),
    "freeze a[1:3]": ("E0102", 5, 13, "no slices", "  freeze a[1], a[2]"),
    "group a: lr=0.1": ("E0116", 5, 10, "in round brackets", "  group a (lr=0.1)"),
    "group a = (lr=0.1)": ("E0116", 5, 11, "in round brackets", "  group a (lr=0.1)"),
    "augment random_flip(0.5)": ("E0116", 5, 11, "needs the input", ""),
    "lr: 0.1": ("E0111", 5, 5, "settings, not rows", "  lr = 0.1"),
    "relu -> tanh": ("E0111", 5, 3, "settings and losses, not rows", ""),
    "repeat 3 { relu }": ("E0111", 5, 3, "settings and losses, not rows", ""),
    "input y: float32[N]": ("E0111", 5, 3, "not in a train section", ""),
    "loss = mse(x, y)": ("E0112", 5, 8, "`loss` is followed by", "  loss mse(x, y)"),
    "metrc accuracy(x, y)": ("E0120", 5, 3, "begins with `metrc`", "  metric accuracy(x, y)"),
    "group a": ("E0116", 5, 9, "settings in round brackets", "  group a (lr=1e-4)"),
    "batch = 3 epochs = 5": ("E0107", 5, 13, "two statements on one line", "  epochs = 5"),
}

FILES = {
    "net A:\n  relu\n\ntrain {\n  batch = 1\n}\n": ("E0109", 1, 6, "brace of this net", "net A {"),
    "net A\n{\n  relu\n}\n": ("E0109", 1, 6, "brace of this net", "net A {"),
    "train\n  batch = 3\n": ("E0109", 1, 6, "brace of this train", "train {"),
    "net A {\n  relu\n\ntrain {\n  batch = 1\n}\n": ("E0101", 1, 7, "`{` is never closed", ""),
    "net A {\n  add {\n    | relu\n  }\n": ("E0101", 1, 7, "`{` is never closed", ""),
    "net A(x=1 {\n  relu\n}\n": ("E0101", 1, 6, "`(` is never closed", "net A(x=1) {"),
    "}\n": ("E0101", 1, 1, "`}` closes nothing", ""),
    "net { }\n": ("E0116", 1, 1, "`net` needs a name", ""),
    "net": ("E0116", 1, 1, "`net` needs a name", "net Classifier(classes=10) { }"),
    "net A": ("E0109", 1, 5, "this net has no body", "net A { }"),
    "net A { | relu }\n": ("E0110", 1, 7, "no merge function", ""),
    "relu\n": ("E0111", 1, 1, "outside nets and blocks", ""),
    "output y: relu\n": ("E0111", 1, 1, "`output` stands in a net", ""),
    "block B(x: , y) { }\n": ("E0115", 1, 10, "missing after `:`", ""),
    "net A(,x=1) { }\n": ("E0115", 1, 6, "missing after `(`", ""),
    "default Conv\n": ("E0116", 1, 9, "settings in round brackets", "default Conv(bias=false)"),
    'import "a.net"\n': ("E0117", 1, 8, "an import lists names", ""),
    'train "a" {\n}\n': ("E0112", 1, 7, "without quotes", "train a {"),
    "train a: {\n}\n": ("E0112", 1, 8, "in front of a brace", "train a {"),
    "block B(k: int) { }\n": ("E0112", 1, 10, "has no type", "block B(k) { }"),
    "block B(k) -> [N] { }\n": ("E0112", 1, 12, "what comes out", "block B(k) { }"),
    "def f(x) { }\n": ("E0120", 1, 1, "begins with `def`", "block Stage(width, stride=1) { }"),
    'import A as B from "a.net"\n': ("E0117", 1, 10, "lists names", 'import A from "a.net"'),
    'import { A, B } from "a.net"\n': ("E0117", 1, 8, "lists names", 'import A, B from "a.net"'),
    "import A from a\n": ("E0117", 1, 15, "lists names", 'import A from "a.net"'),
    "import numpy as np\n": ("E0117", 1, 14, "lists names", ""),
    "trian A {\n}\n": ("E0120", 1, 1, "begins with `trian`", "train A {"),
    "net A {\r  relu\r}\r": ("E0103", 1, 8, "carriage return", ""),
    "net A { }\x00": ("E0103", 1, 10, "U+0000", ""),
    "net A { } # \u202e": ("E0103", 1, 13, "U+202E", ""),
    "net A { } # \udcff": ("E0103", 1, 13, "not text in UTF-8", ""),
    "net A { }\n\u2028": ("E0103", 2, 1, "U+2028", ""),
}

CASES = {
    **{
        f"net A {{\n  input x: float32[N, 3]\n  {row}\n  relu\n}}\n": want
        for row, want in STACK.items()
    },
    **{
        f"net A {{\n  relu\n}}\ntrain {{\n  {row}\n  clip = 3\n}}\n": want
        for row, want in TRAIN.items()
    },
    **FILES,
}
NAMES = [*STACK, *TRAIN, *FILES]


@pytest.mark.parametrize(("text", "expected"), CASES.items(), ids=[ascii(name) for name in NAMES])
def test_slips(text, expected):
    code, line, column, fragment, edit = expected
    with pytest.raises(CompileError) as caught:
        parse(Source("a.net", text))
    (found,) = caught.value.diagnostics
    assert (found.code, found.primary.span.line, found.primary.span.column) == (code, line, column)
    assert fragment in found.message
    edits = [line for help_ in found.helps for line in help_.split("\n")[1:]]
    assert edit in edits if edit else True
    assert found.primary.text


def test_the_opened_brace_and_what_cannot_stand_in_it_are_both_shown():
    with pytest.raises(CompileError) as caught:
        parse(Source("a.net", "net A {\n  relu\n\ntrain {\n  batch = 1\n}\n"))
    (found,) = caught.value.diagnostics
    (other,) = found.others
    assert other.span.text == "train"
    assert found.helps == ("add a line with } after line 2",)


def test_a_bracket_left_open_does_not_hide_the_rest():
    text = "net A {\n  c1: Conv(8, 3x3 -> relu\n  c2: Conv(8, 3x3) -> relu\n  y = x^2\n}\n"
    with pytest.raises(CompileError) as caught:
        parse(Source("a.net", text))
    assert [found.code for found in caught.value.diagnostics] == ["E0101", "E0102"]
