"""The bad inputs, through the real entry point: exit code, place, words; nothing written, no traceback, no code run."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime import memory

from tests.limits import data
from tests.limits.data import BAD_WEIGHTS, DATA, GOOD, SPEC, Bad, weights
from tests.limits.entry import Dslc, runner
from tests.limits.specs import FINE, SPECS, TRAIN, row
from tests.runtime.forms import classes, mnist, write

PLACE = re.compile(r"--> (\S+?):(\d+):(\d+)$", re.MULTILINE)


@pytest.fixture
def dslc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Dslc:
    return runner(capsys, monkeypatch)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the bad specs import."""
    folder = tmp_path_factory.mktemp("outside") / "project"
    (folder / "folder").mkdir(parents=True)
    secret = folder.parent / "secret.net"
    secret.write_text("block B { secret_word }")
    os.symlink(secret, folder / "link.net")
    os.mkfifo(folder / "pipe.net")
    (folder / "cut.net").write_text("block B {")
    for number in range(300):
        (folder / f"f{number}.net").write_text(f"block B{number} {{ relu }}\n")
    for number in range(20):
        text = f'import B from "d{number + 1}.net"\nblock C{number} {{ relu }}\n'
        (folder / f"d{number}.net").write_text(text)
    return folder


def spec(folder: Path, text: str | bytes) -> Path:
    path = folder / "bad.net"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("name", SPECS)
def test_bad_specs(name: str, project: Path, dslc: Dslc) -> None:
    bad = SPECS[name]
    outcome = dslc("summary", spec(project, bad.spec))
    assert (outcome.code, outcome.out) == (bad.code, "")
    places = PLACE.findall(outcome.err)
    assert places
    path, line, column = places[0]
    assert Path(path).parent == project
    assert f"{Path(path).name}:{line}:{column}".startswith(bad.place) or (
        f"{line}:{column}".startswith(bad.place)
    )
    assert bad.said in outcome.err
    assert "secret_word" not in outcome.err


@pytest.mark.parametrize("name", FINE)
def test_odd_specs_that_are_fine(name: str, project: Path, dslc: Dslc) -> None:
    assert dslc("summary", spec(project, FINE[name])).code == 0


@pytest.mark.parametrize("name", ["folder", "pipe.net", "none.net", "/dev/zero"])
def test_specs_that_are_no_files(name: str, project: Path, dslc: Dslc) -> None:
    outcome = dslc("summary", project / name)
    assert outcome.code == 4
    assert name in outcome.err


def test_only_the_beginning_of_a_huge_spec_is_read(project: Path, dslc: Dslc) -> None:
    path = project / "huge.net"
    with open(path, "wb") as file:
        file.write(b"#" * 4096)
        file.truncate(200 << 20)
    outcome = dslc("summary", path)
    path.unlink()
    assert outcome.code == 3
    assert "larger than 1 MiB" in outcome.err


