"""Calls of blocks, nets and shared layers: their rows are expanded where they are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dslc.elaborate.arguments import bind
from dslc.elaborate.assertions import check_header, run_checks
from dslc.elaborate.calls import file_frame, operate, operation_signature
from dslc.elaborate.constants import as_result
from dslc.elaborate.headers import block_signature, open_header
from dslc.elaborate.places import Form, Place
from dslc.elaborate.scope import (
    DEPTH_LIMIT,
    POISON,
    BlockOutput,
    Definition,
    Entity,
    Frame,
    MistakeError,
    Operator,
    PoisonedError,
    Result,
    Scope,
    SharedLayer,
)
from dslc.elaborate.signature import Bound, Flow, Signature
from dslc.errors import Label, LimitError
from dslc.source import Span
from dslc.syntax import tree


def call_block(
    definition: Definition,
    arguments: Sequence[tree.Argument],
    frame: Frame,
    flow: Flow,
    span: Span,
) -> Entity:
    """Expand a block or net with these arguments; the result is what its body gives."""
    _refuse_recursion(definition, frame, span)
    signature = block_signature(definition)
    defaults = frame.module.defaults.get(definition.name, [])
    bound = bind(signature, arguments, frame, flow, span, defaults, file_frame(frame))
    return expand_bound(definition, bound, frame, span, definition.name.lower())


def expand_bound(
    definition: Definition, bound: Bound, frame: Frame, span: Span, kind: str
) -> Entity:
    """Expand a block or net whose arguments are bound."""
    _refuse_recursion(definition, frame, span)
    if any(entity is POISON for entity in bound.values):
        raise PoisonedError
    inner = _body_frame(definition, frame, bound, kind)
    open_header(definition, bound, inner, frame)
    check_header(definition, inner)
    return expand(definition, inner, span)


def expand(definition: Definition, inner: Frame, span: Span) -> Entity:
    """Run the body of a block or net whose hyper-parameters and inputs are known."""
    end = inner.work.run(definition.node.body.statements, inner)
    place = inner.place
    place.members.update(visible_members(inner.scope))
    run_checks(inner)
    if POISON in inner.outputs.values() or (end is POISON and not inner.outputs):
        return POISON
    if inner.outputs:
        values = tuple(result.value for result in inner.outputs.values())
        _note_outputs(definition, inner)
        place.results = values
        return Result(values, place)
    if end is None:
        raise inner.mistake(
            "E0508",
            f"`{definition.name}` gives no value",
            span,
            others=[Label(definition.node.name.span, "its last row gives nothing")],
            helps=("name its result with an output line:  output y = ...",),
        )
    result = as_result(end, span, inner)
    place.results = result.values
    return Result(result.values, place)


def _note_outputs(definition: Definition, inner: Frame) -> None:
    """Remember the outputs behind the first one, for the warning that nobody reads them."""
    for name, result in list(inner.outputs.items())[1:]:
        span = inner.scope.span_of(name)
        if span is not None and isinstance(definition.node, tree.Block):
            output = BlockOutput(definition.name, name, span, result.value)
            inner.work.block_outputs.append(output)


def call_shared(
    layer: SharedLayer,
    arguments: Sequence[tree.Argument],
    frame: Frame,
    flow: Flow,
    span: Span,
) -> Entity:
    """Call a shared layer: the settings are those of its `layer` line, the weights those of its first call."""
    if layer.failed:
        raise PoisonedError
    without = replace(signature_of(layer.target), settings=(), own=())
    bound = bind(without, arguments, frame, flow, span)
    bound.settings, bound.spans = layer.settings.settings, layer.settings.spans
    bound.own = dict(layer.settings.own)
    if layer.maker.complete:
        bound.own.pop("weights", None)
    layer.maker.begin()
    holder = Place(Form.BLOCK, "")
    inner = replace(frame, maker=layer.maker, place=holder)
    try:
        result = _call_target(layer, bound, inner, frame, span)
    except (MistakeError, PoisonedError):
        layer.failed = not layer.maker.complete
        raise
    if result is POISON:
        layer.failed = not layer.maker.complete
        return POISON
    place = frame.place.add(holder.children[0])
    place.shared = True
    if not layer.maker.complete:
        layer.place.target = place
        layer.maker.complete = True
    return result


def _call_target(
    layer: SharedLayer, bound: Bound, inner: Frame, frame: Frame, span: Span
) -> Entity:
    kind = layer.name.lower()
    if isinstance(layer.target, Operator):
        return operate(layer.target.operation, bound, inner, span, kind=kind)
    return expand_bound(layer.target, bound, inner, span, kind)


def signature_of(target: Operator | Definition) -> Signature:
    """Return what an operation, block or net takes."""
    if isinstance(target, Operator):
        return operation_signature(target.operation)
    return block_signature(target)


def _refuse_recursion(definition: Definition, frame: Frame, span: Span) -> None:
    if any(outer.node is definition.node for outer in frame.stack):
        word = "net" if isinstance(definition.node, tree.Net) else "block"
        raise frame.mistake(
            "E0209",
            f"{word} `{definition.name}` contains itself",
            span,
            "used inside its own definition",
            others=[Label(definition.node.name.span, "defined here")],
            facts=(
                "blocks are expanded when the file is compiled, so a block cannot contain itself, "
                "directly or through another block",
            ),
            helps=("for n copies in a row use  repeat n { ... }",),
        )
    if len(frame.stack) >= DEPTH_LIMIT:
        mistake = frame.mistake(
            "E0902",
            f"blocks are nested more than {DEPTH_LIMIT} deep",
            span,
            "the limit is reached here",
        )
        raise LimitError([mistake.diagnostic])


def _body_frame(definition: Definition, frame: Frame, bound: Bound, kind: str) -> Frame:
    """Return the frame in which the rows of a called block stand."""
    place = frame.place.add(Place(Form.BLOCK, kind, source=bound.own.get("weights")))
    label = f"{frame.label}: " if frame.label else ""
    return Frame(
        frame.work,
        Scope(definition.module),
        place,
        frame.maker,
        chain=(*frame.chain, (f"{label}{_one_line(bound.span.text)}", bound.span)),
        stack=(*frame.stack, definition),
        segment=frame.segment or _segment(frame, bound),
    )


def _segment(frame: Frame, bound: Bound) -> str:
    """Name what is computed again as a whole, once for each call."""
    return f"segment{frame.work.steps}" if bound.own.get("recompute") else ""


def _one_line(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def visible_members(scope: Scope) -> Iterator[tuple[str, Entity]]:
    """Yield the names of a body that can be reached from outside with a dot."""
    for name, entity in scope.names.items():
        if isinstance(entity, Result | SharedLayer):
            yield name, entity
