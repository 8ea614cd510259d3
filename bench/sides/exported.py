"""The graph that `torch.onnx.export` gives for the twin, in onnxruntime with its own defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


class Side:
    """A session of the exported graph."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.path, self.threads = folder / "exported.onnx", threads
        with np.load(folder / "feeds.npz") as file:
            self.feeds = dict(file)

    def start(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        self.session = onnxruntime.InferenceSession(self.path, options)
        return self.step()

    def step(self) -> Any:
        return self.session.run(None, self.feeds)[0]
