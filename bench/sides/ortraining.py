"""onnxruntime-training: gradients and steps of its own, for the graph that PyTorch exports.

It runs in the Python of an environment where onnxruntime-training stands in the place of onnxruntime. Its SGD has no
momentum, which spares it a little work.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.training import artifacts, onnxblock
from onnxruntime.training.api import CheckpointState, Module, Optimizer

NEEDED = {"SoftmaxCrossEntropyLoss": 2, "LayerNormalization": 3}
"""How many results of these operators their gradients read; the exporter leaves out those that may be."""


class Side:
    """The four files it trains from, and the step: forward and backward, update, gradients to zero."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.folder, self.threads = folder, threads
        self.recipe = json.loads((folder / "recipe.json").read_text())
        with np.load(folder / "feeds.npz") as file:
            self.feeds = dict(file)

    def start(self) -> Any:
        if (self.folder / "training.txt").exists():
            sys.exit((self.folder / "training.txt").read_text())
        files = self.folder / "artifacts"
        files.mkdir()
        self._write(files)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        state = CheckpointState.load_checkpoint(str(files / "checkpoint"))
        self.module = Module(str(files / "training_model.onnx"), state, session_options=options)
        self.optimizer = Optimizer(str(files / "optimizer_model.onnx"), self.module)
        self.optimizer.set_learning_rate(self.recipe["settings"]["lr"])
        self.values = [self.feeds[name] for name in self.module.input_names()]
        self.module.train()
        return self.step()

    def step(self) -> Any:
        loss = self.module(*self.values)
        self.optimizer.step()
        self.module.lazy_reset_grad()
        return loss

    def _write(self, files: Path) -> None:
        model = onnx.load(self.folder / "training.onnx")
        for node in model.graph.node:
            for index in range(len(node.output), NEEDED.get(node.op_type, 0)):
                node.output.append(f"{node.output[0]}.{index}")
        artifacts.generate_artifacts(
            model,
            requires_grad=json.loads((self.folder / "trained.json").read_text()),
            optimizer=self._optimizer(),
            artifact_directory=str(files),
        )

    def _optimizer(self) -> onnxblock.Block:
        settings, longest = self.recipe["settings"], self.recipe["clip_grad_norm"]
        clip = None if longest is None else onnxblock.optim.ClipGradNorm(float(longest))
        if self.recipe["optimizer"] == "SGD":
            return onnxblock.optim.SGD(clip)
        return onnxblock.optim.AdamW(
            betas=settings["betas"],
            eps=settings["eps"],
            weight_decay=settings["weight_decay"],
            clip_grad=clip,
        )
