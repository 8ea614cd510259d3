"""What a compiled file says of itself: one JSON entry, enough for a training loop in any language."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

import onnx_ir as ir

from dslc import __version__
from dslc.artifact.labels import labels
from dslc.artifact.memory import estimate
from dslc.artifact.state import SUPPLIED, State
from dslc.graph.builder import type_of
from dslc.network.network import Network, Training
from dslc.network.printer import LENGTH_LINE, print_network
from dslc.schedules.plateau import Plateau
from dslc.types import TensorType

FORMAT = 1
KEY = "dslc"

SESSION_OPTIONS: Mapping[str, Any] = {
    "graph_optimization_level": "all",
    "execution_order": "default",
    "enable_mem_pattern": False,
}
"""The options to run with: they change the order of float operations, so equal bits need equal options."""


def describe(network: Network, kind: str, graph: ir.Graph, kept: Iterable[State]) -> str:
    """Return the metadata entry of one of the four graphs, as JSON."""
    inputs = {value.name: value for value in graph.inputs}
    outputs = {value.name: value for value in graph.outputs}
    training = network.training
    entry: dict[str, Any] = {
        "format": FORMAT,
        "net": network.name,
        "graph": kind,
        "spec": network.span.source.path.rpartition("/")[2],
        "spec_sha256": _identity(network),
        "versions": {"dslc": __version__, **{name: version(name) for name in ("onnx", "onnx-ir")}},
        "state": [
            _state(state, outputs) for state in kept if _present(state, kind, inputs, outputs)
        ],
        "inputs": [
            _tensor(value.name, value.type) for value in network.inputs if value.name in inputs
        ],
        "targets": [_tensor(t.name, t.type) for t in training.targets if t.name in inputs]
        if training
        else [],
        "outputs": [
            _tensor(name, value.type) for name, value in network.outputs.items() if name in outputs
        ],
        "reserved": [name for name in SUPPLIED if name in inputs],
        "losses": [name for name in outputs if name == "loss" or _figure(name, "loss.")],
        "metrics": _metrics(network, outputs),
        "finite": "finite" if "finite" in outputs else None,
        "accumulators": [_accumulator(v) for v in graph.inputs if _figure(v.name, "accumulator.")],
        "training": _training(network),
        **_labels(network, inputs),
        "memory": estimate(network).to_json(),
        "session_options": dict(SESSION_OPTIONS),
    }
    return json.dumps(entry, separators=(",", ":"))


def _identity(network: Network) -> str:
    """Return the SHA-256 of what the spec comes to: imports, overrides and defaults resolved.

    The length of the training is left out: a longer one may go on from a checkpoint of a shorter.
    """
    lines = [
        line for line in print_network(network).splitlines() if not line.startswith(LENGTH_LINE)
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _figure(name: str | None, prefix: str) -> bool:
    return name is not None and name.startswith(prefix) and not name.endswith(".next")


def _present(
    state: State, kind: str, inputs: Mapping[Any, ir.Value], outputs: Mapping[Any, ir.Value]
) -> bool:
    return state.name in (outputs if kind == "init" else inputs)


def _state(state: State, outputs: Mapping[Any, ir.Value]) -> dict[str, Any]:
    following = state.next_name if state.next_name in outputs else None
    entry = {**_tensor(state.name, state.type), "next": following, "kind": state.kind}
    if state.kind == "average" and state.parameter is not None:
        entry["of"] = state.parameter.name
    return entry


def _tensor(name: str | None, its_type: TensorType) -> dict[str, Any]:
    shape = [dim if isinstance(dim, int) else str(dim) for dim in its_type.shape]
    return {"name": name, "dtype": str(its_type.dtype), "shape": shape}


def _accumulator(value: ir.Value) -> dict[str, Any]:
    return {**_tensor(value.name, type_of(value)), "next": f"{value.name}.next"}


def _metrics(network: Network, outputs: Mapping[Any, ir.Value]) -> list[dict[str, str]]:
    measures = network.training.measures if network.training else ()
    named = [(f"metric.{measure.name}", measure.metric.better) for measure in measures]
    return [{"name": name, "better": better} for name, better in named if name in outputs]


def _training(network: Network) -> dict[str, Any] | None:
    training = network.training
    if training is None:
        return None
    length = {training.length.unit: training.length.amount} if training.length else {}
    return {
        "batch": training.batch,
        "epochs": length.get("epochs"),
        "steps": length.get("steps"),
        "seed": training.seed,
        "data": training.data,
        "validation": training.validation,
        "monitor": _monitor(training),
        "section": training.name or None,
        "sections": list(training.sections),
        "every": training.every,
    }


def _monitor(training: Training) -> dict[str, str] | None:
    """The figure of the validation by which one epoch is better than another."""
    schedule = training.schedule
    if not isinstance(schedule, Plateau):
        return None
    name, better = training.figures[schedule.on]
    return {"name": name, "mode": schedule.mode or better}


def _labels(network: Network, inputs: Mapping[Any, ir.Value]) -> dict[str, Any]:
    found = labels(network)
    return {
        "classes": {v.name: n for v, n in found.classes.items() if v.name in inputs},
        "ignore": {v.name: n for v, n in found.ignored.items() if v.name in inputs},
    }
