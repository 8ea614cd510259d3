"""Reading specs: regular files of a sane size, in UTF-8, imports confined to the folder of the first spec."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from dslc.cli.errors import FileFault
from dslc.errors import CompileError, Diagnostic, Label
from dslc.source import Source, Span
from dslc.syntax import limits


def read_spec(path: Path) -> Source:
    """Read a `.net` file.

    Errors: FileFault (exit 4) where it is not a readable regular file, CompileError where it is no UTF-8 text.
    Of a file that is too long only the beginning is read.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileFault(f"{path}: not a regular file", reason="not a regular file")
            data = file.read(limits.FILE_BYTES + 1)
    except OSError as error:
        raise FileFault(f"{path}: {error.strerror}", reason=str(error.strerror)) from None
    return source_of(path, data)


def source_of(path: Path, data: bytes) -> Source:
    """Return the source that some bytes are. Errors: CompileError where they are no UTF-8 text."""
    if len(data) > limits.FILE_BYTES:  # the parser refuses it, with the place
        return Source(str(path), data.decode("utf-8", "replace"))
    return Source(str(path), _decode(path, data))


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe at once, whether anybody writes to it or not: it is refused then."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _decode(path: Path, data: bytes) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        # The readable part is shown; what cannot be read becomes U+FFFD.
        before = data[: error.start].decode("utf-8").replace("\r\n", "\n")
        text = before + data[error.start :].decode("utf-8", "replace").replace("\r\n", "\n")
        place = Span(Source(str(path), text), len(before), len(before) + 1)
        what = f"byte 0x{data[error.start]:02x} at offset {error.start}"
        raise CompileError(
            [
                Diagnostic(
                    "E0103",
                    "this is not text in UTF-8",
                    Label(place, what),
                    helps=("save the file as UTF-8",),
                )
            ]
        ) from None


def importer(root: Path) -> Callable[[str, str], Source]:
    """Return how imports are read: relative to the importing file, and never from outside `root`.

    What it returns raises OSError with the reason where a file cannot be read; what `read_spec` says of its content.
    """
    confined = root.resolve()

    def load(path: str, importing: str) -> Source:
        wanted = Path(importing).parent / path
        if not wanted.resolve().is_relative_to(confined):
            raise PermissionError(errno.EACCES, "it leads out of the folder of the spec")
        try:
            return read_spec(wanted)
        except FileFault as error:
            raise FileNotFoundError(errno.ENOENT, error.reason) from error

    return load
