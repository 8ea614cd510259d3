"""Single steps: feeds, state, devices, divergence; and what a failure in onnxruntime becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from dslc_runtime import Trainer, run
from dslc_runtime.errors import (
    DeviceFault,
    DivergedFault,
    FileFault,
    LimitFault,
    RuntimeFault,
    UserFault,
)
from dslc_runtime.report import explain
from dslc_runtime.session import choose_device, cuda_problem

from tests.runtime.tiny import BATCH, compile_tiny, metadata, samples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return compile_tiny(tmp_path / "build")


def expected_step(state: dict[str, Any], batch: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Do the tiny net's step in NumPy, in float64."""
    logits = batch["x"] @ state["fc.weight"].astype(float) * state["scale"] + state["fc.bias"]
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    hot = np.eye(3)[batch["label"]]
    slope = (p - hot) / BATCH
    result = {"scale": state["scale"]}
    for name, gradient in (("fc.weight", batch["x"].T @ slope), ("fc.bias", slope.sum(0))):
        result[f"{name}.momentum"] = 0.9 * state[f"{name}.momentum"] + gradient
        result[name] = state[name] - 0.1 * result[f"{name}.momentum"]
    return float(-(np.log(p) * hot).sum() / BATCH), result


def test_steps_follow_the_formulas(folder: Path) -> None:
    trainer = Trainer(folder, device="cpu")
    batch = samples(BATCH)
    for step in range(4):
        loss, state = expected_step(trainer.state.numpy(), batch)
        figures = trainer.step(batch)
        assert figures["loss"] == pytest.approx(loss, rel=1e-5)
        assert figures.keys() == {"loss", "metric.accuracy"}
        assert trainer.step_number == step + 1
        for name, value in trainer.state.numpy().items():
            np.testing.assert_allclose(value, state[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_seed_and_reset(folder: Path) -> None:
    first, other = Trainer(folder, device="cpu"), Trainer(folder, device="cpu", seed=6)
    start = first.state.numpy()
    assert not np.array_equal(start["fc.weight"], other.state.numpy()["fc.weight"])
    first.step(samples(BATCH))
    first.reset()
    assert first.step_number == 0
    assert all(np.array_equal(first.state.numpy()[name], start[name]) for name in start)


def test_state_can_be_put_back(folder: Path) -> None:
    trainer, batch = Trainer(folder, device="cpu"), samples(BATCH)
    trainer.step(batch)
    kept = trainer.state.numpy()
    after = trainer.step(batch)
    trainer.state.load(kept)
    assert trainer.step(batch) == after
    assert trainer.weights().keys() == {"fc.weight", "fc.bias", "scale"}


def test_evaluate_does_not_depend_on_the_batches(folder: Path) -> None:
    trainer, data = Trainer(folder, device="cpu"), samples(20)
    whole = trainer.evaluate(data)
    parts = [{name: array[a:b] for name, array in data.items()} for a, b in ((0, 7), (7, 20))]
    assert trainer.evaluate(parts) == pytest.approx(whole, rel=1e-6)
    with pytest.raises(UserFault, match="no batch"):
        trainer.evaluate([])
    with pytest.raises(UserFault, match="lacks label"):
        trainer.evaluate({"x": data["x"]})


BATCH_OF_8 = samples(BATCH)
BAD_FEEDS: dict[str, tuple[dict[str, Any], str]] = {
    "missing": ({"x": BATCH_OF_8["x"]}, "a step takes x, label; got x"),
    "unknown": (BATCH_OF_8 | {"z": 1}, "got x, label, z"),
    "shape": (BATCH_OF_8 | {"x": np.zeros((7, 4), np.float32)}, r"\[7, 4\].*takes \[8, 4\]"),
    "scalar": (BATCH_OF_8 | {"label": np.int64(1)}, r"`label` has the shape \[\]"),
    "type": (BATCH_OF_8 | {"label": np.zeros(8)}, "`label` is float64, and a step takes int64"),
}


@pytest.mark.parametrize("case", BAD_FEEDS)
def test_bad_feeds(case: str, folder: Path) -> None:
    feeds, message = BAD_FEEDS[case]
    trainer = Trainer(folder, device="cpu")
    with pytest.raises(UserFault, match=message):
        trainer.step(feeds)
    assert trainer.step_number == 0


def test_lists_and_wider_numbers_are_feeds(folder: Path) -> None:
    trainer = Trainer(folder, device="cpu")
    feeds = {"x": BATCH_OF_8["x"].astype(float), "label": BATCH_OF_8["label"].tolist()}
    assert np.isfinite(trainer.step(feeds)["loss"])


def test_divergence_names_value_line_and_samples(tmp_path: Path) -> None:
    trainer = Trainer(compile_tiny(tmp_path, bad_step=2), device="cpu")
    for _ in range(2):
        trainer.step(BATCH_OF_8)
    before = trainer.state.numpy()
    np.copyto(trainer.feeds["x"], BATCH_OF_8["x"])
    with pytest.raises(DivergedFault, match="diverged at step 2: `v") as caught:
        trainer.run_step(range(40, 48))
    text = str(caught.value)
    assert caught.value.exit_code == 5
    assert "Log `fc/Log @" in text
    assert "tiny.net:" in text
    assert "-inf" in text
    assert "`left` lies between 0 and 0" in text
    assert "the samples 40, 41, 42" in text
    assert all(np.array_equal(trainer.state.numpy()[name], before[name]) for name in before)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_divergence_blames_the_input(value: float, folder: Path) -> None:
    trainer = Trainer(folder, device="cpu")
    x = BATCH_OF_8["x"].copy()
    x[3, 1] = value
    with pytest.raises(DivergedFault, match="`x` is not finite before the step") as caught:
        trainer.step(BATCH_OF_8 | {"x": x})
    assert "1 of 32 elements" in str(caught.value)
    assert "at [3, 1]" in str(caught.value)


@pytest.mark.parametrize("name", ["fc.weight", "fc.bias.momentum"])
def test_divergence_blames_the_state(name: str, folder: Path) -> None:
    trainer = Trainer(folder, device="cpu")
    state = trainer.state.numpy()
    state[name].flat[1] = np.nan
    trainer.state.load(state)
    with pytest.raises(DivergedFault, match=f"`{name}` is not finite before the step"):
        trainer.step(BATCH_OF_8)


def test_divergence_blames_an_overflow(folder: Path) -> None:
    trainer = Trainer(folder, device="cpu")
    x = np.full((BATCH, 4), 1e38, np.float32)
    state = trainer.state.numpy()
    state["fc.weight"][:] = 10.0
    trainer.state.load(state)
    with pytest.raises(DivergedFault, match="diverged at step 0: `v0` is not finite") as caught:
        trainer.step(BATCH_OF_8 | {"x": x})
    assert "MatMul `fc/MatMul @0`: tiny.net:1: MatMul" in str(caught.value)
    assert "24 of 24 elements" in str(caught.value)


@pytest.mark.parametrize("name", ["tpu", "cuda:", "cuda:x", "CPU", "", "gpu"])
def test_unknown_device(name: str, folder: Path) -> None:
    with pytest.raises(UserFault, match="is no device"):
        Trainer(folder, device=name)


def test_cuda_is_there_or_refused(folder: Path) -> None:
    problem = cuda_problem(0)
    said: list[str] = []
    chosen = choose_device("auto", said.append)
    assert chosen.kind == ("cpu" if problem else "cuda")
    assert len(said) == 1
    if problem is None:
        trainer = Trainer(folder, device="cuda")
        assert trainer.step(BATCH_OF_8).keys() == {"loss", "metric.accuracy"}
    else:
        assert problem in said[0]
        with pytest.raises(DeviceFault, match="CUDA was asked for") as caught:
            Trainer(folder, device="cuda")
        assert caught.value.exit_code == 6
        assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "device", "kind", "said"),
    [
        ("Failed to allocate memory for requested buffer of size 9", "cpu", LimitFault, "machine"),
        ("CUDA out of memory", "cuda", DeviceFault, "memory of the GPU is used up"),
        ("CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED", "cuda", DeviceFault, "GPU failed"),
        ("Non-zero status. Name:'fc/Mul @1' Status", "cpu", RuntimeFault, "tiny.net:2: Mul"),
        ("Node (fc/Add @2) Op (Add) shape", "cpu", RuntimeFault, "Add `fc/Add @2`: tiny.net:3"),
        ("Name:'elsewhere' Status", "cpu", RuntimeFault, "node elsewhere"),
    ],
)
def test_failures_in_onnxruntime(
    text: str, device: str, kind: type[RuntimeFault], said: str, folder: Path
) -> None:
    fault = explain(RuntimeError(text), folder / "tiny.train.onnx", device)
    assert type(fault) is kind
    assert said in str(fault)


