"""The sides of a comparison in turns: started each in a process of its own, found equal, then timed."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.caches import FAR, crossing
from bench.subjects import ROOT
from bench.work import Work

EQUAL = 1e-3
"""How far results may lie apart, of the largest: three steps in float32."""

ALIKE = 4.0
"""Beyond that, how many times as far from float64 one side may lie as the other: rounding is drawn anew in each."""

LATER = "results 2"

COMPARED = {"ortraining": 2}
"""How many results of a side can agree, where not all: SGD without momentum makes another second step."""

Report = Callable[[str], None]

Exact = Callable[[], Any]
"""Gives the results in float64."""

FLOOR = "floor"
"""The side that is no peer: `bench.sides.floor`."""

Place = Literal["near", "far"]
"""Whether the two cores shared a cache."""


@dataclass(frozen=True)
class Figures:
    """What was seen of one side: seconds to the first result, of each step by turn, and bytes at the peak.

    `crossings` has `bench.caches.crossing` before and after each turn, where it can be told.
    """

    start: float
    turns: list[list[float]]
    memory: int
    crossings: list[tuple[float, float]] = field(default_factory=list)

    @property
    def medians(self) -> list[float]:
        return [statistics.median(turn) for turn in self.turns]

    @property
    def step(self) -> float:
        return statistics.median(self.medians)

    @property
    def spread(self) -> float:
        """How far the slowest turn lies above the fastest, of the median."""
        return (max(self.medians) - min(self.medians)) / self.step

    def at(self, place: Place) -> list[float]:
        """Return the medians of the turns that two cores were near, or far, before and after."""
        return [
            median
            for median, seen in zip(self.medians, self.crossings, strict=False)
            if all((ratio >= FAR) == (place == "far") for ratio in seen)
        ]


@dataclass(frozen=True)
class Floor:
    """What a step takes at best in single forms (`bench.floor`).

    `rest` is the share of a step of dslc that is no convolution; `turns` have the seconds of the convolutions alone,
    and `pieces` those of every form of each.
    """

    rest: float
    pieces: list[dict[str, Any]]
    turns: list[list[float]]

    def steps(self, ours: Figures) -> list[float]:
        """Return the floor in each turn: the convolutions in it, and the rest of our step."""
        convolutions = [statistics.median(turn) for turn in self.turns]
        return [
            alone + self.rest * step for alone, step in zip(convolutions, ours.medians, strict=True)
        ]


@dataclass(frozen=True)
class Comparison:
    """One piece of work, what was seen of each side that could do it, and why the others could not."""

    work: Work
    sides: Mapping[str, Figures]
    missing: Mapping[str, str] = field(default_factory=dict)
    floor: Floor | None = None

    def ratios(self, other: str) -> list[float]:
        """Return for each turn how many times as long the other side takes as dslc."""
        return [
            theirs / ours
            for theirs, ours in zip(
                self.sides[other].medians, self.sides["dslc"].medians, strict=True
            )
        ]


@dataclass(frozen=True)
class Turns:
    """How many turns each side takes, of how many seconds, and whether two cores have a part in them."""

    repeat: int
    seconds: float
    shared: bool

    def crossing(self) -> float | None:
        """Measure how far two cores are, where that counts."""
        return crossing() if self.shared else None


class Failed(Exception):
    """A side ended without an answer."""


class Process:
    """A worker (`bench.worker`), asked line by line."""

    def __init__(
        self, side: str, folder: Path, threads: int, clock: str, python: str = sys.executable
    ) -> None:
        command = [python, "-m", "bench.worker", side, str(folder), str(threads), clock]
        self.log = (folder / f"{side}.log").open("w+")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=_environment(folder),
        )

    def ask(self, order: str) -> Any:
        assert self.process.stdin and self.process.stdout
        try:
            print(order, file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            self.log.seek(0)
            lines = self.log.read().strip().splitlines()
            raise Failed(lines[-1] if lines else "it ended") from None

    def end(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a worker: both parts of this checkout, and no code compiled before."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "runtime"), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor")}


def compare(
    work: Work,
    sides: Sequence[str],
    *,
    repeat: int,
    seconds: float,
    threads: int,
    report: Report,
    clock: str = "wall",
    pythons: Mapping[str, str] | None = None,
) -> Comparison:
    """Start every side, see that they agree, and let them take `repeat` turns of `seconds` each.

    A side whose results differ is not timed. Where float32 is not enough to say so, float64 does. `pythons` has the
    interpreters of sides that have an environment of their own.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work.prepare(folder, sides)
        others = pythons or {}
        processes = {
            side: Process(side, folder, threads, clock, others.get(side, sys.executable))
            for side in sides
        }

        def exact() -> list[Any]:
            process = Process("exact", folder, threads, clock)
            try:
                return [process.ask("start")["result"], *process.ask(LATER)]
            finally:
                process.end()

        try:
            return _compare(work, processes, exact, Turns(repeat, seconds, threads > 1), report)
        finally:
            for process in processes.values():
                process.end()


