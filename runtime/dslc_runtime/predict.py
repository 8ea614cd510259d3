"""Run a closed model: `run("lenet5.onnx", images)`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import Metadata, Port, read
from dslc_runtime.report import explain
from dslc_runtime.session import Report, choose_device, open_session
from dslc_runtime.trainer import to_stderr

Array = np.ndarray[Any, Any]


def run(
    model: Path | str,
    inputs: Mapping[str, Any] | Any,
    *,
    device: str = "cpu",
    threads: int | None = None,
    batch: int | None = None,
    report: Report = to_stderr,
) -> dict[str, Array]:
    """Return the outputs of the closed model at `model`, by name.

    `inputs` are arrays by name, or one array for a net of one input. With `batch`, samples go
    through that many at a time.

    Errors: UserFault for inputs that are missing or of another shape or type; FileFault;
    DeviceFault.
    """
    path = Path(model)
    metadata = read(path)
    feeds = _feeds(path, metadata, inputs)
    session = open_session(path, metadata.session, choose_device(device, report), threads)
    names = [port.name for port in session.get_outputs()]
    try:
        parts = [session.run(names, part) for part in _parts(feeds, batch)]
    except Exception as error:
        raise explain(error, path, device) from error
    return {
        name: parts[0][i] if len(parts) == 1 else np.concatenate([part[i] for part in parts])
        for i, name in enumerate(names)
    }


def _parts(feeds: dict[str, Array], batch: int | None) -> list[dict[str, Array]]:
    samples = len(next(iter(feeds.values()))) if feeds and batch else 0
    if batch is None or samples <= batch:
        return [feeds]
    return [
        {name: array[start : start + batch] for name, array in feeds.items()}
        for start in range(0, samples, batch)
    ]


def _feeds(path: Path, metadata: Metadata, inputs: Mapping[str, Any] | Any) -> dict[str, Array]:
    names = [port.name for port in metadata.inputs]
    if not isinstance(inputs, Mapping):
        if len(names) != 1:
            raise UserFault(f"{path}: this net takes {', '.join(names)}; give them by name")
        inputs = {names[0]: inputs}
    if set(inputs) != set(names):
        raise UserFault(
            f"{path}: this net takes {', '.join(names)}; got {', '.join(inputs) or 'none'}"
        )
    sizes: dict[str, int] = {}
    return {port.name: _fit(path, port, inputs[port.name], sizes) for port in metadata.inputs}


def _fit(path: Path, port: Port, value: Any, sizes: dict[str, int]) -> Array:
    array = np.asarray(value)
    fits = array.ndim == len(port.shape)
    for size, wanted in zip(array.shape, port.shape, strict=False):
        fits &= size == (sizes.setdefault(wanted, size) if isinstance(wanted, str) else wanted)
    if not fits:
        shape = ", ".join(str(size) for size in port.shape)
        raise UserFault(
            f"{path}: `{port.name}` has the shape {list(array.shape)}, and the net takes [{shape}]"
        )
    if array.dtype != port.dtype and not np.can_cast(array.dtype, port.dtype, "same_kind"):
        raise UserFault(f"{path}: `{port.name}` is {array.dtype}, and the net takes {port.dtype}")
    return np.asarray(array, port.dtype, order="C")
