"""`dslc check`: the library's check, with onnxruntime as what runs the graphs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from dslc_runtime.once import run_once
from dslc_runtime.session import choose_device

from dslc.artifact.artifact import serialize
from dslc.checking import report as text
from dslc.checking.check import Report, check
from dslc.checking.situation import Execute, Situation
from dslc.cli.building import require_memory
from dslc.cli.options import Spec
from dslc.operation import Array


@dataclass(frozen=True)
class Printed:
    """A report, and the lines to print of it."""

    report: Report

    @property
    def passed(self) -> bool:
        return self.report.passed

    def lines(self, table: bool) -> list[str]:
        """Return the report as text; with `table` every tensor has a line."""
        rows = [*text.tensor_table(self.report), ""] if table or not self.passed else []
        return [*rows, *text.summary_lines(self.report), text.verdict(self.report)]


def run_check(spec: Spec, device: str) -> Printed:
    """Check a spec on a device."""
    learning, resting = spec.networks()
    require_memory(learning)
    return Printed(check(Situation(learning, resting, executor(device))))


def executor(device: str) -> Execute:
    """Return what runs a model once on `device`."""
    chosen = choose_device(device, lambda line: print(line, file=sys.stderr))

    def execute(model: ir.Model, feeds: Mapping[str, Array]) -> dict[str, Array]:
        return run_once(serialize(model), feeds, chosen)

    return execute
