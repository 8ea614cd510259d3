"""The layout of messages: the examples of the language's page, and texts that are hard to draw."""

from __future__ import annotations

import json

import pytest

from dslc.errors import Diagnostic, Label
from dslc.render import render, render_all, to_json
from dslc.source import Source, Span


def label(source, line, piece, text=""):
    """Return a label under `piece` in a line of `source`."""
    start = source.text.index(piece, source.line_starts[line - 1])
    return Label(Span(source, start, start + len(piece)), text)


RESNET = Source(
    "resnet.net",
    "\n" * 4
    + "  add {\n    | ConvBN(width, 1x1) -> relu\n      ConvBN(width, 3x3) -> relu\n"
    + "      ConvBN(4*width, 1x1)\n    | identity\n  }\n",
)
LENET = Source("lenet5.net", "\n\n\n  c1: Conv2d(6, 5) -> ReLU -> MaxPool2d(2)\n")
TWICE = Source(
    "net.net",
    "\n\n\n  pool1: max_pool(2x2)\n  conv2: Conv(16, 5x5) -> tanh\n  pool1: max_pool(2x2)\n",
)
USED = Source("far.net", "net A {\n  B(3)\n}\n")
DEFINED = Source("near.net", "\n" * 11 + "block B(k) { Conv(k, 9x9) }\n")

PAGES = [
    (
        Diagnostic(
            "E0301",
            "the branches of `add` have different shapes",
            label(RESNET, 5, "add", "`add` needs the same shape from every branch"),
            (
                label(RESNET, 8, "ConvBN(4*width, 1x1)", "branch 1 gives [N, 256, 56, 56]"),
                label(RESNET, 9, "identity", "branch 2 gives [N, 64, 56, 56]"),
            ),
            ("they differ in dimension 1 (channels): 256 and 64",),
            ("project the shortcut to the same channels:\n    | ConvBN(4*width, 1x1)",),
        ),
        """\
error[E0301]: the branches of `add` have different shapes
 --> resnet.net:5:3
  |
5 |   add {
  |   ^^^ `add` needs the same shape from every branch
...
8 |       ConvBN(4*width, 1x1)
  |       -------------------- branch 1 gives [N, 256, 56, 56]
9 |     | identity
  |       -------- branch 2 gives [N, 64, 56, 56]
  |
  = they differ in dimension 1 (channels): 256 and 64
help: project the shortcut to the same channels:
  |     | ConvBN(4*width, 1x1)""",
    ),
    (
        Diagnostic(
            "E0202",
            "`ReLU` is spelled `relu` here",
            label(LENET, 4, "ReLU", "`relu`"),
            (label(LENET, 4, "MaxPool2d", "`max_pool`"), label(LENET, 4, "Conv2d", "`Conv`")),
        ),
        """\
error[E0202]: `ReLU` is spelled `relu` here
 --> lenet5.net:4:23
  |
4 |   c1: Conv2d(6, 5) -> ReLU -> MaxPool2d(2)
  |                               --------- `max_pool`
  |                       ^^^^ `relu`
  |       ------ `Conv`
  |""",
    ),
    (
        Diagnostic(
            "W0205",
            "the name `pool1` is used twice",
            label(TWICE, 6, "pool1", "second use"),
            (label(TWICE, 4, "pool1", "first use"),),
            helps=("call this row `pool2`",),
        ),
        """\
warning[W0205]: the name `pool1` is used twice
 --> net.net:6:3
  |
4 |   pool1: max_pool(2x2)
  |   ----- first use
5 |   conv2: Conv(16, 5x5) -> tanh
6 |   pool1: max_pool(2x2)
  |   ^^^^^ second use
  |
help: call this row `pool2`""",
    ),
    (
        Diagnostic(
            "E0304",
            "the 9x9 kernel is larger than its input",
            label(DEFINED, 12, "9x9", "the kernel"),
            (label(USED, 2, "B(3)", "called here"),),
            ("6 < 9",),
        ),
        """\
error[E0304]: the 9x9 kernel is larger than its input
  --> near.net:12:22
   |
12 | block B(k) { Conv(k, 9x9) }
   |                      ^^^ the kernel
   |
  ::: far.net:2:3
   |
 2 |   B(3)
   |   ---- called here
   |
   = 6 < 9""",
    ),
]


