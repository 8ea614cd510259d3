"""Train over the epochs of a data set: the loop behind `dslc train`.

In: a folder of compiled files and data. Out: `history.csv`, checkpoints and the trained weights in
the run's folder. After a crash or an interruption, `resume=True` goes on from the last checkpoint,
bit for bit on the CPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime import checkpoint, files
from dslc_runtime.checkpoint import Identity, Place
from dslc_runtime.data import Dataset, epoch_order
from dslc_runtime.errors import DivergedFault, Interrupted, UserFault
from dslc_runtime.interrupt import Interrupts
from dslc_runtime.progress import Progress, choose_progress
from dslc_runtime.session import Report
from dslc_runtime.trainer import to_stderr
from dslc_runtime.turns import Turns
from dslc_runtime.weights import WEIGHTS, write_weights

Array = np.ndarray[Any, Any]

HISTORY = "history.csv"
CHECKPOINTS = "checkpoints"


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a training leaves: the history (a row per epoch) and the parameters and statistics.

    `tables` are the metrics of the last validation that are no numbers: a confusion matrix.
    """

    history: list[dict[str, float]]
    weights: dict[str, Array]
    steps: int
    best: float | None
    best_epoch: int | None
    tables: dict[str, Array]


def train(
    folder: Path | str,
    data: Path | str | None = None,
    *,
    net: str | None = None,
    validation: float | Path | str | None = None,
    mapping: Mapping[str, str] | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    run: Path | str | None = None,
    started: Callable[[], object] | None = None,
    resume: bool = False,
    device: str = "auto",
    seed: int | None = None,
    threads: int | None = None,
    cuda_graph: bool = False,
    progress: Progress | None = None,
    report: Report = to_stderr,
) -> TrainingResult:
    """Train the net compiled in `folder`; what is None comes from the spec's `train` section.

    `validation` is the share of the samples held back, or a data file. `run` is where results go,
    by default `folder`; `started` is called when the data is open, the lock is held and training
    begins: nothing in `run` was changed before.

    Errors: UserFault, LimitFault, FileFault, DeviceFault; DivergedFault (the last checkpoint is
    kept); Interrupted, after a checkpoint was written.
    """
    run = Path(run if run is not None else folder)
    with files.locked(run), Interrupts() as interrupts:
        turns = Turns(
            folder,
            net=net,
            device=device,
            seed=seed,
            threads=threads,
            cuda_graph=cuda_graph,
            report=report,
        )
        train_set, held_back = _open_data(turns, data, validation, mapping)
        total = _total_steps(turns, train_set, epochs, steps)
        _check_buffers(turns, train_set)
        loop = Loop(turns, train_set, held_back, total, run, interrupts, report)
        loop.begin(resume)
        if started is not None:
            started()
        return loop.run(progress or choose_progress())


def _open_data(
    turns: Turns,
    data: Path | str | None,
    validation: float | Path | str | None,
    mapping: Mapping[str, str] | None,
) -> tuple[Dataset, Dataset | None]:
    training = turns.first.training
    data = data if data is not None else training.data
    if data is None:
        raise UserFault(
            f"{turns.first.metadata.spec}: its `train` section names no data",
            helps=("give it with `--data FILE`",),
        )
    dataset = turns.open(data, mapping)
    validation = validation if validation is not None else training.validation
    if validation is None:
        return dataset, None
    if isinstance(validation, (int, float)):
        return dataset.split(validation)
    return dataset, turns.open(validation, mapping)


def _total_steps(turns: Turns, train_set: Dataset, epochs: int | None, steps: int | None) -> int:
    batch, samples = turns.first.training.batch, len(train_set)
    steps_per_epoch = samples // batch
    if steps_per_epoch == 0:
        raise UserFault(
            f"{train_set.path}: {samples} samples are for training, and a batch takes {batch}",
            helps=(f"use a smaller batch: `--set train.batch={samples}`",),
        )
    turns.set_steps_per_epoch(steps_per_epoch)
    if epochs is None and steps is None:
        epochs, steps = turns.first.training.epochs, turns.first.training.steps
    if steps is not None:
        return steps
    if epochs is None:
        raise UserFault(
            f"{turns.first.metadata.spec}: its `train` section says neither `epochs` nor `steps`"
        )
    return epochs * steps_per_epoch


