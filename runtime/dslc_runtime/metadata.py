"""Read what a compiled file says about itself: the JSON text stored in it under `dslc`.

The file is not loaded for this: an ONNX file is a protobuf message, and the walk over its top level
skips the graph.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime.errors import UserFault, file_fault
from dslc_runtime.files import open_regular

FORMAT = 1
"""The format of the metadata that this runtime reads."""

_METADATA_PROPS = 14
_LENGTH_DELIMITED = 2


@dataclass(frozen=True, slots=True)
class Port:
    """A named array that goes in or out; a dimension is a number or the name of a free one."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A value that training carries along; the output `next` replaces it, None if frozen.

    An average is taken in place of the parameter `of` wherever the net is used, but for training.
    """

    name: str
    next: str | None
    kind: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure besides the losses, and which way is better: `max` or `min`."""

    name: str
    better: str


@dataclass(frozen=True, slots=True)
class Monitor:
    """The validation figure by which one epoch is better than another."""

    name: str
    mode: str


@dataclass(frozen=True, slots=True)
class Training:
    """What the spec's `train` section asks for.

    `validation` is a fraction of the samples or a file. Where several sections take turns, `section`
    is this one of `sections`; it takes a step on one batch of `every`.
    """

    batch: int
    epochs: int | None
    steps: int | None
    seed: int
    data: str | None
    validation: float | str | None
    monitor: Monitor | None
    section: str | None = None
    sections: tuple[str, ...] = ()
    every: int = 1


@dataclass(frozen=True, slots=True)
class Memory:
    """An estimate of what a training step takes, in bytes, and the largest contributors."""

    estimate_bytes: int
    largest: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The settings of onnxruntime under which the figures of a run are reproduced bit for bit."""

    graph_optimization_level: str
    execution_order: str
    enable_mem_pattern: bool


@dataclass(frozen=True, slots=True)
class Metadata:
    """All of it, for one of the four files."""

    net: str
    graph: str
    spec: str
    spec_sha256: str
    versions: Mapping[str, str]
    state: tuple[State, ...]
    inputs: tuple[Port, ...]
    targets: tuple[Port, ...]
    outputs: tuple[Port, ...]
    reserved: tuple[str, ...]
    losses: tuple[str, ...]
    metrics: tuple[Metric, ...]
    finite: str | None
    accumulators: tuple[State, ...]
    training: Training | None
    classes: Mapping[str, int]
    ignore: Mapping[str, int]
    memory: Memory | None
    session: SessionSettings

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the losses and metrics."""
        return self.losses + tuple(metric.name for metric in self.metrics)

    @property
    def feeds(self) -> tuple[Port, ...]:
        """What a batch consists of: inputs and targets."""
        return self.inputs + self.targets


def read(path: Path) -> Metadata:
    """Return the metadata of a compiled file.

    Errors: FileFault when it cannot be read; UserFault when it holds none, or one of another
    format.
    """
    try:
        with (
            open_regular(path) as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            text = find_entry(data, "dslc")
    except OSError as error:
        raise file_fault("read", path, error) from error
    except (
        ValueError,
        IndexError,
    ):  # an empty file, a length beyond the end, text that is not UTF-8
        text = None
    if text is None:
        raise UserFault(
            f"{path}: this is not a file that dslc compiled",
            helps=("compile a spec with `dslc compile SPEC -o DIR`",),
        )
    return parse(text, path)


def find_entry(data: mmap.mmap | bytes, key: str) -> str | None:
    """Return what an ONNX file's metadata holds under `key`, None when there is nothing."""
    for number, start, end in _fields(data, 0, len(data)):
        if number == _METADATA_PROPS:
            entry = {n: bytes(data[a:b]).decode() for n, a, b in _fields(data, start, end)}
            if entry.get(1) == key:
                return entry.get(2, "")
    return None


def _fields(data: mmap.mmap | bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """Return number, start and end of each length-delimited field of a protobuf message."""
    found = []
    while at < end:
        tag, at = _varint(data, at)
        kind = tag & 7
        length = {1: 8, 5: 4}.get(kind, 0)
        if kind in (0, _LENGTH_DELIMITED):
            value, at = _varint(data, at)
            length = value if kind == _LENGTH_DELIMITED else 0
        elif length == 0:
            raise ValueError("not a protobuf message")
        if at + length > end:
            raise ValueError("a field ends beyond its message")
        if kind == _LENGTH_DELIMITED:
            found.append((tag >> 3, at, at + length))
        at += length
    return found


def _varint(data: mmap.mmap | bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number of more than ten bytes")


def parse(text: str, path: Path) -> Metadata:
    """Return the metadata that `text` holds; `path` is what messages call the file."""
    try:
        entry = json.loads(text)
        if entry["format"] != FORMAT:
            raise UserFault(
                f"{path}: its metadata has format {entry['format']}, "
                f"and this runtime reads format {FORMAT}",
                helps=("compile it again with the dslc that is installed beside this runtime",),
            )
        return _metadata(entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserFault(f"{path}: its dslc metadata is damaged: {error!r}") from error


def _metadata(entry: dict[str, Any]) -> Metadata:
    training, memory = entry.get("training"), entry.get("memory")
    return Metadata(
        net=entry["net"],
        graph=entry["graph"],
        spec=entry["spec"],
        spec_sha256=entry["spec_sha256"],
        versions=entry["versions"],
        state=tuple(_state(row) for row in entry.get("state", ())),
        inputs=tuple(_port(row) for row in entry.get("inputs", ())),
        targets=tuple(_port(row) for row in entry.get("targets", ())),
        outputs=tuple(_port(row) for row in entry.get("outputs", ())),
        reserved=tuple(entry.get("reserved", ())),
        losses=tuple(entry.get("losses", ())),
        metrics=tuple(Metric(row["name"], row["better"]) for row in entry.get("metrics", ())),
        finite=entry.get("finite"),
        accumulators=tuple(_state(row) for row in entry.get("accumulators", ())),
        training=_training(training) if training else None,
        classes=entry.get("classes", {}),
        ignore=entry.get("ignore", {}),
        memory=_memory(memory) if memory else None,
        session=_session(entry["session_options"]),
    )


def _port(row: dict[str, Any]) -> Port:
    return Port(row["name"], np.dtype(row["dtype"]), tuple(row["shape"]))


def _state(row: dict[str, Any]) -> State:
    shape = tuple(int(size) for size in row["shape"])
    kind = row.get("kind", "accumulator")
    return State(row["name"], row["next"], kind, np.dtype(row["dtype"]), shape, row.get("of"))


def _training(row: dict[str, Any]) -> Training:
    monitor = row.get("monitor")
    return Training(
        batch=int(row["batch"]),
        epochs=row.get("epochs"),
        steps=row.get("steps"),
        seed=int(row["seed"]),
        data=row.get("data"),
        validation=row.get("validation"),
        monitor=Monitor(monitor["name"], monitor["mode"]) if monitor else None,
        section=row.get("section"),
        sections=tuple(row.get("sections", ())),
        every=int(row.get("every", 1)),
    )


def _memory(row: dict[str, Any]) -> Memory:
    largest = tuple((str(name), int(size)) for name, size in row.get("largest", ()))
    return Memory(int(row["estimate_bytes"]), largest)


def _session(row: dict[str, Any]) -> SessionSettings:
    return SessionSettings(
        row["graph_optimization_level"], row["execution_order"], bool(row["enable_mem_pattern"])
    )
