"""`--shapes`: which checks are written, and how their dimensions are spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslc.elaborate.elaborate import elaborate
from dslc.format.formatting import format_source
from dslc.format.shapes import write_shapes
from dslc.source import Source
from dslc.syntax.parser import parse

SPECS = Path(__file__).parents[2] / "specs"

CASES = {
    "rows get one, and outputs that are rows": (
        "  Linear(5)\n  output y: Linear(3)",
        "  Linear(5) -> [N, 5]\n  output y: Linear(3) -> [N, 3]",
    ),
    "what stands beside the stack does not": ("  y = x -> Linear(5)\n  output y", None),
    "wrong sizes are put right, right items and blanks stay": (
        "  Linear(k) -> [N, k]\n  Linear(5) -> [_, 6]\n  Linear(6) -> relu -> [N, 2*3] -> Linear(2) -> [N]",
        "  Linear(k) -> [N, k]\n  Linear(5) -> [_, 5]\n  Linear(6) -> relu -> [N, 2*3] -> Linear(2) -> [N, 2]",
    ),
    "a check of another rank or of unknown names is written anew": (
        "  Linear(5) -> [5]\n  Linear(6) -> [N, sixx]",
        "  Linear(5) -> [N, 5]\n  Linear(6) -> [N, 6]",
    ),
    "a size that follows a hyper-parameter has its name": (
        "  Linear(k)\n  Linear(4 * k)\n  Linear(k + 1)\n  Linear(list[0])",
        "  Linear(k) -> [N, k]\n  Linear(4 * k) -> [N, 4*k]\n  Linear(k + 1) -> [N, _]\n  Linear(list[0]) -> [N, _]",
    ),
    "rounds that differ get none": (
        "  for h in list { Linear(h) }\n  repeat 2 { Linear(6) }",
        "  for h in list { Linear(h) } -> [N, _]\n  repeat 2 { Linear(6) -> [N, 6] } -> [N, 6]",
    ),
    "branches": (
        "  concat {\n    | Linear(2)\n    | Linear(3)\n  }",
        "  concat {\n    | Linear(2) -> [N, 2]\n    | Linear(3) -> [N, 3]\n  } -> [N, 5]",
    ),
    "an `if` around `check` lines gets none": ("  Linear(k)-> [N, k]\n  if k == 3 { check parameters == 0 }", None),
}  # fmt: skip


def load(path, importer):
    raise AssertionError(f"{importer} imports {path}")


def shaped(text):
    return write_shapes(Source("a.net", text), load)


def net(rows):
    return f"net A(k=10, list=[7, 8], flag=true) {{\n  input x: float32[N, 4]\n{rows}\n}}\n"


@pytest.mark.parametrize("name", CASES)
def test_rows_of_a_net(name):
    before, after = CASES[name]
    assert shaped(net(before)) == net(after or before)
    assert shaped(net(after or before)) == net(after or before)


BLOCKS = """\
block Same(x: [N, C], width) {{
  Linear(width){0}
  Linear(8){1}
}}

block Other(width) {{ Linear(width){2} -> relu{2} }}

net A(k=10) {{
  input x: float32[Batch, 4]
  Same(k){3}
  Same(k){3}
  Other(3){4}
  Other(4){5}
}}
"""


def test_rows_of_a_block_only_where_all_calls_agree():
    after = BLOCKS.format(
        " -> [N, width]", " -> [N, 8]", "", " -> [Batch, 8]", " -> [Batch, 3]", " -> [Batch, 4]"
    )
    assert shaped(BLOCKS.format(*[""] * 6)) == after
    elaborate(parse(Source("a.net", after)), settings={"k": "11"})


def test_a_wrong_check_in_a_block_of_several_shapes_becomes_blank():
    block = "block B(k) {{ Linear(k) -> [_, {}] }}\n"
    use = "net A {\n  input x: float32[N, 4]\n  B(3) -> B(4) -> [N, 4]\n}\n"
    assert shaped(block.format("5") + use) == block.format("_") + use
    assert shaped(block.format("k") + use) == block.format("k") + use


def test_every_net_of_a_file():
    text = (
        "net A {{\n  input x: float32[N, 4]\n  Linear(2){0}\n}}\n"
        "net B {{\n  input x: float32[M, 4]\n  Linear(3){1}\n  output y: Linear(1){2}\n}}\n"
        "train {{\n  target t: float32[M, 1]\n  loss mse(y, t)\n  optimizer = SGD(lr=0.1)\n"
        "  batch = 2\n  epochs = 1\n}}\n"
    )
    after = text.format(" -> [N, 2]", " -> [M, 3]", " -> [M, 1]")
    assert shaped(text.format("", "", "")) == after


def test_a_file_of_blocks_has_no_shapes():
    text = "block B(k) { Linear(k) }\n"
    assert shaped(text) == text


@pytest.mark.parametrize("name", ["lenet5", "alexnet"])
def test_a_spec_with_its_checks_written_still_compiles_with_other_hyper_parameters(name):
    source = Source(f"{name}.net", (SPECS / f"{name}.net").read_text())
    text = format_source(Source(source.path, write_shapes(source, load)))
    assert "output logits" in text
    assert "-> [N, classes]" in text
    elaborate(parse(Source(source.path, text)), settings={"classes": "37"})
