"""Read and write weights: safetensors or .npz, never a pickle. The initializers of an ONNX file can be read, too.

A safetensors file is a length, a JSON header and the bytes of the tensors. The header's size is
limited here before the library sees the file; the library refuses overlaps, holes and lengths that
do not fit.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime import files
from dslc_runtime.errors import UserFault, file_fault
from dslc_runtime.metadata import State
from dslc_runtime.npy import Npz
from dslc_runtime.state import check_values

Array = np.ndarray[Any, Any]

WEIGHTS = "weights.safetensors"
"""Where a training leaves its weights, in the folder of the run."""

HEADER_LIMIT = 1 << 24
"""Bytes of a safetensors header that are accepted."""

TENSOR_LIMIT = 100_000
"""Tensors in a file that are accepted."""


def read_weights(
    path: Path | str, states: Iterable[State] | None = None, *, allow_nonfinite: bool = False
) -> dict[str, Array]:
    """Return the tensors in a file, compared with `states` if given.

    Errors: FileFault; UserFault for a damaged file, other names, shapes or types, and for NaN or
    infinity.
    """
    path = Path(path)
    if path.suffix == ".npz":
        archive = Npz(path)
        values = {name: archive[name] for name in archive}
    elif path.suffix == ".safetensors":
        values = read_safetensors(path)
    elif path.suffix == ".onnx":
        values = read_onnx(path)
    else:
        raise UserFault(
            f"{path}: weights of this form are not read",
            facts=("pickles (.pt, .pkl) are never loaded",),
            helps=("weights are read from .safetensors, .npz and .onnx files",),
        )
    if states is not None:
        check_values(states, values, str(path))
    if not allow_nonfinite:
        _check_finite(values, path)
    return values


def _check_finite(values: Mapping[str, Array], path: Path) -> None:
    for name, value in values.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise UserFault(f"{path}: `{name}` holds values that are not finite")


def read_safetensors(path: Path) -> dict[str, Array]:
    """Return the tensors in a safetensors file. Errors: FileFault, UserFault."""
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            size = file.seek(0, 2)
            if not 2 <= length <= min(HEADER_LIMIT, size - 8):
                raise UserFault(
                    f"{path}: offset 0: its header claims {length} bytes of the file's {size}"
                )
            file.seek(0)
            content = file.read()
    except OSError as error:
        raise file_fault("read", path, error) from error
    _check_names(content[8 : 8 + length], path)
    return decode(content, path)


def _check_names(header: bytes, path: Path) -> None:
    """Refuse a name that stands twice: the library would take the last one."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                raise UserFault(f"{path}: `{name}` stands there twice")
            names.add(name)
        return dict(pairs)

    with contextlib.suppress(ValueError, RecursionError):  # the library says what is wrong
        json.loads(header, object_pairs_hook=unique)


def decode(content: bytes, path: Path) -> dict[str, Array]:
    """Return the tensors in the bytes of a safetensors file; `path` is what messages call it."""
    import safetensors
    import safetensors.numpy

    try:
        values = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise UserFault(f"{path}: this is not a safetensors file, or a damaged one: {error}") from (
            error
        )
    if len(values) > TENSOR_LIMIT:
        raise UserFault(f"{path}: it holds {len(values)} tensors; {TENSOR_LIMIT} is the most")
    return values


def read_onnx(path: Path) -> dict[str, Array]:
    """Return the floating-point initializers inside an ONNX file; nothing of it is run.

    Errors: FileFault; UserFault for a file that is none, and for weights that lie in a file beside it.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it has no stubs

    try:
        with files.open_regular(path) as file:
            model = onnx.load_model_from_string(file.read())
    except OSError as error:
        raise file_fault("read", path, error) from error
    except DecodeError as error:
        raise UserFault(f"{path}: this is not an ONNX file, or a damaged one") from error
    values = {}
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise UserFault(
                f"{path}: `{tensor.name}` lies in a file beside it",
                helps=("give the weights as .safetensors",),
            )
        try:
            array = onnx.numpy_helper.to_array(tensor)
        except (ValueError, TypeError) as error:
            raise UserFault(f"{path}: `{tensor.name}` is damaged: {error}") from error
        if array.dtype.kind == "f":
            values[tensor.name] = array
    if not values:
        raise UserFault(f"{path}: this file holds no weights")
    return values


def encode(values: Mapping[str, Array]) -> bytes:
    """Return the bytes of a safetensors file."""
    import safetensors.numpy

    return safetensors.numpy.save({name: np.asarray(v, order="C") for name, v in values.items()})


def write_weights(path: Path | str, values: Mapping[str, Array]) -> None:
    """Write tensors to a .safetensors or .npz file, whole or not at all.

    Errors: FileFault, UserFault.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        files.write(path, encode(values))
    elif path.suffix == ".npz":
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **dict(values))
        files.write(path, buffer.getvalue())
    else:
        raise UserFault(f"{path}: weights are written to .safetensors and .npz files")
