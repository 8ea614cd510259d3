"""Counts the operations of a net without expanding it, so that a huge repeat is refused at once.

The count is a lower bound: what depends on sizes that are not known yet counts as little as it can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dslc.elaborate.places import Form, Place
from dslc.elaborate.scope import DEPTH_LIMIT, Definition, Frame, MistakeError, PoisonedError, Scope
from dslc.elaborate.static import FUNCTIONS, is_static
from dslc.errors import LimitError
from dslc.syntax import tree

UNKNOWN = object()


def least_calls(node: tree.Node, frame: Frame) -> int:
    """Return how many operations and rounds a body unfolds to, at least."""
    return _Counter(frame).count(node, frame.scope)


@dataclass
class _Counter:
    frame: Frame
    known: dict[tuple[object, ...], int] = field(default_factory=dict)
    depth: int = 0

    def count(self, node: tree.Node, scope: Scope) -> int:
        if isinstance(node, tree.Repeat):
            return self._repeat(node, scope)
        if isinstance(node, tree.For):
            return self._for(node, scope)
        if isinstance(node, tree.If):
            return self._if(node, scope)
        inner = sum(self.count(child, scope) for child in node.children())
        if isinstance(node, tree.Call) and isinstance(node.function, tree.Name):
            return inner + self._call(node.function.text, node.arguments, scope)
        return inner + sum(self._call(name, (), scope) for name in _bare(node))

    def _repeat(self, node: tree.Repeat, scope: Scope) -> int:
        rounds = self._value(node.count, scope)
        if not isinstance(rounds, int) or rounds <= 0:
            return 0
        return rounds * (1 + self.count(node.body, scope))

    def _for(self, node: tree.For, scope: Scope) -> int:
        items = self._value(node.iterable, scope)
        if not isinstance(items, tuple | range):
            return 0
        if isinstance(items, range) and len(items) > 10:
            return len(items) * (1 + self.count(node.body, scope))
        inner = [Scope(scope.module, scope, {node.variable.text: item}) for item in items]
        return sum(1 + self.count(node.body, one) for one in inner)

    def _if(self, node: tree.If, scope: Scope) -> int:
        condition = self._value(node.condition, scope)
        if condition is True:
            return self.count(node.body, scope)
        if condition is False and node.otherwise is not None:
            return self.count(node.otherwise, scope)
        return 0

    def _call(self, name: str, arguments: Sequence[tree.Argument], scope: Scope) -> int:
        found = scope.find(name) or scope.module.definitions.get(name)
        if isinstance(found, Definition):
            return self._definition(found, arguments, scope)
        return 1 if found is None and name in self.frame.work.library.operations else 0

    def _definition(
        self, definition: Definition, arguments: Sequence[tree.Argument], scope: Scope
    ) -> int:
        inner = self._hyper(definition, arguments, scope)
        key = (id(definition.node), *(repr(value) for value in inner.names.values()))
        if key not in self.known:
            self.known[key] = 0  # what a block that contains itself counts
            if self.depth < DEPTH_LIMIT:
                self.depth += 1
                self.known[key] = self.count(definition.node.body, inner)
                self.depth -= 1
        return self.known[key]

    def _hyper(
        self, definition: Definition, arguments: Sequence[tree.Argument], scope: Scope
    ) -> Scope:
        """Give the hyper-parameters the values that are known here; the others stay without one."""
        inner = Scope(definition.module)
        names = [p.name.text for p in definition.node.parameters if p.type is None]
        given = {a.name.text: self._value(a.value, scope) for a in arguments if a.name}
        free = iter(name for name in names if name not in given)
        for argument in arguments:
            if argument.name is None:
                value = self._value(argument.value, scope)
                name = next(free, None) if value is not UNKNOWN else None
                if name is not None:
                    given[name] = value
        for parameter in definition.node.parameters:
            if parameter.type is None:
                value = given.get(parameter.name.text, UNKNOWN)
                if parameter.name.text not in given and parameter.default is not None:
                    value = self._value(parameter.default, inner)
                inner.names[parameter.name.text] = value
        return inner

    def _value(self, node: tree.Expression, scope: Scope) -> Any:
        """Return a static value, or UNKNOWN; nothing is made or reported."""
        if not _is_plain(node, scope):
            return UNKNOWN
        work = replace(self.frame.work, calls=[], parameters=[], diagnostics=[], steps=0)
        place = Place(Form.BLOCK, "")
        try:
            found = work.evaluate(node, Frame(work, scope, place, self.frame.maker))
        except (MistakeError, PoisonedError, LimitError):
            return UNKNOWN
        return found if is_static(found) or isinstance(found, Definition) else UNKNOWN


def _bare(node: tree.Node) -> list[str]:
    """Return the names that stand as calls without brackets: `relu`."""
    stages: tuple[tree.Node, ...] = ()
    if isinstance(node, tree.Pipe):
        stages = node.stages
    elif isinstance(node, tree.Row | tree.Bind):
        stages = (node.value,)
    return [stage.text for stage in stages if isinstance(stage, tree.Name)]


def _is_plain(node: tree.Node, scope: Scope) -> bool:
    """Tell whether an expression is arithmetic on known names."""
    if isinstance(node, tree.Name):
        found = scope.find(node.text)
        if found is None:
            return node.text in scope.module.definitions
        return is_static(found) or isinstance(found, Definition)
    if isinstance(node, tree.Call):
        name = node.function
        if not (isinstance(name, tree.Name) and name.text in FUNCTIONS):
            return False
        return all(_is_plain(argument.value, scope) for argument in node.arguments)
    if isinstance(node, tree.Pipe | tree.Merge | tree.Repeat | tree.For | tree.If | tree.Scan):
        return False
    return all(_is_plain(child, scope) for child in node.children())
