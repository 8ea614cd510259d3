"""Read .csv files: a header, then a line for each sample.

A number (`t: float32[N]`) is one column. A vector or an image is a group of numbered columns (`x0`,
`x1`, ... or `pixel1`, ...), or the columns from one to another, `--map x=first..last`.
"""

from __future__ import annotations

import csv
import difflib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from dslc_runtime import guesses
from dslc_runtime.errors import LimitFault, UserFault
from dslc_runtime.files import open_regular
from dslc_runtime.memory import check_array
from dslc_runtime.metadata import Port

Array = np.ndarray[Any, Any]
Row = tuple[int, list[str]]

LINE_CHARACTERS = 1 << 24
"""Characters of a line that are accepted."""

_ROWS = 1024
_NUMBERED = re.compile(r"(.*?)[ _.\[]?(0|[1-9][0-9]{0,8})\]?")
_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\s*")
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns make the array of a port."""

    port: Port
    numbers: tuple[int, ...]

    @property
    def picks(self) -> slice | None:
        """The columns as a slice, where they stand side by side."""
        first, last = self.numbers[0], self.numbers[-1] + 1
        return slice(first, last) if self.numbers == tuple(range(first, last)) else None


@dataclass(frozen=True, slots=True)
class Table:
    """The arrays of a file by the names that were asked for; `lines` holds the line of each sample."""

    arrays: Mapping[str, Array]
    lines: Array


def read_table(path: Path, ports: tuple[Port, ...], mapping: Mapping[str, str]) -> Table:
    """Return an array for each port, under the name that `mapping` gives it or its own.

    Errors: FileFault, LimitFault; UserFault with line and column.
    """
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        rows = _rows(file, path)
        _, header = next(rows, (1, []))
        chosen = _Chooser(path, header, ports, mapping).columns()
        check_array(str(path), sum(size // 2 * columns.port.dtype.itemsize for columns in chosen))
        arrays, lines = _read(rows, header, chosen, path)
    names = [mapping.get(columns.port.name, columns.port.name) for columns in chosen]
    return Table(dict(zip(names, arrays, strict=True)), lines)


def _rows(file: IO[bytes], path: Path) -> Iterator[Row]:
    """Yield line number and cells of every row that is not blank."""
    lines = _lines(file, path)
    first = next(lines, "")
    separator = max(",;\t", key=first.count)
    reader = csv.reader(_chain(first, lines), delimiter=separator)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UserFault(f"{path}:{line}:1: this line cannot be read: {error}") from error
        if cells is None:
            return
        if cells:
            yield line, cells


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _lines(file: IO[bytes], path: Path) -> Iterator[str]:
    number, encoding = 0, "utf-8-sig"
    while line := file.readline(LINE_CHARACTERS + 1):
        number += 1
        if len(line) > LINE_CHARACTERS:
            raise LimitFault(f"{path}:{number}:1: this line is longer than {LINE_CHARACTERS} bytes")
        yield line.decode(encoding, "replace").replace("\r", "")
        encoding = "utf-8"


class _Chooser:
    """Finds the columns of each port in a header."""

    def __init__(
        self, path: Path, header: list[str], ports: tuple[Port, ...], mapping: Mapping[str, str]
    ) -> None:
        self.path, self.ports, self.mapping = path, ports, mapping
        self.header = [name.strip() for name in header]
        self.places: dict[str, int] = {}
        for number, name in enumerate(self.header):
            if name in self.places and name:
                place = f"{path}:1:{number + 1}"
                raise UserFault(f"{place}: there are two columns named `{name}`")
            self.places[name] = number
        self.groups = self._grouped()
        if not header or all(_NUMBER.fullmatch(name) for name in self.header):
            raise UserFault(
                f"{path}:1:1: the first line is no header",
                helps=("name the columns in the first line:  x0,x1,x2,label",),
            )

    def _grouped(self) -> dict[str, dict[int, int]]:
        """Return name of a group -> number of a column in it -> where that column stands."""
        groups: dict[str, dict[int, int]] = {}
        for name, place in self.places.items():
            match = _NUMBERED.fullmatch(name)
            if match:
                groups.setdefault(match[1], {}).setdefault(int(match[2]), place)
        return groups

    def columns(self) -> list[Columns]:
        return [Columns(port, self._of(port)) for port in self.ports]

    def _of(self, port: Port) -> tuple[int, ...]:
        name = self.mapping.get(port.name, port.name)
        first, dots, last = name.partition("..")
        if dots:
            return self._between(port, first.strip(), last.strip())
        if name in self.places and (len(port.shape) == 1 or self._count(port) == 1):
            return (self.places[name],)
        if len(port.shape) == 1:
            raise self._missing(port, name)
        if name in self.groups:
            return self._group(port, name)
        others = [group for group, found in self.groups.items() if len(found) == self._count(port)]
        vectors = [port for port in self.ports if len(port.shape) > 1]
        if port.name not in self.mapping and len(others) == len(vectors) == 1:
            return self._group(port, others[0])
        raise self._missing(port, name)

    def _count(self, port: Port) -> int:
        sizes = [size for size in port.shape[1:] if isinstance(size, int)]
        if len(sizes) != len(port.shape) - 1:
            raise UserFault(
                f"{self.path}:1:1: `{port.name}` has a size that is not known, "
                "so its columns cannot be counted"
            )
        return math.prod(sizes)

    def _between(self, port: Port, first: str, last: str) -> tuple[int, ...]:
        for name in (first, last):
            if name not in self.places:
                raise self._missing(port, name)
        found = tuple(range(self.places[first], self.places[last] + 1))
        return self._counted(port, found, f"{first}..{last}")

    def _group(self, port: Port, name: str) -> tuple[int, ...]:
        group = self.groups[name]
        start = min(group)
        for number in range(start, start + len(group)):
            if number not in group:
                raise UserFault(
                    f"{self.path}:1:1: the columns `{name}` go from {start} to {max(group)}, "
                    f"and {number} is missing"
                )
        if start > 1:
            raise UserFault(
                f"{self.path}:1:{group[start] + 1}: the columns `{name}` begin with {start}, "
                "and 0 or 1 is expected"
            )
        return self._counted(port, tuple(group[number] for number in sorted(group)), name)

    def _counted(self, port: Port, found: tuple[int, ...], name: str) -> tuple[int, ...]:
        if len(found) != self._count(port):
            shape = ", ".join(str(size) for size in port.shape)
            raise UserFault(
                f"{self.path}:1:1: `{name}` has {len(found)} columns, "
                f"and `{port.name}` takes {self._count(port)}",
                facts=(f"`{port.name}` is {port.dtype.name}[{shape}]",),
            )
        return found

    def _missing(self, port: Port, name: str) -> UserFault:
        shown = ", ".join(self.header[:_SHOWN]) + (", ..." if len(self.header) > _SHOWN else "")
        is_vector = len(port.shape) > 1
        count = self._count(port) if is_vector else 1
        what = f"is no column `{name}`"
        if is_vector and name in self.places:
            what = f"are {count} columns in `{port.name}`, and `{name}` is one"
        elif is_vector:
            what = f"are no columns `{name}0`, `{name}1`, ... and no column `{name}`"
        return UserFault(
            f"{self.path}:1:1: there {what}",
            facts=(f"its {len(self.header)} columns: {shown}",),
            helps=self._helps(port, name, count),
        )

    def _helps(self, port: Port, name: str, count: int) -> list[str]:
        guessed = guesses.columns(self.header, self.ports, self.mapping, port, name, count)
        if guessed:
            return [f"`--map {guessed}` takes what fits"]
        known = [one for one in (*self.places, *self.groups) if one != name]
        helps = [
            f"`--map {port.name}={close}` takes that one"
            for close in difflib.get_close_matches(name, known, 1)
        ]
        if len(port.shape) > 1:
            helps.append(f"`--map {port.name}=FIRST..LAST` takes the columns from one to another")
        return helps


def _read(
    rows: Iterator[Row], header: list[str], chosen: list[Columns], path: Path
) -> tuple[list[Array], Array]:
    parts: list[list[Array]] = [[] for _ in chosen]
    lines: list[int] = []
    while part := list(islice(rows, _ROWS)):
        for line, cells in part:
            if len(cells) != len(header):
                raise UserFault(
                    f"{path}:{line}:{min(len(cells), len(header)) + 1}: "
                    f"this line has {len(cells)} columns, and the header has {len(header)}"
                )
            lines.append(line)
        for columns, found in zip(chosen, parts, strict=True):
            found.append(_array(part, columns, header, path))
    if not lines:
        raise UserFault(f"{path}:1:1: there are no samples below the header")
    return [np.concatenate(found) for found in parts], np.array(lines)


def _array(part: list[Row], columns: Columns, header: list[str], path: Path) -> Array:
    """Return the numbers of some columns in some rows."""
    array = np.empty((len(part), len(columns.numbers)), columns.port.dtype)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is found later
        _fill(array, part, columns, header, path)
    sizes = [size for size in columns.port.shape[1:] if isinstance(size, int)]
    return array.reshape(len(part), *sizes)


def _fill(array: Array, part: list[Row], columns: Columns, header: list[str], path: Path) -> None:
    dtype, picks = array.dtype, columns.picks
    for index, (line, cells) in enumerate(part):
        mine = cells[picks] if picks else [cells[number] for number in columns.numbers]
        try:
            array[index] = _quick(mine, dtype)
        except (ValueError, OverflowError):
            array[index] = [
                _number(text, dtype, f"{path}:{line}:{number + 1}", header[number])
                for text, number in zip(mine, columns.numbers, strict=True)
            ]


def _quick(cells: list[str], dtype: np.dtype[Any]) -> list[Any]:
    """Convert cells that are plain numbers; ValueError where a closer look is needed."""
    text = "".join(cells)
    if dtype.kind == "b" or "_" in text or "n" in text or "N" in text or not text.isascii():
        raise ValueError
    return [float(cell) for cell in cells] if dtype.kind == "f" else [int(cell) for cell in cells]


def _number(text: str, dtype: np.dtype[Any], place: str, column: str) -> Any:
    """Convert one cell, or say what is wrong with it (UserFault)."""
    word = text.strip().lower()
    if dtype.kind == "b" and word in ("true", "false", "0", "1"):
        return word in ("true", "1")
    shown = text if len(text) <= 40 else f"{text[:40]}..."
    kind = {"f": "a number", "b": "true or false"}.get(dtype.kind, "a whole number")
    said = f"{place}: `{column}` is `{shown}` here, and {kind} was expected"
    if dtype.kind == "b" or not _NUMBER.fullmatch(text):
        if not word:
            said = f"{place}: `{column}` is empty here, and {kind} was expected"
        raise UserFault(said)
    value = float(text)
    if dtype.kind == "f":
        if not np.isfinite(dtype.type(value)):
            raise UserFault(f"{place}: `{column}` is {shown} here, too large for {dtype.name}")
        return value
    limits = np.iinfo(dtype)
    whole = int(text) if word.lstrip("+-").isdigit() else int(value) if value % 1 == 0 else None
    if whole is None:
        raise UserFault(said)
    if not limits.min <= whole <= limits.max:
        raise UserFault(
            f"{place}: `{column}` is {shown} here; {dtype.name} goes from {limits.min} "
            f"to {limits.max}"
        )
    return whole
