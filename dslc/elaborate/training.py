"""The train section: settings, optimizer, schedule, and what of the net they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dslc import dims
from dslc.dims import Expression
from dslc.elaborate.cuts import cuts
from dslc.elaborate.fixed import check_fit
from dslc.elaborate.freezing import Weights, freeze, grouped
from dslc.elaborate.lines import Lines
from dslc.elaborate.scope import Frame, MistakeError
from dslc.elaborate.sections import word
from dslc.elaborate.suggest import did_you_mean
from dslc.elaborate.train_settings import Settings
from dslc.elaborate.usage import reaches
from dslc.errors import Label
from dslc.network.network import Parameter, Term, Training, needed
from dslc.network.precision import compute_in_halves
from dslc.network.unrolled import check_unrolled
from dslc.optimizers.base import Optimizer
from dslc.schedules.plateau import Plateau
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import Duration

PLAIN = (
    "seed",
    "clip_grad_norm",
    "clip_grad_value",
    "accumulate",
    "ema",
    "precision",
    "validation",
    "data",
)
"""Settings that go into the training as they are written."""

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
    training = _training(section, lines, settings, optimizers, frame)
    if training.scaled:
        compute_in_halves(frame.work.calls)
    _check_sizes(training, section, settings, frame)
    check_unrolled(frame.work.calls, training.sizes, trained=True)
    places = {name: node.value.span for name, node in settings.nodes.items()}
    check_fit(training.sizes, places, frame.work.calls, frame)
    return _watching(training, settings, frame)


def _watching(training: Training, settings: Settings, frame: Frame) -> Training:
    """Settle which figure a plateau watches, and which way is better for it."""
    schedule = training.schedule
    if not isinstance(schedule, Plateau):
        return training
    if schedule.on not in training.figures:
        _report(
            frame,
            "E0206",
            f"nothing is called `{schedule.on}` here",
            settings.nodes["schedule"].value.span,
            did_you_mean(schedule.on, training.figures),
            facts=(f"a plateau can watch {', '.join(training.figures)}",),
        )
        return training
    better = training.figures[schedule.on][1]
    watching = replace(schedule, mode=schedule.mode or better)
    return replace(training, schedule=watching)


def _report_idle(section: tree.Train, lines: Lines, settings: Settings, frame: Frame) -> None:
    """A section without losses or without an optimizer is a mistake where it is to train."""
    if lines.failed or settings.failed or not frame.work.training:
        return
    has_optimizer = settings.optimizer is not None
    if lines.terms:
        what = "losses, but no optimizer"
    else:
        what = "an optimizer, but no loss" if has_optimizer else "neither a loss nor an optimizer"
    helps = []
    if not lines.terms:
        helps.append("say what is to be minimised:\nloss mse(y, target)")
    if not has_optimizer:
        helps.append("say how the weights change:\noptimizer = SGD(lr=0.1, momentum=0.9)")
    name = f"train section `{section.name.text}`" if section.name else "this train section"
    message = f"{name} has {what}"
    _report(frame, "E0607", message, word(section), helps=helps)


def _idle_loss(
    term: Term, section: tree.Train, weights: Weights, frozen: set[Parameter], frame: Frame
) -> MistakeError:
    """Say that a loss line changes nothing (E0605)."""
    freezes = [s for s in section.statements if isinstance(s, tree.Freeze)]
    reached = reaches(term.value, set(weights.parameters), frame.work.calls) & frozen
    span = freezes[0].span if freezes and reached else term.span
    ends = {} if reached else cuts([term.value], set(weights.parameters), frame.work.calls)
    count = sum(p.type.size for p in reached if isinstance(p.type.size, int))
    word = Span(term.span.source, term.span.start, term.span.start + len("loss"))
    return frame.mistake(
        "E0605",
        "this loss can teach nothing",
        span,
        f"because all {count:,} parameters it depends on are frozen"
        if reached
        else "no parameter reaches it",
        others=[
            *([Label(word, "the gradient reaches no parameter")] if span != term.span else []),
            *(Label(cut.span, "no gradient passes here") for cut in ends),
        ],
        helps=_thawing(freezes, reached, weights),
    )


def _thawing(
    freezes: Sequence[tree.Freeze], reached: set[Parameter], weights: Weights
) -> tuple[str, ...]:
    """Propose to leave the last thing that matters out of its freeze line."""
    paths = [path for node in freezes for path in node.paths]
    mattering = [path for path in paths if reached.intersection(weights.chosen(path))]
    if not mattering:
        return ()
    if len(paths) == 1:
        return ("freeze less, or delete this line",)
    return (f"leave `{mattering[-1]}` out of the freeze line",)


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
            word(section),
            f"`{batch_name(frame)}` is free",
            helps=("for example:\nbatch = 64",),
        )


def _check_sizes(training: Training, section: tree.Train, settings: Settings, frame: Frame) -> None:
    """Report the free dimensions of what is trained on that have no size: the training graph is of fixed sizes."""
    wanted = [term.value for term in training.terms]
    wanted += [value for measure in training.measures for value in measure.inputs]
    used = {value for call in needed(frame.work.calls, wanted) for value in call.inputs}
    for value in (*frame.made.values(), *training.targets):
        names = sorted(name for dim in value.type.shape for name in dims.names(dim))
        known = {*training.sizes, *settings.nodes}  # what is wrong with a setting was told there
        lacking = [name for name in names if name not in known]
        if lacking and (value in used or value in wanted):
            _report(
                frame,
                "E0609",
                f"the train section does not say how large `{lacking[0]}` is",
                word(section),
                "the training graph has fixed sizes",
                others=[Label(value.span, f"`{lacking[0]}` is free here")],
                helps=(f"for example:\n{lacking[0]} = 64",),
            )
            return


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
        span=section.span,
        targets=tuple(lines.targets),
        terms=tuple(lines.terms),
        measures=tuple(lines.measures),
        optimizers=optimizers,
        optimizer=settings.optimizer,
        schedule=settings.schedule or frame.work.library.schedules["constant"](),
        batch=batch,
        sizes={**({name: batch} if name else {}), **settings.sizes},
        length=_length(values),
        name=section.name.text if section.name else "",
        every=int(values["every"].amount) if "every" in values else 1,
        sections=frame.work.sections,
        supplies=(*lines.supplies, *settings.supplies),
        **{name: values[name] for name in PLAIN if name in values},
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
