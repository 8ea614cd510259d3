"""The settings of a train section."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dslc.dims import Expression
from dslc.elaborate import foreign
from dslc.elaborate.arguments import build, setting_value
from dslc.elaborate.conversion import settings_of
from dslc.elaborate.mending import help_with
from dslc.elaborate.modules import leads_out
from dslc.elaborate.scope import Frame, MistakeError, PoisonedError
from dslc.elaborate.suggest import FOREIGN, nearest
from dslc.elaborate.supplies import drawn
from dslc.errors import Label
from dslc.network.network import Input, Supply
from dslc.operation import SettingInfo
from dslc.optimizers.base import Optimizer
from dslc.schedules.base import Schedule
from dslc.source import Span
from dslc.syntax import tree
from dslc.syntax.words import TRAIN_WORDS
from dslc.types import Duration

SETTINGS: Mapping[str, SettingInfo] = {
    info.name: info
    for info in (
        SettingInfo("batch", int, None, {"minimum": 1}),
        SettingInfo("epochs", int, None, {"minimum": 1}),
        SettingInfo("steps", int, None, {"minimum": 1}),
        SettingInfo("validation", float | str, None, {"above": 0, "below": 1}),
        SettingInfo("data", str, None, {}),
        SettingInfo("seed", int, 0, {"minimum": 0, "maximum": 2**63 - 1}),
        SettingInfo("clip_grad_norm", float, None, {"above": 0}),
        SettingInfo("clip_grad_value", float, None, {"above": 0}),
        SettingInfo("accumulate", int, None, {"minimum": 1}),
        SettingInfo("ema", float, None, {"above": 0, "below": 1}),
        SettingInfo("precision", Literal["float32", "float16"], "float32", {}),
        SettingInfo("every", Duration, None, {}),
    )
}
"""The settings that are plain values."""


_SIZE = {"minimum": 1}


@dataclass
class Settings:
    """The settings of a train section as they are read."""

    values: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, tree.Setting] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    supplies: list[Supply] = field(default_factory=list)
    optimizer: Optimizer | None = None
    schedule: Schedule | None = None
    failed: bool = False


def read_settings(section: tree.Train, frame: Frame) -> Settings:
    """Read every setting of a train section; mistakes are reported."""
    settings = Settings()
    for statement in section.statements:
        try:
            if isinstance(statement, tree.Setting):
                _setting(statement, settings, frame)
        except MistakeError as mistake:
            frame.work.report(mistake.diagnostic)
            settings.failed = True
        except PoisonedError:
            settings.failed = True
    return settings


def _setting(node: tree.Setting, settings: Settings, frame: Frame) -> None:
    name = node.name.text
    if name in settings.nodes:
        raise frame.mistake(
            "E0205",
            f"`{name}` is set twice",
            node.name.span,
            "second use",
            others=[Label(settings.nodes[name].name.span, "first use")],
            helps=("keep one of the two lines",),
        )
    settings.nodes[name] = node
    if name in SETTINGS:
        settings.values[name] = _value(SETTINGS[name], node, frame)
    elif name in ("optimizer", "schedule"):
        library = frame.work.library
        families = library.optimizers if name == "optimizer" else library.schedules
        setattr(settings, name, _made(name, families, node, frame))
    else:
        _size_or_supply(node, settings, frame)


def _value(info: SettingInfo, node: tree.Setting, frame: Frame) -> Any:
    from dslc.elaborate.conversion import out_of_range

    if info.name in ("data", "validation") and _is_path(node.value, frame):
        raise _unquoted_path(info.name, node.value, frame)
    value = setting_value(info, node.value, frame, "train")
    broken = out_of_range(value, info)
    if broken is not None:
        raise frame.mistake(
            "E0406", f"`{info.name}` must be {broken}", node.value.span, f"this is {value}"
        )
    if info.name == "every" and (value.unit != "steps" or value.amount < 1 or value.amount % 1):
        raise frame.mistake(
            "E0406",
            "`every` counts the steps of the first train section",
            node.value.span,
            helps=(help_with("for example:", node.value.span, "5 steps"),),
        )
    if info.name in ("data", "validation") and isinstance(value, str):
        _check_path(value, node.value.span, frame)
    return value


def _is_path(node: tree.Expression, frame: Frame) -> bool:
    """Tell whether a path stands there without its quotes: `mnist.npz`, `data/mnist.npz`."""
    while isinstance(node, tree.Attribute | tree.Binary):
        node = node.left if isinstance(node, tree.Binary) else node.value
    return isinstance(node, tree.Name) and frame.scope.find(node.text) is None


def _unquoted_path(name: str, node: tree.Expression, frame: Frame) -> MistakeError:
    help_ = help_with("write it so:", node.span, f'"{node.span.text}"')
    return frame.mistake(
        "E0402",
        f"`{name}` of `train` is a text",
        node.span,
        "its quotes are missing",
        helps=(help_,),
    )


def _check_path(path: str, span: Span, frame: Frame) -> None:
    """Keep what a spec names within its folder; only who runs it may name other data (E0704)."""
    reason = leads_out(path, posixpath.normpath(path))
    if reason is not None:
        raise frame.mistake(
            "E0704",
            "the data that a spec names stay in its folder",
            span,
            reason,
            helps=("give other data on the command line:  --data PATH",),
        )


def _made(kind: str, families: Mapping[str, type], node: tree.Setting, frame: Frame) -> Any:
    """Make the optimizer or schedule that a setting names."""
    call = node.value
    name = call.function if isinstance(call, tree.Call) else call
    if not isinstance(name, tree.Name):
        raise frame.mistake(
            "E0402",
            f"`{kind}` takes one of the {kind}s",
            call.span,
            facts=(_list(kind, families),),
            helps=_unquoted(kind, call, families),
        )
    if name.text not in families:
        known = FOREIGN.get(name.text)
        meant = known if known in families else nearest(name.text, families)
        raise frame.mistake(
            "E0201",
            f"there is no {kind} called `{name.text}`",
            name.span,
            f"did you mean `{meant}`?" if meant else "",
            facts=(_list(kind, families),),
            helps=(help_with("write it so:", name.span, meant),) if meant else (),
        )
    arguments = call.arguments if isinstance(call, tree.Call) else ()
    return build(families[name.text], arguments, frame, call.span, name.text)


def _unquoted(kind: str, node: tree.Expression, families: Mapping[str, type]) -> tuple[str, ...]:
    """Propose the optimizer or schedule that a text names."""
    if not isinstance(node, tree.String):
        return ()
    known = FOREIGN.get(node.value)
    meant = known if known in families else nearest(node.value, families)
    settings = "(lr=0.1)" if kind == "optimizer" else ""
    return (help_with("for example:", node.span, f"{meant}{settings}"),) if meant else ()


def _list(kind: str, families: Mapping[str, type]) -> str:
    return f"{kind}s: {', '.join(families)}"


def _size_or_supply(node: tree.Setting, settings: Settings, frame: Frame) -> None:
    """`T = 64` fixes a free dimension for training; `z = normal()` would supply an input."""
    name = node.name.text
    found = frame.scope.find(name)
    if isinstance(found, Expression):
        info = SettingInfo(name, int, None, _SIZE)
        settings.sizes[name] = _value(info, node, frame)
        return
    if name in frame.made and isinstance(frame.made[name], Input):
        settings.supplies.append(drawn(node, settings.supplies, frame))
        return
    raise _no_setting(node, frame)


def _no_setting(node: tree.Setting, frame: Frame) -> MistakeError:
    """Say that there is no such setting (E0603), and where it belongs if it is one of the optimizer's."""
    name = node.name.text
    own = foreign.ARGUMENTS.get(name, name)
    families = frame.work.library.optimizers.values()
    if name in TRAIN_WORDS:
        text = "this word begins a line of its own"
        line = Span(node.span.source, node.name.span.start, node.value.span.start)
        helps = [f"for example:\n{foreign.LINES[name]}"] if name in foreign.LINES else []
        if name == "freeze":
            helps = [help_with("leave the sign out:", line, f"{name} ")]
    elif name in foreign.LINES or name in foreign.UNSET:
        text = foreign.UNSET.get(name, "this is a line of its own")
        example = foreign.LINES.get(name, "")
        helps = [f"for example:\n{example}"] if example else ["leave this line out"]
    elif any(own in {info.name for info in settings_of(family)} for family in families):
        rate = "" if own == "lr" else "lr=0.1, "
        text = "this belongs to the optimizer"
        made = f"SGD({rate}{own}={node.value.span.text})"
        helps = [f"give it to the optimizer, for example:\n  optimizer = {made}"]
        if node.span.source.path.startswith("--set"):
            helps = [f"give it to the optimizer, for example:  --set train.optimizer='{made}'"]
    else:
        known = [*SETTINGS, "optimizer", "schedule"]
        meant = foreign.SETTINGS.get(name, "") or nearest(name, known)
        text = f"did you mean `{meant}`?" if meant else ""
        helps = [help_with("write it so:", node.name.span, meant)] if meant else []
    return frame.mistake(
        "E0603",
        f"there is no training setting `{name}`",
        node.name.span,
        text,
        facts=(f"settings: optimizer, schedule, {', '.join(SETTINGS)}, and free dimensions",),
        helps=helps,
    )
