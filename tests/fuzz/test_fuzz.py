"""A thousand damaged specs, the same ones every time. `python tests/fuzz/run.py 20000` does more."""

from __future__ import annotations

import pytest

from tests.fuzz.judge import judge
from tests.fuzz.mutate import damaged, texts

PARTS = 20


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_specs(part: int) -> None:
    for seed in range(part, 1000, PARTS):
        verdict = judge(damaged(seed))
        assert not verdict.wrong, f"seed {seed}: {verdict.wrong}"


def test_the_specs_themselves_are_fine() -> None:
    found = [judge(text) for text in texts()]
    assert sum(not verdict.codes for verdict in found) >= 9
    assert not any(verdict.wrong for verdict in found)


def test_damage_depends_on_the_seed_alone() -> None:
    assert [damaged(seed) for seed in range(30)] == [damaged(seed) for seed in range(30)]
    assert len({damaged(seed) for seed in range(30)}) == 30
