"""Binding: which argument of a call fills which value and which setting, and whether the flow goes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dslc.dims import Expression
from dslc.errors import Label, RuleError
from dslc.network import conversion
from dslc.network.conversion import NOTHING
from dslc.network.scope import (
    POISON,
    Entity,
    Frame,
    Mistake,
    Operator,
    Poisoned,
    Recipe,
    Result,
    Results,
)
from dslc.network.static import describe, is_static
from dslc.network.suggest import did_you_mean
from dslc.operation import SettingInfo, ValueInfo
from dslc.source import Span
from dslc.syntax import tree


@dataclass(frozen=True)
class Signature:
    """What a call takes. `implicit`: a block without data inputs, whose rows take the flow themselves."""

    name: str
    values: tuple[ValueInfo, ...]
    settings: tuple[SettingInfo, ...]
    text: str
    implicit: bool = False

    @property
    def variadic(self) -> bool:
        return any(value.variadic for value in self.values)

    def setting(self, name: str) -> SettingInfo | None:
        return next((info for info in self.settings if info.name == name), None)

    def value_index(self, name: str) -> int | None:
        names = [value.name for value in self.values if not value.variadic]
        return names.index(name) if name in names and not self.implicit else None


@dataclass
class Bound:
    """A call with its arguments in their places; `spans` say where each setting is written."""

    span: Span
    values: list[Entity | None] = field(default_factory=list)
    value_spans: list[Span | None] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True)
class Flow:
    """What flows into a call: `piped` by an arrow, else by the row above, which only fills what is lacking."""

    entity: Entity | None = None
    piped: bool = False


NO_FLOW = Flow()


def bind(
    signature: Signature,
    arguments: Sequence[tree.Argument],
    frame: Frame,
    flow: Flow,
    span: Span,
    defaults: Sequence[tree.Argument] = (),
    file_frame: Frame | None = None,
    ready: Mapping[int, Entity] = MappingProxyType({}),
) -> Bound:
    """Fill values and settings. Raises Mistake where nothing can be said of the rest, reports what is independent.

    `defaults` are those of the file, read in `file_frame`; `ready` holds arguments that are evaluated already, by the
    identity of their node.
    """
    binder = _Binder(signature, frame, Bound(span), ready)
    for argument in arguments:
        binder.guarded(argument)
    try:
        binder.place_values(flow)
    except Mistake:
        if binder.is_poisoned():
            raise Poisoned from None
        raise
    if file_frame is not None:
        binder.fill_defaults(defaults, file_frame)
    binder.complete()
    return binder.bound


@dataclass
class _Binder:
    signature: Signature
    frame: Frame
    bound: Bound
    ready: Mapping[int, Entity]
    positional: list[tuple[Entity, Span]] = field(default_factory=list)
    named: dict[int, tuple[Entity, Span]] = field(default_factory=dict)

    def guarded(self, argument: tree.Argument) -> None:
        """Bind one argument; a mistake in it leaves the others to be read."""
        try:
            if argument.name is None:
                self._positional(argument)
            else:
                self._named(argument, argument.name)
        except Mistake as mistake:
            self.frame.work.report(mistake.diagnostic)
            self.bound.failed = True
        except Poisoned:
            self.bound.failed = True

    def _named(self, argument: tree.Argument, name: tree.Identifier) -> None:
        info = self.signature.setting(name.text)
        index = self.signature.value_index(name.text)
        if name.text in self.bound.settings or index in self.named:
            raise self.frame.mistake(
                "E0205", f"the argument `{name.text}` is given twice", argument.span
            )
        if info is not None:
            self._set(info, argument, self.frame)
        elif index is not None:
            self.named[index] = (
                self.frame.work.evaluate(argument.value, self.frame),
                argument.value.span,
            )
        else:
            raise self._unknown(name)

    def _unknown(self, name: tree.Identifier) -> Mistake:
        known = [info.name for info in self.signature.settings]
        known += [value.name for value in self.signature.values]
        return self.frame.mistake(
            "E0203",
            f"`{self.signature.name}` has no argument `{name.text}`",
            name.span,
            did_you_mean(name.text, known),
            facts=(self.signature.text,),
        )

    def _positional(self, argument: tree.Argument) -> None:
        """A tensor is a value; anything else fills the next setting that it fits, else a value."""
        free = [info for info in self.signature.settings if info.name not in self.bound.settings]
        if free and _is_word(argument.value, free[0], self.frame):
            self._set(free[0], argument, self.frame)
            return
        entity = self._evaluated(argument.value)
        if entity is POISON or isinstance(entity, Result | Results):
            self.positional.append((entity, argument.value.span))
        elif free and self._is_setting(entity, free[0]):
            self._assign(free[0], entity, argument.value.span, self.frame)
        elif is_static(entity) and self._room():
            self.positional.append((entity, argument.value.span))
        else:
            raise self._surplus(argument.span)

    def _evaluated(self, node: tree.Expression) -> Entity:
        if id(node) in self.ready:
            return self.ready[id(node)]
        return self.frame.work.evaluate(node, self.frame)

    def _is_setting(self, entity: Entity, info: SettingInfo) -> bool:
        """Tell whether a positional argument is the next setting: it fits, or nothing else can be meant."""
        if conversion.required(info) or not self._room() or not is_static(entity):
            return True
        return convert_entity(entity, info.annotation, self.frame) is not NOTHING

    def _room(self) -> bool:
        """Whether another value may be given."""
        taken = len(self.positional) + len(self.named)
        return self.signature.variadic or (
            not self.signature.implicit and taken < len(self.signature.values)
        )

    def _surplus(self, span: Span) -> Mistake:
        return self.frame.mistake(
            "E0203",
            f"`{self.signature.name}` takes no more arguments",
            span,
            "this one is too many",
            facts=(self.signature.text,),
        )

    # ---- values

    def is_poisoned(self) -> bool:
        """Whether an argument failed, so that nothing can be said of how many there are."""
        given = [*self.positional, *self.named.values()]
        return self.bound.failed or any(entity is POISON for entity, _ in given)

    def place_values(self, flow: Flow) -> None:
        """Put the flow in front where it belongs, and the values in their slots."""
        given = list(self.positional)
        if self._takes_flow(flow):
            given.insert(0, (flow.entity, self.bound.span))
        slots = len(self.signature.values) if not self.signature.variadic else None
        if slots is not None and len(given) + len(self.named) > slots:
            raise self._too_many(given)
        filled = dict(self.named)
        for value in given:
            index = 0
            while index in filled:
                index += 1
            filled[index] = value
        for index in range(max(filled, default=-1) + 1):
            entity, span = filled.get(index, (None, None))
            self.bound.values.append(entity)
            self.bound.value_spans.append(span)
        self._check_missing(flow)

    def _takes_flow(self, flow: Flow) -> bool:
        if flow.entity is None:
            return False
        if flow.piped:
            return True
        given = len(self.positional) + len(self.named)
        if self.signature.implicit:
            return given == 0
        if not self.signature.variadic:
            return given < self._required()
        if given >= 2:
            raise self._ambiguous(flow)
        return not any(isinstance(entity, Results) for entity, _ in self.positional)

    def _required(self) -> int:
        return sum(not (value.optional or value.variadic) for value in self.signature.values)

    def _ambiguous(self, flow: Flow) -> Mistake:
        name = self.signature.name
        return self.frame.mistake(
            "E0503",
            f"does the row above flow into this `{name}`?",
            self.bound.span,
            "all its values are given here, and a value flows into the row as well",
            helps=(
                f"to merge the flow with one value, name only that value:  {name}({_first(self.positional)})",
                f"to leave the flow alone, write it beside the stack:  merged = {self.bound.span.text}",
            ),
        )

    def _too_many(self, given: Sequence[tuple[Entity, Span]]) -> Mistake:
        name, slots = self.signature.name, len(self.signature.values)
        count = len(given) + len(self.named)
        return self.frame.mistake(
            "E0203",
            f"`{name}` takes {_counted(slots, 'value')}, here it gets {count}",
            given[-1][1],
            facts=(self.signature.text, "an arrow passes the value on its left as the first one"),
        )

    def _check_missing(self, flow: Flow) -> None:
        if self.signature.implicit:
            return
        needed = [
            index
            for index, value in enumerate(self.signature.values)
            if not value.optional and not value.variadic
        ]
        values = self.bound.values
        lacking = [i for i in needed if i >= len(values) or values[i] is None]
        if self.signature.variadic and not values:
            lacking = [0]
        if lacking and flow.entity is None and lacking[0] == 0:
            raise self._nothing_flows()
        if lacking:
            name = self.signature.values[lacking[0]].name
            raise self.frame.mistake(
                "E0204",
                f"`{self.signature.name}` is missing its value `{name}`",
                self.bound.span,
                facts=(self.signature.text,),
            )

    def _nothing_flows(self) -> Mistake:
        span, bind = self.bound.span, self.frame.bind
        if self.frame.starts and bind is None:
            return self._which_start()
        if bind is not None:
            name = bind.names[0].text
            return self.frame.mistake(
                "E0501",
                f"`{span.text}` has nothing to work on",
                span,
                "an `=` line stands beside the stack, so no value flows into it",
                helps=(
                    f"to make it a row of the stack and name it, use a colon:\n{name}: {span.text}",
                    f"to compute it from another value, name that value:\n{name} = x -> {span.text}",
                ),
            )
        return self.frame.mistake(
            "E0501",
            f"`{span.text}` has nothing to work on",
            span,
            "no value flows into it",
            facts=(self.signature.text,),
            helps=(f"name the value it works on:\nx -> {span.text}",),
        )

    def _which_start(self) -> Mistake:
        count = len(self.frame.starts)
        words = {2: "two", 3: "three", 4: "four"}.get(count, str(count))
        return self.frame.mistake(
            "E0502",
            f"{words} inputs: where does the stack start?",
            self.bound.span,
            "no value flows into the first row",
            others=[
                Label(span, "this one?" if index == 0 else "or this one?")
                for index, (_, span) in enumerate(self.frame.starts)
            ],
            helps=(
                f"begin the row with a value:\n{self.frame.starts[0][0]} -> {self.bound.span.text}",
            ),
        )

    # ---- settings

    def _set(self, info: SettingInfo, argument: tree.Argument, frame: Frame) -> None:
        value = setting_value(info, argument.value, frame, self.signature.name)
        self._range(info, value, argument.value.span, frame)
        self.bound.settings[info.name] = value
        self.bound.spans[info.name] = argument.span

    def _assign(self, info: SettingInfo, entity: Entity, span: Span, frame: Frame) -> None:
        value = fitted(info, entity, span, frame, self.signature.name)
        self._range(info, value, span, frame)
        self.bound.settings[info.name] = value
        self.bound.spans[info.name] = span

    def _range(self, info: SettingInfo, value: Any, span: Span, frame: Frame) -> None:
        broken = conversion.out_of_range(value, info)
        if broken is not None:
            raise frame.mistake(
                "E0406",
                f"`{info.name}` of `{self.signature.name}` must be {broken}",
                span,
                f"this is {value}",
            )

    def fill_defaults(self, defaults: Sequence[tree.Argument], frame: Frame) -> None:
        """Take from the file's `default` lines what the call does not say."""
        free = iter(self.signature.settings)
        for argument in defaults:
            name = argument.name.text if argument.name else next(free, _NO_SETTING).name
            info = self.signature.setting(name)
            if info is None:
                self.bound.failed = True
                if argument.name is not None:
                    frame.work.report(self._unknown(argument.name).diagnostic)
            elif name not in self.bound.settings:
                self._default(info, argument, frame)

    def _default(self, info: SettingInfo, argument: tree.Argument, frame: Frame) -> None:
        try:
            self._set(info, argument, frame)
        except Mistake as mistake:
            frame.work.report(mistake.diagnostic)
            self.bound.failed = True
        except Poisoned:
            self.bound.failed = True

    def complete(self) -> None:
        """Check that every setting without a default is there."""
        missing = [
            info
            for info in self.signature.settings
            if conversion.required(info) and info.name not in self.bound.settings
        ]
        if self.bound.failed:
            raise Poisoned
        if missing:
            given = ", ".join(f"{name} = {value}" for name, value in self.bound.settings.items())
            lacking = ", ".join(f"{info.name} = ?" for info in missing)
            names = " and ".join(info.name for info in missing)
            raise self.frame.mistake(
                "E0204",
                f"`{self.signature.name}` is missing its {names}",
                self.bound.span,
                f"{given}, {lacking}" if given else lacking,
                facts=(self.signature.text,),
            )


