"""The twins that `bench` writes compute what the networks do: on the batch that is timed, and again after steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.measure import compare
from bench.subjects import SUBJECTS
from bench.work import Work

LIGHT = ("lenet5", "lstm", "transformer")


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("name", LIGHT)
def test_twins_agree(name: str, batch: int | None, tmp_path: Path) -> None:
    """`compare` refuses to time sides whose results differ."""
    sides = ("dslc", "pytorch")
    found = compare(
        Work(SUBJECTS[name], batch), sides, repeat=1, seconds=0.0, threads=1, report=print
    )
    assert set(found.sides) == set(sides), found.missing
    assert found.ratios("pytorch")[0] > 0
