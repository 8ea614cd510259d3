"""Open the data of a training and check all of it before the first step.

In: a path (`dslc_runtime.sources` lists the forms) and what the net takes. Out: a `Dataset`, whose
arrays have the right names, types and shapes, labels within range and no NaN. Arrays in .npy and
plain idx files stay on the disk; a thread reads their batches ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime import counter, guesses
from dslc_runtime.ahead import ahead
from dslc_runtime.checks import check_finite, check_labels, fit
from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import Metadata, Port
from dslc_runtime.sources import Found, Request, as_images, open_source

Array = np.ndarray[Any, Any]
Samples = np.ndarray[Any, np.dtype[np.intp]]


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

    @property
    def on_disk(self) -> bool:
        """Whether an array is read from the disk when it is used."""
        return any(isinstance(array, np.memmap) for array in self.arrays.values())

    def batches(self, size: int) -> Iterator[dict[str, Array]]:
        """Yield the samples in their order, `size` at a time; the last batch may be smaller."""
        starts = range(0, len(self), size)
        if self.on_disk:
            return ahead(partial(self._part, start, size) for start in starts)
        return (self._views(start, size) for start in starts)

    def _views(self, start: int, size: int) -> dict[str, Array]:
        return {name: array[start : start + size] for name, array in self.arrays.items()}

    def _part(self, start: int, size: int) -> dict[str, Array]:
        return {name: np.array(part) for name, part in self._views(start, size).items()}

    def gather(self, samples: Samples) -> dict[str, Array]:
        """Return the named samples as new arrays."""
        return {name: np.take(array, samples, 0) for name, array in self.arrays.items()}

    def feed(
        self, batches: Iterable[Samples], buffers: Mapping[str, Array]
    ) -> Generator[Samples, None, None]:
        """Put each batch into `buffers`, then yield its samples.

        What is in memory is copied at once. What is on the disk is gathered by a thread, one batch
        ahead; the batches are the same.
        """
        if not self.on_disk:
            for samples in batches:
                for name, buffer in buffers.items():
                    _take(self.arrays[name], samples, buffer)
                yield samples
            return
        tasks = (partial(self._gathered, samples) for samples in batches)
        with closing(ahead(tasks)) as gathered:
            for samples, arrays in gathered:
                for name, buffer in buffers.items():
                    np.copyto(buffer, arrays[name])
                yield samples

    def _gathered(self, samples: Samples) -> tuple[Samples, dict[str, Array]]:
        return samples, self.gather(samples)


def _take(array: Array, samples: Samples, buffer: Array) -> None:
    """Copy the named samples into a buffer."""
    if array.dtype == buffer.dtype:
        np.take(array, samples, 0, buffer, "clip")  # "clip" writes into it without a copy between
    else:
        buffer[...] = array[samples]


def epoch_order(seed: int, epoch: int, samples: int) -> Samples:
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
    request = Request(ports, mapping or {})
    _check_mapping(path, request)
    found = open_source(path, request)
    names = {port.name: _name(port, found, request) for port in ports}
    arrays: dict[str, Array] = {}
    sizes: dict[str, int] = {}
    for port in ports:
        if names[port.name] not in found.arrays:
            raise guesses.no_array(names, ports, found.arrays, path)
        array = found.arrays[names[port.name]]
        if found.pictures:
            array = as_images(array, port)
        arrays[port.name] = fit(array, port, f"{path}: `{names[port.name]}`", sizes)
    for name, array in arrays.items():
        place = f"{path}: `{names[name]}`"
        check_finite(array, place, found.locate)
        if name in (classes or {}):
            ignored = (ignore or {}).get(name)
            check_labels(array, (classes or {})[name], ignored, place, found.locate)
    return Dataset(arrays, str(path))


def open_for(
    compiled: Iterable[Metadata], path: Path | str, mapping: Mapping[str, str] | None = None
) -> Dataset:
    """Return the data for compiled files of one net: the inputs and targets of all of them."""
    ports: dict[str, Port] = {}
    classes: dict[str, int] = {}
    ignore: dict[str, int] = {}
    for metadata in compiled:
        ports |= {port.name: port for port in metadata.feeds}
        classes |= metadata.classes
        ignore |= metadata.ignore
    return open_data(path, tuple(ports.values()), mapping=mapping, classes=classes, ignore=ignore)


def _check_mapping(path: Path, request: Request) -> None:
    names = [port.name for port in request.ports]
    for name in request.mapping:
        if name not in names:
            raise UserFault(
                f"{path}: `--map` names `{name}`, which is no input or target",
                facts=(f"the net takes {', '.join(names)}",),
            )


def _name(port: Port, found: Found, request: Request) -> str:
    """Return which array stands for a port: the one that was said, its own name, or its role."""
    if port.name in request.mapping or port.name in found.arrays:
        return request.mapping.get(port.name, port.name)
    roles: tuple[tuple[str | None, Callable[[], Port | None]], ...]
    roles = ((found.images, request.images), (found.labels, request.labels))
    for name, only in roles:
        if name is not None and only() is port:
            return name
    return port.name
