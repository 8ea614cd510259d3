"""Counting weights allocates nothing, and training more of them than fit is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dslc_runtime import memory

from tests.spine.command import ENTRY, SPECS, apart, dslc

MEASURED = f"""
import sys
try:
    {ENTRY}
finally:
    # Not getrusage: its peak counts that of the process this one was forked from.
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(peak.split()[1], file=sys.stderr)
"""


def test_counting_takes_no_memory() -> None:
    outcome = apart("summary", SPECS / "fully_connected.net", "--json", program=MEASURED)
    assert outcome.code == 0
    assert json.loads(outcome.out)["parameters"] == 1_600_000_000
    kilobytes = int(outcome.err.split()[-1])
    assert kilobytes < 300_000


REFUSED = [
    # free memory, what is said: first the weights alone are held against it, then a whole step
    (7_000_000_000, ["the parameters of FullyConnected take 6.4 GB", "7 GB of memory are free"]),
    (12_000_000_000, ["a training step takes about 19.2 GB", "12 GB", "train.batch"]),
]


@pytest.mark.parametrize(("free", "said"), REFUSED)
def test_training_that_cannot_fit_is_refused_with_an_estimate(
    free: int, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: free)
    outcome = dslc("train", SPECS / "fully_connected.net", "-o", tmp_path / "run")
    assert outcome.code == 3
    for words in [*said, "hidden.weight"]:
        assert words in outcome.err
    assert not (tmp_path / "run").exists()
