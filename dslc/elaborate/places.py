"""The tree of names: where in the net every call, weight and value stands.

Elaboration grows the tree; `dslc.elaborate.names` reads the names off it when everything is there, because a name may
depend on what comes later (`label.weight` or `label.conv1.weight`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from dslc.network.network import Call, Parameter, Value
from dslc.syntax import tree


class Form(Enum):
    """What kind of place it is."""

    BLOCK = auto()
    """The body of a block or net: its rows are numbered on their own."""
    ROW = auto()
    """A labelled row, a bind, a raw parameter."""
    LOOP = auto()
    """A `repeat` or `for`; its children are rounds."""
    ROUND = auto()
    CALL = auto()
    """One operation."""
    LAYER = auto()
    """`layer x = ...`: where the weights of shared calls are named."""


@dataclass(eq=False)
class Place:
    """One node of the tree. `kind` is the lower-cased name of what is called; `members` what `.name` finds."""

    form: Form
    kind: str
    labels: tuple[str, ...] = ()
    children: list[Place] = field(default_factory=list)
    results: tuple[Value, ...] = ()
    call: Call | None = None
    parameters: list[tuple[str, Parameter]] = field(default_factory=list)
    members: dict[str, Any] = field(default_factory=dict)
    shared: bool = False
    """A call of a shared layer: its weights are named elsewhere."""
    target: Place | None = None
    """Of a LAYER: the place of its first call."""
    source: tree.Argument | None = None
    """`weights="file"`: where the weights below start from."""
    path: str = ""
    """What the names of the weights below begin with."""

    def add(self, child: Place) -> Place:
        self.children.append(child)
        return child

    @property
    def owns(self) -> bool:
        """Whether weights are named below this place."""
        if self.shared:
            return False
        if self.form is Form.LAYER:
            return self.target is not None
        return bool(self.parameters) or any(child.owns for child in self.children)

    @property
    def own_parameters(self) -> tuple[tuple[str, Parameter], ...]:
        """The weights that hang on this very place."""
        holder = self.target if self.form is Form.LAYER and self.target else self
        return tuple(holder.parameters)


def owned(place: Place) -> Iterator[Parameter]:
    """Yield every weight below a place, each once, those of shared layers where the layer stands."""
    seen: set[Parameter] = set()
    for parameter in _all_parameters(place):
        if parameter not in seen:
            seen.add(parameter)
            yield parameter


def _all_parameters(place: Place) -> Iterator[Parameter]:
    yield from (parameter for _, parameter in place.parameters)
    for child in place.children:
        yield from _all_parameters(child)


def flattened(place: Place, keep: Place | None = None) -> Iterator[tuple[Place, bool]]:
    """Yield the places that are named in `place`, and whether each stands in a round without a name of its own.

    A loop is transparent, unless it is `keep`.
    """
    for child in place.children:
        if child.form is Form.LOOP and child is not keep:
            for one_round in child.children:
                yield from ((inner, True) for inner, _ in flattened(one_round))
        else:
            yield child, False


def principal(place: Place) -> Place | None:
    """Return the place that goes by the name of its row: the only owner of weights, or else the only block or loop.

    `c1: Conv(6, 5x5) -> tanh` names the convolution `c1`; so `c1.weight`.
    """
    direct = [child for child in place.children if child.form in (Form.CALL, Form.BLOCK, Form.LOOP)]
    owners = [child for child in place.children if child.owns]
    if owners:
        return owners[0] if len(owners) == 1 and owners[0] in direct else None
    bodies = [child for child in direct if child.form is not Form.CALL or child.shared]
    return bodies[0] if len(bodies) == 1 else None


def loop_of(place: Place | None) -> Place | None:
    """Return the loop that `label[i]` counts the rounds of, if the label names one."""
    while place is not None and place.form is Form.ROW:
        place = principal(place)
    return place if place is not None and place.form is Form.LOOP else None


def find_parameter(place: Place, name: str) -> Parameter | None:
    """Return the weight that `label.name` means, if `label` names exactly one layer."""
    for suffix, parameter in place.own_parameters:
        if suffix == name:
            return parameter
    inner = principal(place) if place.form in (Form.ROW, Form.ROUND) else None
    return find_parameter(inner, name) if inner is not None else None


def find_member(place: Place, name: str) -> Any:
    """Return what `.name` finds inside a place: a label of its body, else None."""
    if name in place.members:
        return place.members[name]
    if place.form in (Form.ROW, Form.ROUND):
        inner = principal(place)
        return find_member(inner, name) if inner is not None else None
    return None


def member_names(place: Place) -> tuple[str, ...]:
    """Return what `.name` may say inside a place."""
    own = (*place.members, *(suffix for suffix, _ in place.own_parameters if suffix))
    if place.form in (Form.ROW, Form.ROUND):
        inner = principal(place)
        return own + (member_names(inner) if inner is not None else ())
    return own
