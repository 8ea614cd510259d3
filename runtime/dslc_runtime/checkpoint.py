"""Keep checkpoints: all that a training needs to go on bit for bit, safe from crashes.

A checkpoint is two files: `step-000000312.safetensors` with the state, and `step-000000312.json`,
the manifest, with the place in the training and the SHA-256 of every tensor. The manifest is
written last and counts: without it there is no checkpoint. The last two are kept, so that one that
was damaged on the disk can be left out.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime import files
from dslc_runtime.errors import FileFault, RuntimeFault, UserFault, file_fault
from dslc_runtime.metadata import State
from dslc_runtime.session import Report
from dslc_runtime.state import check_values
from dslc_runtime.weights import encode, read_safetensors

Array = np.ndarray[Any, Any]

FORMAT = 1
KEPT = 2
_NAME = re.compile(r"step-(\d{9,})\.json")
_MANIFEST_LIMIT = 1 << 26


@dataclass(slots=True)
class Place:
    """A place in a training. `step` counts all steps, `epoch` the finished epochs, both from 0.

    `sums` are the sums of the figures over the `counted` steps of the epoch under way.
    """

    step: int = 0
    epoch: int = 0
    counted: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    validation: float = math.nan
    best: float | None = None
    best_epoch: int | None = None
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Identity:
    """What must be the same for a checkpoint to be continued."""

    net: str
    spec_sha256: str
    seed: int
    batch: int
    samples: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint holds."""

    place: Place
    values: dict[str, Array]


def save(
    folder: Path,
    place: Place,
    values: Mapping[str, Array],
    identity: Identity,
    versions: Mapping[str, str],
) -> Path:
    """Write a checkpoint, remove all but the last `KEPT`, and return the manifest's path.

    Errors: FileFault.
    """
    files.make_folder(folder)
    stem = f"step-{place.step:09d}"
    content = encode(values)
    files.write(folder / f"{stem}.safetensors", content, verify=True)
    body = {
        "format": FORMAT,
        "identity": _plain(identity),
        "place": _plain(place),
        "versions": dict(versions),
        "bytes": len(content),
        "tensors": {name: digest(value) for name, value in values.items()},
    }
    manifest = folder / f"{stem}.json"
    sealed = {"checkpoint": body, "sha256": _seal(body)}
    files.write(manifest, json.dumps(sealed, indent=1) + "\n", verify=True)
    for old in manifests(folder)[KEPT:]:
        discard(old)
    return manifest


def _plain(value: Place | Identity) -> dict[str, Any]:
    row = {name: getattr(value, name) for name in value.__slots__}
    if row.get("validation") is not None and math.isnan(row["validation"]):
        row["validation"] = None
    return row


def _seal(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def digest(value: Array) -> str:
    """Return the SHA-256 of a tensor's type, shape and bytes."""
    hashed = hashlib.sha256(f"{value.dtype.str}{list(value.shape)}".encode())
    hashed.update(np.ascontiguousarray(value).data)
    return hashed.hexdigest()


def manifests(folder: Path) -> list[Path]:
    """Return the manifests in `folder`, the newest first."""
    found = [path for path in folder.glob("step-*.json") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.stem.removeprefix("step-")), reverse=True)


def discard(manifest: Path) -> None:
    """Remove a checkpoint, its manifest first. Errors: FileFault."""
    files.remove(manifest)
    files.remove(manifest.with_suffix(".safetensors"))


def clean(folder: Path) -> None:
    """Remove what killed processes left: temporary files, and states without a manifest."""
    files.remove_stale(folder)
    for path in folder.glob("step-*.safetensors"):
        if not path.with_suffix(".json").exists():
            files.remove(path)


def load_newest(
    folder: Path, states: Iterable[State], identity: Identity, report: Report
) -> Checkpoint | None:
    """Return the newest checkpoint that is whole, None when there is none at all.

    A damaged one is left out, and `report` says so.

    Errors: UserFault when every checkpoint is damaged, or the newest whole one is of another
    training.
    """
    states = tuple(states)
    damaged: list[RuntimeFault] = []
    for manifest in manifests(folder):
        try:
            checkpoint, found = load(manifest, states)
        except (FileFault, UserFault) as fault:
            damaged.append(fault)
            report(f"{fault.message}; trying the checkpoint before it")
            continue
        _check_identity(found, identity, manifest)
        return checkpoint
    if damaged:
        raise UserFault(
            f"{folder}: no checkpoint is whole",
            facts=[fault.message for fault in damaged],
            helps=("train without `--resume` to start again",),
        )
    return None


def load(manifest: Path, states: Iterable[State]) -> tuple[Checkpoint, Identity]:
    """Return a checkpoint and what training it is of.

    Errors: FileFault, UserFault when it is damaged.
    """
    body = _read_manifest(manifest)
    path = manifest.with_suffix(".safetensors")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise file_fault("read", path, error) from error
    if size != body["bytes"]:
        raise UserFault(f"{path}: it has {size} bytes instead of {body['bytes']}")
    values = read_safetensors(path)
    check_values(states, values, str(path))
    for name, value in values.items():
        if digest(value) != body["tensors"].get(name):
            raise UserFault(f"{path}: the SHA-256 of `{name}` is not the one in the manifest")
    row = dict(body["place"])
    row["validation"] = math.nan if row["validation"] is None else row["validation"]
    return Checkpoint(Place(**row), values), Identity(**body["identity"])


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            content = file.read(_MANIFEST_LIMIT)
    except OSError as error:
        raise file_fault("read", path, error) from error
    try:
        sealed = json.loads(content)
        body, seal = sealed["checkpoint"], sealed["sha256"]
        whole = seal == _seal(body)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise UserFault(f"{path}: this checkpoint is damaged")
    if body["format"] != FORMAT:
        raise UserFault(
            f"{path}: this checkpoint has format {body['format']}; this runtime reads {FORMAT}"
        )
    return dict(body)


def _check_identity(found: Identity, wanted: Identity, manifest: Path) -> None:
    words = {"net": "net", "spec_sha256": "spec", "seed": "seed", "batch": "batch"}
    for name, word in {**words, "samples": "number of samples"}.items():
        ours, theirs = getattr(wanted, name), getattr(found, name)
        if ours != theirs:
            raise UserFault(
                f"{manifest}: this checkpoint is of a training with another {word}",
                facts=(f"there {theirs}, here {ours}",),
                helps=("train without `--resume`, or into another folder with `-o`",),
            )
