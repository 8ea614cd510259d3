"""Reading specs: regular files of a sane size, in UTF-8, imports confined to the folder of the first spec."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from dslc.cli.errors import FileFault, UsageFault
from dslc.source import Source

LARGEST_SPEC = 1 << 20
"""Bytes of one `.net` file."""


def read_spec(path: Path) -> Source:
    """Read a `.net` file.

    Errors: FileFault (exit 4) where it is not a readable regular file, UsageFault (2) where it is no UTF-8 text or
    (3) longer than a spec may be.
    """
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileFault(f"{path}: not a regular file")
            data = file.read(LARGEST_SPEC + 1)
    except OSError as error:
        raise FileFault(f"{path}: {error.strerror}") from None
    if len(data) > LARGEST_SPEC:
        raise UsageFault(f"{path}: a spec may have at most {LARGEST_SPEC} bytes", exit_code=3)
    return Source(str(path), _decode(path, data))


def _decode(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        place = f"{path}:{line}:{column}"
        raise UsageFault(
            f"{place}: error[E0103]: byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8 text"
        ) from None


def importer(root: Path) -> Callable[[str, str], Source]:
    """Return how imports are read: relative to the importing file, and never from outside `root`."""
    confined = root.resolve()

    def load(path: str, importing: str) -> Source:
        wanted = Path(importing).parent / path
        resolved = wanted.resolve()
        if not resolved.is_relative_to(confined):
            raise FileFault(f"{path}: outside the folder of the spec", exit_code=2)
        return read_spec(wanted)

    return load
