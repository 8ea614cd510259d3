"""Several train sections take turns over the same weights, each with a graph, an optimizer and slots of its own."""

from __future__ import annotations

import csv
import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime.errors import UserFault
from dslc_runtime.trainer import Trainer
from dslc_runtime.weights import read_weights

from tests.spine.command import PATIENCE, SPECS, done, dslc, start
from tests.spine.test_training import KILLED

Array = np.ndarray[Any, Any]

GAN = SPECS / "gan.net"
SMALL = ("--set", "hidden=6", "--set", "train.batch=8", "--set", "train.epochs=3")
FILES = {
    "gan.init.onnx",
    "gan.judging.train.onnx",
    "gan.judging.eval.onnx",
    "gan.making.train.onnx",
    "gan.making.eval.onnx",
    "gan.onnx",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 64)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    np.savez(tmp_path / "ring.npz", real=ring)
    return tmp_path / "ring.npz"


def slowed(folder: Path, every: int) -> Path:
    """Return the spec with the second section going every few steps."""
    text = GAN.read_text().rstrip()
    path = folder / "gan.net"
    path.write_text(f"{text[:-1]}  every = {every} steps\n}}\n")
    return path


def test_each_section_has_graphs_of_its_own(tmp_path: Path) -> None:
    done("compile", GAN, *SMALL, "-o", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_all_sections_are_checked() -> None:
    said = done("check", GAN, *SMALL)
    assert "check passed" in said
    graphs = next(line for line in said.splitlines() if "train graph: finite" in line)
    assert graphs.split("finite")[1].split()[0] == "2"


def test_a_section_changes_its_own_part_of_the_weights(tmp_path: Path) -> None:
    done("compile", GAN, *SMALL, "-o", tmp_path)
    judge = Trainer(tmp_path, device="cpu")
    maker = Trainer(tmp_path, section="making", beside=judge)
    assert judge.section == "judging"
    real = np.random.default_rng(1).normal(size=(8, 2)).astype(np.float32)
    before = judge.state.numpy()
    judge.step({"real": real})
    middle = judge.state.numpy()
    maker.step({})
    after = maker.state.numpy()
    assert judge.state is maker.state
    weights = [name for name in before if name.endswith((".weight", ".bias"))]
    for name in weights:
        by_judge, by_maker = before[name] != middle[name], middle[name] != after[name]
        assert by_judge.any() == name.startswith("discriminator.")
        assert by_maker.any() == name.startswith("generator.")
    slots = {name for name in before if name not in weights}
    assert "generator.linear1.weight.making.mean" in slots
    assert "discriminator.linear1.weight.judging.square" in slots
    assert not any(".judging." in name for name in slots if name.startswith("generator."))


def test_sections_whose_optimizer_keeps_nothing(data: Path, tmp_path: Path) -> None:
    spec = tmp_path / "gan.net"
    plain = re.sub(r"optimizer = .*", "optimizer = SGD(lr=0.01)", GAN.read_text())
    spec.write_text(plain)
    done("train", spec, *SMALL, "--data", data, "--device", "cpu", "-o", tmp_path / "run")
    assert read_weights(tmp_path / "run" / "weights.safetensors")


def test_sections_see_what_the_other_did(tmp_path: Path) -> None:
    """The second step of the maker, with and without one of the judge in between, is another one."""
    done("compile", GAN, *SMALL, "-o", tmp_path)
    real = np.random.default_rng(1).normal(size=(8, 2)).astype(np.float32)
    losses = []
    for between in (False, True):
        judge = Trainer(tmp_path, device="cpu")
        maker = Trainer(tmp_path, section="making", beside=judge)
        maker.step({})
        if between:
            judge.step({"real": real})
        losses.append(maker.step({})["loss"])
    assert losses[0] != losses[1]


def test_training_takes_turns(data: Path, tmp_path: Path) -> None:
    """8 batches an epoch: the first section takes 8 steps of them, the second every third, 3, 3 and 2."""
    run = tmp_path / "run"
    done("train", slowed(tmp_path, 3), *SMALL, "--data", data, "-o", run, "--device", "cpu")
    with (run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["8", "16", "24"]
    assert {"judging.loss", "making.loss"} < rows[0].keys()
    assert all(0.1 < float(row["making.loss"]) < 3 for row in rows)
    printed = done("eval", run, "--data", data, "--device", "cpu")
    assert {line.split()[0] for line in printed.splitlines()} > {"judging.loss", "making.loss"}


def test_a_killed_training_of_two_sections_resumes_to_the_same_bits(
    data: Path, tmp_path: Path
) -> None:
    through, killed = tmp_path / "through", tmp_path / "killed"
    train = ("train", slowed(tmp_path, 3), *SMALL, "--data", data, "--device", "cpu")
    done(*train, "-o", through)
    process = start(KILLED, *train, "-o", killed, 13)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, err
    done(*train, "-o", killed, "--resume")
    assert (through / "history.csv").read_bytes() == (killed / "history.csv").read_bytes()
    assert (through / "gan.onnx").read_bytes() == (killed / "gan.onnx").read_bytes()
    last = max((through / "checkpoints").glob("*.safetensors")).name
    ours, theirs = (read_weights(run / "checkpoints" / last) for run in (through, killed))
    assert ours.keys() == theirs.keys() and any(".making." in name for name in ours)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_a_generator_learns_a_ring(tmp_path: Path) -> None:
    """What the generator makes of noise moves from around the middle to the ring."""
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 6400)
    np.savez(tmp_path / "ring.npz", real=np.stack([np.cos(angle), np.sin(angle)], 1).astype("f4"))
    run = tmp_path / "run"
    done("train", GAN, "--data", tmp_path / "ring.npz", "-o", run, "--device", "cpu")
    noise = np.random.default_rng(2).normal(size=(500, 2)).astype(np.float32)
    np.savez(tmp_path / "noise.npz", noise=noise)
    done("run", run / "gan.onnx", tmp_path / "noise.npz", "-o", tmp_path / "fake.npz")
    radius = np.linalg.norm(np.load(tmp_path / "fake.npz")["fake"], axis=1)
    assert abs(np.median(radius) - 1) < 0.15


def test_sections_that_are_not_there(tmp_path: Path) -> None:
    done("compile", GAN, *SMALL, "-o", tmp_path)
    with pytest.raises(UserFault, match="no train section `maker`; it has judging, making"):
        Trainer(tmp_path, section="maker", device="cpu")
    outcome = dslc("check", slowed(tmp_path, 0))
    assert outcome.code == 2 and "counts the steps" in outcome.err
