"""What a file has become, by the place in its tree: for editors, which ask what stands where.

Elaboration writes these notes as it goes, so a file with mistakes has those of everything before and beside them. The
body of a block is read once for every call; it then has several notes at each place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dslc.elaborate.scope import Chain, Entity, Frame, Result
from dslc.network.network import Value
from dslc.syntax import tree

MOST = 64
"""Notes kept of one place."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a node was worth once. `chain` are the calls of blocks around it, `hyper` their hyper-parameters."""

    entity: Entity
    chain: Chain = ()
    hyper: str = ""

    @property
    def values(self) -> tuple[Value, ...]:
        """The tensors of a row or call, the first one first; nothing where the node is no tensor."""
        return self.entity.values if isinstance(self.entity, Result) else ()


@dataclass(eq=False)
class Notes:
    """The notes of one or several elaborations, by the identity of the nodes."""

    found: dict[int, list[Note]] = field(default_factory=dict)
    nodes: dict[int, tree.Node] = field(default_factory=dict)
    """Keeps every node alive, so that an identity means one node."""

    def add(self, node: tree.Node, entity: Entity, frame: Frame) -> None:
        """Keep what a node was worth."""
        self.nodes[id(node)] = node
        notes = self.found.setdefault(id(node), [])
        if len(notes) < MOST:
            notes.append(Note(entity, frame.chain, frame.hyper))

    def of(self, node: tree.Node) -> tuple[Note, ...]:
        """Return what was noted of a node, in the order of the calls."""
        return tuple(self.found.get(id(node), ()))

    def __iter__(self) -> Iterator[tree.Node]:
        return iter(self.nodes.values())


def seen(node: tree.Node, entity: Entity, frame: Frame) -> Entity:
    """Note what a node is worth, if somebody asks for notes; return it."""
    if frame.work.notes is not None:
        frame.work.notes.add(node, entity, frame)
    return entity
