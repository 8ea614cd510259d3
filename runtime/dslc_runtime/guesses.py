"""Which arrays or columns may be meant, where those that a net takes are not there: as what `--map` says."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime.checks import agree
from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import Port

Array = np.ndarray[Any, Any]


def no_array(
    names: Mapping[str, str], ports: Iterable[Port], found: Mapping[str, Array], path: Path
) -> UserFault:
    """Say which array is not there, and which ones may be meant: by their names, else by what fits."""
    lacking = [port for port in ports if names[port.name] not in found]
    free = [name for name in found if name not in names.values()]
    meant: dict[str, str] = {}
    for port in lacking:
        close = difflib.get_close_matches(names[port.name], free, 1)
        alike = close or [name for name in free if _may_be(found[name], port)]
        if len(alike) == 1:
            meant[port.name] = alike[0]
            free.remove(alike[0])
    rest = [port for port in lacking if port.name not in meant]
    if len(rest) == len(free) == 1:
        meant[rest[0].name] = free[0]
    pairs = ",".join(f"{name}={array}" for name, array in meant.items())
    return UserFault(
        f"{path}: there is no array `{names[lacking[0].name]}`",
        facts=(f"it holds {', '.join(found) or 'no arrays'}",),
        helps=(f"`--map {pairs}` takes what fits",) if pairs else (),
    )


def _may_be(array: Array, port: Port) -> bool:
    """Tell whether an array has as many axes as a port and sizes like it; class numbers are whole."""
    whole = array.dtype.kind in "iub" or port.dtype.kind not in "iub"
    return whole and agree(array.shape, port.shape)


def columns(
    header: Sequence[str],
    ports: Sequence[Port],
    mapping: Mapping[str, str],
    port: Port,
    name: str,
    count: int,
) -> str:
    """Return a mapping for `port`, which takes `count` columns and has none called `name`; nothing where it is unclear.

    Columns side by side are a vector, from the one called `name` on if it is there. One that is left is the number that
    is lacking.
    """
    others = [one for one in ports if one is not port]
    claimed = {column for one in others for column in _claimed(header, one, mapping)}
    free = [column for column in header if column and column not in claimed]
    pairs = dict(mapping)
    if len(port.shape) > 1:
        run = free[free.index(name) if name in free else 0 :][:count]
        start = header.index(run[0]) if run else 0
        if len(run) < count or run != list(header[start : start + count]):
            return ""
        pairs[port.name] = run[0] if count == 1 else f"{run[0]}..{run[-1]}"
        free = [column for column in free if column not in run]
    lacking = [one for one in ports if one.name not in pairs and not _claimed(header, one, pairs)]
    if len(lacking) == len(free) == 1 and len(lacking[0].shape) == 1:
        pairs[lacking[0].name] = free[0]
    elif lacking:
        return ""
    return ",".join(f"{one}={written}" for one, written in pairs.items())


def _claimed(header: Sequence[str], port: Port, mapping: Mapping[str, str]) -> list[str]:
    """Return the columns that a port is known to take."""
    first, dots, last = mapping.get(port.name, port.name).partition("..")
    if dots and first in header and last in header:
        return list(header[header.index(first) : header.index(last) + 1])
    return [first] if first in header else []
