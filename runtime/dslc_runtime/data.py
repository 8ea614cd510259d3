"""Open the data of a training and check all of it before the first step.

In: a path (.npz, a folder of .npy files, or one .npy file) and what the net takes. Out: a
`Dataset`, whose arrays have the right names, types and shapes, labels within range and no NaN.
Arrays in .npy files stay on the disk.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime import counter
from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import Metadata, Port
from dslc_runtime.npy import Array, Npz, open_npy

_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class Dataset:
    """Arrays whose first axis counts the samples.

    `first` is the number of its first sample in the file.
    """

    arrays: Mapping[str, Array]
    path: str
    first: int = 0

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def split(self, fraction: float) -> tuple[Dataset, Dataset]:
        """Return the samples for training, and the last `round(fraction * samples)` apart."""
        held_back = round(fraction * len(self))
        cut = len(self) - held_back
        if not 0 < cut < len(self):
            raise UserFault(
                f"{self.path}: validation = {fraction} of {len(self)} samples leaves {cut} "
                f"for training and {held_back} for validation"
            )
        train = {name: array[:cut] for name, array in self.arrays.items()}
        rest = {name: array[cut:] for name, array in self.arrays.items()}
        return Dataset(train, self.path, self.first), Dataset(rest, self.path, self.first + cut)

    def batches(self, size: int) -> Iterator[dict[str, Array]]:
        """Yield the samples in their order, `size` at a time; the last batch may be smaller."""
        for start in range(0, len(self), size):
            yield {name: array[start : start + size] for name, array in self.arrays.items()}


def epoch_order(seed: int, epoch: int, samples: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return the order of the samples in an epoch; it depends on seed and epoch only."""
    words = counter.words(counter.step_key(seed, epoch), samples)
    return np.argsort(words, kind="stable")


def open_data(
    path: Path | str,
    ports: tuple[Port, ...],
    *,
    mapping: Mapping[str, str] | None = None,
    classes: Mapping[str, int] | None = None,
    ignore: Mapping[str, int] | None = None,
) -> Dataset:
    """Return the arrays that `ports` name, checked.

    `mapping` says which array of the file stands for which name; `classes` gives the number of
    classes of a target that holds class numbers, `ignore` the label that counts for nothing.

    Errors: UserFault, FileFault, LimitFault, each with the file, the array and the sample.
    """
    path = Path(path)
    found = _open(path, ports)
    names = {port.name: (mapping or {}).get(port.name, port.name) for port in ports}
    _check_mapping(path, mapping or {}, names)
    arrays: dict[str, Array] = {}
    sizes: dict[str, int] = {}
    for port in ports:
        array = _pick(found, names[port.name], path)
        arrays[port.name] = _fit(array, port, f"{path}: `{names[port.name]}`", sizes)
    for name, array in arrays.items():
        place = f"{path}: `{names[name]}`"
        check_finite(array, place)
        if name in (classes or {}):
            check_labels(array, (classes or {})[name], (ignore or {}).get(name), place)
    return Dataset(arrays, str(path))


def open_for(
    metadata: Metadata, path: Path | str, mapping: Mapping[str, str] | None = None
) -> Dataset:
    """Return the data for a compiled file: its inputs and targets."""
    return open_data(
        path, metadata.feeds, mapping=mapping, classes=metadata.classes, ignore=metadata.ignore
    )


def _open(path: Path, ports: tuple[Port, ...]) -> Mapping[str, Array]:
    if path.is_dir():
        return {file.stem: open_npy(file) for file in sorted(path.glob("*.npy"))}
    if path.suffix == ".npy" and len(ports) == 1:
        return {ports[0].name: open_npy(path)}
    if path.suffix == ".npz" or not path.exists():
        return Npz(path)
    raise UserFault(
        f"{path}: data of this form is not read",
        helps=("data is an .npz file, or a folder with one .npy file for each input and target",),
    )


