"""The data and the n-gram of `examples/characters.py`; the network beside it is trained in docs/characters.md."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dslc.tasks.reading import open_spec
from tests.spine.command import ROOT, SPECS

script: Any = SimpleNamespace(**runpy.run_path(str(ROOT / "examples" / "characters.py")))

SMOOTHINGS = [script.witten_bell, script.kneser_ney]
TEXT = """def area(width, height):
    return width * height


def edge(width, height):
    return 2 * (width + height)
"""


def test_no_module_is_in_both_parts() -> None:
    training, held_back = script.modules()
    assert sorted(path.stem for path in held_back) == sorted(script.HELD_BACK)
    assert len(training) > 100
    assert not {path.stem for path in training} & set(script.HELD_BACK)


def test_the_page_names_the_modules_held_back() -> None:
    page = (ROOT / "docs" / "characters.md").read_text()
    paragraph = page.split("Held back:")[1].split("\n\n")[0]
    assert re.findall(r"`(\w+)`", paragraph) == list(script.HELD_BACK)


@pytest.mark.parametrize(
    ("name", "window"), [("characters", script.TRAINING_WINDOW), ("transformer", 128)]
)
def test_the_spec_has_a_class_for_every_character(name: str, window: int) -> None:
    (section,) = open_spec(str(SPECS / f"{name}.net"), (), None).sections()
    logits = section.learning.fed.outputs["logits"]
    assert logits.type.shape[-1] == script.SIZE == len(set(script.ALPHABET))
    assert section.learning.training.sizes["T"] == window


def test_characters_outside_the_alphabet_share_a_number() -> None:
    found = script.numbers("a\té\U0001f600\n\x7f~")
    assert [script.ALPHABET[number] for number in found] == ["a", "\0", "\0", "\0", "\n", "\0", "~"]


@pytest.mark.parametrize("length", [1, 7, 8])
def test_every_character_but_the_first_is_predicted_once(length: int, tmp_path: Path) -> None:
    stream = np.arange(17)
    cut = script.windows(stream, length)
    assert cut["text"].shape == cut["next_char"].shape == (16 // length, length)
    assert (cut["next_char"] == cut["text"] + 1).all()
    np.savez(tmp_path / "cut.npz", **cut)
    used = 16 // length * length
    assert script.stream_of(tmp_path / "cut.npz").tolist() == list(range(used + 1))


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("context", ["    return width", "def ", "", "zzzzzz", "\nwid#"])
def test_probabilities_sum_to_one(smoothing: Any, context: str) -> None:
    """Whether the context was seen, seen in part, or never."""
    levels = script.fit(script.numbers(TEXT), smoothing)
    ends = [script.numbers(context + character) for character in script.ALPHABET]
    probabilities = np.array([script.probabilities(levels, end)[-1] for end in ends])
    assert probabilities.min() > 0
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_a_text_that_was_seen_costs_fewer_bits(smoothing: Any) -> None:
    seen = script.numbers(TEXT)
    levels = script.fit(seen, smoothing)
    like_it = script.numbers("def size(height):\n    return height\n")
    unlike = np.random.default_rng(3).permutation(seen)
    assert script.bits(levels, seen) < script.bits(levels, like_it) < script.bits(levels, unlike)
    assert script.bits(levels, seen) < np.log2(script.SIZE) / 2


def test_witten_and_bells_formula() -> None:
    """Behind `a` came three characters of two kinds, `b` twice; of all six, of three kinds, `b` is two."""
    stream = script.numbers("abacab")
    p = script.probabilities(script.fit(stream, script.witten_bell), script.numbers("xab"))[-1]
    alone = 2 / (6 + 3) + 3 / (6 + 3) / script.SIZE
    assert p == pytest.approx(2 / (3 + 2) + 2 / (3 + 2) * alone, rel=1e-12)


def test_kneser_and_ney_count_the_characters_in_front() -> None:
    """`b` stands behind one character only, however often; `c` behind three: alone, `c` is the likelier."""
    stream = script.numbers("abababab" + "xcycac")
    shortest = script.fit(stream, script.kneser_ney)[0]
    own = dict(zip(shortest[0].tolist(), shortest[1].tolist(), strict=True))
    b, c = script.numbers("bc").tolist()
    assert own[c] > own[b] > 0
