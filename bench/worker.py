"""A process of its own for one side: `python -m bench.worker SIDE FOLDER THREADS CLOCK`.

The clock is `wall`, or `processor`: the time that this process was at work, for a machine that others use.

It is told what to do on standard input and answers in JSON on standard output, a line each:

    start          -> seconds from the model to the first result, and the result
    results COUNT  -> the results of so many steps more
    turn SECONDS   -> what each step took, of as many as fill the time; one at least
    memory         -> the most bytes the process has held so far
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np


class Worker:
    """Does what it is told with one side."""

    def __init__(self, side: Any, clock: Callable[[], float]) -> None:
        self.side, self.clock = side, clock

    def start(self) -> Any:
        begin = self.clock()
        result = self.side.start()
        return {"seconds": self.clock() - begin, "result": np.asarray(result).tolist()}

    def results(self, count: str) -> Any:
        return [np.asarray(self.side.step()).tolist() for _ in range(int(count))]

    def turn(self, seconds: str) -> list[float]:
        ends = [self.clock()]
        while len(ends) == 1 or ends[-1] - ends[0] < float(seconds):
            self.side.step()
            ends.append(self.clock())
        return np.diff(ends).tolist()

    def memory(self) -> int:
        return peak_memory()


def peak_memory() -> int:
    """Return the most bytes this process has held. (`getrusage` gives its parent's where that were more.)"""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Answer until standard input ends; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, folder, threads, clock = sys.argv[1:]
    side = importlib.import_module(f"bench.sides.{name}").Side(Path(folder), int(threads))
    worker = Worker(side, process_time if clock == "processor" else perf_counter)
    for line in sys.stdin:
        order, *arguments = line.split()
        print(json.dumps(getattr(worker, order)(*arguments)), file=answers, flush=True)


if __name__ == "__main__":
    main()
