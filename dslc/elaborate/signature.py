"""What a call takes, and a call with its arguments in their places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dslc.elaborate import conversion
from dslc.elaborate.scope import (
    Entity,
)
from dslc.operation import SettingInfo, ValueInfo
from dslc.source import Span
from dslc.types import default_text


@dataclass(frozen=True)
class Signature:
    """What a call takes. `implicit`: a block without data inputs, whose rows take the flow themselves.

    `own` are the settings that every block has, which only their names can give: `weights` and `recompute`.
    """

    name: str
    values: tuple[ValueInfo, ...]
    settings: tuple[SettingInfo, ...]
    text: str
    implicit: bool = False
    own: tuple[SettingInfo, ...] = ()

    @property
    def variadic(self) -> bool:
        return any(value.variadic for value in self.values)

    def setting(self, name: str) -> SettingInfo | None:
        return next((info for info in (*self.settings, *self.own) if info.name == name), None)

    def value_index(self, name: str) -> int | None:
        names = [value.name for value in self.values if not value.variadic]
        return names.index(name) if name in names and not self.implicit else None


@dataclass
class Bound:
    """A call with its arguments in their places; `spans` say where each setting is written.

    `own` holds what a call of a block says of the block as a whole.
    """

    span: Span
    values: list[Entity | None] = field(default_factory=list)
    value_spans: list[Span | None] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    failed: bool = False
    own: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Flow:
    """What flows into a call: `piped` by an arrow, else by the row above, which only fills what is lacking."""

    entity: Entity | None = None
    piped: bool = False


NO_FLOW = Flow()


def plain_signature(family: type, name: str) -> Signature:
    """Return the signature of something that takes settings only."""
    settings = conversion.settings_of(family)
    shown = ", ".join(
        info.name if conversion.required(info) else f"{info.name}={default_text(info.default)}"
        for info in settings
    )
    return Signature(name, (), settings, f"{name}({shown})")
