"""Where the time of a step goes: `python -m bench.profile NAME [THREADS]` asks onnxruntime's profiler."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import onnxruntime
from dslc_runtime import Trainer, session

from bench.report import table
from bench.subjects import SUBJECTS
from bench.work import Work, read_feeds
from dslc.artifact.artifact import Artifact
from dslc.compile import training_models
from dslc.tasks.building import write_artifact

STEPS = 15
"""Of which the median counts."""


def profile(name: str, threads: int) -> dict[tuple[str, str], tuple[float, float]]:
    """Return milliseconds and nodes of a step by its part (forward, gradient, update) and operator."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        Work(SUBJECTS[name]).prepare(folder, ["dslc"])
        write_artifact(
            Artifact("net", training_models(SUBJECTS[name].sections())), folder / "build"
        )
        usual = session.options

        def profiled(*arguments: Any, **settings: Any) -> onnxruntime.SessionOptions:
            result = usual(*arguments, **settings)
            result.enable_profiling = True
            result.profile_file_prefix = str(folder / "profile")
            return result

        session.options = profiled
        trainer = Trainer(folder / "build", device="cpu", threads=threads)
        session.options = usual
        for _ in range(STEPS):
            trainer.step(read_feeds(folder))
        events = json.loads(Path(trainer._session.end_profiling()).read_text())
    return _summed(events)


def _summed(events: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[float, float]]:
    """Add the medians of the nodes: what else the machine does is in a few steps only."""
    nodes: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for event in events:
        if event["name"].endswith("_kernel_time") and event["cat"] == "Node":
            nodes[_part(event["name"]), event["args"]["op_name"], event["name"]].append(
                event["dur"]
            )
    found: dict[tuple[str, str], tuple[float, float]] = defaultdict(lambda: (0.0, 0))
    for (part, operator, _), times in nodes.items():
        time, count = found[part, operator]
        found[part, operator] = time + statistics.median(times) / 1000, count + 1
    return found


def _part(name: str) -> str:
    first = name.strip("/").partition("/")[0]
    return {"grad": "gradient", "update": "update", "finite": "update"}.get(first, "forward")


if __name__ == "__main__":
    parts = profile(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    total = sum(time for time, _ in parts.values())
    rows = [
        [f"{part}: {operator}", f"{time:.3f}", f"{100 * time / total:.1f}", f"{count:.0f}"]
        for (part, operator), (time, count) in sorted(parts.items(), key=lambda item: -item[1][0])
    ]
    print(table([["", "ms", "%", "nodes"], *rows, ["all", f"{total:.3f}", "100", ""]]))
