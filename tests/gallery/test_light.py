"""Others wrote the same networks down: what they agree on, and what is known to differ."""

from __future__ import annotations

import pytest

from tests.gallery.light import PAIRS, Layer, Pair, differences, ours, theirs


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.light)
def test_the_layers_are_those_of_others_but_for_what_is_listed(pair: Pair) -> None:
    left, right = theirs(pair), ours(pair)
    assert len(left) > 10
    assert differences(left, right) == pair.differs
    assert bool(pair.differs) == bool(pair.why)


def test_what_a_comparison_tells() -> None:
    left: list[Layer] = [("Conv 3x3 [8]", "9x9"), ("LRN 5 [8]", "9x9"), ("Gemm [10]", "")]
    right: list[Layer] = [("Conv 3x3 [8]", "8x8"), ("Concat [8]", "8x8"), ("Gemm [10]", "")]
    told = ("- LRN 5 [8]", "+ Concat [8]", "9x9 there, 8x8 here")
    assert differences(left, right) == told
    assert differences(left, left) == ()
