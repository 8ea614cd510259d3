"""A thousand damaged specs, the same ones every time. `python tests/fuzz/run.py 20000` does more."""

from __future__ import annotations

from random import Random

import pytest

from tests.format.disarray import disarranged
from tests.fuzz.judge import judge, misprint
from tests.fuzz.mutate import damaged, texts
from tests.generate.spec import generate

PARTS = 20


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_specs(part: int) -> None:
    for seed in range(part, 1000, PARTS):
        verdict = judge(damaged(seed))
        assert not verdict.wrong, f"seed {seed}: {verdict.wrong}"


@pytest.mark.parametrize("part", range(PARTS))
def test_layout_of_damaged_specs(part: int) -> None:
    for seed in range(part, 1000, PARTS):
        wrong = misprint(damaged(seed))
        assert not wrong, f"seed {seed}: {wrong}"


@pytest.mark.parametrize("part", range(PARTS))
def test_layout_of_random_specs(part: int) -> None:
    """As they are written, and with other spaces, line ends and comments."""
    for seed in range(part, 60, PARTS):
        text = generate(seed).text
        for layout in (text, disarranged(text, Random(seed))[0]):
            wrong = misprint(layout)
            assert not wrong, f"seed {seed}: {wrong}"


def test_the_specs_themselves_are_fine() -> None:
    found = [judge(text) for text in texts()]
    assert sum(not verdict.codes for verdict in found) >= 9
    assert not any(verdict.wrong for verdict in found)


def test_damage_depends_on_the_seed_alone() -> None:
    assert [damaged(seed) for seed in range(30)] == [damaged(seed) for seed in range(30)]
    assert len({damaged(seed) for seed in range(30)}) == 30


HEAD = "  input x: float32[N, 4]\n"
FOUND = {
    "two hyper-parameters of one name": "net A(code, code=3) {\n" + HEAD + "  relu\n}",
    "a layer as a default": "net A(n=Linear(3)) {\n" + HEAD + "  relu\n}",
    "a default that uses what comes later": "net A(n=m, m=3) {\n" + HEAD + "  Linear(n)\n}",
    "a default that is a merge": "net A(n=add { | relu | tanh }) {\n" + HEAD + "  Linear(n)\n}",
    "a value for what takes none": "net A {\n" + HEAD + "  relu -> ones([3])\n}",
    "branches behind branches": "net A {\n" + HEAD + "  add { | relu | tanh } { | relu | tanh }\n}",
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found(name: str) -> None:
    verdict = judge(FOUND[name])
    assert verdict.codes
    assert not verdict.wrong