def _compare(
    work: Work,
    processes: dict[str, Process],
    exact: Exact,
    turns: Turns,
    report: Report,
) -> Comparison:
    started, missing = _started(work, processes, exact, report)
    figures = _timed({side: processes[side] for side in started}, started, turns)
    floor = None
    if FLOOR in figures:
        floor = Floor(**started[FLOOR]["result"], turns=figures.pop(FLOOR).turns)
    return Comparison(work, figures, missing, floor)


def _started(
    work: Work, processes: dict[str, Process], exact: Exact, report: Report
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what each side answered to its start, and why the others are not to be timed."""
    started: dict[str, Any] = {}
    results: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for side, process in processes.items():
        try:
            started[side] = process.ask("start")
            if side != FLOOR:
                found = [started[side]["result"], *process.ask(LATER)]
                results[side] = found[: COMPARED.get(side, len(found))]
            report(f"{work.name}: {side} starts in {started[side]['seconds']:.2f} s")
        except Failed as error:
            started.pop(side, None)
            missing[side] = str(error)
            report(f"{work.name}: {side} is missing: {error}")
    for side, why in disagreements(results, exact).items():
        del started[side]
        missing[side] = why
        report(f"{work.name}: {side} is not timed: {why}")
    return started, missing


def _timed(
    processes: Mapping[str, Process], started: Mapping[str, Any], turns: Turns
) -> dict[str, Figures]:
    """Let the sides take turns."""
    seen: dict[str, list[list[float]]] = {side: [] for side in processes}
    crossings: dict[str, list[tuple[float, float]]] = {side: [] for side in processes}
    before = turns.crossing()
    for _ in range(turns.repeat):
        for side, process in processes.items():
            seen[side].append(process.ask(f"turn {turns.seconds}"))
            after = turns.crossing()
            if before is not None and after is not None:
                crossings[side].append((before, after))
            before = after
    return {
        side: Figures(started[side]["seconds"], seen[side], process.ask("memory"), crossings[side])
        for side, process in processes.items()
    }


def disagreements(results: Mapping[str, Any], exact: Exact) -> dict[str, str]:
    """Return why sides are not to be timed: they do not compute what dslc does.

    The first results agree to `EQUAL`. So do the later ones, or neither of the two lies `ALIKE` times as far from the
    results in float64 as the other: a network that makes much of a rounding does so on both sides.
    """
    found: dict[str, str] = {}
    judge: Any = None
    for side, theirs in results.items():
        ours = results["dslc"][: len(theirs)]
        difference = distance(theirs, ours)
        if difference <= EQUAL:
            continue
        found[side] = f"its results differ from those of dslc by {difference:.1e}"
        if distance(theirs[0], ours[0]) <= EQUAL:
            judge = exact() if judge is None else judge
            wanted = judge[: len(theirs)]
            near, far = sorted((distance(theirs, wanted), distance(ours, wanted)))
            if far <= ALIKE * near:
                del found[side]
    return found


def distance(found: Any, expected: Any) -> float:
    """Return how far results lie from those expected, of the largest of these."""
    wanted = np.asarray(expected)
    return float(np.abs(np.asarray(found) - wanted).max() / np.abs(wanted).max())
