"""What a file names and never uses: blocks, imports, defaults, layers, hyper-parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dslc.errors import Diagnostic, Label
from dslc.syntax import tree


def unused_names(file: tree.File) -> Iterator[Diagnostic]:
    """Yield a warning for each name that the file gives and nothing in it uses."""
    used = set(_names(file.items))
    recipes = set(_names(item for item in file.items if isinstance(item, tree.Train)))
    for item in file.items:
        if isinstance(item, tree.Import):
            yield from (_definition(name, "import") for name in item.names if name.text not in used)
        elif isinstance(item, tree.Default) and item.name.text not in used:
            yield _default(item)
        elif isinstance(item, tree.Block | tree.Net):
            if isinstance(item, tree.Block) and item.name.text not in used:
                yield _definition(item.name, "block")
            seen = recipes if isinstance(item, tree.Net) else set()
            yield from _inside(item, seen | set(_names([item])))


def _inside(item: tree.Block | tree.Net, used: set[str]) -> Iterator[Diagnostic]:
    """Yield the hyper-parameters and layers of a block or net that nothing in it uses."""
    for parameter in item.parameters:
        if parameter.type is None and parameter.name.text not in used:
            yield Diagnostic(
                "W0216",
                f"the hyper-parameter `{parameter.name.text}` is never used",
                Label(parameter.name.span, f"nothing in {item.name.text} depends on it"),
                helps=("use it, or delete it",),
            )
    for layer in _layers(item):
        if layer.name.text not in used:
            yield Diagnostic(
                "W0217",
                f"the layer `{layer.name.text}` is never called",
                Label(layer.name.span, "so it has no weights"),
                helps=(f"call it in a row:  {layer.name.text}",),
            )


def _names(nodes: Iterable[tree.Node]) -> Iterator[str]:
    """Yield the names that are used below nodes, not those that are given there."""
    for node in nodes:
        if isinstance(node, tree.Name):
            yield node.text
        elif isinstance(node, tree.Output):
            yield from (name.text for name in node.names)
            yield from _names(node.children())
        elif isinstance(node, tree.Path):
            yield from (part for part in node.parts if isinstance(part, str))
        else:
            yield from _names(node.children())


def _layers(node: tree.Node) -> Iterator[tree.Layer]:
    for child in node.children():
        if isinstance(child, tree.Layer):
            yield child
        else:
            yield from _layers(child)


def _definition(name: tree.Identifier, kind: str) -> Diagnostic:
    return Diagnostic(
        "W0215",
        f"the {kind} `{name.text}` is never used",
        Label(name.span, "nothing in this file calls it"),
        helps=("call it, or delete it",),
    )


def _default(item: tree.Default) -> Diagnostic:
    return Diagnostic(
        "W0219",
        f"this default for `{item.name.text}` changes nothing",
        Label(item.name.span, f"nothing in this file calls `{item.name.text}`"),
        facts=("a default holds for the calls of its own file, not for imported blocks",),
        helps=("delete this line",),
    )
