"""`dslc check`: the library's check, with onnxruntime as what runs the graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import onnx_ir as ir
from dslc_runtime.once import run_once
from dslc_runtime.session import choose_device

from dslc.artifact.artifact import serialize
from dslc.checking.check import Report, check
from dslc.checking.situation import Execute, Situation
from dslc.operation import Array
from dslc.tasks.building import require_memory
from dslc.tasks.reading import Spec


def run_check(
    spec: Spec, device: str, report: Callable[[str], None], threads: int | None = None
) -> Report:
    """Check a spec on a device; `report` is told which one `auto` chose."""
    sections = spec.sections()
    require_memory(sections[0].learning)
    execute = executor(device, report, threads)
    reports = [check(Situation(s.learning.fed, s.resting, execute)) for s in sections]
    return Report(
        tuple(finding for one in reports for finding in one.findings),
        tuple(call for one in reports for call in one.culprits),
    )


def executor(device: str, report: Callable[[str], None], threads: int | None = None) -> Execute:
    """Return what runs a model once on `device`."""
    chosen = choose_device(device, report)

    def execute(model: ir.Model, feeds: Mapping[str, Array]) -> dict[str, Array]:
        return run_once(serialize(model), feeds, chosen, threads=threads)

    return execute
