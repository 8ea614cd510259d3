"""The lines of a train section that compute something: targets, losses, metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from dslc.elaborate.arguments import bind
from dslc.elaborate.calls import Site, exchanged, operands
from dslc.elaborate.constants import as_result
from dslc.elaborate.dimensions import declared_type
from dslc.elaborate.lookup import define
from dslc.elaborate.mending import help_with, name_of
from dslc.elaborate.notes import seen
from dslc.elaborate.places import Form, Place
from dslc.elaborate.scope import Frame, MistakeError, PoisonedError, Result
from dslc.elaborate.settings import make
from dslc.elaborate.signature import NO_FLOW, Signature
from dslc.elaborate.static import is_static
from dslc.elaborate.suggest import FOREIGN, nearest
from dslc.elaborate.supplies import augmented
from dslc.errors import Diagnostic, RuleError
from dslc.network.network import Call, Measure, Supply, Target, Term, Value
from dslc.syntax import tree


@dataclass
class Lines:
    """What a train section computes, and where the calls of each line stand."""

    targets: list[Target] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    term_places: list[Place] = field(default_factory=list)
    measure_places: list[Place] = field(default_factory=list)
    supply_places: list[Place] = field(default_factory=list)
    failed: bool = False


def read_lines(section: tree.Train, frame: Frame) -> Lines:
    """Read targets, losses and metrics; `frame` stands behind the last row of the net."""
    lines = Lines()
    for statement in section.statements:
        if isinstance(statement, tree.Target):
            _guarded(lines, frame, partial(_target, statement, lines))
    for statement in section.statements:
        if isinstance(statement, tree.Loss):
            _guarded(lines, _line_frame(frame, "loss"), partial(_term, statement, lines))
        elif isinstance(statement, tree.Metric):
            _guarded(lines, _line_frame(frame, "metric"), partial(_measure, statement, lines))
        elif isinstance(statement, tree.Augment):
            _guarded(lines, _line_frame(frame, "augment"), partial(_augment, statement, lines))
    _number(lines.terms)
    _number(lines.measures)
    return lines


def line_paths(lines: Lines) -> list[tuple[str, Place]]:
    """Return the places of the lines with the names their calls stand under."""
    supplies = [
        (f"augment.{supply.input.name}", place)
        for supply, place in zip(lines.supplies, lines.supply_places, strict=True)
    ]
    terms = [
        (f"loss.{term.name}", place)
        for term, place in zip(lines.terms, lines.term_places, strict=True)
    ]
    return [*supplies, *terms] + [
        (f"metric.{measure.name}", place)
        for measure, place in zip(lines.measures, lines.measure_places, strict=True)
    ]


def _guarded(lines: Lines, frame: Frame, read: Callable[[Frame], None]) -> None:
    try:
        read(frame)
    except MistakeError as mistake:
        lines.failed = True
        if frame.line != "metric" or not _is_known(mistake.diagnostic, frame.work.diagnostics):
            frame.work.report(mistake.diagnostic)
    except PoisonedError:
        lines.failed = True


def _is_known(found: Diagnostic, known: Sequence[Diagnostic]) -> bool:
    """Tell whether a loss line was said to have the same mistake, with the same values."""

    def places(diagnostic: Diagnostic) -> set[tuple[int, int]]:
        return {(label.span.start, label.span.end) for label in diagnostic.others}

    return bool(found.others) and any(
        one.code == found.code and places(one) == places(found) for one in known
    )


def _line_frame(frame: Frame, kind: str) -> Frame:
    """Return the frame of one line; its calls stand in a place of their own."""
    place = Place(Form.ROW, kind)
    return replace(frame, place=place, line=kind, flow=None, bind=None, starts=(), label="")


def _target(node: tree.Target, lines: Lines, frame: Frame) -> None:
    wanted = declared_type(node.type, frame)
    for name in node.names:
        made = Target(name.text, wanted, node.type.span, doc=node.doc)
        define(name.text, Result((made,)), name.span, frame)
        lines.targets.append(made)
    seen(node, frame.scope.find(node.names[0].text), frame)


def _augment(node: tree.Augment, lines: Lines, frame: Frame) -> None:
    """An augment line: what training does to the data of an input."""
    supply = augmented(node, lines.supplies, frame)
    lines.supplies.append(supply)
    lines.supply_places.append(frame.place)


def _term(node: tree.Loss, lines: Lines, frame: Frame) -> None:
    """A loss line: one number, and the loss call whose labels weigh it when it is the only one."""
    before = len(frame.work.calls)
    frame = replace(frame, expression=node.value)
    entity = frame.work.evaluate(node.value, frame)
    if is_static(entity):
        raise frame.mistake(
            "E0606", "this loss is a fixed number", node.value.span, "nothing can change it"
        )
    value = as_result(entity, node.value.span, frame).value
    if value.type.shape != () or not value.type.dtype.is_float:
        raise _no_scalar(node, value, frame)
    made = frame.work.calls[before:]
    losses = [call for call in made if getattr(call.operation, "is_loss", False)]
    weighing = losses[0] if len(losses) == 1 else None
    name = node.name.text if node.name else _function_name(weighing, made)
    frame.place.results = (value,)
    lines.terms.append(Term(name, value, node.span, weighing))
    lines.term_places.append(frame.place)


def _no_scalar(node: tree.Loss, value: Value, frame: Frame) -> MistakeError:
    source = node.value.span.text
    return frame.mistake(
        "E0606",
        "a loss is one number",
        node.value.span,
        f"this is {value.type}",
        helps=(help_with("for example its mean:", node.value.span, f"mean({source})"),)
        if value.type.dtype.is_float
        else (),
    )


def _function_name(weighing: Call | None, made: Sequence[Call]) -> str:
    """Return what a line without a name goes by: its loss function, else the last function it calls."""
    call = weighing or (made[-1] if made else None)
    return call.operation.language_name() if call else "value"


def _measure(node: tree.Metric, lines: Lines, frame: Frame) -> None:
    """A metric line: the metric and the values it looks at."""
    library = frame.work.library
    call = node.value
    frame = replace(frame, expression=call)
    name = call.function if isinstance(call, tree.Call) else None
    if not isinstance(name, tree.Name) or not isinstance(call, tree.Call):
        raise frame.mistake(
            "E0504",
            "a metric line calls a metric",
            call.span,
            facts=(f"metrics: {', '.join(library.metrics)}",),
            helps=_called(call, lines, frame),
        )
    family = library.metrics.get(name.text)
    if family is None:
        raise _no_metric(name, frame)
    signature = Signature(name.text, family.values(), family.settings(), family.signature())
    bound = bind(signature, call.arguments, frame, NO_FLOW, call.span)
    values = tuple(value for value in operands(bound, frame, name.text) if value is not None)
    metric = make(family, bound, frame, name.text)
    try:
        metric.infer(*(value.type for value in values))
    except RuleError as error:
        site = Site(bound, values, frame, name.span, ())
        raise exchanged(site, error, metric, [value.type for value in values]) from error
    shown = node.name.text if node.name else name.text
    lines.measures.append(Measure(shown, metric, values, node.span))
    lines.measure_places.append(frame.place)


def _called(node: tree.Expression, lines: Lines, frame: Frame) -> tuple[str, ...]:
    """Propose to call a metric with what the loss compares: `metric accuracy`, `metric "accuracy"`."""
    word = node.value if isinstance(node, tree.String) else node.span.text
    meant = nearest(word, frame.work.library.metrics)
    compared = [term.weighing for term in lines.terms if term.weighing is not None]
    names = [name_of(v, frame) for v in compared[0].inputs[:2] if v] if compared else []
    if meant is None or len(names) < 2 or not all(names):
        return ()
    return (help_with("write it so:", node.span, f"{meant}({', '.join(names)})"),)


def _no_metric(name: tree.Name, frame: Frame) -> MistakeError:
    metrics = frame.work.library.metrics
    foreign = FOREIGN.get(name.text)
    meant = foreign if foreign in metrics else nearest(name.text, metrics)
    return frame.mistake(
        "E0201",
        f"there is no metric called `{name.text}`",
        name.span,
        f"did you mean `{meant}`?" if meant else "",
        facts=(f"metrics: {', '.join(metrics)}",),
        helps=(help_with("write it so:", name.span, meant),) if meant else (),
    )


def _number(lines: list[Term] | list[Measure]) -> None:
    """Give lines of the same name numbers, from 1."""
    total = Counter(line.name for line in lines)
    seen: Counter[str] = Counter()
    for line in lines:
        if total[line.name] > 1:
            seen[line.name] += 1
            line.name = f"{line.name}{seen[line.name]}"
