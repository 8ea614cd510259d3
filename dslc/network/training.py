"""The train section: settings, optimizer, schedule, and what of the net they change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dslc.dims import Expression
from dslc.errors import Label
from dslc.network.arguments import build, setting_value
from dslc.network.freezing import Weights, freeze, grouped
from dslc.network.lines import Lines
from dslc.network.network import Input, Parameter, Term, Training
from dslc.network.scope import Frame, Mistake, Poisoned
from dslc.network.suggest import FOREIGN, did_you_mean
from dslc.network.usage import reaches
from dslc.operation import SettingInfo
from dslc.optimizers.base import Optimizer
from dslc.schedules.base import Schedule
from dslc.syntax import tree
from dslc.types import Duration

SETTINGS: Mapping[str, SettingInfo] = {
    info.name: info
    for info in (
        SettingInfo("batch", int, None, {"minimum": 1}),
        SettingInfo("epochs", float, None, {"above": 0}),
        SettingInfo("steps", int, None, {"minimum": 1}),
        SettingInfo("validation", float | str, None, {"above": 0, "below": 1}),
        SettingInfo("data", str, None, {}),
        SettingInfo("seed", int, 0, {"minimum": 0}),
        SettingInfo("clip_grad_norm", float, None, {"above": 0}),
        SettingInfo("clip_grad_value", float, None, {"above": 0}),
    )
}
"""The settings that are plain values."""

LATER = ("accumulate", "ema", "precision", "every")
"""Settings of the language that are not there yet."""

_SIZE = {"minimum": 1}


@dataclass
class Settings:
    """The settings of a train section as they are read."""

    values: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, tree.Setting] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
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
            elif isinstance(statement, tree.Augment):
                raise _later("augment", statement, frame)
        except Mistake as mistake:
            frame.work.report(mistake.diagnostic)
            settings.failed = True
        except Poisoned:
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
        )
    settings.nodes[name] = node
    if name in SETTINGS:
        settings.values[name] = _value(SETTINGS[name], node, frame)
    elif name in ("optimizer", "schedule"):
        library = frame.work.library
        families = library.optimizers if name == "optimizer" else library.schedules
        setattr(settings, name, _made(name, families, node, frame))
    elif name in LATER:
        raise _later(name, node, frame)
    else:
        _size_or_supply(node, settings, frame)


def _value(info: SettingInfo, node: tree.Setting, frame: Frame) -> Any:
    from dslc.network.conversion import out_of_range

    value = setting_value(info, node.value, frame, "train")
    broken = out_of_range(value, info)
    if broken is not None:
        raise frame.mistake(
            "E0406", f"`{info.name}` must be {broken}", node.value.span, f"this is {value}"
        )
    return value


def _made(kind: str, families: Mapping[str, type], node: tree.Setting, frame: Frame) -> Any:
    """Make the optimizer or schedule that a setting names."""
    call = node.value
    name = call.function if isinstance(call, tree.Call) else call
    if not isinstance(name, tree.Name):
        raise frame.mistake(
            "E0402", f"`{kind}` takes one of the {kind}s", call.span, facts=(_list(kind, families),)
        )
    if name.text not in families:
        foreign = FOREIGN.get(name.text)
        text = f"`{foreign}`" if foreign in families else did_you_mean(name.text, families)
        raise frame.mistake(
            "E0201",
            f"there is no {kind} called `{name.text}`",
            name.span,
            text,
            facts=(_list(kind, families),),
        )
    arguments = call.arguments if isinstance(call, tree.Call) else ()
    return build(families[name.text], arguments, frame, call.span, name.text)


def _list(kind: str, families: Mapping[str, type]) -> str:
    return f"{kind}s: {', '.join(families)}"


def _later(name: str, node: tree.Node, frame: Frame) -> Mistake:
    return frame.mistake(
        "E0590", f"`{name}` is not supported yet", node.span, helps=("leave this line out",)
    )


def _size_or_supply(node: tree.Setting, settings: Settings, frame: Frame) -> None:
    """`T = 64` fixes a free dimension for training; `z = normal()` would supply an input."""
    name = node.name.text
    found = frame.scope.find(name)
    if isinstance(found, Expression):
        info = SettingInfo(name, int, None, _SIZE)
        settings.sizes[name] = _value(info, node, frame)
        return
    if name in frame.made and isinstance(frame.made[name], Input):
        raise _later(f"{name} = ...` for an input, `random inputs", node, frame)
    raise frame.mistake(
        "E0603",
        f"there is no training setting `{name}`",
        node.name.span,
        did_you_mean(name, [*SETTINGS, "optimizer", "schedule"]),
        facts=(f"settings: optimizer, schedule, {', '.join(SETTINGS)}, and free dimensions",),
    )


# ---- putting it together


def training_of(
    section: tree.Train, lines: Lines, settings: Settings, weights: Weights, frame: Frame
) -> Training | None:
    """Return the resolved train section; None where it does not train or mistakes were reported."""
    frozen = freeze(section, weights, frame)
    if not lines.terms or settings.optimizer is None:
        _report_idle(section, lines, settings, frame)
        return None
    optimizers = {
        parameter: optimizer
        for parameter, optimizer in grouped(section, weights, settings.optimizer, frame).items()
        if parameter.trained and parameter not in frozen
    }
    for term in lines.terms:
        if reaches(term.value, set(optimizers), frame.work.calls).isdisjoint(optimizers):
            frame.work.report(_idle_loss(term, section, weights, frozen, frame).diagnostic)
    _cross_check(section, settings, frame)
    return _training(section, lines, settings, optimizers, frame)


def _report_idle(section: tree.Train, lines: Lines, settings: Settings, frame: Frame) -> None:
    """A section with losses and no optimizer is a mistake where it is to train, and the other way round."""
    if lines.failed or settings.failed or not frame.work.training:
        return
    span = section_word(section)
    if lines.terms:
        mistake = frame.mistake(
            "E0607",
            "this train section has losses, but no optimizer",
            span,
            helps=("say how the weights change:\noptimizer = SGD(lr=0.1, momentum=0.9)",),
        )
        frame.work.report(mistake.diagnostic)
    elif settings.optimizer is not None:
        mistake = frame.mistake(
            "E0607",
            "this train section has an optimizer, but no loss",
            span,
            helps=("say what is to be minimised:\nloss mse(y, target)",),
        )
        frame.work.report(mistake.diagnostic)


def section_word(section: tree.Train) -> Any:
    """Return the span of the word `train`."""
    span = section.span
    return type(span)(span.source, span.start, span.start + len("train"))


def _idle_loss(
    term: Term, section: tree.Train, weights: Weights, frozen: set[Parameter], frame: Frame
) -> Mistake:
    """Say that a loss line changes nothing (E0605)."""
    freezes = [s for s in section.statements if isinstance(s, tree.Freeze)]
    reached = reaches(term.value, set(weights.parameters), frame.work.calls) & frozen
    span = freezes[0].span if freezes and reached else term.span
    count = sum(p.type.size for p in reached if isinstance(p.type.size, int))
    return frame.mistake(
        "E0605",
        "this loss can teach nothing",
        span,
        f"because all {count:,} parameters it depends on are frozen"
        if reached
        else "no parameter reaches it",
        others=[Label(term.span, "the gradient reaches no parameter")] if span != term.span else [],
        helps=("leave something out of the freeze line",) if reached else (),
    )


def _cross_check(section: tree.Train, settings: Settings, frame: Frame) -> None:
    nodes, values = settings.nodes, settings.values
    if "epochs" in nodes and "steps" in nodes:
        _report(
            frame,
            "E0610",
            "training is measured in epochs or in steps, not both",
            nodes["steps"].name.span,
            others=[Label(nodes["epochs"].name.span, "and here")],
        )
    schedule = settings.schedule
    if schedule is not None and schedule.uses_validation and "validation" not in values:
        _report(
            frame,
            "E0608",
            "this schedule watches the validation loss, but nothing is held back for it",
            nodes["schedule"].value.span,
            helps=("hold a part of the data back:\nvalidation = 0.1",),
        )
    if schedule is not None and schedule.uses_total_steps and not {"epochs", "steps"} & set(nodes):
        _report(
            frame,
            "E0610",
            "this schedule needs the length of the training",
            nodes["schedule"].value.span,
            helps=("say how long it trains:\nepochs = 10",),
        )
    if "batch" not in nodes and not settings.failed and batch_name(frame) is not None:
        _report(
            frame,
            "E0609",
            "the train section does not say how many samples make a step",
            section_word(section),
            f"`{batch_name(frame)}` is free",
            helps=("for example:\nbatch = 64",),
        )


def _report(frame: Frame, code: str, message: str, span: Any, text: str = "", **more: Any) -> None:
    frame.work.report(frame.mistake(code, message, span, text, **more).diagnostic)


def batch_name(frame: Frame) -> str | None:
    """Return the free name of dimension 0 of the inputs, which `batch` fixes."""
    for value in frame.made.values():
        if value.type.shape and isinstance(value.type.shape[0], Expression):
            return str(value.type.shape[0])
    return None


def _training(
    section: tree.Train,
    lines: Lines,
    settings: Settings,
    optimizers: Mapping[Parameter, Optimizer],
    frame: Frame,
) -> Training:
    assert settings.optimizer is not None
    values = settings.values
    batch = values.get("batch", _fixed_batch(frame))
    name = batch_name(frame)
    return Training(
        section.span,
        tuple(lines.targets),
        tuple(lines.terms),
        tuple(lines.measures),
        optimizers,
        settings.optimizer,
        settings.schedule or frame.work.library.schedules["constant"](),
        batch,
        {**({name: batch} if name else {}), **settings.sizes},
        _length(values),
        values.get("seed", 0),
        values.get("clip_grad_norm"),
        values.get("clip_grad_value"),
        values.get("validation"),
        values.get("data"),
    )


def _length(values: Mapping[str, Any]) -> Duration | None:
    for unit in ("epochs", "steps"):
        if unit in values:
            return Duration(values[unit], unit)
    return None


def _fixed_batch(frame: Frame) -> int:
    """Return dimension 0 of the inputs where it is fixed; 1 without inputs."""
    sizes = [v.type.shape[0] for v in frame.made.values() if v.type.shape]
    return next((size for size in sizes if isinstance(size, int)), 1)
