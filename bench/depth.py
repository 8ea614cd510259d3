"""How long compiling takes as a network grows: `python -m bench.depth LAYERS` prints it as JSON.

It runs in one thread, so it is measured in processor time: other work on the machine counts for little.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from time import process_time

from bench.subjects import DEPTHS, ROOT
from bench.worker import peak_memory


@dataclass(frozen=True)
class Depth:
    """Seconds from the text to the network, to the training graphs, and to their files."""

    layers: int
    nodes: int
    read: float
    compile: float
    write: float
    memory: int

    @property
    def seconds(self) -> float:
        return self.read + self.compile + self.write


def compile_depth(layers: int) -> Depth:
    """Compile a network of so many layers, in a process of its own."""
    command = [sys.executable, "-m", "bench.depth", str(layers)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return Depth(**json.loads(done.stdout))


def measured(layers: int) -> Depth:
    """Compile here and now."""
    from dslc.artifact.artifact import Artifact
    from dslc.compile import training_models
    from dslc.tasks.building import write_artifact

    times = [process_time()]
    sections = DEPTHS[layers].sections()
    times.append(process_time())
    models = training_models(sections)
    times.append(process_time())
    nodes = len(models["train"].graph)
    with tempfile.TemporaryDirectory() as folder:
        write_artifact(Artifact("net", models), Path(folder))
        times.append(process_time())
    read, compiling, write = (end - begin for begin, end in pairwise(times))
    return Depth(layers, nodes, read, compiling, write, peak_memory())


if __name__ == "__main__":
    print(json.dumps(asdict(measured(int(sys.argv[1])))))
