"""Two readings of a number or list that stands first in a call: a setting, or the value the call works on.

`pad(2, 1)` has two settings and works on what flows; in `unsqueeze(range(5), 1)` the list would fit the setting, but
the number behind it then has no place: the list is the value.
"""

from __future__ import annotations

from collections.abc import Sequence

from dslc.elaborate import conversion
from dslc.elaborate.conversion import NOTHING
from dslc.elaborate.scope import Entity, Frame
from dslc.elaborate.settings import convert_entity
from dslc.operation import SettingInfo
from dslc.syntax import tree


def fits(entity: Entity, info: SettingInfo, frame: Frame) -> bool:
    """Tell whether a static value can be a setting."""
    return convert_entity(entity, info.annotation, frame) is not NOTHING


def is_setting(
    entity: Entity,
    argument: tree.Argument,
    arguments: Sequence[tree.Argument],
    free: Sequence[SettingInfo],
    frame: Frame,
) -> bool:
    """Tell whether a static argument is the first of the `free` settings, by what it is and what stands behind it."""
    fitting = fits(entity, free[0], frame)
    named = {other.name.text for other in arguments if other.name}
    unnamed = [info for info in free if info.name not in named]
    index = next(i for i, other in enumerate(arguments) if other is argument)
    behind = [other.value for other in arguments[index + 1 :] if other.name is None]
    if fitting and unnamed[:1] == free[:1] and _fit(behind, unnamed[1:], frame):
        return True
    lacking = any(conversion.required(info) for info in unnamed[len(behind) :])
    if _fit(behind, unnamed, frame) and not lacking:
        return False
    return fitting or conversion.required(free[0])


def _fit(nodes: Sequence[tree.Expression], free: Sequence[SettingInfo], frame: Frame) -> bool:
    """Tell whether arguments may be these settings, as far as it is seen before they are evaluated."""
    pairs = zip(nodes, free, strict=False)
    return len(nodes) <= len(free) and all(_may_be(node, info, frame) for node, info in pairs)


def _may_be(node: tree.Expression, info: SettingInfo, frame: Frame) -> bool:
    return not isinstance(node, tree.Number | tree.Boolean) or fits(node.value, info, frame)
