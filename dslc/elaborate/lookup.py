"""What a name stands for: a name of the body, a block or net of the file, an operation, an initializer."""

from __future__ import annotations

from dataclasses import MISSING

from dslc.elaborate.foreign import CONSTANTS, METHODS, MODULES
from dslc.elaborate.habits import called_twice, written_as_method
from dslc.elaborate.left_out import NONE_WORD
from dslc.elaborate.mending import help_with
from dslc.elaborate.scope import (
    NONE,
    Builtin,
    Entity,
    Frame,
    MistakeError,
    Operator,
    Recipe,
    Result,
)
from dslc.elaborate.static import FUNCTIONS, describe, is_static
from dslc.elaborate.suggest import FOREIGN
from dslc.elaborate.unknown import CAPITAL_FACT, foreign_name, no_such_call, no_such_value
from dslc.errors import Label
from dslc.operation import Operation
from dslc.source import Span
from dslc.syntax import tree


def lookup(node: tree.Name, frame: Frame, calling: bool = False) -> Entity:
    """Return what a name stands for. Raises MistakeError (E0201, E0202, E0206, E0601)."""
    found = find(node.text, frame)
    if found is not None:
        return found
    library = frame.work.library
    foreign = FOREIGN.get(node.text, "")
    if foreign in library.operations:
        raise foreign_name(node, foreign, frame, (CAPITAL_FACT,))
    if foreign in library.initializers:
        raise foreign_name(node, foreign, frame)
    if node.text in CONSTANTS and not calling:
        raise foreign_name(node, CONSTANTS[node.text], frame)
    if calling or node.text[0].isupper():
        raise no_such_call(node, frame)
    raise no_such_value(node, frame)


def find(name: str, frame: Frame) -> Entity | None:
    """Return what a name stands for, or None."""
    entity = frame.scope.find(name)
    if entity is not None:
        return entity
    library = frame.work.library
    if name == "training":
        return frame.work.training
    if name == NONE_WORD:
        return NONE
    if name in frame.module.definitions:
        return frame.module.definitions[name]
    if name in library.operations:
        return Operator(library.operations[name])
    if name in library.initializers:
        return Recipe(name, library.initializers[name])
    return Builtin(name) if name in FUNCTIONS else None


def callee(node: tree.Call, frame: Frame) -> Entity:
    """Return what a call calls."""
    if isinstance(node.function, tree.Call):
        raise called_twice(node, node.function, frame)
    if isinstance(node.function, tree.Attribute):
        return _member(node, node.function, frame)
    if not isinstance(node.function, tree.Name):
        return frame.work.evaluate(node.function, frame)
    entity = lookup(node.function, frame, calling=True)
    operations = frame.work.library.operations
    if isinstance(entity, Result) and node.function.text in operations:
        return Operator(operations[node.function.text])
    if isinstance(entity, Result):
        raise frame.mistake(
            "E0214",
            f"`{node.function.text}` is a value, not a layer",
            node.function.span,
            f"this is {entity.value.type}",
            helps=(
                "to call one set of weights several times, give the layer a name:  layer shared = Linear(4)",
            ),
        )
    if is_static(entity):
        text = f"this is {describe(entity)}"
        raise frame.mistake(
            "E0214", f"`{node.function.text}` cannot be called", node.function.span, text
        )
    return entity


def _member(node: tree.Call, function: tree.Attribute, frame: Frame) -> Entity:
    """Return what `f.part` of a call `f.part(x)` is; a method of another framework is a function here."""
    try:
        return frame.work.evaluate(function, frame)
    except MistakeError as mistake:
        name = function.name.text
        known = METHODS.get(
            name, name if name in frame.work.library.operations else FOREIGN.get(name)
        )
        operation = frame.work.library.operations.get(known or "")
        if operation is None or mistake.diagnostic.code != "E0211" or mistake.diagnostic.helps:
            raise
        raise written_as_method(node, function, operation, mistake) from mistake


def refuse_module(node: tree.Attribute, frame: Frame) -> None:
    """Say what `nn.Linear` or `keras.layers.Dense` is called here (E0202)."""
    if not _is_module(node.value, frame):
        return
    operations = frame.work.library.operations
    name = node.name.text
    ours = name if name in operations else FOREIGN.get(name, "")
    if ours in operations:
        raise foreign_name(node, ours, frame, (CAPITAL_FACT,))
    raise no_such_call(tree.Name(node.span, name), frame)


def _is_module(node: tree.Expression, frame: Frame) -> bool:
    if isinstance(node, tree.Attribute):
        return node.name.text in MODULES and _is_module(node.value, frame)
    return isinstance(node, tree.Name) and node.text in MODULES and find(node.text, frame) is None


def define(name: str, entity: Entity, span: Span, frame: Frame) -> None:
    """Give a name to a value of the body. Raises MistakeError (E0205, E0208)."""
    earlier = frame.scope.span_of(name)
    if earlier is not None:
        known = frame.scope.find(name)
        what = "first use" if not is_static(known) else "a hyper-parameter or dimension"
        raise frame.mistake(
            "E0205",
            f"the name `{name}` is used twice",
            span,
            "second use",
            others=[Label(earlier, what)],
            facts=(
                "names are also the names of parameters and of ONNX values, so each is given once",
            ),
            helps=(
                help_with(
                    f"call this one `{_next_name(name, frame)}`:", span, _next_name(name, frame)
                ),
            ),
        )
    _refuse_taken(name, span, frame)
    frame.scope.names[name] = entity
    frame.scope.spans[name] = span


RESERVED = (
    *("seed", "step", "steps_per_epoch", "validation", "loss", "finite"),
    *("metric", "schedule", "loss_scale", "accumulator"),
)
"""Names, and beginnings of names, of the values of compiled graphs that are not of the net itself."""


def _refuse_taken(name: str, span: Span, frame: Frame) -> None:
    if name in RESERVED and len(frame.stack) == 1:
        raise frame.mistake(
            "E0208",
            f"the name `{name}` is reserved",
            span,
            "the training graph has an input or output of this name",
            helps=(f"call it `{name}_value`",),
        )
    operation = frame.work.library.operations.get(name)
    if operation is not None and _stands_alone(operation):
        raise frame.mistake(
            "E0208",
            f"`{name}` is the name of a function",
            span,
            "a value may not take it",
            helps=(help_with("give it a name of its own, for example:", span, f"{name}1"),),
        )


def _stands_alone(operation: type[Operation]) -> bool:
    """Tell whether a function may be written without brackets, so that a value of its name would hide it.

    `conv` needs a weight and `max_pool` a kernel: their names stay free for labels.
    """
    values = [value for value in operation.values() if not value.optional]
    return len(values) <= 1 and not any(info.default is MISSING for info in operation.settings())


def _next_name(name: str, frame: Frame) -> str:
    """Return `pool2` for `pool1`, the next one that is free."""
    stem = name.rstrip("0123456789")
    number = int(name[len(stem) :] or 1) + 1
    while frame.scope.find(f"{stem}{number}") is not None:
        number += 1
    return f"{stem}{number}"
