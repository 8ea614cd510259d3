"""The forms in which people have data, and which reader each is for.

.npz, .npy, a folder of .npy files     arrays by name
.csv                                   numbered columns become vectors
idx, idx.gz, a folder of them          MNIST and its relatives
a folder of folders of images          a class for each sub-folder
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime.checks import Locate
from dslc_runtime.errors import FileFault, UserFault, file_fault
from dslc_runtime.idx import IdxFiles, name_of, open_idx
from dslc_runtime.metadata import Port
from dslc_runtime.npy import Npz, open_npy

Array = np.ndarray[Any, Any]

FORMS = (
    "data are an .npz, .npy or .csv file, a folder of .npy files, idx files (MNIST), "
    "or a folder with a sub-folder of images for each class"
)

_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt")
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".7z", ".rar", ".xz", ".bz2")


@dataclass(frozen=True, slots=True)
class Found:
    """Arrays by name, each opened when it is asked for.

    `images` and `labels` name those that a net with one input for images and one target for labels
    takes, whatever it calls them; `locate` says where a sample stands. Where `pictures` is true, three
    axes are those of pictures in grey, which may get a fourth.
    """

    arrays: Mapping[str, Array]
    images: str | None = None
    labels: str | None = None
    locate: Locate | None = None
    pictures: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What a net takes, and what was said about the names."""

    ports: tuple[Port, ...]
    mapping: Mapping[str, str]

    def images(self) -> Port | None:
        """Return the only port that takes pictures: it has at least two axes."""
        return self._only(lambda port: len(port.shape) > 1)

    def labels(self) -> Port | None:
        """Return the only port that takes class numbers."""
        return self._only(lambda port: len(port.shape) == 1 and port.dtype.kind in "iu")

    def _only(self, fits: Callable[[Port], bool]) -> Port | None:
        found = [port for port in self.ports if fits(port)]
        return found[0] if len(found) == 1 else None


def open_source(path: Path, request: Request) -> Found:
    """Open data of any form. Errors: UserFault, FileFault, LimitFault."""
    if "://" in str(path) or str(path).startswith(("http:/", "https:/", "file:/", "s3:/")):
        raise UserFault(f"{path}: data are read from files; nothing is fetched", helps=(FORMS,))
    if path.is_dir():
        return _folder(path, request)
    ending = path.suffix.lower()
    if ending == ".csv":
        return _table(path, request)
    if ending == ".npy" and len(request.ports) == 1:
        name = request.ports[0].name
        return Found({request.mapping.get(name, name): open_npy(path)})
    if ending == ".npz":
        return Found(Npz(path))
    if not path.exists():
        return _beginning(path)
    if name_of(path) is not None and len(request.ports) == 1:
        return Found({"array": open_idx(path)}, "array", "array", pictures=True)
    raise _unread(path, ending)


def _unread(path: Path, ending: str) -> UserFault:
    facts: tuple[str, ...] = ()
    if ending in _PICKLES:
        facts = ("pickles are never loaded: they can run any code",)
    elif ending in _ARCHIVES and name_of(path) is None:
        facts = ("archives are not unpacked",)
    elif ending == ".npy" or name_of(path) is not None:
        facts = ("this file holds one array, and the net takes several: give the folder",)
    return UserFault(f"{path}: data of this form is not read", facts=facts, helps=(FORMS,))


def _table(path: Path, request: Request) -> Found:
    from dslc_runtime.table import read_table

    table = read_table(path, request.ports, request.mapping)
    return Found(table.arrays, locate=lambda sample: f"line {table.lines[sample]}")


def _folder(path: Path, request: Request) -> Found:
    try:
        entries = [entry for entry in path.iterdir() if entry.name[:1] != "."]
    except OSError as error:
        raise file_fault("read", path, error) from error
    arrays = sorted(entry for entry in entries if entry.suffix == ".npy")
    if arrays:
        return Found({file.stem: open_npy(file) for file in arrays})
    if any(name_of(entry) for entry in entries):
        return _idx(path, IdxFiles(path), request)
    if any(entry.is_dir() for entry in entries):
        return _images(path, request)
    raise UserFault(
        f"{path}: there are no data in this folder",
        facts=(f"it has {len(entries)} entries, none of them .npy, idx or a folder of images",),
        helps=(FORMS,),
    )


def _beginning(path: Path) -> Found:
    """Take the idx files whose names begin like this: `mnist/t10k`."""
    files = IdxFiles(path.parent, path.name) if path.parent.is_dir() else {}
    if not files:
        raise FileFault(f"{path}: cannot read it: no such file or folder")
    return Found(files, *_roles(list(files)), pictures=True)


def _idx(path: Path, files: IdxFiles, request: Request) -> Found:
    """Take the files of training where a folder holds those for a test, too."""
    names = list(files)
    taken = set(request.mapping.values())
    if taken.intersection(names) and len(taken) == len(request.ports):
        return Found(files, pictures=True)
    training = [name for name in names if "train" in name.lower()]
    images, labels = _roles(training or names)
    if images is None and labels is None:
        raise UserFault(
            f"{path}: which of these idx files?",
            facts=(f"it holds {', '.join(names)}",),
            helps=(
                f"give the beginning of their names:  --data {path / names[0].split('-')[0]}",
                "or say it of each:  --map image=NAME,label=NAME",
            ),
        )
    return Found(files, images, labels, pictures=True)


def _roles(names: list[str]) -> tuple[str | None, str | None]:
    """Return the one name of images and the one name of labels."""
    images = [name for name in names if "image" in name.lower()]
    labels = [name for name in names if "label" in name.lower()]
    return (
        images[0] if len(images) == 1 else None,
        labels[0] if len(labels) == 1 else None,
    )


def _images(path: Path, request: Request) -> Found:
    from dslc_runtime.images import decode_all, list_images

    port = request.images()
    if port is None:
        takes = ", ".join(port.name for port in request.ports)
        raise UserFault(
            f"{path}: a folder of images is for a net with one input of images; this takes {takes}"
        )
    listing = list_images(path)
    labels = np.array([number for _, number in listing.files])
    return Found(
        {"image": decode_all(listing, port), "label": labels},
        "image",
        "label",
        lambda sample: str(listing.files[sample][0]),
    )


def as_images(array: Array, port: Port) -> Array:
    """Give pictures [N, H, W] the axes that a net takes: [N, 1, H, W], or [N, H*W]."""
    if array.ndim == 3 and len(port.shape) == 4 and port.shape[1] == 1:
        return array[:, np.newaxis]
    if array.ndim == 3 and len(port.shape) == 2:
        return array.reshape(len(array), -1)
    return array
