"""Run the eval graph over batches of any size: losses and metrics in inference mode.

The graph accumulates (sums, counts), and computes the figures from what was accumulated; so figures
do not depend on how the samples were cut into batches, and metrics that are no means of batches
come out right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import read
from dslc_runtime.report import explain
from dslc_runtime.session import CPU, Device, open_session, place

if TYPE_CHECKING:
    from onnxruntime import OrtValue

Array = np.ndarray[Any, Any]

Figures = dict[str, "float | Array"]
"""Losses and metrics by name: numbers, and tables (a confusion matrix)."""

_RESERVED = {
    "seed": np.int64(0),
    "step": np.int64(0),
    "steps_per_epoch": np.int64(1),
    "validation": np.float32("nan"),
}


class Evaluator:
    """The eval graph at `path`, on a device; `weights` are what it takes of the state."""

    def __init__(self, path: Path, device: Device = CPU, threads: int | None = None) -> None:
        self.path = path
        self.metadata = read(path)
        self._device = device
        self._session = open_session(path, self.metadata.session, device, threads)
        inputs = {port.name for port in self._session.get_inputs()}
        outputs = {port.name for port in self._session.get_outputs()}
        self._figures = [name for name in self.metadata.figures if name in outputs]
        self._reserved = {
            name: _RESERVED[name] for name in self.metadata.reserved if name in inputs
        }
        self.weights = [state for state in self.metadata.state if state.name in inputs]
        self._feeds = [port for port in self.metadata.feeds if port.name in inputs]

    def run(
        self, weights: Mapping[str, OrtValue], batches: Iterable[Mapping[str, Array]]
    ) -> Figures:
        """Return the losses and metrics over all of `batches`, with the given weights.

        Errors: UserFault when there is no batch, or one lacks an array.
        """
        fixed = {state.name: weights[state.name] for state in self.weights}
        for name, value in self._reserved.items():
            fixed[name] = place(np.array(value), "cpu", CPU)
        carried = {
            row.name: place(np.zeros(row.shape, row.dtype), "cpu", CPU)
            for row in self.metadata.accumulators
        }
        nexts = [str(row.next) for row in self.metadata.accumulators]
        results: list[OrtValue] = []
        for batch in batches:
            feeds = {**fixed, **carried, **self._batch(batch)}
            results = self._run(nexts + self._figures, feeds)
            carried = dict(zip(carried, results, strict=False))
        if not results:
            raise UserFault(f"{self.path}: there is no batch to evaluate")
        figures = [value.numpy() for value in results[len(nexts) :]]
        return {
            name: np.array(value) if np.ndim(value) else float(value)
            for name, value in zip(self._figures, figures, strict=True)
        }

    def _run(self, names: list[str], feeds: Mapping[str, OrtValue]) -> list[OrtValue]:
        try:
            return list(self._session.run_with_ort_values(names, feeds))
        except Exception as error:
            raise explain(error, self.path, self._device.kind) from error

    def _batch(self, batch: Mapping[str, Array]) -> dict[str, OrtValue]:
        missing = [port.name for port in self._feeds if port.name not in batch]
        if missing:
            raise UserFault(f"evaluation lacks {', '.join(missing)}")
        return {
            port.name: place(np.asarray(batch[port.name], port.dtype, order="C"), "cpu", CPU)
            for port in self._feeds
        }
