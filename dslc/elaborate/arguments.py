"""Binding: which argument of a call fills which value and which setting, and whether the flow goes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from dslc.elaborate import conversion
from dslc.elaborate.conversion import NOTHING
from dslc.elaborate.habits import number_as_target, unlisted
from dslc.elaborate.lacking import missing_settings, missing_value, setting_without_value
from dslc.elaborate.left_out import no_value
from dslc.elaborate.mending import as_share, help_with, inputs_left_out
from dslc.elaborate.misfits import (
    ambiguous_merge,
    surplus_argument,
    too_many_values,
    unknown_argument,
)
from dslc.elaborate.readings import fits, is_setting
from dslc.elaborate.scope import (
    NONE,
    POISON,
    Entity,
    Frame,
    MistakeError,
    PoisonedError,
    Result,
    Results,
)
from dslc.elaborate.settings import fitted, is_known, is_word, make, no_such_word
from dslc.elaborate.signature import NO_FLOW, Bound, Flow, Signature, plain_signature
from dslc.elaborate.starved import nothing_flows
from dslc.elaborate.static import is_static
from dslc.operation import SettingInfo
from dslc.source import Span
from dslc.syntax import tree


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
    """Fill values and settings. Raises MistakeError where nothing can be said of the rest, reports what is independent.

    `defaults` are those of the file, read in `file_frame`; `ready` holds arguments that are evaluated already, by the
    identity of their node.
    """
    misfit = unlisted(signature, arguments, frame) or number_as_target(signature, arguments, frame)
    if misfit is not None:
        raise misfit
    binder = _Binder(signature, frame, Bound(span), ready, flow, arguments)
    for argument in arguments:
        binder.guarded(argument)
    try:
        binder.place_values()
    except MistakeError:
        if binder.is_poisoned():
            raise PoisonedError from None
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
    flow: Flow
    arguments: Sequence[tree.Argument]
    positional: list[tuple[Entity, Span]] = field(default_factory=list)
    named: dict[int, tuple[Entity, Span]] = field(default_factory=dict)

    def guarded(self, argument: tree.Argument) -> None:
        """Bind one argument; a mistake in it leaves the others to be read."""
        try:
            if argument.name is None:
                self._positional(argument)
            else:
                self._named(argument, argument.name)
        except MistakeError as mistake:
            self.frame.work.report(mistake.diagnostic)
            self.bound.failed = True
        except PoisonedError:
            self.bound.failed = True

    def _named(self, argument: tree.Argument, name: tree.Identifier) -> None:
        info = self.signature.setting(name.text)
        index = self.signature.value_index(name.text)
        if name.text in self._given() or index in self.named:
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
            raise unknown_argument(self.signature, name, self.frame, argument, self.bound.span)

    def _given(self) -> set[str]:
        """Return the names of the settings that are there."""
        return {*self.bound.settings, *self.bound.own}

    def _positional(self, argument: tree.Argument) -> None:
        """A tensor is a value; anything else fills the next setting that it fits, else a value."""
        free = [info for info in self.signature.settings if info.name not in self.bound.settings]
        if free and is_word(argument.value, free[0], self.frame):
            self._set(free[0], argument, self.frame)
            return
        if isinstance(argument.value, tree.Name) and not is_known(argument.value.text, self.frame):
            unset = self.signature.setting(argument.value.text)
            if unset is not None:
                raise setting_without_value(self.signature, unset, argument.value, self.frame)
        entity = self._evaluated(argument.value)
        if entity in (POISON, NONE) or isinstance(entity, Result | Results):
            self.positional.append((entity, argument.value.span))
        elif free and self._is_setting(entity, argument, free):
            self._assign(free[0], entity, argument.value.span, self.frame)
        elif is_static(entity) and self._room() and not self._is_layer:
            self.positional.append((entity, argument.value.span))
        elif free and self._is_layer:
            raise self._one_too_many(free[0], entity, argument)
        else:
            raise surplus_argument(self.signature, argument.span, self.frame)

    @property
    def _is_layer(self) -> bool:
        """Whether this is a layer, which never works on a number."""
        return self.signature.name[:1].isupper() and not self.signature.implicit

    def _one_too_many(
        self, info: SettingInfo, entity: Entity, argument: tree.Argument
    ) -> MistakeError:
        """Say that a number is no setting; in other frameworks the first one says how much comes in."""
        if self.bound.failed:
            raise PoisonedError
        try:
            fitted(info, entity, argument.value.span, self.frame, self.signature.name)
        except MistakeError as mistake:
            helps = inputs_left_out(entity, self.bound.spans.values(), argument.value.span)
            if self.signature.setting("layers") and not self._inputs_are(self.bound.settings):
                layers = f"layers={argument.value.span.text}"
                sentence = "to stack several layers, name their number:"
                helps = (help_with(sentence, argument.value.span, layers),)
            return MistakeError(replace(mistake.diagnostic, helps=helps))
        return surplus_argument(self.signature, argument.span, self.frame)

    def _inputs_are(self, settings: Mapping[str, Any]) -> bool:
        """Tell whether the first number is that of the features that flow in."""
        flow = self.flow.entity
        known = flow.value.type.shape[-1:] if isinstance(flow, Result) else ()
        return known == tuple(settings.values())[:1]

    def _evaluated(self, node: tree.Expression) -> Entity:
        if id(node) in self.ready:
            return self.ready[id(node)]
        return self.frame.work.evaluate(node, self.frame)

    def _is_setting(
        self, entity: Entity, argument: tree.Argument, free: Sequence[SettingInfo]
    ) -> bool:
        """Tell whether a positional argument is the next setting: it fits, or nothing else can be meant."""
        if not self._room() or not is_static(entity):
            return True
        if self._is_layer or self.flow.piped:
            return conversion.required(free[0]) or fits(entity, free[0], self.frame)
        return is_setting(entity, argument, self.arguments, free, self.frame)

    def _room(self) -> bool:
        """Whether another value may be given."""
        taken = len(self.positional) + len(self.named)
        return self.signature.variadic or (
            not self.signature.implicit and taken < len(self.signature.values)
        )

    # ---- values

    def is_poisoned(self) -> bool:
        """Whether an argument failed, so that nothing can be said of how many there are."""
        given = [*self.positional, *self.named.values()]
        return self.bound.failed or any(entity is POISON for entity, _ in given)

    def place_values(self) -> None:
        """Put the flow in front where it belongs, and the values in their slots."""
        given = list(self.positional)
        if self._takes_flow():
            given.insert(0, (self.flow.entity, self.bound.span))
        slots = len(self.signature.values) if not self.signature.variadic else None
        if slots is not None and len(given) + len(self.named) > slots:
            raise too_many_values(self.signature, self.bound, self.frame, given, len(self.named))
        filled = dict(self.named)
        for value in given:
            index = 0
            while index in filled:
                index += 1
            filled[index] = value
        for index in range(max(filled, default=-1) + 1):
            entity, span = filled.get(index, (None, None))
            if entity is NONE and span is not None:
                self._leave_out(index, span)
                entity = None
            self.bound.values.append(entity)
            self.bound.value_spans.append(span)
        self._check_missing()

    def _leave_out(self, index: int, span: Span) -> None:
        """Let `none` stand for a value that the call need not give."""
        values = self.signature.values
        if self.signature.implicit or index >= len(values) or not values[index].optional:
            raise no_value(span, self.frame, f"`{self.signature.name}` needs a value here")

    def _takes_flow(self) -> bool:
        if self.flow.entity is None:
            return False
        if self.flow.piped:
            return True
        given = len(self.positional) + len(self.named)
        if self.signature.implicit:
            return given == 0
        if not self.signature.variadic:
            return len(self.positional) < self._lacking()
        if given >= 2:
            raise ambiguous_merge(self.signature, self.bound, self.frame, self.positional)
        return not any(isinstance(entity, Results) for entity, _ in self.positional)

    def _lacking(self) -> int:
        """How many values must be there that no argument names."""
        return sum(
            not (value.optional or value.variadic or index in self.named)
            for index, value in enumerate(self.signature.values)
        )

    def _check_missing(self) -> None:
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
        if lacking and self.flow.entity is None and lacking[0] == 0:
            raise nothing_flows(self.signature, self.bound, self.frame)
        if lacking:
            raise missing_value(self.signature, self.bound, self.frame, lacking[0])

    # ---- settings

    def _set(self, info: SettingInfo, argument: tree.Argument, frame: Frame) -> None:
        if info.annotation is tree.Argument:
            value: Any = argument
        else:
            value = setting_value(info, argument.value, frame, self.signature.name)
        self._range(info, value, argument.value.span, frame)
        kept = self.bound.own if info in self.signature.own else self.bound.settings
        kept[info.name] = value
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
                helps=as_share(info, value, span),
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
                    frame.work.report(
                        unknown_argument(self.signature, argument.name, self.frame).diagnostic
                    )
            elif name not in self._given():
                self._default(info, argument, frame)

    def _default(self, info: SettingInfo, argument: tree.Argument, frame: Frame) -> None:
        try:
            self._set(info, argument, frame)
        except MistakeError as mistake:
            frame.work.report(mistake.diagnostic)
            self.bound.failed = True
        except PoisonedError:
            self.bound.failed = True

    def complete(self) -> None:
        """Check that every setting without a default is there."""
        missing = [
            info
            for info in self.signature.settings
            if conversion.required(info) and info.name not in self.bound.settings
        ]
        if self.bound.failed:
            raise PoisonedError
        if missing:
            raise missing_settings(self.signature, self.bound, self.frame, missing)


_NO_SETTING = SettingInfo("", Any, None, {})


def setting_value(info: SettingInfo, node: tree.Expression, frame: Frame, owner: str) -> Any:
    """Read one setting: a word the setting knows, an initializer, or a static value."""
    if isinstance(node, tree.Name) and frame.scope.find(node.text) is None:
        found = conversion.word(node.text, info.annotation)
        if found is not NOTHING:
            return found
        if conversion.words(info.annotation) and not is_known(node.text, frame):
            raise no_such_word(info, node, frame, owner)
    if conversion.wants_initializer(info.annotation):
        node_entity = _recipe(node, frame)
        if node_entity is not None:
            return fitted(info, node_entity, node.span, frame, owner)
    return fitted(info, frame.work.evaluate(node, frame), node.span, frame, owner)


def build(
    family: type, arguments: Sequence[tree.Argument], frame: Frame, span: Span, name: str
) -> Any:
    """Make an initializer, optimizer or schedule from its settings."""
    signature = plain_signature(family, name)
    bound = bind(signature, arguments, frame, NO_FLOW, span)
    return make(family, bound, frame, name)


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