@pytest.mark.parametrize(("diagnostic", "page"), PAGES, ids=[d.code for d, _ in PAGES])
def test_pages(diagnostic, page):
    assert render(diagnostic) == page


@pytest.mark.parametrize(("diagnostic", "page"), PAGES, ids=[d.code for d, _ in PAGES])
def test_colour_adds_nothing_but_colour(diagnostic, page):
    coloured = render(diagnostic, colour=True)
    assert coloured.count("\x1b[") > 10
    plain = coloured
    for code in ("0", "1", "1;31", "1;32", "1;33", "1;34"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert "\n".join(line.rstrip() for line in plain.split("\n")) == page


def drawn(text, start, end, message="wrong"):
    """Return the line of the source and the line of its label."""
    page = render(
        Diagnostic("E0100", message, Label(Span(Source("a.net", text), start, end), "here"))
    )
    return page.split("\n")[3:5]


HARD = {
    "an empty file": ("", 0, 0, "1 |", "  | ^ here"),
    "the end of the file": ("net", 3, 3, "1 | net", "  |    ^ here"),
    "an empty span": ("net A", 3, 3, "1 | net A", "  |    ^ here"),
    "several lines": ("add {\n  | a\n} b", 0, 12, "1 | add {", "  | ^^^^^ here"),
    "tabs": ("\tx = y", 1, 2, "1 |  x = y", "  |  ^ here"),
    "control characters": ("a \x1b[31m b", 8, 9, "1 | a \ufffd[31m b", "  |         ^ here"),
    "a byte order mark": ("\ufeffnet", 1, 4, "1 |  net", "  |  ^^^ here"),
    "wide letters": ("# 图像 x", 5, 6, "1 | # 图像 x", "  |        ^ here"),
    "Windows line ends": ("net A\r\nb", 4, 5, "1 | net A", "  |     ^ here"),
}


@pytest.mark.parametrize("name", HARD)
def test_what_is_hard_to_draw(name):
    text, start, end, line, marked = HARD[name]
    assert drawn(text, start, end) == [line, marked]


def test_a_long_line_is_cut_around_its_label():
    line, marked = drawn("a" * 5000 + "b" + "c" * 5000, 5000, 5001)
    assert len(line) < 200
    assert line[marked.index("^")] == "b"


def test_a_long_label_is_cut_too():
    line, marked = drawn("a" * 5000, 0, 5000)
    assert len(line) < 200
    assert marked.count("^") == len(line) - len("1 | ")


def test_messages_do_not_carry_control_characters():
    source = Source("a\x1b.net", "net")
    found = Diagnostic(
        "E0100", "a\x1b[2Jb", Label(Span(source, 0, 3), "\x07"), (), ("\x00",), ("x\n\x1b",)
    )
    assert not set("\x1b\x07\x00") & set(render(found))


def test_several_diagnostics_have_a_blank_line_between_them():
    first, second = PAGES[0][0], PAGES[1][0]
    assert render_all([first, second]) == f"{PAGES[0][1]}\n\n{PAGES[1][1]}"


def test_json():
    diagnostic = PAGES[2][0]
    data = to_json(diagnostic)
    assert json.loads(json.dumps(data)) == data
    assert (data["code"], data["severity"]) == ("W0205", "warning")
    assert data["place"] == {
        "path": "net.net",
        "start": TWICE.text.rindex("pool1"),
        "end": TWICE.text.rindex("pool1") + 5,
        "line": 6,
        "column": 3,
        "end_line": 6,
        "end_column": 8,
        "text": "second use",
    }
    assert [other["line"] for other in data["labels"]] == [4]
    assert (data["facts"], data["helps"]) == ([], ["call this row `pool2`"])
