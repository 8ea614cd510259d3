"""What the shapes in a file are: for its defaults, and for other values of every hyper-parameter.

A dimension that changes with a hyper-parameter must not be written as a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dslc.elaborate.elaborate import elaborate
from dslc.elaborate.notes import Notes
from dslc.elaborate.scope import Entity, Frame, Result
from dslc.errors import CompileError
from dslc.syntax import tree
from dslc.types import Shape

Load = Callable[[str, str], tree.File]


@dataclass(eq=False)
class Run(Notes):
    """What the nodes of one file were worth, every time they were read, in one elaboration of each net."""

    wanted: frozenset[int] = frozenset()
    worth: dict[int, list[Entity]] = field(default_factory=dict)

    def add(self, node: tree.Node, entity: Entity, frame: Frame) -> None:
        """Keep what a node was worth, if it is one of those in question."""
        if id(node) in self.wanted:
            self.worth.setdefault(id(node), []).append(entity)

    def entities(self, node: tree.Node) -> list[Entity]:
        """Return what a node was worth, in the order in which it was read."""
        return self.worth.get(id(node), [])

    def shapes(self, node: tree.Node) -> list[Shape]:
        """Return the shapes of a row or check; none where it is not always a tensor."""
        found = self.entities(node)
        whole = all(isinstance(entity, Result) and entity.values for entity in found)
        return [entity.value.type.shape for entity in found] if whole else []


def observe(file: tree.File, nodes: Iterable[tree.Node], load: Load) -> list[Run]:
    """Return the run with the defaults, and one for each hyper-parameter that can have another value.

    Errors: CompileError where the file has mistakes other than in its checks.
    """
    wanted = frozenset(map(id, nodes))
    usual = Run(wanted=wanted)
    for one, net in _nets(file):
        _elaborate(one, net, usual, load, {}, must=net is last_net(file))
    runs = [usual]
    for one, net in _nets(file):
        for parameter in net.parameters:
            runs += _varied(one, net, parameter, usual, load)
    return runs


def last_net(file: tree.File) -> tree.Net | None:
    """Return the net that the train section of a file is for."""
    nets = [item for item in file.items if isinstance(item, tree.Net)]
    return nets[-1] if nets else None


def _nets(file: tree.File) -> Iterator[tuple[tree.File, tree.Net]]:
    """Yield every net, with the file as it is to be read for that: the train section is that of the last one."""
    without = tuple(item for item in file.items if not isinstance(item, tree.Train))
    for item in file.items:
        if isinstance(item, tree.Net):
            yield file if item is last_net(file) else replace(file, items=without), item


def _varied(
    file: tree.File, net: tree.Net, parameter: tree.HeaderParameter, usual: Run, load: Load
) -> Iterator[Run]:
    """Yield the run with another value of a hyper-parameter, if there is one with which the net still fits together."""
    values = usual.entities(parameter)
    for text in _others(values[0]) if values else ():
        run = Run(wanted=usual.wanted)
        if _elaborate(file, net, run, load, {parameter.name.text: text}, must=False):
            yield run
            return


def _others(value: Entity) -> Iterator[str]:
    """Yield other values of a hyper-parameter, as text."""
    if isinstance(value, bool):
        yield str(not value).lower()
    elif isinstance(value, int):
        yield from (str(value + 1), str(2 * value), str(value - 1))
    elif isinstance(value, tuple) and all(type(item) is int for item in value):
        yield str([item + 1 for item in value])
        yield str([2 * item for item in value])


def _elaborate(
    file: tree.File,
    net: tree.Net,
    run: Run,
    load: Load,
    settings: Mapping[str, str],
    must: bool,
) -> bool:
    """Elaborate a net for its notes; tell whether it has no mistake. With `must`, its mistakes are raised."""
    try:
        elaborate(file, load=load, settings=settings, net=net.name.text, notes=run, checks=False)
    except CompileError:
        if must:
            raise
        return False
    return True
