"""dslc: from the text of a spec to steps of its train graph, or to runs of the network alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from dslc_runtime import Trainer
from dslc_runtime.metadata import read
from dslc_runtime.session import CPU, open_session

from bench.subjects import SUBJECTS
from dslc.artifact.artifact import Artifact
from dslc.compile import inference_model, training_models
from dslc.reference.initial import initial_weights
from dslc.tasks.building import write_artifact


class Side:
    """A compiled training and its state, or a session of the network alone."""

    _step: Callable[[], Any]

    def __init__(self, folder: Path, threads: int) -> None:
        self.folder, self.threads = folder, threads
        self.recipe = json.loads((folder / "recipe.json").read_text())
        with np.load(folder / "feeds.npz") as file:
            self.feeds = dict(file)

    def start(self) -> Any:
        start = self._start_training if self.recipe["batch"] is None else self._start_inference
        start(self.folder / "build")
        return self.step()

    def step(self) -> Any:
        return self._step()

    def _start_training(self, build: Path) -> None:
        sections = SUBJECTS[self.recipe["subject"]].sections()
        write_artifact(Artifact("net", training_models(sections)), build)
        trainer = Trainer(build, device="cpu", threads=self.threads)
        self._step = lambda: trainer.step(self.feeds)["loss"]

    def _start_inference(self, build: Path) -> None:
        resting = SUBJECTS[self.recipe["subject"]].sections()[0].resting
        model = inference_model(resting, initial_weights(resting))
        write_artifact(Artifact("net", {"inference": model}), build)
        path = build / "net.onnx"
        session = open_session(path, read(path).session, CPU, self.threads)
        wanted = [session.get_outputs()[0].name]
        self._step = lambda: session.run(wanted, self.feeds)[0]
