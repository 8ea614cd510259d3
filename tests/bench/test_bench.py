"""`python -m bench` runs, writes what it saw, and times nothing that computes something else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from bench.caches import crossing
from bench.measure import Comparison, Figures, Process, disagreements, distance
from bench.report import comparisons_table
from bench.subjects import DEPTHS, ROOT, SUBJECTS
from bench.work import Work

LENET5 = Work(SUBJECTS["lenet5"])


@pytest.mark.parametrize("part", ["training", "inference"])
def test_a_run(part: str, tmp_path: Path) -> None:
    options = ["--only", "mlp", "--sides", "dslc", "--repeat", "2", "--seconds", "0"]
    command = [sys.executable, "-m", "bench", part, *options, "--threads", "1"]
    done = subprocess.run(
        [*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "performance.json").read_text())
    assert data["machine"]["threads"] == 1
    for comparison in data[part]:
        seen = comparison["sides"]["dslc"]
        assert len(seen["turns"]) == 2
        assert seen["memory"] > 1e7
        assert comparison["work"] in (tmp_path / "performance.md").read_text()


def test_a_floor(tmp_path: Path) -> None:
    """Every sum of a convolution is measured in all its forms, and they take turns; inference has no floor."""
    options = ["--only", "lenet5", "--sides", "dslc,floor", "--repeat", "1", "--seconds", "0"]
    command = [sys.executable, "-m", "bench", "training", "inference", *options, "--threads", "1"]
    done = subprocess.run(
        [*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "performance.json").read_text())
    floor = data["training"][0]["floor"]
    assert 0 < floor["rest"] < 1
    assert sum(piece["count"] for piece in floor["pieces"]) == 11
    assert all(min(piece["seconds"].values()) > 0 for piece in floor["pieces"])
    assert len(floor["turns"]) == 1
    assert data["inference"][0]["missing"] == {"floor": "only a step of training has a floor"}


@pytest.mark.parametrize("name", SUBJECTS)
def test_subjects_draw_nothing(name: str) -> None:
    """Two sides can be compared only where neither drops what the other keeps."""
    (section,) = SUBJECTS[name].sections()
    training = section.learning.training
    assert training is not None
    assert not training.measures
    assert all(getattr(call.operation, "p", 0) == 0 for call in section.learning.calls)


def test_depths() -> None:
    (section,) = DEPTHS[50].sections()
    kinds = [type(call.operation).__name__ for call in section.learning.calls]
    assert kinds.count("Conv") + kinds.count("Linear") == 50


OURS = [2.0, 1.0, 1.0]

SIDES = [
    ("near", [2.0001, 1.0, 1.0], None, True),
    ("rounded otherwise", [2.0, 1.0, 1.01], [2.0, 1.0, 1.006], True),
    ("farther from float64 than dslc", [2.0, 1.0, 1.01], [2.0, 1.0, 1.001], False),
    ("nearer to float64 than dslc", [2.0, 1.0, 1.01], [2.0, 1.0, 1.009], False),
    ("another first result", [2.01, 1.0, 1.0], None, False),
    ("two results alone", [2.0, 1.0001], None, True),
    ("another second of two", [2.0, 1.01], [2.0, 1.001, 1.0], False),
]


@pytest.mark.parametrize(
    ("theirs", "exact", "agrees"), [row[1:] for row in SIDES], ids=[row[0] for row in SIDES]
)
def test_results_that_differ_are_not_timed(
    theirs: list[float], exact: list[float] | None, agrees: bool
) -> None:
    """Where the first results agree, float64 judges the later ones; it is asked only then."""

    def judge() -> list[float]:
        assert exact is not None
        return exact

    found = disagreements({"dslc": OURS, "side": theirs}, judge)
    assert list(found) == ([] if agrees else ["side"])


def test_float64_is_asked(tmp_path: Path) -> None:
    """The twin in float64, casts and all, computes what dslc does."""
    pytest.importorskip("torch")
    work = Work(SUBJECTS["lenet5"])
    work.prepare(tmp_path, ["pytorch"])
    results = {}
    for side in ("dslc", "exact"):
        process = Process(side, tmp_path, 1, "processor")
        results[side] = process.ask("start")["result"]
        process.end()
    assert distance(results["dslc"], results["exact"]) < 1e-6
    assert results["dslc"] != results["exact"]


def test_a_loss_is_exported(tmp_path: Path) -> None:
    """What onnxruntime-training is to train is in the file by name; why there is none is in another."""
    pytest.importorskip("torch")
    for name in ("mlp", "lenet5"):
        (tmp_path / name).mkdir()
        Work(SUBJECTS[name]).prepare(tmp_path / name, ["ortraining"])
    exported = onnx.load(tmp_path / "mlp" / "training.onnx").graph
    weights = {tensor.name: tensor.dims for tensor in exported.initializer}
    trained = json.loads((tmp_path / "mlp" / "trained.json").read_text())
    assert [weights[name][0] for name in trained] == [512, 512, 512, 512, 10, 10]
    assert [value.name for value in exported.input] == ["image", "digit"]
    assert "label_smoothing" in (tmp_path / "lenet5" / "training.txt").read_text()


def test_table() -> None:
    ours = Figures(start=0.5, turns=[[0.002, 0.002], [0.003]], memory=100_000_000)
    theirs = Figures(start=0.25, turns=[[0.003], [0.006, 0.006]], memory=300_000_000)
    found = Comparison(LENET5, {"dslc": ours, "pytorch": theirs}, {"compiled": "no compiler"})
    row = comparisons_table([found], ["dslc", "pytorch", "compiled"]).splitlines()[-1]
    assert row == (
        "| lenet5 | 2.5 ±20 % | 4.5 ±33 % | – | **1.75** (1.50 to 2.00) "
        "| 100 / 300 / – | 0.50 / 0.25 / – |"
    )


def test_turns_with_near_and_far_cores() -> None:
    """A turn in which the cores moved is neither."""
    crossings = [(1.1, 1.0), (2.0, 1.9), (1.1, 2.0), (1.1, 1.2)]
    turns = [[0.001], [0.003], [0.002], [0.0011]]
    figures = Figures(start=0.5, turns=turns, memory=1, crossings=crossings)
    assert figures.at("near") == [0.001, 0.0011]
    assert figures.at("far") == [0.003]
    table = comparisons_table([Comparison(LENET5, {"dslc": figures})], ["dslc", "pytorch"])
    head, _, row = table.splitlines()
    assert head.endswith("| near, ms (turns) | far, ms (turns) |")
    assert row.endswith("| 1.05 (2) / – | 3 (1) / – |")


@pytest.mark.skipif(sys.platform != "linux", reason="threads stay on a core only there")
def test_crossing() -> None:
    """Two cores are needed, and this process may use the same ones afterwards."""
    allowed = os.sched_getaffinity(0)
    assert (crossing() is None) == (len(allowed) < 2)
    assert os.sched_getaffinity(0) == allowed
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert crossing() is None
    finally:
        os.sched_setaffinity(0, allowed)
