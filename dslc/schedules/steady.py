"""The schedule that changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dslc.operation import Array
from dslc.schedules.base import Schedule
from dslc.schedules.clock import Clock
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Constant(Schedule):
    """Keep the base rate (after the warm-up, where there is one).

    Example:
        schedule = constant(warmup=2 epochs)
    """

    def lower_factor(
        self, g: Builder, clock: Clock[ir.Value], state: Mapping[str, ir.Value]
    ) -> tuple[ir.Value, Mapping[str, ir.Value]]:
        return g.constant(1.0, DType.FLOAT64), {}

    def reference_factor(
        self, clock: Clock[float], state: Mapping[str, Array]
    ) -> tuple[float, Mapping[str, Array]]:
        return 1.0, {}
