"""Show how a training is going: a live line on a terminal, one plain line per epoch otherwise."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from dslc_runtime.confusion import Table, table_lines

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_INTERVAL = 0.1
"""Seconds between two updates of the live line."""


class Progress:
    """What a training reports to; this one is silent."""

    def start(self, done: int, total: int, steps_per_epoch: int) -> None:
        """Begin at step `done` of `total`."""

    def step(self, done: int, figures: Mapping[str, float]) -> None:
        """Note a finished step. Called after every one, so it has to be quick."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """Note a finished epoch: a row of the history."""

    def stop(self) -> None:
        """End, whatever happened."""

    def tables(self, tables: Mapping[str, Table]) -> None:
        """Note the tables of the last validation, when all is done."""


class PlainProgress(Progress):
    """One line per epoch."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def epoch(self, row: Mapping[str, float]) -> None:
        """Print the epoch's line."""
        print(epoch_line(row), file=self._stream, flush=True)

    def tables(self, tables: Mapping[str, Table]) -> None:
        """Print the tables."""
        print_tables(tables, self._stream)


class LiveProgress(Progress):
    """A bar with rate, figures and time left, and a line per epoch above it."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._shown = 0.0
        self._began = 0.0
        self._first = 0

    def start(self, done: int, total: int, steps_per_epoch: int) -> None:
        """Show the bar."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as TimeLeft

        figures = TextColumn("{task.description}")
        rate = TextColumn("{task.fields[rate]}")
        self._bar = Progress(BarColumn(24), MofNCompleteColumn(), rate, TimeLeft(), figures)
        self._task = self._bar.add_task("", total=total, completed=done, rate="")
        self._began, self._first = time.monotonic(), done
        self._bar.start()

    def step(self, done: int, figures: Mapping[str, float]) -> None:
        """Bring the bar up to date, ten times a second at most."""
        now = time.monotonic()
        if self._bar is None or now - self._shown < _INTERVAL:
            return
        self._shown = now
        rate = (done - self._first) / max(now - self._began, 1e-9)
        self._bar.update(
            self._task, completed=done, rate=f"{rate:.1f} steps/s", description=_figures(figures)
        )

    def epoch(self, row: Mapping[str, float]) -> None:
        """Print the epoch's line above the bar."""
        if self._bar is not None:
            self._bar.update(self._task, completed=row["step"])
            self._bar.console.print(epoch_line(row), highlight=False, markup=False)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def tables(self, tables: Mapping[str, Table]) -> None:
        """Print the tables below all else."""
        print_tables(tables, sys.stdout)


def choose_progress() -> Progress:
    """Return the live one on a terminal, the plain one elsewhere."""
    return LiveProgress() if sys.stdout.isatty() else PlainProgress()


def print_tables(tables: Mapping[str, Table], stream: TextIO) -> None:
    """Print metrics that are tables."""
    for name, table in tables.items():
        for line in table_lines(name.replace("metric.", ""), table):
            print(line, file=stream, flush=True)


def epoch_line(row: Mapping[str, float]) -> str:
    """Return a row of the history as a line: `epoch 3  loss 0.1214  accuracy 0.9629`."""
    figures = {name: value for name, value in row.items() if name not in ("epoch", "step")}
    return f"epoch {row['epoch']:.0f}  {_figures(figures)}"


def _figures(figures: Mapping[str, float]) -> str:
    """Return the figures as text; the one part of a loss that has no other is not said twice."""
    parts = [name for name in figures if name.startswith("loss.")]
    hidden = {parts[0], f"validation.{parts[0]}"} if len(parts) == 1 else set()
    return "  ".join(
        f"{name.replace('metric.', '')} {_number(value)}"
        for name, value in figures.items()
        if name not in hidden
    )


def _number(value: float) -> str:
    if not math.isfinite(value) or value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.4f}"
    return f"{value:.3e}"
