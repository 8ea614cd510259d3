"""The floor of a step (`bench.floor`): its convolutions and their gradients, each alone in its fastest form."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import onnxruntime
from dslc_runtime.metadata import read
from dslc_runtime.session import CPU, options
from onnxruntime import OrtValue

from bench.floor import Piece, convolutions
from bench.profile import profile
from bench.subjects import SUBJECTS

RUNS = 3
"""Of a form, after a first one; the fastest counts."""

Run = Callable[[], Any]


class Side:
    """Sessions of the fastest forms. A step runs each as often as the network's does."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.folder, self.threads = folder, threads
        self.recipe = json.loads((folder / "recipe.json").read_text())
        self.subject = SUBJECTS[self.recipe["subject"]]
        self.operands: dict[tuple[int, ...], OrtValue] = {}

    def start(self) -> Any:
        """Return the share of a step that is no convolution, and the seconds of every form of each piece."""
        if self.recipe["batch"] is not None:
            sys.exit("only a step of training has a floor")
        found = convolutions(self.subject.sections()[0].learning)
        if not found.pieces:
            sys.exit("it has no convolutions")
        rest = found.rest(profile(self.subject, self.folder, self.threads))
        settings = read(self.folder / "profiled" / "net.train.onnx").session
        self.options = options(settings, self.threads)
        self.runs: list[tuple[Run, int]] = []
        pieces = []
        for piece, count in found.pieces.items():
            run, seconds = self._fastest(piece)
            self.runs.append((run, count))
            pieces.append({"piece": str(piece), "count": count, "seconds": seconds})
        return {"rest": rest, "pieces": pieces}

    def step(self) -> Any:
        for run, count in self.runs:
            for _ in range(count):
                run()

    def _fastest(self, piece: Piece) -> tuple[Run, dict[str, float]]:
        """Return how the fastest form is run, and the seconds of all. The sessions of the others end here."""
        seconds: dict[str, float] = {}
        best: Run | None = None
        for form in piece.forms:
            run = self._run(piece, form)
            seconds[form] = min([self._seconds(run) for _ in range(1 + RUNS)][1:])
            if best is None or seconds[form] == min(seconds.values()):
                best = run
        assert best is not None
        return best, seconds

    def _run(self, piece: Piece, form: str) -> Run:
        session = onnxruntime.InferenceSession(piece.model(form), self.options, CPU.providers)
        feeds = {f"x{i}": self._operand(shape) for i, shape in enumerate(piece.shapes)}
        return lambda: session.run_with_ort_values(None, feeds)

    def _operand(self, shape: tuple[int, ...]) -> OrtValue:
        if shape not in self.operands:
            drawn = np.random.default_rng(0).standard_normal(shape, np.float32)
            self.operands[shape] = OrtValue.ortvalue_from_numpy(drawn)
        return self.operands[shape]

    def _seconds(self, run: Run) -> float:
        """Time a run; that of one thread by the processor's clock, which other work on the machine leaves alone."""
        clock = process_time if self.threads == 1 else perf_counter
        begin = clock()
        run()
        return clock() - begin