LONG = {
    # what a gradient writes out: the operations of every step
    "LSTM": "output y: LSTM(4)",
    "scan": "output y = scan a in x, h = zeros([2, 3]) { output next = tanh(a + h) }",
    "gradient in the net": "s = x -> RNN(3)\n  output y = grad(sum(s), x)",
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("length", [3, 2_000_000])
def test_sequences_that_no_graph_can_write_out(
    name: str, length: int, project: Path, dslc: Dslc
) -> None:
    text = row(LONG[name], head=f"net A {{\n  input x: float32[2, {length}, 3]\n")
    outcome = dslc("check", spec(project, text), "--device", "cpu")
    assert outcome.code == (3 if length > 3 else 0)
    assert ("every step is written out" in outcome.err) == (length > 3)


# ---- data and weights


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled net, and good data and weights for it."""
    from dslc import api

    folder = tmp_path_factory.mktemp("build")
    (folder / "small.net").write_text(SPEC)
    api.compile(folder / "small.net", folder)
    np.savez(folder / "good.npz", **GOOD)
    shutil.move(weights()(folder), folder / "weights.npz")
    return folder


def evaluated(dslc: Dslc, build: Path, given: Path, values: Path | None = None) -> Any:
    chosen = values or build / "weights.npz"
    return dslc("eval", build, "--device", "cpu", "--data", given, "--weights", chosen)


def check(bad: Bad, outcome: Any) -> None:
    assert (outcome.code, outcome.out) == (bad.code, "")
    assert bad.place in outcome.err.split("\n")[0]
    assert bad.said in outcome.err


@pytest.mark.parametrize("name", DATA)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_bad_data(
    name: str, build: Path, tmp_path: Path, dslc: Dslc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "CANARY", tmp_path / "canary")
    check(DATA[name], evaluated(dslc, build, DATA[name].make(tmp_path)))
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_bad_weights(name: str, build: Path, tmp_path: Path, dslc: Dslc) -> None:
    bad = BAD_WEIGHTS[name]
    check(bad, evaluated(dslc, build, build / "good.npz", bad.make(tmp_path)))


def test_the_canary_sings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loaded as a pickle the file of the test above does run code."""
    monkeypatch.setattr(data, "CANARY", tmp_path / "canary")
    path = DATA["objects"].make(tmp_path)
    np.load(path, allow_pickle=True)["image"]
    assert (tmp_path / "canary").exists()


def test_good_data_of_every_form(build: Path, tmp_path: Path, dslc: Dslc) -> None:
    write(tmp_path / "mnist", mnist())
    write(tmp_path / "images", classes(12))
    (tmp_path / "npy").mkdir()
    for name, array in GOOD.items():
        np.save(tmp_path / "npy" / f"{name}.npy", array)
    flat = GOOD["image"].reshape(12, 16)
    rows = [[label, *pixels] for label, pixels in zip(GOOD["digit"], flat, strict=True)]
    head = ["digit", *(f"pixel{number}" for number in range(16))]
    lines = [",".join(map(str, line)) for line in [head, *rows]]
    (tmp_path / "table.csv").write_text("\n".join(lines))
    forms = [tmp_path / name for name in ("mnist", "images", "npy", "table.csv")]
    said = [evaluated(dslc, build, path) for path in (build / "good.npz", *forms)]
    assert [outcome.code for outcome in said] == [0] * 5
    assert len({outcome.out for outcome in said}) == 1


# ---- memory, files, devices


def test_memory_is_refused_before_it_is_taken(
    project: Path, tmp_path: Path, dslc: Dslc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 10**9)
    path = spec(project, row("wide: Linear(200000000)"))
    outcome = dslc("compile", path, "-o", tmp_path / "out")
    assert outcome.code == 3
    assert "wide.weight (" in outcome.err
    assert "bad.net:3): 3.2 GB" in outcome.err
    assert not (tmp_path / "out").exists()
    text = TRAIN.replace("Linear(3)", "Linear(30000) -> Linear(3)").replace(
        "batch = 4", "batch = 900"
    )
    monkeypatch.setattr(memory, "free_memory", lambda: 10**8)
    outcome = dslc(
        "train", spec(project, text), "-o", tmp_path / "out", "--data", "x.npz", "--device", "cpu"
    )
    assert outcome.code == 3
    assert "a training step takes about" in outcome.err
    assert "bad.net:3): " in outcome.err
    assert not (tmp_path / "out").exists()


def test_a_training_that_diverges(build: Path, tmp_path: Path, dslc: Dslc) -> None:
    outcome = dslc(
        "train", build / "small.net", "--set", "train.optimizer=SGD(lr=1e38)", "--set", "train.epochs=9",
        "--device", "cpu", "--data", build / "good.npz", "-o", tmp_path / "run",
    )  # fmt: skip
    assert outcome.code == 5
    assert re.search(r"small\.net:\d+", outcome.err)


OUTPUTS = {
    "a folder in a file": ("small.net/out", "ot a directory"),
    "a name of 300": ("x" * 300, "ile name too long"),
    "a file": ("small.net", "xists"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_places_that_cannot_be_written(name: str, build: Path, dslc: Dslc) -> None:
    place, said = OUTPUTS[name]
    outcome = dslc("compile", build / "small.net", "-o", build / place)
    assert outcome.code == 4
    assert said in outcome.err
    assert (build / "small.net").read_text() == SPEC


@pytest.mark.parametrize(("device", "code"), [("cuda:99", 6), ("gpu", 2), ("cuda:x", 2)])
def test_devices_that_are_not_there(device: str, code: int, build: Path, dslc: Dslc) -> None:
    outcome = dslc("eval", build, "--device", device, "--data", build / "good.npz")
    assert outcome.code == code
    assert device.partition(":")[0] in outcome.err.lower()


ARGUMENTS = {
    "a setting without a value": (["--set", "classes"], "name=value"),
    "an unknown setting": (["--set", "nothing=3"], "nothing"),
    "a setting that is no value": (["--set", "train.batch=]["], "is not a value"),
    "a net that is not there": (["--net", "Other"], "Other"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_bad_arguments(name: str, build: Path, dslc: Dslc) -> None:
    arguments, said = ARGUMENTS[name]
    outcome = dslc("summary", build / "small.net", *arguments)
    assert outcome.code == 2
    assert said in outcome.err


def test_a_map_that_is_none(build: Path, dslc: Dslc) -> None:
    outcome = dslc("eval", build, "--data", build / "good.npz", "--map", "image")
    assert outcome.code == 2
    assert "--map image: write it as name=array" in outcome.err


def test_every_number_of_the_list_has_a_row() -> None:
    """Numbers 29 and up are about files; 35, 36, 39 and 40 about other parts, which have tests of their own."""
    found = {bad.number for bad in [*SPECS.values(), *DATA.values(), *BAD_WEIGHTS.values()]}
    assert found == {*range(1, 35)}
