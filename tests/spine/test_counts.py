"""The published numbers of weights, told by `dslc summary` and held by the specs themselves; nothing is allocated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dslc_runtime import memory

from tests.spine.command import ENTRY, SPECS, apart, done, dslc

PUBLISHED = [
    ("lenet5", (), 61_706),
    ("alexnet", (), 60_965_224),
    ("vgg", (), 138_357_544),
    ("vgg", ("depths=[2,2,4,4,4]",), 143_667_240),
    ("googlenet", (), 13_378_280),
    ("resnet18", (), 11_689_512),
    ("resnet50", (), 25_557_032),
    ("fully_connected", (), 1_600_000_000),
    ("locally_connected", (), 4_000_000),
]


MEASURED = f"""
import sys
try:
    {ENTRY}
finally:
    # Not getrusage: its peak counts that of the process this one was forked from.
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(peak.split()[1], file=sys.stderr)
"""


def summary(name: str, *settings: str) -> dict[str, Any]:
    chosen = [argument for text in settings for argument in ("--set", text)]
    found: dict[str, Any] = json.loads(done("summary", SPECS / f"{name}.net", "--json", *chosen))
    return found


@pytest.mark.parametrize(("name", "settings", "parameters"), PUBLISHED)
def test_the_published_counts(name: str, settings: tuple[str, ...], parameters: int) -> None:
    found = summary(name, *settings)
    assert found["parameters"] == parameters
    assert sum(row["parameters"] for row in found["rows"]) == parameters


@pytest.mark.parametrize(("name", "settings", "parameters"), PUBLISHED)
def test_a_spec_holds_its_own_count(
    name: str, settings: tuple[str, ...], parameters: int, tmp_path: Path
) -> None:
    """One weight more than published, and the spec itself complains."""
    text = (SPECS / f"{name}.net").read_text()
    assert f"check parameters == {parameters}" in text
    for path in SPECS.glob("*.net"):
        (tmp_path / path.name).write_text(path.read_text())
    wrong = tmp_path / f"{name}.net"
    wrong.write_text(text.replace(f"== {parameters}", f"== {parameters + 1}"))
    chosen = [argument for setting in settings for argument in ("--set", setting)]
    outcome = dslc("summary", wrong, *chosen)
    assert outcome.code == 2
    assert "error[E0509]" in outcome.err and f"parameters = {parameters}" in outcome.err


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "vgg", "googlenet", "resnet18", "resnet50"])
def test_other_classes_do_not_break_the_check(name: str) -> None:
    assert summary(name, "classes=37")["parameters"] > 0


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
