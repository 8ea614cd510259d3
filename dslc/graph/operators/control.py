"""Operators that hold graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx_ir as ir

from dslc.graph.operators.call import Call, Dim, Rule
from dslc.graph.values import type_of
from dslc.types import TensorType


def _scan(call: Call) -> list[TensorType]:
    """Run a body over the steps of sequences; results are the last carries, then what all steps gave, stacked.

    The body takes the carries and one step of each sequence, and gives the next carries and more.
    """
    body = call.attribute("body")
    sequences = int(call.attribute("num_scan_inputs"))
    carried = len(call.types) - sequences
    _no_directions(call)
    axes = call.attribute("scan_input_axes") or [0] * sequences
    steps, wanted = _steps(call, carried, axes)
    carries = [call.type(index) for index in range(carried)]
    _agree(call, body.inputs, [*carries, *wanted], "takes")
    _agree(call, body.outputs[:carried], carries, "carries on")
    results = [type_of(value) for value in body.outputs[carried:]]
    places = call.attribute("scan_output_axes") or [0] * len(results)
    stacked = [_stacked(y, axis, steps) for y, axis in zip(results, places, strict=True)]
    return [*carries, *stacked]


def _no_directions(call: Call) -> None:
    for name in ("scan_input_directions", "scan_output_directions"):
        if any(call.attribute(name) or ()):
            raise call.fault("running backwards is not supported")


def _steps(call: Call, carried: int, axes: Sequence[int]) -> tuple[Dim, list[TensorType]]:
    """Return how many steps there are, and the type of one step of each sequence."""
    lengths, types = [], []
    for index, axis in enumerate(axes, start=carried):
        sequence = call.type(index)
        axis = call.axis(axis, sequence.rank)
        lengths.append(sequence.shape[axis])
        types.append(sequence.with_shape((*sequence.shape[:axis], *sequence.shape[axis + 1 :])))
    for length in lengths:
        call.equal(length, lengths[0], "steps")
    return lengths[0], types


def _stacked(y: TensorType, axis: int, steps: Dim) -> TensorType:
    return y.with_shape((*y.shape[:axis], steps, *y.shape[axis:]))


def _agree(call: Call, values: Sequence[ir.Value], types: Sequence[TensorType], what: str) -> None:
    found = [type_of(value) for value in values]
    if found != list(types):
        shown = ", ".join(map(str, found)), ", ".join(map(str, types))
        raise call.fault(f"the body {what} {shown[0]}, not {shown[1]}")


RULES: Mapping[str, Rule] = {"Scan": _scan}