_NO_SETTING = SettingInfo("", Any, None, {})


def setting_value(info: SettingInfo, node: tree.Expression, frame: Frame, owner: str) -> Any:
    """Read one setting: a word the setting knows, an initializer, or a static value."""
    if isinstance(node, tree.Name) and frame.scope.find(node.text) is None:
        found = conversion.word(node.text, info.annotation)
        if found is not NOTHING:
            return found
        if conversion.words(info.annotation) and not _is_known(node.text, frame):
            raise _no_such_word(info, node, frame, owner)
    if conversion.wants_initializer(info.annotation):
        node_entity = _recipe(node, frame)
        if node_entity is not None:
            return fitted(info, node_entity, node.span, frame, owner)
    return fitted(info, frame.work.evaluate(node, frame), node.span, frame, owner)


def fitted(info: SettingInfo, entity: Entity, span: Span, frame: Frame, owner: str) -> Any:
    """Convert a setting, or say what it takes (E0402)."""
    if entity is POISON:
        raise Poisoned
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
    raise frame.mistake("E0402", f"`{info.name}` of `{owner}` takes {takes}", span, found)


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
    name = getattr(entity, "name", None)
    return f"`{name}`" if name else "something else"


def build(
    family: type, arguments: Sequence[tree.Argument], frame: Frame, span: Span, name: str
) -> Any:
    """Make an initializer, optimizer or schedule from its settings."""
    signature = plain_signature(family, name)
    bound = bind(signature, arguments, frame, NO_FLOW, span)
    return make(family, bound, frame, name)


