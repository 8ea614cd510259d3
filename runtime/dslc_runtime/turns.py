"""Train sections in turn: for every batch one step of each, over the same weights and the same batch.

A training with one section is the plain case of it. Figures of named sections carry the name:
`critic.loss`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime.data import Dataset, open_for
from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import State
from dslc_runtime.session import Report
from dslc_runtime.trainer import Trainer, find_net, sections_in

Array = np.ndarray[Any, Any]


class Turns:
    """The trainers of all sections of a net; the first one says what holds for all.

    A section with `every` = k takes a step on the first of k batches. `turn` counts the batches.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        net: str | None,
        device: str,
        seed: int | None,
        threads: int | None,
        cuda_graph: bool,
        report: Report,
    ) -> None:
        name = find_net(Path(folder), net)
        first = Trainer(
            folder,
            net=name,
            device=device,
            seed=seed,
            threads=threads,
            cuda_graph=cuda_graph,
            report=report,
        )
        others = [
            Trainer(folder, net=name, section=section, beside=first, seed=seed, threads=threads)
            for section in sections_in(Path(folder), name)[1:]
        ]
        self.first = first
        self.trainers = (first, *others)
        self.turn = 0
        self._check()

    def _check(self) -> None:
        """The sections have to be of one compilation."""
        batches = {trainer.training.batch for trainer in self.trainers}
        if len(batches) > 1:
            raise UserFault(f"{self.first.folder}: its train sections were compiled apart")

    @property
    def states(self) -> tuple[State, ...]:
        return self.first.state.states

    @property
    def spec_sha256(self) -> str:
        """What the spec comes to, all sections of it."""
        return "-".join(trainer.metadata.spec_sha256 for trainer in self.trainers)

    @property
    def feeds(self) -> dict[str, Array]:
        """The arrays that a batch is put into, by name."""
        return {name: array for one in self.trainers for name, array in one.feeds.items()}

    def open(self, path: Path | str, mapping: Mapping[str, str] | None) -> Dataset:
        """Open the data that the sections take. Errors: UserFault, FileFault, LimitFault."""
        return open_for([trainer.metadata for trainer in self.trainers], path, mapping)

    def set_steps_per_epoch(self, batches: int) -> None:
        for trainer in self.trainers:
            trainer.steps_per_epoch = batches

    def set_validation(self, figures: Mapping[str, float]) -> None:
        """Let schedules know the figure that each of them watches."""
        for trainer in self.trainers:
            monitor = trainer.training.monitor
            name = _named(trainer, monitor.name if monitor else "loss")
            if name in figures:
                trainer.validation = figures[name]

    def go_to(self, turn: int) -> None:
        """Count as if so many batches were behind."""
        self.turn = turn
        for trainer in self.trainers:
            trainer.step_number = -(-turn // trainer.training.every)

    def run_step(self, samples: Sequence[int] | Array | None = None) -> dict[str, float]:
        """Train on the batch in `feeds`: one step of every section whose turn it is."""
        figures: dict[str, float] = {}
        for trainer in self.trainers:
            if self.turn % trainer.training.every == 0:
                found = trainer.run_step(samples)
                figures |= {_named(trainer, name): value for name, value in found.items()}
        self.turn += 1
        return figures

    def steps_within(self, first: int, last: int) -> Callable[[str], int]:
        """Return how many steps gave a figure of a name, of the turns from `first` up to `last`."""
        counts = {
            _named(trainer, ""): -(-last // trainer.training.every)
            - -(-first // trainer.training.every)
            for trainer in self.trainers
        }

        def steps(name: str) -> int:
            return next((n for front, n in counts.items() if name.startswith(front)), 0)

        return steps

    def evaluate(self, batches: Callable[[], Iterable[Mapping[str, Array]]]) -> dict[str, Any]:
        """Return the figures of all sections in inference mode; `batches` is called for each."""
        return {
            _named(trainer, name): value
            for trainer in self.trainers
            for name, value in trainer.evaluate(batches()).items()
        }

    def weights(self) -> dict[str, Array]:
        """Return a copy of what the net itself needs: parameters (or their averages) and statistics."""
        return self.first.weights()


def _named(trainer: Trainer, name: str) -> str:
    return f"{trainer.section}.{name}" if trainer.section else name
