"""Steps recorded as CUDA graphs, on a stand-in for a GPU: what onnxruntime is told, and what is read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime import Trainer, session, state, trainer
from dslc_runtime.errors import DeviceFault, UserFault
from dslc_runtime.session import CPU, Device
from onnxruntime import IOBinding, OrtValue, RunOptions

from tests.runtime.tiny import BATCH, compile_tiny, samples


class Recorded:
    """A session on the CPU that notes the CUDA graph of each run, and that plays back what it has seen already.

    A binding that is played back must be the one that was recorded.
    """

    def __init__(self, real: Any) -> None:
        self.real = real
        self.bindings: dict[str, IOBinding] = {}
        self.runs: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def run_with_iobinding(self, binding: IOBinding, options: RunOptions) -> None:
        number = options.get_run_config_entry("gpu_graph_id")
        self.runs.append(number)
        assert self.bindings.setdefault(number, binding) is binding
        self.real.run_with_iobinding(binding, options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return compile_tiny(tmp_path / "build")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let memory and nodes of the GPU be those of the CPU; return what was asked for."""
    asked: dict[str, Any] = {"sessions": [], "elsewhere": ()}
    real_open = session.open_session

    def open_session(path: Path, settings: Any, device: Device, threads: int | None) -> Any:
        opened = real_open(path, settings, CPU, threads)
        if not device.captures:
            return opened
        asked["sessions"].append((device.providers[0][1], Recorded(opened)))
        return asked["sessions"][-1][1]

    def place(array: np.ndarray[Any, Any], kind: str, device: Device) -> OrtValue:
        asked[kind] = asked.get(kind, 0) + 1
        # Memory of the GPU is a copy: only what is written into it arrives.
        copied = array.copy() if kind == "cuda" else array
        return OrtValue.ortvalue_from_numpy(copied, "cpu", 0)

    def empty(shape: tuple[int, ...], dtype: np.dtype[Any], kind: str, device: Device) -> OrtValue:
        return session.empty(shape, dtype, "cpu", CPU)

    def homes(opened: Any) -> dict[str, str]:
        names = [port.name for port in opened.get_inputs()]
        return {name: "cpu" if name in asked["elsewhere"] else "cuda" for name in names}

    monkeypatch.setattr(trainer, "place", place)
    monkeypatch.setattr(state, "empty", empty)
    monkeypatch.setattr(trainer, "open_session", open_session)
    monkeypatch.setattr(trainer, "homes", homes)
    monkeypatch.setattr(trainer, "choose_device", lambda name, report: Device("cuda"))
    return asked


def test_two_graphs_take_turns(folder: Path, gpu: dict[str, Any]) -> None:
    recorded = Trainer(folder, cuda_graph=True)
    batches = [
        {k: np.roll(v, step, axis=0) for k, v in samples(BATCH).items()} for step in range(5)
    ]
    found = [recorded.step(batch)["loss"] for batch in batches]
    ((settings, opened),) = gpu["sessions"]
    assert settings["enable_cuda_graph"] == "1"
    assert opened.runs == ["1", "2", "1", "2", "1"]
    assert len(set(found)) == len(found)
    for name, value in recorded.state.numpy().items():
        assert np.isfinite(value).all(), name


def test_recorded_steps_are_steps(
    folder: Path, gpu: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Trainer(folder, cuda_graph=True)
    found = [recorded.step(samples(BATCH)) for _ in range(4)]
    monkeypatch.undo()
    plain = Trainer(folder, device="cpu")
    assert found == [plain.step(samples(BATCH)) for _ in range(4)]
    for name, value in plain.state.numpy().items():
        np.testing.assert_array_equal(recorded.state.numpy()[name], value, err_msg=name)


def test_what_is_read_on_the_cpu_cannot_be_recorded(folder: Path, gpu: dict[str, Any]) -> None:
    gpu["elsewhere"] = ("label",)
    with pytest.raises(DeviceFault, match="no CUDA graph") as caught:
        Trainer(folder, cuda_graph=True)
    assert "label" in str(caught.value)


def test_there_is_no_cuda_graph_on_the_cpu(folder: Path) -> None:
    with pytest.raises(UserFault, match="only on a GPU"):
        Trainer(folder, device="cpu", cuda_graph=True)
