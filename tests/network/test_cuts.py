"""W0616: which function keeps which weights from learning, and where nothing is said."""

from __future__ import annotations

import pytest

from tests.network.reading import network_of, said

SPEC = """
net Net {{
  input x: float32[N, 4]
  {rows}
  output y: Linear(2)
}}
train {{
  target t: float32[N, 2]
  loss mse(y, t)
  {more}
  optimizer = SGD(lr=0.1)
  batch = 4
}}
"""

# Rows, a line of the train section, and what each warning is about: its code, place and number of weights.
ROWS = {
    "step": ("h: Linear(3) -> step", "", [("W0616", "step", 15)]),
    "two rows before it": ("Linear(3) -> tanh\n  Linear(5) -> sign", "", [("W0616", "sign", 35)]),
    "in a row": ("Linear(3) -> floor\n  Linear(3) -> step", "", [("W0616", "step", 27)]),
    "two apart": (
        "add {\n | Linear(3) -> step\n | Linear(3) -> round\n }",
        "",
        [("W0616", "step", 15), ("W0616", "round", 15)],
    ),
    "another way": ("h: Linear(4)\n  add {\n | h -> step\n | h\n }", "", []),
    "frozen": ("h: Linear(3) -> step", "freeze h", []),
    "of an input": ("step\n  Linear(3) -> relu", "", []),
    "a comparison": (
        "g = x -> Linear(4)\n  where(g > 0, x, zeros([N, 4]))",
        "",
        [("W0616", "g > 0", 20)],
    ),
    "a class": (
        "Linear(3) -> argmax -> cast(float32) -> reshape([N, 1])",
        "",
        [("W0616", "argmax", 15)],
    ),
    "a gradient that is stopped": (
        "h: Linear(3) -> stop_gradient",
        "",
        [("W0612", "h", 15)],
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_warnings(row: str) -> None:
    rows, more, expected = ROWS[row]
    found = [
        one for one in network_of(SPEC.format(rows=rows, more=more)).warnings if "06" in one.code
    ]
    assert sorted((one.code, one.primary.span.text) for one in found) == sorted(
        (code, place) for code, place, _ in expected
    )
    for code, place, count in expected:
        (one,) = (one for one in found if (one.code, one.primary.span.text) == (code, place))
        assert f"{count} parameters" in said(one)
