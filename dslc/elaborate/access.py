"""Looking into things: `x.weight`, `f.stage1.conv[0]`, `depths[1]`, `x[:, -1]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dslc.elaborate.foreign import SIZES
from dslc.elaborate.lookup import refuse_module
from dslc.elaborate.mending import help_with
from dslc.elaborate.operators import index_tensor
from dslc.elaborate.places import (
    Form,
    Place,
    find_member,
    find_parameter,
    loop_of,
    member_names,
)
from dslc.elaborate.scope import (
    POISON,
    Entity,
    Frame,
    MistakeError,
    PoisonedError,
    Result,
    Results,
    SharedLayer,
)
from dslc.elaborate.settings import entity_text
from dslc.elaborate.static import UnfitError, element, is_static
from dslc.elaborate.suggest import did_you_mean
from dslc.source import Span
from dslc.syntax import tree


def attribute(node: tree.Attribute, frame: Frame) -> Entity:
    """Return `value.name`: a label inside a block, a weight of a layer, or a list of them for `l[:].x`."""
    _refuse_dot(node, frame)
    refuse_module(node, frame)
    holder = frame.work.evaluate(node.value, frame)
    if holder is POISON:
        raise PoisonedError
    if isinstance(holder, Results):
        return Results(tuple(_single(_member(item.place, node, frame)) for item in holder.items))
    if isinstance(holder, SharedLayer):
        return _layer_member(holder, node, frame)
    if isinstance(holder, Result):
        return _member(holder.place, node, frame)
    raise frame.mistake(
        "E0211",
        f"nothing is called `{node.name.text}` inside this",
        node.name.span,
        f"`{node.value.span.text}` is {entity_text(holder)}",
    )


def _member(place: Place | None, node: tree.Attribute, frame: Frame) -> Entity:
    name = node.name.text
    if place is not None:
        found = find_member(place, name)
        if found is POISON:
            raise PoisonedError
        if found is not None:
            return found
        parameter = find_parameter(place, name)
        if parameter is not None:
            return Result((parameter,))
    raise _no_member(place, node, frame)


def _refuse_dot(node: tree.Attribute, frame: Frame) -> None:
    """Layers are joined by arrows, not by dots: `Conv(6, 5x5).relu` (E0211)."""
    name = node.name.text
    if isinstance(node.value, tree.Call) and name in frame.work.library.operations:
        dot = Span(node.span.source, node.value.span.end, node.name.span.start)
        raise frame.mistake(
            "E0211",
            f"`.{name}` looks for a label inside the value",
            node.name.span,
            "a function of the language",
            helps=(help_with("layers are joined by arrows:", dot, " -> "),),
        )


def _single(entity: Entity) -> Result:
    if not isinstance(entity, Result):
        raise PoisonedError
    return entity


def _layer_member(layer: SharedLayer, node: tree.Attribute, frame: Frame) -> Entity:
    if layer.failed:
        raise PoisonedError
    target = layer.place.target
    if target is None:
        raise frame.mistake(
            "E0211",
            f"`{layer.name}` has no weights yet",
            node.span,
            "its weights are made by its first call, which comes later",
        )
    return _member(target, node, frame)


def _no_member(place: Place | None, node: tree.Attribute, frame: Frame) -> MistakeError:
    known = member_names(place) if place is not None else ()
    owners = _owners(place) if place is not None else []
    facts = [f"inside {node.value.span.text}: {', '.join(dict.fromkeys(known))}"] if known else []
    if len(owners) > 1:
        facts.append(f"the row has several layers with weights: {', '.join(owners)}")
    helps = (
        ("give the layer that is meant a row and a label of its own",) if len(owners) > 1 else ()
    )
    if node.name.text in SIZES and not known:
        helps = ("name the size where the value is declared:  input x: float32[N, C], and use `C`",)
    return frame.mistake(
        "E0211",
        f"nothing is called `{node.name.text}` inside `{node.value.span.text}`",
        node.name.span,
        did_you_mean(node.name.text, known),
        facts=facts,
        helps=helps,
    )


def _owners(place: Place) -> list[str]:
    return [child.kind for child in place.children if child.owns and child.form is not Form.ROW]


def index(node: tree.Index, frame: Frame) -> Entity:
    """Return `value[items]`: an element of a list, a round of a labelled loop, or part of a tensor."""
    holder = frame.work.evaluate(node.value, frame)
    if holder is POISON:
        raise PoisonedError
    if isinstance(holder, Results):
        return _of_list(holder.items, node, frame)
    if isinstance(holder, Result):
        loop = loop_of(holder.place)
        if loop is None:
            return index_tensor(node, holder, frame)
        return _of_list([_round(one) for one in loop.children], node, frame)
    if is_static(holder):
        return _static_element(holder, node, frame)
    raise frame.mistake("E0404", "this has no elements", node.span, f"it is {entity_text(holder)}")


def _round(place: Place) -> Result:
    return Result(place.results, place)


def _of_list(items: Sequence[Result], node: tree.Index, frame: Frame) -> Entity:
    """Return one round, or the rounds of a slice."""
    item = node.items[0]
    if len(node.items) > 1:
        raise frame.mistake(
            "E0405",
            "a label of a loop counts its rounds; it is not a tensor",
            node.span,
            "this slices it as a tensor",
            helps=(f"the value of the last round:  last = {node.value.span.text}[-1]",),
        )
    if isinstance(item, tree.Slice):
        lower, upper = (
            None if bound is None else _whole(bound, frame) for bound in (item.lower, item.upper)
        )
        return Results(tuple(items[lower:upper]))
    position = _whole(item, frame)
    if not -len(items) <= position < len(items):
        raise frame.mistake(
            "E0405",
            f"there is no round {position}",
            item.span,
            f"the loop has {len(items)}, counted from 0",
        )
    return items[position]


def _whole(node: tree.Expression, frame: Frame) -> int:
    found = frame.work.evaluate(node, frame)
    if found is POISON:
        raise PoisonedError
    if not isinstance(found, int) or isinstance(found, bool):
        raise frame.mistake("E0404", "an index must be a whole number", node.span)
    return found


def _static_element(holder: Any, node: tree.Index, frame: Frame) -> Entity:
    if len(node.items) != 1 or isinstance(node.items[0], tree.Slice):
        if isinstance(holder, tuple | range) and len(node.items) == 1:
            return _static_slice(holder, node.items[0], frame)
        raise frame.mistake("E0404", "a list takes one index", node.span)
    position = _whole(node.items[0], frame)
    try:
        return element(holder, position)
    except UnfitError as error:
        raise frame.mistake(
            "E0405", "there is no such element", node.items[0].span, str(error)
        ) from error


def _static_slice(holder: Any, item: tree.Expression | tree.Slice, frame: Frame) -> Entity:
    assert isinstance(item, tree.Slice)
    lower, upper = (None if b is None else _whole(b, frame) for b in (item.lower, item.upper))
    return holder[lower:upper]
