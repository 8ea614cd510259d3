"""Read .npy and .npz files that may be damaged or hostile.

What a header claims is compared with the size of the file before anything is allocated; nothing is
unpickled. NumPy's own reader is not used: on such files it raises errors of many kinds, and it
takes the last of two arrays of one name. Big-endian and Fortran-ordered arrays are fine.
"""

from __future__ import annotations

import contextlib
import lzma
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from dslc_runtime.errors import LimitFault, UserFault, file_fault, size_text
from dslc_runtime.files import open_regular
from dslc_runtime.memory import check_array

Array = np.ndarray[Any, Any]

_MAGIC = b"\x93NUMPY"
_HEADER_LIMIT = 10_000
_RANK_LIMIT = 32
_CHUNK = 1 << 24

RATIO = 200
"""How far a member of an .npz may be compressed; small ones (see `SMALL`) any amount."""

SMALL = 1 << 24
"""Bytes that a member may unpack to whatever its compression."""

MEMBERS = 100_000
"""Arrays in an .npz that are accepted."""

_ENTRY = (
    r"'descr':'(?P<descr{0}>[^']*)'"
    r"|'fortran_order':(?P<order{0}>True|False)"
    r"|'shape':\((?P<shape{0}>[\d,]*)\)"
)
_HEADER = re.compile(r"\{" + ",".join(f"(?:{_ENTRY.format(i)})" for i in range(3)) + r",?\}")
_DTYPE = re.compile(r"[<>|=]?(?:[iu][1248]|f[248]|b1|\?)")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Header:
    """What an array file says about its content, which starts at byte `offset`."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    offset: int

    @property
    def size(self) -> int:
        """The bytes of the content."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes], place: str) -> Header:
    """Read the header of an .npy file; `place` is what messages call the file.

    Errors: UserFault.
    """
    start = file.read(8)
    if len(start) < 8 or not start.startswith(_MAGIC):
        if start[:1] in (b"\x80", b"(", b"c"):
            raise UserFault(f"{place}: this is a pickle, and pickles are never loaded")
        raise UserFault(f"{place}: this is not an .npy file")
    version, width = start[6], 2 if start[6] == 1 else 4
    length_bytes = file.read(width)
    if version not in (1, 2, 3) or len(length_bytes) < width:
        raise UserFault(f"{place}: its .npy header is cut off or of an unknown version")
    length = int.from_bytes(length_bytes, "little")
    if length > _HEADER_LIMIT:
        raise UserFault(
            f"{place}: its .npy header claims {length} bytes; {_HEADER_LIMIT} is the most"
        )
    text = file.read(length)
    if len(text) < length:
        raise UserFault(f"{place}: its .npy header is cut off")
    dtype, shape, fortran = _parse_header(text, place)
    return Header(dtype, shape, fortran, 8 + width + length)


def _parse_header(text: bytes, place: str) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    match = _HEADER.fullmatch("".join(text.decode("latin-1").split()))
    found: dict[str, str] = {}
    for key, value in match.groupdict().items() if match else ():
        if value is not None:
            found[key[:-1]] = value
    if len(found) != 3:
        raise UserFault(
            f"{place}: its .npy header is not that of an array of numbers",
            helps=("save plain arrays; a structured one has several fields per element",),
        )
    if "O" in found["descr"]:
        raise UserFault(
            f"{place}: it holds Python objects as a pickle, and pickles are never loaded",
            helps=("save an array of numbers",),
        )
    if not _DTYPE.fullmatch(found["descr"]):
        raise UserFault(
            f"{place}: its elements are `{found['descr']}`; numbers and booleans are read"
        )
    return np.dtype(found["descr"]), _shape(found["shape"], place), found["order"] == "True"


def _shape(text: str, place: str) -> tuple[int, ...]:
    parts = [part for part in text.split(",") if part]
    if len(parts) > _RANK_LIMIT or any(len(part) > 18 for part in parts):
        raise UserFault(f"{place}: its shape ({text}) is beyond any array")
    return tuple(int(part) for part in parts)


def open_npy(path: Path) -> Array:
    """Return the array in an .npy file, mapped: its parts are read when they are used."""
    try:
        with open_regular(path) as file:
            header = read_header(file, str(path))
            size = file.seek(0, 2)
    except OSError as error:
        raise file_fault("read", path, error) from error
    _check_size(header, size - header.offset, str(path))
    order: Literal["C", "F"] = "F" if header.fortran else "C"
    if header.size == 0:
        return np.zeros(header.shape, header.dtype)
    mapped: Array = np.memmap(
        path, dtype=header.dtype, mode="r", offset=header.offset, shape=header.shape, order=order
    )
    return mapped


def _check_size(header: Header, available: int, place: str) -> None:
    if header.size != available:
        raise UserFault(
            f"{place}: its header and its size disagree",
            facts=(
                f"{header.dtype} {list(header.shape)} takes {header.size} bytes",
                f"{available} bytes are there",
            ),
        )


class Npz(Mapping[str, Array]):
    """The arrays in an .npz file, each read when it is asked for.

    Errors: UserFault for a file that is damaged or holds two arrays of one name; LimitFault for one
    that unpacks to more than `RATIO` times its size, or to more than the memory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as archive:
            self._members = self._list(archive)

    @contextlib.contextmanager
    def _open(self) -> Iterator[zipfile.ZipFile]:
        with open_regular(self.path) as file:
            try:
                archive = zipfile.ZipFile(file)
            except OSError as error:
                raise file_fault("read", self.path, error) from error
            except _BROKEN as error:
                raise UserFault(
                    f"{self.path}: this is not an .npz file, or a damaged one"
                ) from error
            with archive:
                yield archive

    def _list(self, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        if len(archive.filelist) > MEMBERS:
            raise LimitFault(
                f"{self.path}: it holds {len(archive.filelist)} arrays; {MEMBERS} is the most"
            )
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if info.filename == name or "/" in name or "\\" in name or name.startswith("."):
                raise UserFault(f"{self.path}: `{info.filename}` is not an array")
            if name in members:
                raise UserFault(f"{self.path}: it holds two arrays named `{name}`")
            if info.flag_bits & 1:
                raise UserFault(f"{self.path}: `{name}` is encrypted")
            members[name] = info
        return members

    def __getitem__(self, name: str) -> Array:
        info = self._members[name]
        place = f"{self.path}: `{name}`"
        if info.file_size > SMALL and info.file_size > RATIO * max(info.compress_size, 1):
            raise LimitFault(
                f"{place} unpacks from {size_text(info.compress_size)} "
                f"to {size_text(info.file_size)}; {RATIO} to 1 is the most",
                helps=("save it without compression: `np.savez`",),
            )
        try:
            with self._open() as archive, archive.open(info) as member:
                header = read_header(member, place)
                _check_size(header, info.file_size - header.offset, place)
                check_array(place, header.size)
                return _read_content(member, header)
        except OSError as error:
            raise file_fault("read", self.path, error) from error
        except _BROKEN as error:
            raise UserFault(f"{place} is damaged: {error}") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def _read_content(member: IO[bytes], header: Header) -> Array:
    content = bytearray(header.size)
    view, at = memoryview(content), 0
    while at < header.size:
        part = member.read(min(_CHUNK, header.size - at))
        if not part:
            raise EOFError(f"{header.size - at} bytes are missing")
        view[at : at + len(part)] = part
        at += len(part)
    member.read(1)  # the end of the member: only there its checksum is compared
    flat: Array = np.frombuffer(content, header.dtype)
    return flat.reshape(header.shape, order="F" if header.fortran else "C")