def _check_mapping(path: Path, mapping: Mapping[str, str], names: Mapping[str, str]) -> None:
    for name in mapping:
        if name not in names:
            raise UserFault(
                f"{path}: `--map` names `{name}`, which is no input or target",
                facts=(f"the net takes {', '.join(names)}",),
            )


def _pick(found: Mapping[str, Array], name: str, path: Path) -> Array:
    if name in found:
        return found[name]
    close = difflib.get_close_matches(name, found, 1) or (list(found) if len(found) == 1 else [])
    raise UserFault(
        f"{path}: there is no array `{name}`",
        facts=(f"it holds {', '.join(found) or 'no arrays'}",),
        helps=tuple(f"`--map {name}={other}` takes that one" for other in close),
    )


def _fit(array: Array, port: Port, place: str, sizes: dict[str, int]) -> Array:
    """Check type and shape; `sizes` collects what the free dimensions are."""
    _check_type(array.dtype, port.dtype, place)
    if array.ndim != len(port.shape):
        raise _shape_fault(array, port, place)
    for size, wanted in zip(array.shape, port.shape, strict=True):
        expected = sizes.setdefault(wanted, size) if isinstance(wanted, str) else wanted
        if size != expected:
            about = f"{wanted} is {expected} in the other arrays" if wanted != expected else ""
            raise _shape_fault(array, port, place, about)
    if not port.shape or not isinstance(port.shape[0], str):
        raise UserFault(
            f"{place}: `{port.name}` has no axis of samples, so it cannot come from data"
        )
    if array.size == 0:
        raise UserFault(f"{place} is empty: its shape is {list(array.shape)}")
    return array


def _shape_fault(array: Array, port: Port, place: str, about: str = "") -> UserFault:
    wanted = ", ".join(str(size) for size in port.shape)
    return UserFault(
        f"{place} has the shape {list(array.shape)}, and the net takes [{wanted}]",
        facts=(about,) if about else (),
    )


_KINDS = {"i": "whole numbers", "u": "whole numbers", "f": "real numbers", "b": "booleans"}


def _check_type(found: np.dtype[Any], wanted: np.dtype[Any], place: str) -> None:
    if _KINDS[found.kind] == _KINDS.get(wanted.kind) and np.can_cast(found, wanted, "safe"):
        return
    raise UserFault(
        f"{place} is {found.name}, and the net takes {wanted.name}",
        helps=(f"save it as `array.astype(np.{wanted.name})`",),
    )


def _chunks(array: Array) -> Iterator[tuple[int, Array]]:
    """Yield parts of the first axis, so that a large file is never in memory as a whole."""
    rows = max(1, _CHUNK // max(1, array[0].size))
    for start in range(0, len(array), rows):
        yield start, array[start : start + rows]


def check_finite(array: Array, place: str) -> None:
    """Refuse NaN and infinity in an array of real numbers, naming the sample. Errors: UserFault."""
    if array.dtype.kind != "f":
        return
    for start, part in _chunks(array):
        bad = ~np.isfinite(part)
        if bad.any():
            index = np.argwhere(bad)[0]
            value = part[tuple(index)]
            raise UserFault(f"{place} holds {value} at sample {start + index[0]}")


def check_labels(array: Array, classes: int, ignore: int | None, place: str) -> None:
    """Refuse labels that are no class number, naming the sample. Errors: UserFault."""
    for start, part in _chunks(array):
        bad = (part < 0) | (part >= classes)
        if ignore is not None:
            bad &= part != ignore
        if bad.any():
            index = np.argwhere(bad)[0]
            label = part[tuple(index)]
            ignored = f"; {ignore} is ignored" if ignore is not None else ""
            raise UserFault(
                f"{place} holds the label {label} at sample {start + index[0]}, "
                f"and classes = {classes}",
                facts=(f"labels are the numbers 0 to {classes - 1}{ignored}",),
            )
