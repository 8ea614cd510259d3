"""`python -m bench [training] [inference] [depth] [--only NAME,...] [--repeat N]` measures and writes tables."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.depth import compile_depth
from bench.measure import FLOOR, Comparison, compare
from bench.report import as_data, comparisons_table, depth_table, machine
from bench.subjects import DEPTHS, SUBJECTS
from bench.work import Work

SIDES = {
    "training": ("dslc", "pytorch", "compiled", FLOOR),
    "inference": ("dslc", "pytorch", "compiled", "exported"),
}

BATCHES = (1, 32)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    result.add_argument("parts", nargs="*", metavar="training|inference|depth", help="all if none")
    result.add_argument("--only", help=f"some of {','.join(SUBJECTS)}")
    result.add_argument("--sides", help="instead of " + "; ".join(map(",".join, SIDES.values())))
    result.add_argument("--repeat", type=int, default=5, help="turns of each side")
    result.add_argument("--seconds", type=float, default=1.0, help="of one turn, a step at least")
    result.add_argument("--threads", type=int, default=os.cpu_count(), help="of each side")
    result.add_argument("--clock", choices=("wall", "processor"), default="wall")
    result.add_argument(
        "--training-python",
        metavar="PYTHON",
        help="the interpreter of an environment with onnxruntime-training, which then trains, too",
    )
    result.add_argument("--output", type=Path, default=Path("bench-results"), help="a folder")
    return result


def main() -> None:
    """Measure what was asked for; write `performance.json` and `performance.md`."""
    options = parser().parse_args()
    parts = options.parts or ["training", "inference", "depth"]
    data: dict[str, Any] = {"command": " ".join(sys.argv[1:]), "machine": machine(options.threads)}
    sections: list[str] = []
    for part in parts:
        data[part], table = _depth() if part == "depth" else _comparisons(part, options)
        sections.append(f"## {part.capitalize()}\n\n{table}\n")
        print(sections[-1], flush=True)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "performance.json").write_text(json.dumps(data, indent=1))
    (options.output / "performance.md").write_text("\n".join(sections))


def _depth() -> tuple[list[Any], str]:
    found = [compile_depth(layers) for layers in DEPTHS]
    return [vars(item) for item in found], depth_table(found)


def _comparisons(part: str, options: argparse.Namespace) -> tuple[list[Any], str]:
    sides = tuple(options.sides.split(",")) if options.sides else SIDES[part]
    if options.training_python and part == "training":
        sides += ("ortraining",)
    found = list(_compared(part, sides, options))
    peers = [side for side in sides if side != FLOOR]
    return [as_data(comparison) for comparison in found], comparisons_table(found, peers)


def _compared(
    part: str, sides: tuple[str, ...], options: argparse.Namespace
) -> Iterator[Comparison]:
    names = options.only.split(",") if options.only else list(SUBJECTS)
    batches = (None,) if part == "training" else BATCHES
    for work in [Work(SUBJECTS[name], batch) for name in names for batch in batches]:
        yield compare(
            work,
            sides,
            repeat=options.repeat,
            seconds=options.seconds,
            threads=options.threads,
            clock=options.clock,
            pythons={"ortraining": options.training_python},
            report=lambda line: print(line, file=sys.stderr, flush=True),
        )


if __name__ == "__main__":
    main()
