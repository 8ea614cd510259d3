"""Read idx files, the form in which MNIST and its relatives are published, packed by gzip or not.

A file is two zero bytes, a code for the element type, the number of dimensions, the dimensions as
32-bit numbers with the high byte first, and the elements. What the header claims is compared with
the size of the file before anything is allocated.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from dslc_runtime.errors import LimitFault, UserFault, file_fault, size_text
from dslc_runtime.files import open_regular
from dslc_runtime.memory import check_array
from dslc_runtime.npy import RATIO, SMALL

Array = np.ndarray[Any, Any]

NAME = re.compile(r"(?P<name>.+?)[-.]idx\d?(?:-[a-z]+)?(?P<packed>\.gz)?", re.IGNORECASE)
"""`train-images-idx3-ubyte.gz` and how else such files are called."""

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_RANK_LIMIT = 8
_BROKEN = (gzip.BadGzipFile, zlib.error, EOFError)


@dataclass(frozen=True, slots=True)
class Header:
    """What an idx file says about its elements."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def offset(self) -> int:
        """Where the elements start."""
        return 4 + 4 * len(self.shape)

    @property
    def size(self) -> int:
        """The bytes of the elements."""
        return math.prod(self.shape) * self.dtype.itemsize

    def claim(self) -> str:
        """Say what the header promises."""
        return f"{self.dtype.name} {list(self.shape)} takes {self.size} bytes from offset {self.offset}"


def name_of(path: Path) -> str | None:
    """Return what the array in an idx file is called: `train-images`; None for other files."""
    match = NAME.fullmatch(path.name)
    return match["name"] if match else None


def open_idx(path: Path) -> Array:
    """Return the array in an idx file: mapped where it is plain, in memory where it is packed.

    Errors: FileFault; UserFault with the offset; LimitFault for one that unpacks to far too much.
    """
    with open_regular(path) as file:
        start = file.read(2)
        file.seek(0)
        try:
            return _unpack(file, path) if start == b"\x1f\x8b" else _map(file, path)
        except _BROKEN as error:
            raise UserFault(f"{path}: it is packed by gzip, and damaged: {error}") from error
        except OSError as error:
            raise file_fault("read", path, error) from error


def _map(file: IO[bytes], path: Path) -> Array:
    header = read_header(file, path)
    available = file.seek(0, 2) - header.offset
    if available != header.size:
        raise _size_fault(header, f"{available} bytes are there", path)
    if header.size == 0:
        return np.zeros(header.shape, header.dtype)
    return np.memmap(path, header.dtype, "r", header.offset, header.shape)


def _unpack(file: IO[bytes], path: Path) -> Array:
    packed = file.seek(0, 2)
    file.seek(0)
    with gzip.GzipFile(fileobj=file) as content:
        header = read_header(content, path)
        if header.size > SMALL and header.size > RATIO * packed:
            raise LimitFault(
                f"{path} would unpack from {size_text(packed)} to {size_text(header.size)}; "
                f"{RATIO} to 1 is the most",
                helps=("unpack it: plain idx files are read part by part",),
            )
        check_array(str(path), header.size)
        data, found = bytearray(header.size), 0
        while found < header.size:
            more = content.readinto(memoryview(data)[found:])
            if not more:
                raise _size_fault(header, f"{found} bytes are there", path)
            found += more
        if content.read(1):  # to the end, where the checksum is
            raise _size_fault(header, "more bytes are there", path)
    return np.frombuffer(data, header.dtype).reshape(header.shape)


def read_header(file: IO[bytes] | gzip.GzipFile, path: Path) -> Header:
    """Read the header of an idx file. Errors: UserFault, with the offset."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not start[3]:
        raise UserFault(
            f"{path}: offset 0: this is not an idx file: it starts with {start.hex(' ') or 'nothing'}",
            facts=("images start with 00 00 08 03, labels with 00 00 08 01",),
        )
    rank = start[3]
    if rank > _RANK_LIMIT:
        raise UserFault(f"{path}: offset 3: {rank} dimensions; {_RANK_LIMIT} is the most")
    sizes = file.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise UserFault(f"{path}: offset {4 + len(sizes)}: the file ends within its dimensions")
    shape = tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, 4 * rank, 4))
    return Header(np.dtype(_TYPES[start[2]]), shape)


def _size_fault(header: Header, found: str, path: Path) -> UserFault:
    return UserFault(
        f"{path}: offset 4: its dimensions and its size disagree", facts=(header.claim(), found)
    )


class IdxFiles(Mapping[str, Array]):
    """The idx files of a folder by name, each opened when it is asked for.

    Of a file that is there packed and unpacked, the unpacked one is taken.
    """

    def __init__(self, folder: Path, beginning: str = "") -> None:
        self.paths: dict[str, Path] = {}
        for path in sorted(folder.iterdir()):
            name = name_of(path)
            if name is not None and name.startswith(beginning):
                self.paths.setdefault(name, path)

    def __getitem__(self, name: str) -> Array:
        return open_idx(self.paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)
