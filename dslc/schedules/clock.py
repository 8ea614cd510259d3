"""The time that a schedule looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Number = TypeVar("Number")


@dataclass(frozen=True)
class Pace:
    """How many batches an update takes: one of `every` batches is a step, and `accumulate` steps are an update."""

    every: int = 1
    accumulate: int = 1

    @property
    def batches(self) -> int:
        """The batches from one update to the next."""
        return self.every * self.accumulate

    @property
    def last(self) -> int:
        """The batch of the first update, counted from 0: the last that it gathers."""
        return (self.accumulate - 1) * self.every


@dataclass(frozen=True)
class Clock(Generic[Number]):
    """What a schedule may look at, in one spelling for NumPy (numbers) and one for ONNX (values).

    `step` counts updates from 0, and `total_steps` is how many there will be; `batches_per_epoch` is what it says;
    `validation` is the latest validation figure (NaN before the first one), and `epoch_begins` says whether an epoch
    has ended since the last update. In a graph they are scalars: int64, int64, int64, float32, bool.
    """

    step: Number
    batches_per_epoch: Number
    total_steps: Number | None = None
    validation: Number | None = None
    epoch_begins: Number | bool = False
    pace: Pace = Pace()
