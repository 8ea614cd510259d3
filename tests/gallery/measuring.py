"""What has to be run to be known of a network: the check, the nodes of its graphs, and where those would run.

The findings are kept in `docs/gallery.json`, one line per network.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import onnx

from dslc.checking.check import Report
from dslc.tasks.building import build
from dslc.tasks.checking import run_check
from dslc.tasks.reading import open_spec
from tests.gallery.facts import GALLERY, ROOT, SPECS, Row
from tests.gallery.placement import ask

STORE = ROOT / "docs" / "gallery.json"

Measured = dict[str, Any]


def load() -> dict[str, Measured]:
    found: dict[str, Measured] = json.loads(STORE.read_text()) if STORE.exists() else {}
    return found


def save(found: dict[str, Measured]) -> None:
    """Write what was measured in the order of the table; rows that are gone are dropped."""
    kept = [(row.key, found[row.key]) for row in GALLERY if row.key in found]
    lines = [f"{json.dumps(key)}: {json.dumps(values)}" for key, values in kept]
    STORE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def measure(row: Row) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {"check": _checked(row, folder), **_graphs(row, folder / "build")}


def reduced(row: Row, folder: Path) -> Path:
    """Write the spec with other sizes, without the shapes and counts it checks; with none it is the shipped one."""
    for path in SPECS.glob("*.net"):
        text = path.read_text()
        if row.smaller:
            text = re.sub(r"\s*-> \[[^\]]*\]$|^.*check parameters.*$", "", text, flags=re.MULTILINE)
        for size, smaller in row.smaller.items():
            text = text.replace(size, smaller)
        (folder / path.name).write_text(text)
    return folder / row.path.name


def _checked(row: Row, folder: Path) -> Measured:
    spec = open_spec(str(reduced(row, folder)), (*row.settings, *row.small), None)
    report = run_check(spec, "cpu", print)
    return {
        "passed": report.passed,
        "comparisons": len(report.findings),
        "forward": _worst(report, "forward"),
        "gradient": _worst(report, "gradient"),
    }


def _worst(report: Report, kind: str) -> float | None:
    errors = [finding.error for finding in report.findings if finding.kind == kind]
    return float(f"{max(errors):.1e}") if errors else None


def _graphs(row: Row, folder: Path) -> Measured:
    """Return the number of nodes of each graph, and those that are not on CUDA (None: nobody could be asked)."""
    built = build(open_spec(str(row.path), row.settings, None), folder, is_open=True)
    kinds = {_kind(path, row): path for path, _ in built}
    return {
        "nodes": {kind: len(onnx.load(str(path)).graph.node) for kind, path in kinds.items()},
        "not_on_cuda": {kind: ask(path) for kind, path in kinds.items()},
    }


def _kind(path: Path, row: Row) -> str:
    return path.name.removeprefix(f"{row.spec}.").removesuffix("onnx").rstrip(".") or "inference"
