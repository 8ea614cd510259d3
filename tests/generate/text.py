"""Calls as the language writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any

from dslc.types import DType, Size


class Quoted(str):
    """A string that stands in quotes; other strings are words."""


def setting_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "none"
    if isinstance(value, Quoted):
        return f'"{value}"'
    if isinstance(value, Size):
        sizes = value.sizes
        return str(value) if len(sizes) in (1, 2, 3) else f"[{', '.join(map(str, sizes))}]"
    if isinstance(value, tuple):
        return f"[{', '.join(setting_text(item) for item in value)}]"
    if isinstance(value, DType):
        return value.value
    return str(value)


def call_text(
    name: str,
    spelled: Callable[[Sequence[str], dict[str, Any]], str] | None,
    values: Sequence[str],
    settings: dict[str, Any],
    *,
    flow: bool,
) -> str:
    if spelled is not None:
        return spelled(values, settings)
    parts = [*(values[1:] if flow else values)]
    parts += [f"{key}={setting_text(value)}" for key, value in settings.items()]
    return f"{name}({', '.join(parts)})" if parts else (name if flow else f"{name}()")


def infix(sign: str) -> Callable[[Sequence[str], dict[str, Any]], str]:
    return lambda values, settings: f"{values[0]} {sign} {values[1]}"


def subscript(values: Sequence[str], settings: dict[str, Any]) -> str:
    return f"{values[0]}[{', '.join(_place(item) for item in settings['items'])}]"


def _place(item: int | slice | EllipsisType) -> str:
    if item is ...:
        return "..."
    if isinstance(item, slice):
        low = "" if item.start is None else str(item.start)
        high = "" if item.stop is None else str(item.stop)
        return f"{low}:{high}"
    return str(item)
