"""`dslc fmt`: specs in the canonical layout, on their place or from standard input to standard output."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click
from dslc_runtime import files
from dslc_runtime.errors import RuntimeFault

from dslc.cli.faults import exit_code_of
from dslc.errors import DslcError
from dslc.format.formatting import format_source
from dslc.render import printable
from dslc.source import Source
from dslc.syntax import limits
from dslc.tasks.reading import importer, read_spec, source_of

STANDARD = "-"
CHANGES = 1


@dataclass(frozen=True)
class Request:
    """What is to be done to each file besides its layout; with `check` nothing is written."""

    check: bool = False
    shapes: bool = False
    fix: bool = False


def run_format(specs: Iterable[str], request: Request) -> int:
    """Format files, and tell of those that change; return the exit code.

    A file with mistakes is left alone; the others are formatted all the same.
    """
    code = 0
    for spec in dict.fromkeys(specs):
        try:
            changes = _stream(request) if spec == STANDARD else _file(Path(spec), request)
        except (DslcError, RuntimeFault, OSError) as error:
            code = max(code, exit_code_of(error))
            continue
        if changes and request.check:
            click.echo(f"{printable(spec)} would change")
            code = max(code, CHANGES)
    return code


def formatted(source: Source, folder: Path, request: Request) -> str:
    """Return the text of a spec as the request wants it; imports are read from `folder`.

    Errors: CompileError.
    """
    if request.fix:
        from dslc.format.foreign import fix_spellings

        source = Source(source.path, fix_spellings(source))
    if request.shapes:
        from dslc.format.shapes import write_shapes

        source = Source(source.path, write_shapes(source, importer(folder)))
    return format_source(source)


def _stream(request: Request) -> bool:
    data = sys.stdin.buffer.read(limits.FILE_BYTES + 1)
    result = _encoded(formatted(source_of(Path("<stdin>"), data), Path(), request), data)
    if not request.check:
        click.echo(result, nl=False)
    return result != data


def _file(path: Path, request: Request) -> bool:
    source = read_spec(path)
    text = formatted(source, path.parent, request)
    data = path.read_bytes()
    result = _encoded(text, data)
    if result == data:
        return False
    if not request.check:
        _write(path.resolve(), result)
        click.echo(f"{printable(str(path))} formatted")
    return True


def _encoded(text: str, before: bytes) -> bytes:
    """Return the bytes of a text; the mark at the beginning of the file and its line ends are kept."""
    first_end = before.find(b"\n")
    if before[first_end - 1 : first_end] == b"\r":
        text = text.replace("\n", "\r\n")
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    return mark + text.encode()


def _write(path: Path, content: bytes) -> None:
    """Write a file that exists, so that a crash leaves the old content or the new; its permissions stay."""
    mode = stat.S_IMODE(path.stat().st_mode)
    files.write(path, content)
    if stat.S_IMODE(path.stat().st_mode) != mode:
        os.chmod(path, mode)
