"""What is done, as files: the batch, and the PyTorch side of a network.

A process that is measured loads its own side of these and nothing more: its memory holds neither the compiler
where PyTorch works, nor PyTorch where dslc does.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.subjects import Subject

if TYPE_CHECKING:
    import torch

    from dslc.network.network import Network, Training, Value


OURS = {"dslc", "floor"}
"""Sides that need no twin."""


@dataclass(frozen=True)
class Work:
    """Training steps of a subject, or with `batch` its inference on so many samples."""

    subject: Subject
    batch: int | None = None

    @property
    def name(self) -> str:
        return self.subject.name if self.batch is None else f"{self.subject.name}, {self.batch}"

    def prepare(self, folder: Path, sides: Sequence[str]) -> None:
        """Write the batch and what the sides need to know; the twin where one of them is PyTorch's."""
        section = self.subject.sections()[0]
        network = section.learning if self.batch is None else section.resting
        training = network.training
        assert training is not None, "a subject has a train section"
        wanted = [term.value for term in training.terms]
        sizes = dict(training.sizes)
        if self.batch is not None:
            wanted = list(network.outputs.values())[:1]
            sizes[str(network.batch_name)] = self.batch
        _write_feeds(folder, network, wanted, sizes)
        recipe = {"subject": self.subject.name, "batch": self.batch, **_recipe(training)}
        (folder / "recipe.json").write_text(json.dumps(recipe))
        if set(sides) - OURS:
            self._write_twin(folder, network, wanted, sizes, set(sides))

    def _write_twin(
        self,
        folder: Path,
        network: Network,
        wanted: Sequence[Value],
        sizes: dict[str, int],
        sides: set[str],
    ) -> None:
        import torch

        from bench.twin import Mode, twin_of
        from dslc.reference.initial import initial_weights

        mode = Mode(sizes, training=self.batch is None)
        twin = twin_of(network, wanted, initial_weights(network), mode).train(mode.training)
        torch.save(twin, folder / "twin.pt")
        if not sides & {"exported", "ortraining"}:
            return
        feeds = read_feeds(folder)
        values = tuple(torch.from_numpy(array) for array in feeds.values())
        if "exported" in sides:
            torch.onnx.export(twin, values, folder / "exported.onnx", dynamo=True, verbose=False)
        if "ortraining" in sides:
            _export_training(twin, values, list(feeds), folder)


def _export_training(
    twin: torch.nn.Module, values: tuple[torch.Tensor, ...], names: list[str], folder: Path
) -> None:
    """Write the loss as a graph, or why there is none.

    The exporter of TorchScript keeps it in the operators that onnxruntime-training differentiates.
    """
    import torch

    trained = [name for name, _ in twin.named_parameters()]
    (folder / "trained.json").write_text(json.dumps(trained))
    try:
        with warnings.catch_warnings(action="ignore"):  # that exporter is the old one
            torch.onnx.export(
                twin,
                values,
                folder / "training.onnx",
                dynamo=False,
                training=torch.onnx.TrainingMode.TRAINING,
                do_constant_folding=False,
                opset_version=17,
                input_names=names,
            )
    except torch.onnx.OnnxExporterError as error:
        reason, _, _ = str(error).partition("  [Caused by")
        (folder / "training.txt").write_text(reason)


def _write_feeds(
    folder: Path, network: Network, wanted: Sequence[Value], sizes: dict[str, int]
) -> None:
    from dslc.checking.feeds import draw_data

    used = {value for call in network.needed(wanted) for value in call.inputs}
    drawn = draw_data(network, sizes, np.random.default_rng(0))
    feeds = {value.name: array for value, array in drawn.items() if value in used}
    np.savez(folder / "feeds.npz", allow_pickle=False, **feeds)


def read_feeds(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Return the batch, by the names of the inputs and targets."""
    with np.load(folder / "feeds.npz") as file:
        return dict(file)


def _recipe(training: Training) -> dict[str, Any]:
    """Return how PyTorch has to train: the optimizer with its settings, and the clipping."""
    return {
        "optimizer": type(training.optimizer).__name__,
        "settings": asdict(training.optimizer),
        "clip_grad_norm": training.clip_grad_norm,
    }
