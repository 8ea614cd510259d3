"""Gives every call, weight and value its name, from the tree of places.

A row with one layer goes by its label: `c1.weight`. With more, and without a label, places are numbered per kind:
`label.conv1.weight`, `conv1.weight`. Rounds of a labelled loop are numbered from 0: `stage1.conv.0.weight`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from dslc.elaborate.lines import Lines, line_paths
from dslc.elaborate.places import Form, Place, flattened, principal
from dslc.elaborate.scope import Frame
from dslc.network.network import Call, Constant, Parameter, Value


@dataclass
class Namer:
    """Names everything below a place; `taken` keeps names apart."""

    values: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    named: set[Value | Call] = field(default_factory=set)

    def body(self, place: Place, path: str, owning: bool = True) -> None:
        """Name what stands in a body: every place has a label or a number."""
        self._enter(place, _numbered(place), path, owning)

    def row(self, place: Place, path: str, owning: bool = True) -> None:
        """Name what stands in a labelled row or a round: its principal place shares the row's name."""
        chosen = principal(place)
        names = dict(_numbered(place, keep=chosen, plain=True))
        for child, name in names.items():
            self.labels(child, _joined(path, name))
        for child, name in names.items():
            inner = path if child is chosen else _joined(path, name)
            self.inside(child, inner, _joined(path, name), owning)

    def inside(self, place: Place, path: str, value_path: str, owning: bool) -> None:
        """Name a place called `path`; its value is `value_path` unless a label names it."""
        owning = owning and not place.shared
        if owning:
            place.path = path
            self.weights(place, path)
        if place.form is Form.LAYER:
            self._layer(place, path)
        elif place.form is Form.CALL:
            self._call(place, path, value_path)
        elif place.form is Form.LOOP:
            self._loop(place, path, owning)
        elif place.form is Form.BLOCK:
            self.body(place, path, owning)
        else:
            self.row(place, path, owning)

    def labels(self, place: Place, path: str) -> None:
        """Let the values of a labelled place go by their labels; a weight keeps the name of its layer."""
        if place.form not in (Form.ROW, Form.ROUND):
            return
        scope = path.rpartition(".")[0]
        for index, value in enumerate(place.results):
            if isinstance(value, Parameter):
                continue
            if index == 0:
                self.value(value, path)
            elif index < len(place.labels):
                self.value(value, _joined(scope, place.labels[index]))

    def weights(self, place: Place, path: str) -> None:
        for suffix, parameter in place.parameters:
            self.value(parameter, _joined(path, suffix))

    def value(self, value: Value, name: str) -> None:
        """Name a value, once; inputs and weights that were named by their declaration keep that."""
        if value not in self.named:
            self.named.add(value)
            value.name = _free(name, self.values)

    def _enter(
        self, place: Place, names: Sequence[tuple[Place, str]], path: str, owning: bool
    ) -> None:
        for child, name in names:
            self.labels(child, _joined(path, name))
        for child, name in names:
            self.inside(child, _joined(path, name), _joined(path, name), owning)

    def _layer(self, place: Place, path: str) -> None:
        """The weights of a shared layer are named here, its calls where they are written."""
        if place.target is not None:
            _Weights(self).inside(place.target, path, path, True)

    def _loop(self, place: Place, path: str, owning: bool) -> None:
        for index, one_round in enumerate(place.children):
            self.labels(one_round, f"{path}.{index}")
            self.row(one_round, f"{path}.{index}", owning)

    def _call(self, place: Place, path: str, value_path: str) -> None:
        call = place.call
        if call is None:
            return
        call.name = _free(path if call.parameters else value_path, self.calls)
        for index, value in enumerate(call.outputs):
            self.value(value, value_path if index == 0 else f"{value_path}.{index}")
        slots = call.operation.values()
        for index, operand in enumerate(call.inputs):
            if isinstance(operand, Constant):
                slot = slots[min(index, len(slots) - 1)].name
                self.value(operand, f"{value_path}.{slot}")


class _Weights(Namer):
    """Names the weights of a shared layer and nothing else."""

    def __init__(self, namer: Namer) -> None:
        super().__init__(namer.values, namer.calls, namer.named)

    def inside(self, place: Place, path: str, value_path: str, owning: bool) -> None:
        if place.form is Form.CALL:
            self.weights(place, path)
            return
        shared, place.shared = place.shared, False
        super().inside(place, path, value_path, owning)
        place.shared = shared

    def labels(self, place: Place, path: str) -> None:
        """Values are named where the layer is called."""


def _numbered(
    place: Place, keep: Place | None = None, plain: bool = False
) -> list[tuple[Place, str]]:
    """Return the places of a body with their names: a label, or the kind with a number from 1.

    With `plain` (inside a labelled row) a kind that occurs once and owns no weights goes without a number.
    """
    items = list(flattened(place, keep))
    labels = {child.labels[0] for child, looped in items if child.labels and not looped}
    total = Counter(_word(child) for child, looped in items if looped or not child.labels)
    counters: Counter[str] = Counter()
    names = []
    for child, looped in items:
        if child.labels and not looped:
            names.append((child, child.labels[0]))
            continue
        word = _word(child)
        alone = total[word] == 1 and word not in labels
        if alone and ((looped and child.labels) or (plain and (child is keep or not child.owns))):
            names.append((child, word))
        else:
            names.append((child, _next(word, counters, labels)))
    return names


def _word(place: Place) -> str:
    return place.labels[0] if place.labels else place.kind


def _next(word: str, counters: Counter[str], labels: set[str]) -> str:
    """Return `conv1`, `conv2`, ...; a number that a label has taken is left out."""
    counters[word] += 1
    while f"{word}{counters[word]}" in labels:
        counters[word] += 1
    return f"{word}{counters[word]}"


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _free(name: str, taken: set[str]) -> str:
    """Return `name`, or with a number behind it where that is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


def names_of(frame: Frame, lines: Lines) -> None:
    """Name every value, weight and call of a net and of its train section."""
    namer = Namer()
    declared: list[Value] = [*frame.made.values(), *lines.targets]
    for value in declared:
        namer.value(value, value.name)
    namer.body(frame.place, "")
    for path, place in line_paths(lines):
        namer.labels(place, path)
        namer.inside(place, path, path, True)
