"""What can be wrong with a file as a whole."""

from __future__ import annotations

from dslc.elaborate.scope import (
    Definition,
    Frame,
    Result,
)
from dslc.errors import Diagnostic, Label
from dslc.network.network import Value
from dslc.source import Span
from dslc.syntax import tree


def output_name(value: Value, frame: Frame) -> str:
    """Return the label of the value at the end of a net, or `output`."""
    for name, entity in frame.scope.names.items():
        if isinstance(entity, Result) and entity.value is value:
            return name
    return "output"


def no_output(definition: Definition) -> Diagnostic:
    """Say that a net gives nothing (E0508)."""
    return Diagnostic(
        "E0508",
        f"the net `{definition.name}` gives no value",
        Label(definition.node.name.span),
        helps=("name its result with an output line:  output y = ...",),
    )


def no_default(parameter: tree.HeaderParameter) -> Diagnostic:
    """Say that a net does not compile without `--set` (E0204)."""
    name = parameter.name.text
    return Diagnostic(
        "E0204",
        f"the hyper-parameter `{name}` of the net has no default",
        Label(parameter.span),
        helps=(
            f"every hyper-parameter of a net has one, so that it compiles as it is:  {name}=10",
        ),
    )


def too_deep(file: tree.File) -> Diagnostic:
    """Say that expressions or blocks are nested beyond what can be read (E0902)."""
    return Diagnostic("E0902", "this file is nested too deeply", Label(Span(file.source, 0, 0)))
