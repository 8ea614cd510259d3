"""Reading specs: regular files of a sane size, in UTF-8, imports confined to the folder of the first spec."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dslc_runtime.errors import FileFault, RuntimeFault, UserFault

from dslc.errors import CompileError, Diagnostic, Label
from dslc.operation import Array
from dslc.source import Source, Span
from dslc.syntax import limits

if TYPE_CHECKING:
    from dslc.compile import Options, Section

Warn = Callable[[Sequence[Diagnostic]], None]
"""Where warnings go."""


@dataclass(frozen=True)
class Spec:
    """A spec that was read, with what was said beside it; `warn` is told the warnings."""

    path: Path
    source: Source
    options: Options
    warn: Warn

    @property
    def name(self) -> str:
        """What the outputs are called: `lenet5` for `lenet5.net`."""
        return self.path.stem

    def sections(self) -> tuple[Section, ...]:
        """Return the net once for each of its train sections, for training and for inference.

        Errors: CompileError, LimitError.
        """
        from dslc.compile import sections_of, warnings_of

        found = sections_of(self.source, self.options)
        self.warn(warnings_of(found))
        return found


def open_spec(
    path: str, settings: Sequence[str], net: str | None, warn: Warn = lambda warnings: None
) -> Spec:
    """Read a spec and take the `--set` values apart.

    Errors: UserFault where a value is not `name=value`; what `read_spec` refuses.
    """
    from dslc.compile import Options

    parts: dict[str, str] = {}
    for text in settings:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UserFault(f"--set {text}: write it as name=value, for example --set classes=37")
        parts[name.strip()] = value.strip()
    file = Path(path)
    root = file.parent
    options = Options(parts, net, importer(root), weights_reader(root))
    return Spec(file, read_spec(file), options, warn)


def read_spec(path: Path) -> Source:
    """Read a `.net` file.

    Errors: FileFault (exit 4) where it is not a readable regular file, CompileError where it is no UTF-8 text.
    """
    try:
        return source_of(path, _read(path))
    except OSError as error:
        whole = path.with_name(f"{path.name}.net")
        is_meant = error.errno == errno.ENOENT and not path.suffix and whole.is_file()
        helps = (f"did you mean {whole}?",) if is_meant else ()
        raise FileFault(f"{path}: {error.strerror}", helps=helps) from None


def _read(path: Path) -> bytes:
    """Return the bytes of a regular file; of one that is too long only the beginning."""
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return file.read(limits.FILE_BYTES + 1)


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
        return source_of(wanted, _read(wanted))

    return load


def weights_reader(root: Path) -> Callable[[str, str], Mapping[str, Array]]:
    """Return how files of weights that a spec names are read: as imports are, each once.

    What it returns raises OSError with the reason where a file cannot be read or holds no weights.
    """
    confined = root.resolve()

    @cache
    def read(place: Path) -> Mapping[str, Array]:
        from dslc_runtime.weights import read_weights

        if not place.resolve().is_relative_to(confined):
            raise PermissionError(errno.EACCES, "it leads out of the folder of the spec")
        try:
            return read_weights(place)
        except RuntimeFault as fault:
            said = fault.message.removeprefix(f"{place}: ")
            raise OSError(errno.EINVAL, "; ".join([said, *fault.facts])) from fault

    return lambda path, spec: read(Path(spec).parent / path)
