"""A network that learns from its own derivatives: the heat equation, trained by `dslc train`."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from tests.spine.command import PATIENCE, ROOT, SPECS, done


def test_the_data_are_what_the_script_makes(tmp_path: Path) -> None:
    made = tmp_path / "heat.npz"
    script = ROOT / "examples" / "heat_data.py"
    subprocess.run([sys.executable, str(script), str(made)], check=True, timeout=PATIENCE)
    with np.load(made) as ours, np.load(SPECS / "data" / "heat.npz") as shipped:
        assert set(ours.files) == set(shipped.files)
        for name in ours.files:
            np.testing.assert_allclose(ours[name], shipped[name], rtol=1e-6, atol=1e-7)


def test_the_equation_is_learned(tmp_path: Path) -> None:
    """A quarter of the epochs: the temperature where nothing told it, and the exported second derivative."""
    run = tmp_path / "heat"
    done("train", SPECS / "heat.net", "-o", run, "--set", "train.epochs=100")
    with (run / "history.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["validation.metric.rmse"]) < 5e-3
    model, providers = str(run / "heat.onnx"), ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model, providers=providers)
    x, t = np.random.default_rng(4).uniform(size=(2, 37, 1)).astype(np.float32)
    u, residual = session.run(["u", "residual"], {"x": x, "t": t})
    exact = np.exp(-0.1 * np.pi**2 * t) * np.sin(np.pi * x)
    assert np.sqrt(np.mean((u - exact) ** 2)) < 5e-3
    assert np.sqrt(np.mean(residual**2)) < 5e-2
