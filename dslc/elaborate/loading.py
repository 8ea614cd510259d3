"""`weights="file.safetensors"` on a net or block that is called: its weights start from a file.

A tensor of the file goes to the weight of its name, as that is called inside the net: `stem.conv1.weight` for
`backbone.stem.conv1.weight`. What does not fit keeps its initializer, and a warning lists it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence

from dslc.elaborate.modules import leads_out
from dslc.elaborate.places import Place, owned
from dslc.elaborate.scope import Work
from dslc.elaborate.suggest import nearest
from dslc.errors import CompileError, Diagnostic, Label
from dslc.loaded import FromFile
from dslc.network.network import Parameter
from dslc.operation import Array
from dslc.syntax import tree
from dslc.types import shape_text

ReadWeights = Callable[[str, str], Mapping[str, Array]]
"""`(path as written, path of the spec that says so) -> tensors by name`.

Raises OSError with the reason where the file cannot be read; CompileError for what is wrong with it is made here.
"""

LISTED = 10
"""Tensors of a kind that a message names."""


def load_weights(place: Place, work: Work, read: ReadWeights | None) -> None:
    """Let every part of a net that names a file start from it. Mistakes and warnings are reported."""
    for part in _sourced(place):
        assert part.source is not None
        tensors = _tensors(part.source, work, read)
        if tensors is not None:
            _Match(part, part.source, tensors).settle(work)


def _sourced(place: Place) -> Iterator[Place]:
    if place.source is not None:
        yield place
    for child in place.children:
        yield from _sourced(child)


def _tensors(
    node: tree.Argument, work: Work, read: ReadWeights | None
) -> Mapping[str, Array] | None:
    value = node.value
    if not isinstance(value, tree.String):
        helps = ('name a file:\nweights="resnet50.safetensors"',)
        _report(work, "E0402", "`weights` is the path of a file", node, helps=helps)
        return None
    reason = leads_out(value.value, posixpath.normpath(value.value))
    if reason is not None:
        helps = ("put the file beside the spec, or in a folder below it",)
        message = "the weights that a spec names stay in its folder"
        _report(work, "E0704", message, node, reason, helps=helps)
        return None
    if read is None:
        return None
    try:
        return read(value.value, value.span.source.path)
    except CompileError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"`{value.value}` cannot be read"
        _report(work, "E0702", message, node, reason[:1].lower() + reason[1:])
        return None


class _Match:
    """What of a file fits the weights of a part of the net."""

    def __init__(self, part: Place, node: tree.Argument, tensors: Mapping[str, Array]) -> None:
        assert isinstance(node.value, tree.String)
        self.node, self.file, self.tensors = node, node.value.value, tensors
        self.wanted = {p.name.removeprefix(f"{part.path}."): p for p in owned(part)}
        self.missing = [name for name in self.wanted if name not in tensors]
        self.unused = [name for name in tensors if name not in self.wanted]
        self.differing = [
            name
            for name, p in self.wanted.items()
            if name in tensors and not _fits(p, tensors[name])
        ]

    def settle(self, work: Work) -> None:
        """Give the weights that have a tensor its values, and say what is left."""
        out = {*self.missing, *self.differing}
        found = {name: p for name, p in self.wanted.items() if name not in out}
        if not found:
            _report(
                work,
                "E0705",
                f"`{self.file}` holds none of these weights",
                self.node,
                facts=self._facts(),
                helps=self._helps(),
            )
            return
        for name, parameter in found.items():
            parameter.initializer = FromFile(self.file, name, self.tensors[name])
        if out:
            message = f"{len(found)} of {len(self.wanted)} weights come from `{self.file}`"
            _report(
                work,
                "W0706",
                message,
                self.node,
                facts=("the others start from their initializers", *self._facts()),
            )

    def _facts(self) -> tuple[str, ...]:
        shapes = [
            f"{name}: {shape_text(self.wanted[name].type.shape)} here, "
            f"{shape_text(self.tensors[name].shape)} in the file{self._transposed(name)}"
            for name in self.differing[:LISTED]
        ]
        if len(self.differing) > LISTED:
            shapes.append(f"and {len(self.differing) - LISTED} more of another shape")
        lists = {"not in the file": self.missing, "in the file, and not used": self.unused}
        return (*shapes, *(f"{what}: {_listed(names)}" for what, names in lists.items() if names))

    def _transposed(self, name: str) -> str:
        turned = self.tensors[name].shape[::-1] == self.wanted[name].type.shape
        return ", which is its transpose" if turned else ""

    def _helps(self) -> tuple[str, ...]:
        """Point at a name that all names of the file have in front: weights of the whole, wanted for a part."""
        for name in self.wanted:
            longer = [other for other in self.tensors if other.endswith(f".{name}")]
            if longer:
                front = longer[0].removesuffix(name)
                return (f"the names in the file have `{front}` in front: save them without it",)
        meant = nearest(next(iter(self.wanted), ""), self.tensors)
        return (f"the nearest name in the file is `{meant}`",) if meant else ()


def _fits(parameter: Parameter, tensor: Array) -> bool:
    return tensor.shape == parameter.type.shape and tensor.dtype.kind == "f"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _report(
    work: Work,
    code: str,
    message: str,
    node: tree.Argument,
    text: str = "",
    *,
    facts: Sequence[str] = (),
    helps: Sequence[str] = (),
) -> None:
    label = Label(node.value.span, text)
    work.report(Diagnostic(code, message, label, facts=tuple(facts), helps=tuple(helps)))
