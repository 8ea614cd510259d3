"""Settings as they are written: words, initializers, static values."""

from __future__ import annotations

from typing import Any

from dslc.dims import Expression
from dslc.elaborate import conversion, foreign
from dslc.elaborate.conversion import NOTHING
from dslc.elaborate.mending import help_with
from dslc.elaborate.scope import (
    NONE,
    POISON,
    Entity,
    Frame,
    MistakeError,
    Operator,
    PoisonedError,
    Recipe,
    Result,
    Results,
)
from dslc.elaborate.signature import Bound
from dslc.elaborate.static import describe, is_static
from dslc.elaborate.suggest import did_you_mean
from dslc.errors import RuleError
from dslc.operation import SettingInfo
from dslc.source import Span
from dslc.syntax import tree


def fitted(info: SettingInfo, entity: Entity, span: Span, frame: Frame, owner: str) -> Any:
    """Convert a setting, or say what it takes (E0402)."""
    if entity is POISON:
        raise PoisonedError
    value = convert_entity(entity, info.annotation, frame)
    if value is not NOTHING:
        return value
    if isinstance(entity, Expression):
        raise frame.mistake(
            "E0313",
            f"`{info.name}` of `{owner}` must be a number",
            span,
            f"{entity} is free: its size is not known",
        )
    found = f"this is {describe(entity)}" if is_static(entity) else f"this is {entity_text(entity)}"
    takes = conversion.expected(info.annotation)
    helps = _settings_helps(info, entity, span, owner)
    raise frame.mistake(
        "E0402", f"`{info.name}` of `{owner}` takes {takes}", span, found, helps=helps
    )


def _settings_helps(info: SettingInfo, entity: Entity, span: Span, owner: str) -> tuple[str, ...]:
    """Propose the word for a text in quotes, and the whole number for one that only looks like a fraction."""
    words = conversion.words(info.annotation)
    if isinstance(entity, str) and entity in words:
        return (help_with("words have no quotes:", span, entity),)
    if conversion.expected(info.annotation).startswith("a duration") and isinstance(entity, int):
        unit = "steps" if (info.name == "every" and owner == "train") or entity > 200 else "epochs"
        place = Span(span.source, span.end, span.end)
        return (help_with("a duration has a unit, epochs or steps:", place, f" {unit}"),)
    whole = conversion.convert(int(entity), info.annotation) if _is_whole(entity) else NOTHING
    if whole is not NOTHING and "/" in span.text:
        return (
            help_with(
                "`//` is the quotient without its fraction:", span, span.text.replace("/", "//")
            ),
        )
    return ()


def _is_whole(entity: Entity) -> bool:
    return isinstance(entity, float) and abs(entity) < 2**31


def convert_entity(entity: Entity, annotation: Any, frame: Frame) -> Any:
    """Convert a static value, or a name of an initializer."""
    if annotation is not Any and conversion.wants_initializer(annotation):
        family = None
        if isinstance(entity, Recipe):
            family = entity.initializer
        elif isinstance(entity, Operator):
            family = frame.work.library.initializers.get(entity.name)
        if family is not None:
            missing = [i for i in conversion.settings_of(family) if conversion.required(i)]
            return NOTHING if missing else family()
    return conversion.convert(entity, annotation)


def entity_text(entity: Entity) -> str:
    """Say what a name stands for, where something else was wanted."""
    if isinstance(entity, Result):
        return f"a value, {entity.value.type}"
    if isinstance(entity, Results):
        return "a list of values"
    if entity is NONE:
        return "`none`"
    name = getattr(entity, "name", None)
    return f"`{name}`" if name else "something else"


def make(family: type, bound: Bound, frame: Frame, name: str) -> Any:
    """Make an instance; what its class refuses becomes a mistake at the setting."""
    try:
        return family(**bound.settings)
    except RuleError as error:
        span = bound.spans.get(str(error.about), bound.span)
        raise frame.mistake(
            error.code, error.message, span, error.text, facts=error.facts, helps=error.helps
        ) from error


def is_word(node: tree.Expression, info: SettingInfo, frame: Frame) -> bool:
    """Tell whether an argument is a word that only this setting understands, or its initial values."""
    name = node.function if isinstance(node, tree.Call) else node
    if not isinstance(name, tree.Name) or frame.scope.find(name.text) is not None:
        return False
    library = frame.work.library
    if isinstance(node, tree.Call):
        return name.text in library.initializers and name.text not in library.operations
    if conversion.word(name.text, info.annotation) is not NOTHING:
        return True
    return conversion.wants_initializer(info.annotation) and name.text in library.initializers


def is_known(name: str, frame: Frame) -> bool:
    """Tell whether a name stands for anything here."""
    library = frame.work.library
    return (
        frame.scope.find(name) is not None
        or name in frame.module.definitions
        or name in library.operations
        or name in library.initializers
    )


def no_such_word(info: SettingInfo, node: tree.Name, frame: Frame, owner: str) -> MistakeError:
    """Say which words a setting knows (E0402)."""
    choices = conversion.words(info.annotation)
    known = foreign.ELEMENTS.get(node.text)
    if known not in choices:
        known = None
    meant = f"did you mean `{known}`?" if known else did_you_mean(node.text, choices)
    return frame.mistake(
        "E0402",
        f"`{info.name}` of `{owner}` takes {conversion.expected(info.annotation)}",
        node.span,
        meant or f"`{node.text}` is none of these",
        helps=(help_with("write it so:", node.span, known),) if known else (),
    )
