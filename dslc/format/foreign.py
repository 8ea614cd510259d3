"""`--fix`: names and arguments of PyTorch, Keras and ONNX become ours, where it is certain what they mean.

Changes are made in the text by place, so everything else stays. A name that the file itself gives to something is never
touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dslc.elaborate import foreign
from dslc.elaborate.library import standard_library
from dslc.elaborate.scope import Library
from dslc.elaborate.suggest import FOREIGN
from dslc.elaborate.train_settings import SETTINGS
from dslc.format.arguments import argument_edits, settings_of_call
from dslc.format.edits import Edit, apply
from dslc.source import Source, Span
from dslc.syntax import tree
from dslc.syntax.parser import parse
from dslc.types import DType

ELEMENT_TYPES = frozenset(dtype.value for dtype in DType)
_NAMING = tree.Pipe | tree.Row | tree.Bind | tree.Parameter | tree.Argument | tree.Setting
STATEMENT_SETTINGS = frozenset({*SETTINGS, "optimizer", "schedule"})


def fix_spellings(source: Source) -> str:
    """Return the text with our spellings. Errors: CompileError where it has syntax errors."""
    file = parse(source)
    fixer = _Fixer(standard_library(), frozenset(_own_names(file)))
    return apply(source.text, fixer.edits(file, None))


def _own_names(node: tree.Node) -> Iterator[str]:
    """Yield the names that a file gives to something."""
    match node:
        case tree.Type(dims=dims):
            yield from (dim.text for dim in dims if isinstance(dim, tree.Name))
        case tree.Row(labels=names) | tree.Bind(names=names) | tree.Input(names=names):
            yield from (name.text for name in names)
        case tree.Target(names=names) | tree.Import(names=names):
            yield from (name.text for name in names)
        case tree.Block() | tree.Net() | tree.HeaderParameter() | tree.Layer() | tree.Parameter():
            yield node.name.text
        case tree.Carry(name=name) | tree.For(variable=name):
            yield name.text
        case tree.Scan(variable=variable):
            yield variable.text
    for child in node.children():
        yield from _own_names(child)


@dataclass(frozen=True)
class _Fixer:
    """Looks for foreign spellings; `own` are the names that the file defines."""

    library: Library
    own: Collection[str]

    def edits(self, node: tree.Node, parent: tree.Node | None) -> Iterator[Edit]:
        """Yield the changes below a node."""
        match node:
            case tree.Call():
                yield from self.call(node, parent)
                return
            case tree.Name() | tree.Attribute():
                yield from self.name(node, parent)
            case tree.Default():
                known = self._spelled(node.name.text, self._layers())
                if known is not None:
                    yield _replace(node.name.span, known)
            case tree.Setting():
                yield from self.setting(node)
            case tree.Type(dtype=tree.Identifier(text=text)) if text in foreign.ELEMENTS:
                assert node.dtype is not None
                yield _replace(node.dtype.span, foreign.ELEMENTS[text])
        for child in node.children():
            yield from self.edits(child, node)

    def setting(self, node: tree.Setting) -> Iterator[Edit]:
        """Yield the change of the name of a training setting."""
        name = node.name.text
        if name in foreign.SETTINGS and name not in STATEMENT_SETTINGS and name not in self.own:
            yield _replace(node.name.span, foreign.SETTINGS[name])

    # ---- names

    def name(self, node: tree.Name | tree.Attribute, parent: tree.Node | None) -> Iterator[Edit]:
        """Yield the change of a name without arguments."""
        text = node.text if isinstance(node, tree.Name) else None
        if text in foreign.CONSTANTS and text not in self.own:
            yield _replace(node.span, foreign.CONSTANTS[text])
        elif isinstance(parent, _NAMING):
            known = self.spelling(node, self._families(parent))
            if known is not None and not self._is_word(text, known, parent):
                yield _replace(node.span, known)

    def _is_word(self, text: str | None, known: str, parent: tree.Node) -> bool:
        """Tell whether a small name may be a word that a setting knows."""
        is_argument = isinstance(parent, tree.Argument) and text is not None and text.islower()
        return is_argument and known not in self.library.initializers

    def spelling(self, node: tree.Expression, families: Mapping[str, type]) -> str | None:
        """Return our name of a foreign one, None where it is ours or not known."""
        if isinstance(node, tree.Name):
            return self._spelled(node.text, families)
        if isinstance(node, tree.Attribute) and self._is_module(node.value):
            name = node.name.text
            return name if name in families else self._spelled(name, families)
        return None

    def _spelled(self, name: str, families: Mapping[str, type]) -> str | None:
        known = FOREIGN.get(name)
        is_free = name not in families and name not in self.own
        return known if is_free and known in families else None

    def _is_module(self, node: tree.Expression) -> bool:
        if isinstance(node, tree.Attribute):
            return node.name.text in foreign.MODULES and self._is_module(node.value)
        return (
            isinstance(node, tree.Name)
            and node.text in foreign.MODULES
            and node.text not in self.own
        )

    def _layers(self) -> dict[str, type]:
        return {**self.library.initializers, **self.library.operations}

    def _families(self, parent: tree.Node | None) -> Mapping[str, type]:
        """Return what can be named at a place."""
        if isinstance(parent, tree.Metric):
            return self.library.metrics
        if isinstance(parent, tree.Setting):
            return {**self.library.optimizers, **self.library.schedules}
        return self._layers()

    # ---- calls

    def call(self, node: tree.Call, parent: tree.Node | None) -> Iterator[Edit]:
        """Yield the changes of a call: its name and its arguments."""
        families = self._families(parent)
        written = _last_name(node.function)
        known = self.spelling(node.function, families)
        name = known or written
        is_ours = known is None and (name in self.own or not isinstance(node.function, tree.Name))
        if name not in families or is_ours:
            known = None
            arguments = None
        else:
            arguments = argument_edits(
                node, written, settings_of_call(families[name]), _may_go_on(parent)
            )
        if arguments is None:
            yield from self._inside(node, ())
            return
        if known is not None:
            yield _replace(node.function.span, known)
        yield from arguments.edits
        yield from self._inside(node, arguments.gone)

    def _inside(self, node: tree.Call, gone: Collection[tree.Argument]) -> Iterator[Edit]:
        for argument in node.arguments:
            if not any(argument is one for one in gone):
                yield from self.edits(argument, node)
        if not isinstance(node.function, tree.Name | tree.Attribute):
            yield from self.edits(node.function, node)


def _last_name(node: tree.Expression) -> str:
    if isinstance(node, tree.Attribute):
        return node.name.text
    return node.text if isinstance(node, tree.Name) else ""


def _may_go_on(parent: tree.Node | None) -> bool:
    """Tell whether an arrow may follow, and a name may stand without brackets."""
    return isinstance(parent, tree.Pipe | tree.Row | tree.Bind)


def _replace(span: Span, text: str) -> Edit:
    return Edit(span.start, span.end, text)