def test_too_little_memory_is_noticed_before_the_step(tmp_path: Path) -> None:
    folder = compile_tiny(tmp_path)
    model = onnx.load(folder / "tiny.train.onnx")
    memory = {"estimate_bytes": 1 << 60, "largest": [["fc.weight", 1 << 59]]}
    entry = metadata("train", {"batch": 8, "seed": 0}, memory=memory)
    onnx.helper.set_model_props(model, {"dslc": entry})
    onnx.save(model, folder / "tiny.train.onnx")
    with pytest.raises(LimitFault, match=r"a training step takes about 1\.15 EB") as caught:
        Trainer(folder, device="cpu")
    assert caught.value.exit_code == 3
    assert "fc.weight: 576 PB" in str(caught.value)


def test_places_without_a_training(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="no compiled training here"):
        Trainer(tmp_path, device="cpu")
    with pytest.raises(FileFault, match="no such folder"):
        Trainer(tmp_path / "nowhere", device="cpu")
    compile_tiny(tmp_path)
    (tmp_path / "other.train.onnx").write_bytes(b"")
    with pytest.raises(UserFault, match=r"which net.*other, tiny"):
        Trainer(tmp_path, device="cpu")
    with pytest.raises(UserFault, match="not a file that dslc compiled"):
        Trainer(tmp_path, net="other", device="cpu")
    assert Trainer(tmp_path, net="tiny", device="cpu").name == "tiny"


def test_run_a_closed_model(folder: Path) -> None:
    x = samples(5)["x"]
    wanted = np.tile(x.sum(1, keepdims=True) + 1, 3)
    for inputs in (x, {"x": x}, x.tolist()):
        np.testing.assert_allclose(run(folder / "tiny.onnx", inputs)["y"], wanted, rtol=1e-5)
    assert run(folder / "tiny.onnx", x, batch=2)["y"].shape == (5, 3)
    for bad, message in (
        (x[:, :3], "takes"),
        ({"z": x}, "got z"),
        (x * 1j, "is complex64"),
    ):
        with pytest.raises(UserFault, match=message):
            run(folder / "tiny.onnx", bad)
    with pytest.raises(FileFault):
        run(folder / "nowhere.onnx", x)
