"""Where the time of a step goes: `python -m bench.profile NAME [--threads N]` asks onnxruntime's profiler."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime
from dslc_runtime import Trainer
from dslc_runtime.session import CPU, options

from bench.peak import Node, Peak, Tensor, measured_peak
from bench.report import table
from bench.subjects import SUBJECTS, Subject
from bench.work import Work, read_feeds
from dslc.artifact.artifact import Artifact
from dslc.compile import training_models
from dslc.tasks.building import write_artifact

STEPS = 15
"""Of which the median counts: what else the machine does is in a few of them only."""


@dataclass(frozen=True)
class Took:
    """A node as it ran in a step, and its seconds."""

    node: Node
    seconds: float

    @property
    def part(self) -> str:
        """What it is for: forward, gradient or update."""
        first = self.node.name.strip("/").partition("/")[0]
        return {"grad": "gradient", "update": "update", "finite": "update"}.get(first, "forward")


class _Profiled(Trainer):
    """A trainer whose session notes what each node takes."""

    def _open(self) -> onnxruntime.InferenceSession:
        settings = options(self.metadata.session, self.threads)
        settings.enable_profiling = True
        settings.profile_file_prefix = str(self.folder / "profile")
        return onnxruntime.InferenceSession(str(self.path), settings, providers=CPU.providers)

    def events(self) -> list[dict[str, Any]]:
        """End the profile and return it."""
        found: list[dict[str, Any]] = json.loads(Path(self._session.end_profiling()).read_text())
        return found


def profile(subject: Subject, folder: Path, threads: int) -> list[Took]:
    """Return the nodes of a step on the batch in `folder`, in the order in which they run."""
    build = folder / "profiled"
    write_artifact(Artifact("net", training_models(subject.sections())), build)
    trainer = _Profiled(build, device="cpu", threads=threads)
    for _ in range(STEPS):
        trainer.step(read_feeds(folder))
    found: dict[Node, list[float]] = defaultdict(list)
    for node, seconds in _runs(trainer.events()):
        found[node].append(seconds)
    return [Took(node, statistics.median(seen)) for node, seen in found.items()]


def _runs(events: list[dict[str, Any]]) -> Iterator[tuple[Node, float]]:
    ending = "_kernel_time"
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith(ending):
            told = event["args"]
            inputs, outputs = (_tensors(told[f"{side}_type_shape"]) for side in ("input", "output"))
            name = event["name"].removesuffix(ending)
            name = name.removeprefix("fused ").removesuffix("/MatmulTransposeFusion/")
            yield Node(name, told["op_name"], inputs, outputs), event["dur"] / 1e6


def _tensors(told: list[dict[str, list[int]]]) -> tuple[Tensor, ...]:
    return tuple(Tensor(kind, tuple(shape)) for one in told for kind, shape in one.items())


def profile_table(nodes: Sequence[Took], peak: Peak) -> str:
    """Return a row for each part and operator: what its nodes take, and what they would at the peak."""
    groups: dict[tuple[str, str], list[Took]] = defaultdict(list)
    for took in nodes:
        groups[took.part, took.node.operator].append(took)
    total = sum(took.seconds for took in nodes)

    def cells(group: Sequence[Took]) -> list[str]:
        seconds = sum(took.seconds for took in group)
        least = sum(peak.seconds(took.node) for took in group)
        share = f"{100 * seconds / total:.1f}"
        return [f"{1e3 * seconds:.3f}", share, str(len(group)), f"{1e3 * least:.3f}"]

    rows = [[f"{part}: {operator}", *cells(group)] for (part, operator), group in groups.items()]
    rows.sort(key=lambda row: -float(row[1]))
    return table([["", "ms", "%", "nodes", "at the peak, ms"], *rows, ["all", *cells(nodes)]])


def main() -> None:
    """Profile a subject and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("name", choices=SUBJECTS)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    subject = SUBJECTS[chosen.name]
    with tempfile.TemporaryDirectory() as place:
        Work(subject).prepare(Path(place), ["dslc"])
        nodes = profile(subject, Path(place), chosen.threads)
    peak = measured_peak(chosen.threads)
    print(profile_table(nodes, peak))
    print(f"\npeak: {2e-9 * peak.products:.0f} Gflop/s of a product, {1e-9 * peak.bytes:.1f} GB/s")


if __name__ == "__main__":
    main()
