"""What was measured, as Markdown and as JSON."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.depth import Depth
from bench.measure import Comparison, Figures, Place

PACKAGES = ("dslc", "onnxruntime", "onnxruntime-gpu", "torch", "numpy", "onnx", "onnx-ir")

TITLES = {
    "dslc": "dslc",
    "pytorch": "PyTorch",
    "compiled": "torch.compile",
    "exported": "torch.onnx.export",
    "ortraining": "onnxruntime-training",
}

PLACES: tuple[Place, ...] = ("near", "far")


def comparisons_table(found: Sequence[Comparison], sides: Sequence[str]) -> str:
    """Return one row per piece of work: a step of each side, the ratio, memory, time to the first result.

    Where they are known, the floor of a step and how many times as long the step takes; and the steps of the turns in
    which two cores shared a cache, or did not, and how many these were.
    """
    titles = [TITLES[side] for side in sides]
    places = [place for place in PLACES if any(_seen_at(item, place) for item in found)]
    head = ["", *(f"{title}, ms" for title in titles), "ratio", "memory, MB", "start, s"]
    floors = any(comparison.floor for comparison in found)
    head += ["floor, ms", "step / floor"] if floors else []
    head += [f"{place}, ms (turns)" for place in places]
    rows = []
    for comparison in found:
        rows.append(
            [
                comparison.work.name,
                *(_each(comparison, [side], _step) for side in sides),
                _ratio(comparison),
                _each(comparison, sides, lambda figures: f"{figures.memory / 1e6:.0f}"),
                _each(comparison, sides, lambda figures: f"{figures.start:.2f}"),
                *(_floor(comparison) if floors else ()),
                *(_each(comparison, sides, partial(_step_at, place)) for place in places),
            ]
        )
    return table([head, *rows])


def _floor(comparison: Comparison) -> tuple[str, str]:
    """Return the floor, and how many times as long our step takes: medians over the turns."""
    if comparison.floor is None:
        return "–", "–"
    ours = comparison.sides["dslc"]
    floors = comparison.floor.steps(ours)
    ratios = [step / floor for step, floor in zip(ours.medians, floors, strict=True)]
    return f"{1e3 * statistics.median(floors):.3g}", f"{statistics.median(ratios):.2f}"


def _seen_at(comparison: Comparison, place: Place) -> bool:
    return any(figures.at(place) for figures in comparison.sides.values())


def _step_at(place: Place, figures: Figures) -> str:
    seen = figures.at(place)
    return f"{1e3 * statistics.median(seen):.3g} ({len(seen)})" if seen else "–"


def _step(figures: Figures) -> str:
    return f"{1e3 * figures.step:.3g} ±{50 * figures.spread:.0f} %"


def _each(comparison: Comparison, sides: Sequence[str], text: Callable[[Figures], str]) -> str:
    known = comparison.sides
    return " / ".join(text(known[side]) if side in known else "–" for side in sides)


def _ratio(comparison: Comparison) -> str:
    """Return how many times as long the fastest of the others takes: median and range over the turns."""
    others = [side for side in comparison.sides if side != "dslc"]
    if not others:
        return "–"
    ratios = comparison.ratios(min(others, key=lambda side: comparison.sides[side].step))
    return f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"


def depth_table(found: Sequence[Depth]) -> str:
    """Return one row per depth: nodes, seconds, and how many times those of the first."""
    head = [
        "layers",
        "nodes of the step",
        "read, s",
        "compile, s",
        "write, s",
        "factor",
        "memory, MB",
    ]
    rows = [
        [
            str(item.layers),
            f"{item.nodes:,}",
            *(f"{seconds:.2f}" for seconds in (item.read, item.compile, item.write)),
            f"{item.seconds / found[0].seconds:.1f}",
            f"{item.memory / 1e6:.0f}",
        ]
        for item in found
    ]
    return table([head, *rows])


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table; the first is its head, numbers stand on the right."""
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine(threads: int) -> dict[str, Any]:
    """Return what the numbers depend on besides the work: machine, versions, threads, the day."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "date": date.today().isoformat(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def as_data(comparison: Comparison) -> dict[str, Any]:
    """Return everything seen of some work, for JSON."""
    return {
        "work": comparison.work.name,
        "sides": {name: asdict(figures) for name, figures in comparison.sides.items()},
        "missing": dict(comparison.missing),
        "floor": comparison.floor and asdict(comparison.floor),
    }
