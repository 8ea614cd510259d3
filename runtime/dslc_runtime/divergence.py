"""Say where a training step stopped being finite.

The step is run once more, on the CPU and without fusion, with a probe on every real value: the sum
of `value - value` is 0 when all of it is finite, and NaN otherwise (a maximum would lose NaN). The
value to blame is the first that is not finite while everything it was computed from is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc_runtime.errors import DivergedFault
from dslc_runtime.metadata import Metadata
from dslc_runtime.report import describe

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Array = np.ndarray[Any, Any]

_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16 = 1, 10, 11, 16
_HELPS = ("a smaller learning rate or `clip_grad_norm` often cures it",)
_IN_SINGLES = "`precision = float32` has a wider range"


def diagnose(
    path: Path,
    feeds: Mapping[str, Array],
    metadata: Metadata,
    step: int,
    samples: Sequence[int] | Array | None = None,
) -> DivergedFault:
    """Return the fault that names the first value of the step that is not finite.

    `feeds` are all inputs of the train graph at `path`, `samples` the numbers of the batch's
    samples.
    """
    batch = [] if samples is None else [int(sample) for sample in samples]
    said = [f"the batch holds the samples {_listed(batch)}"] if batch else []
    helps: tuple[str, ...] = _HELPS
    if _is_scaled_no_more(feeds, metadata):
        said.append("the steps before it overflowed, too: the loss scale has fallen to 1")
        helps = (*_HELPS, _IN_SINGLES)
    given = [port.name for port in metadata.feeds] + [state.name for state in metadata.state]
    for name in given:
        if name in feeds and (facts := _count(feeds[name], batch)):
            title = f"training diverged at step {step}: `{name}` is not finite before the step"
            return DivergedFault(title, facts=facts + said)
    try:
        found = _blame(path, feeds)
    except Exception as error:  # the step diverged in any case; say that, and why no more is known
        return DivergedFault(f"training diverged at step {step}", facts=[*said, f"{error}"])
    if found is None:
        said.append("run again on the CPU without fusion, every value of the step is finite")
        return DivergedFault(f"training diverged at step {step}", facts=said, helps=helps)
    node, name, values = found
    facts = [describe(node), *_count(values[name], batch)]
    facts += [_range(other, values[other]) for other in node.input if other in values]
    title = f"training diverged at step {step}: `{name}` is not finite"
    return DivergedFault(title, facts=facts + said, helps=helps)


def _is_scaled_no_more(feeds: Mapping[str, Array], metadata: Metadata) -> bool:
    """Tell whether overflow after overflow took the scale of the loss to where it may not be halved."""
    scales = [s.name for s in metadata.state if s.kind == "scale" and s.dtype.kind == "f"]
    return any(float(feeds[name]) <= 1.0 for name in scales if name in feeds)


def _blame(
    path: Path, feeds: Mapping[str, Array]
) -> tuple[NodeProto, str, dict[str, Array]] | None:
    """Return the node to blame, its output, and the values of that and of its inputs."""
    import onnx

    model = onnx.load(str(path))
    original = list(model.graph.node)
    types = _types(model)
    bad = _not_finite(model, types, feeds)
    culprits = [
        (node, name)
        for node in original
        for name in node.output
        if name in bad and not any(value in bad for value in node.input)
    ]
    if not culprits:
        return None
    node, name = culprits[0]
    real = (_FLOAT, _FLOAT16, _DOUBLE)
    wanted = [name, *(value for value in node.input if types.get(value) in real)]
    return node, name, _values(onnx.load(str(path)), wanted, types, feeds)


def _types(model: ModelProto) -> dict[str, int]:
    """Return the element type of every value of the graph."""
    import onnx

    graph = model.graph
    named = {name for node in graph.node for name in node.output if name}
    if not named <= {info.name for info in [*graph.value_info, *graph.output]}:
        graph = onnx.shape_inference.infer_shapes(model).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    for info in [*graph.input, *graph.value_info, *graph.output]:
        types[info.name] = info.type.tensor_type.elem_type
    return types


def _not_finite(model: ModelProto, types: dict[str, int], feeds: Mapping[str, Array]) -> set[str]:
    """Return the names of the nodes' outputs that are not finite.

    The model becomes one of probes.
    """
    from onnx import helper

    nodes: list[NodeProto] = []
    probes: dict[str, str] = {}
    for node in model.graph.node:
        nodes.append(node)
        for name in node.output:
            if types.get(name) in (_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16):
                probe = f"dslc.probe.{len(probes)}"
                probes[probe] = name
                nodes += [
                    helper.make_node("Cast", [name], [f"{probe}.double"], to=_DOUBLE),
                    helper.make_node("Sub", [f"{probe}.double"] * 2, [f"{probe}.zeros"]),
                    helper.make_node("ReduceSum", [f"{probe}.zeros"], [probe], keepdims=0),
                ]
    outputs = [helper.make_tensor_value_info(probe, _DOUBLE, []) for probe in probes]
    _replace(model.graph.node, nodes)
    _replace(model.graph.output, outputs)
    results = _run(model, list(probes), feeds)
    return {name for probe, name in probes.items() if not np.isfinite(results[probe])}


def _values(
    model: ModelProto, names: list[str], types: dict[str, int], feeds: Mapping[str, Array]
) -> dict[str, Array]:
    """Return the values called `names`. Those that go into the graph need no run."""
    from onnx import helper, numpy_helper

    constants = {t.name: t for t in model.graph.initializer if t.name in names}
    known = {name: np.asarray(feeds[name]) for name in names if name in feeds}
    known.update({name: numpy_helper.to_array(tensor) for name, tensor in constants.items()})
    wanted = [name for name in dict.fromkeys(names) if name not in known]
    outputs = [helper.make_tensor_value_info(name, types[name], None) for name in wanted]
    _replace(model.graph.output, outputs)
    return known | _run(model, wanted, feeds)


def _replace(field: Any, content: Sequence[Any]) -> None:
    del field[:]
    field.extend(content)


def _run(model: ModelProto, names: list[str], feeds: Mapping[str, Array]) -> dict[str, Array]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED  # frees values early
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    taken = {port.name: feeds[port.name] for port in session.get_inputs()}
    return dict(zip(names, session.run(names, taken), strict=True))


def _count(value: Array, batch: list[int]) -> list[str]:
    """Return what is not finite in `value`, and in which samples if its first axis counts them."""
    if value.dtype.kind != "f" or np.isfinite(value).all():
        return []
    where = np.argwhere(~np.isfinite(value))
    first = tuple(int(index) for index in where[0])
    place = f", the first, {value[first]}, at {list(first)}" if first else f": {value[()]}"
    facts = [f"{len(where)} of {value.size} elements are not finite{place}"]
    if value.ndim and len(batch) == len(value) and len(where) < value.size:
        rows = sorted({batch[index] for index in where[:, 0]})
        facts.append(f"in the samples {_listed(rows)}")
    return facts


def _range(name: str, value: Array) -> str:
    if value.size == 0:
        return f"its input `{name}` is empty"
    return f"its input `{name}` lies between {value.min():.6g} and {value.max():.6g}"


def _listed(samples: list[int]) -> str:
    shown = ", ".join(str(sample) for sample in samples[:10])
    return shown if len(samples) <= 10 else f"{shown}, ... ({len(samples)} in all)"
