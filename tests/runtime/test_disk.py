"""Training on arrays that stay on the disk, read ahead by a thread: the same bits as from memory."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime import train
from dslc_runtime.errors import Interrupted
from dslc_runtime.progress import Progress
from dslc_runtime.weights import read_weights

from tests.runtime.tiny import compile_tiny, samples


class StopAt(Progress):
    """Interrupts after a step."""

    def __init__(self, step: int) -> None:
        self._step = step

    def step(self, done: int, figures: Any) -> None:
        if done == self._step:
            os.kill(os.getpid(), signal.SIGINT)


def build(folder: Path) -> Path:
    """Compile, and write the same samples as an .npz file and as a folder of .npy files."""
    compile_tiny(folder)
    found = samples(100)
    np.savez(folder / "memory.npz", **found)
    (folder / "disk").mkdir()
    for name, array in found.items():
        np.save(folder / "disk" / f"{name}.npy", array)
    return folder


def go(folder: Path, data: str, **more: Any) -> dict[str, bytes]:
    """Train; return the last checkpoint and the history."""
    more = {"progress": Progress(), "report": lambda line: None, "device": "cpu"} | more
    train(folder, folder / data, run=folder / "run", **more)
    last = max((folder / "run" / "checkpoints").glob("*.safetensors"))
    found = {name: value.tobytes() for name, value in read_weights(last).items()}
    return found | {"history": (folder / "run" / "history.csv").read_bytes()}


@pytest.fixture(scope="module")
def from_memory(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return go(build(tmp_path_factory.mktemp("memory")), "memory.npz")


def test_from_the_disk(from_memory: dict[str, bytes], tmp_path: Path) -> None:
    before = threading.active_count()
    assert go(build(tmp_path), "disk") == from_memory
    assert threading.active_count() == before


@pytest.mark.parametrize("step", [1, 9, 14, 36])
def test_interrupted_and_resumed(step: int, from_memory: dict[str, bytes], tmp_path: Path) -> None:
    folder = build(tmp_path)
    with pytest.raises(Interrupted):
        go(folder, "disk", progress=StopAt(step))
    assert go(folder, "disk", resume=True) == from_memory