def make(family: type, bound: Bound, frame: Frame, name: str) -> Any:
    """Make an instance; what its class refuses becomes a mistake at the setting."""
    try:
        return family(**bound.settings)
    except RuleError as error:
        span = bound.spans.get(str(error.about), bound.span)
        raise frame.mistake(
            error.code, error.message, span, error.text, facts=error.facts, helps=error.helps
        ) from error


def plain_signature(family: type, name: str) -> Signature:
    """Return the signature of something that takes settings only."""
    settings = conversion.settings_of(family)
    shown = ", ".join(
        info.name if conversion.required(info) else f"{info.name}={shown_default(info.default)}"
        for info in settings
    )
    return Signature(name, (), settings, f"{name}({shown})")


def shown_default(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)


def _recipe(node: tree.Expression, frame: Frame) -> Entity | None:
    """Read `xavier_uniform` or `normal(std=0.1)` where initial values are wanted, whatever else the name means."""
    name = node.function if isinstance(node, tree.Call) else node
    if not isinstance(name, tree.Name) or frame.scope.find(name.text) is not None:
        return None
    family = frame.work.library.initializers.get(name.text)
    if family is None:
        return None
    arguments = node.arguments if isinstance(node, tree.Call) else ()
    return build(family, arguments, frame, node.span, name.text)


def _is_word(node: tree.Expression, info: SettingInfo, frame: Frame) -> bool:
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


def _is_known(name: str, frame: Frame) -> bool:
    library = frame.work.library
    return (
        frame.scope.find(name) is not None
        or name in frame.module.definitions
        or name in library.operations
        or name in library.initializers
    )


def _no_such_word(info: SettingInfo, node: tree.Name, frame: Frame, owner: str) -> Mistake:
    choices = conversion.words(info.annotation)
    return frame.mistake(
        "E0402",
        f"`{info.name}` of `{owner}` takes {conversion.expected(info.annotation)}",
        node.span,
        did_you_mean(node.text, choices) or f"`{node.text}` is none of these",
    )


def _first(positional: Sequence[tuple[Entity, Span]]) -> str:
    return positional[-1][1].text


def _counted(count: int, noun: str) -> str:
    words = {0: "no", 1: "one", 2: "two", 3: "three"}
    return f"{words.get(count, str(count))} {noun}{'' if count == 1 else 's'}"
