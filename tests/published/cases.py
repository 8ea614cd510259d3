"""ONNX's own published cases: one node each, with inputs and the outputs it has to give."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Array = NDArray[Any]

FOLDERS = ("pytorch-operator", "pytorch-converted")


@dataclass(frozen=True)
class Published:
    """A node, the arrays it gets (None: left out) and those it gives."""

    name: str
    node: onnx.NodeProto
    inputs: tuple[Array | None, ...]
    outputs: tuple[Array, ...]

    @property
    def attributes(self) -> dict[str, Any]:
        found = {a.name: helper.get_attribute_value(a) for a in self.node.attribute}
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in found.items()}


@cache
def published() -> tuple[Published, ...]:
    """Return the cases of a single node, those of the backend tests first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # onnx computes the cases, overflows among them
        return tuple(_published())


def _published() -> Iterator[Published]:
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        if case.model is not None and len(case.model.graph.node) == 1 and case.data_sets:
            yield from _read(case.name, case.model, *case.data_sets[0])
    data = Path(onnx.__file__).parent / "backend" / "test" / "data"
    for folder in sorted(path for name in FOLDERS for path in (data / name).iterdir()):
        model = onnx.load(folder / "model.onnx")
        if len(model.graph.node) == 1:
            first = folder / "test_data_set_0"
            yield from _read(
                folder.name, model, _tensors(first, "input"), _tensors(first, "output")
            )


def _tensors(folder: Path, kind: str) -> list[Array]:
    count = len(list(folder.glob(f"{kind}_*.pb")))
    files = [folder / f"{kind}_{number}.pb" for number in range(count)]
    return [numpy_helper.to_array(onnx.load_tensor(str(file))) for file in files]


def _read(name: str, model: onnx.ModelProto, given: Any, expected: Any) -> Iterator[Published]:
    node = model.graph.node[0]
    known = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    fed = [value.name for value in model.graph.input if value.name not in known]
    if len(fed) != len(given):
        fed = [value.name for value in model.graph.input]
    arrays = {**known, **dict(zip(fed, given, strict=False))}
    arrays_only = [*arrays.values(), *expected]
    if all(isinstance(array, np.ndarray) for array in arrays_only):
        inputs = tuple(arrays[key] if key else None for key in node.input)
        yield Published(name, node, inputs, tuple(expected))