def _check_buffers(turns: Turns, train_set: Dataset) -> None:
    """Compare the samples with the shapes that the train graph was compiled for."""
    for name, buffer in turns.feeds.items():
        array = train_set.arrays[name]
        if array.shape[1:] != buffer.shape[1:]:
            raise UserFault(
                f"{train_set.path}: `{name}` has samples of the shape {list(array.shape[1:])}, "
                f"and the training was compiled for {list(buffer.shape[1:])}"
            )


def _validation_of(history: list[dict[str, float]]) -> dict[str, float]:
    """Return the validation figures of the last epoch by their own names."""
    start = "validation."
    row = history[-1] if history else {}
    return {name.removeprefix(start): v for name, v in row.items() if name.startswith(start)}


class Loop:
    """A training under way: its sections in turn, the data, and the place it has reached."""

    def __init__(
        self,
        turns: Turns,
        train_set: Dataset,
        held_back: Dataset | None,
        total: int,
        run: Path,
        interrupts: Interrupts,
        report: Report,
    ) -> None:
        self.turns = turns
        self.training = turns.first.training
        self.train_set = train_set
        self.held_back = held_back
        self.total = total
        self.folder = run
        self.checkpoints = run / CHECKPOINTS
        self.interrupts = interrupts
        self.report = report
        self.place = Place()
        self.tables: dict[str, Array] = {}
        self.identity = Identity(
            net=turns.first.metadata.net,
            spec_sha256=turns.spec_sha256,
            seed=turns.first.seed,
            batch=self.training.batch,
            samples=len(train_set),
        )

    def begin(self, resume: bool) -> None:
        """Start from the newest checkpoint, or afresh; then those of an earlier run go."""
        files.remove_stale(self.folder)
        checkpoint.clean(self.checkpoints)
        if not resume:
            old = checkpoint.manifests(self.checkpoints)
            for manifest in old:
                checkpoint.discard(manifest)
            if old:
                self.report(f"{self.checkpoints}: the checkpoints of an earlier run are replaced")
            return
        states = self.turns.states
        found = checkpoint.load_newest(self.checkpoints, states, self.identity, self.report)
        if found is None:
            self.report(f"{self.checkpoints}: there is no checkpoint yet; starting from step 0")
            return
        self.place = found.place
        self.turns.first.state.load(found.values)
        self.turns.go_to(found.place.step)
        self.turns.set_validation(_validation_of(self.place.history))
        self._write_history()
        self.report(f"going on from step {found.place.step} of {self.total}")

    def run(self, progress: Progress) -> TrainingResult:
        """Train to the end and return what was reached."""
        progress.start(self.place.step, self.total, self.turns.first.steps_per_epoch)
        try:
            while self.place.step < self.total or self.place.counted:
                self._run_epoch(progress)
        except DivergedFault as fault:
            raise self._with_checkpoint(fault) from fault
        finally:
            progress.stop()
        progress.tables(self.tables)
        return self._finish()

    def _run_epoch(self, progress: Progress) -> None:
        batches = self.train_set.feed(self._batches(), self.turns.feeds)
        with closing(batches):  # a thread that reads ahead ends with the epoch
            for samples in batches:
                figures = self._step(samples)
                progress.step(self.place.step, figures)
                if self.interrupts.requested:
                    self._stop()
        row = self._close_epoch()
        progress.epoch(row)

    def _batches(self) -> Iterator[np.ndarray[Any, np.dtype[np.intp]]]:
        """Yield the samples' numbers of the batches of this epoch that are still to come."""
        batch, place = self.training.batch, self.place
        order = epoch_order(self.turns.first.seed, place.epoch, len(self.train_set))
        last = min(self.turns.first.steps_per_epoch, place.counted + self.total - place.step)
        for number in range(place.counted, last):
            yield order[number * batch : (number + 1) * batch]

    def _step(self, samples: np.ndarray[Any, np.dtype[np.intp]]) -> dict[str, float]:
        figures = self.turns.run_step(samples)
        sums, place = self.place.sums, self.place
        for name, value in figures.items():
            sums[name] = sums.get(name, 0.0) + value
        place.counted += 1
        place.step += 1
        return figures

    def _close_epoch(self) -> dict[str, float]:
        """Evaluate, note the epoch in the history, and write a checkpoint."""
        place = self.place
        row: dict[str, float] = {"epoch": place.epoch + 1, "step": place.step}
        steps = self.turns.steps_within(place.step - place.counted, place.step)
        row |= {name: value / steps(name) for name, value in place.sums.items()}
        if self.held_back is not None:
            row |= self._validate(self.held_back)
        place.epoch, place.counted, place.sums = place.epoch + 1, 0, {}
        place.history.append(row)
        self._note_best(row)
        self.turns.set_validation(_validation_of(place.history))
        self._save()
        self._write_history()
        return row

    def _validate(self, held_back: Dataset) -> dict[str, float]:
        def batches() -> Iterator[Mapping[str, Array]]:
            for batch in held_back.batches(self.training.batch):
                if self.interrupts.requested:
                    self._stop()
                yield batch

        figures = self.turns.evaluate(batches)
        found = {f"validation.{name}": value for name, value in figures.items()}
        self.tables = {n: table for n, table in found.items() if not isinstance(table, float)}
        return {name: value for name, value in found.items() if isinstance(value, float)}

    def _note_best(self, row: Mapping[str, float]) -> None:
        monitor, place = self.training.monitor, self.place
        front = f"{self.training.section}." if self.training.section else ""
        value = row.get(f"validation.{front}{monitor.name if monitor else 'loss'}")
        if value is None:
            return
        place.validation = value
        better = place.best is None or (
            value > place.best if monitor and monitor.mode == "max" else value < place.best
        )
        if better and not math.isnan(value):
            place.best, place.best_epoch = value, place.epoch

    def _save(self) -> Path:
        import onnxruntime

        versions = {**self.turns.first.metadata.versions, "onnxruntime": onnxruntime.__version__}
        versions |= {"numpy": np.__version__, "device": str(self.turns.first.device)}
        values = self.turns.first.state.numpy()
        return checkpoint.save(self.checkpoints, self.place, values, self.identity, versions)

    def _write_history(self) -> None:
        rows = self.place.history
        names = list(dict.fromkeys(name for row in rows for name in row))
        lines = [names, *([repr(row.get(name, math.nan)) for name in names] for row in rows)]
        text = "".join(",".join(line) + "\n" for line in lines)
        files.write(self.folder / HISTORY, text)

    def _stop(self) -> None:
        self._save()
        raise Interrupted(
            f"interrupted after step {self.place.step} of {self.total}; a checkpoint is written",
            helps=("`--resume` goes on from there",),
        )

    def _with_checkpoint(self, fault: DivergedFault) -> DivergedFault:
        kept = checkpoint.manifests(self.checkpoints)
        fact = f"the last checkpoint is kept: {kept[0]}" if kept else "there is no checkpoint yet"
        return DivergedFault(fault.message, facts=[*fault.facts, fact], helps=fault.helps)

    def _finish(self) -> TrainingResult:
        weights = self.turns.weights()
        write_weights(self.folder / WEIGHTS, weights)
        place = self.place
        best, epoch = place.best, place.best_epoch
        return TrainingResult(place.history, weights, place.step, best, epoch, self.tables)
