"""What a name stands for: a name of the body, a block or net of the file, an operation, an initializer."""

from __future__ import annotations

from dataclasses import MISSING

from dslc.errors import Label
from dslc.network.scope import (
    Builtin,
    Definition,
    Entity,
    Frame,
    MistakeError,
    Operator,
    Recipe,
    Result,
    SharedLayer,
)
from dslc.network.static import FUNCTIONS, describe, is_static
from dslc.network.suggest import FOREIGN, did_you_mean, nearest
from dslc.operation import Operation
from dslc.source import Span
from dslc.syntax import tree

CAPITAL_FACT = (
    'a capital letter means "has parameters or state" (Conv, Linear, BatchNorm, Dropout); '
    "everything else is lower case"
)


def lookup(node: tree.Name, frame: Frame, calling: bool = False) -> Entity:
    """Return what a name stands for. Raises MistakeError (E0201, E0202, E0206, E0601)."""
    found = find(node.text, frame)
    if found is not None:
        return found
    library = frame.work.library
    foreign = FOREIGN.get(node.text, "")
    if foreign in library.operations:
        raise _foreign(node, foreign, frame)
    if calling or node.text[0].isupper():
        raise _no_such_call(node, frame)
    raise _no_such_value(node, frame)


def find(name: str, frame: Frame) -> Entity | None:
    """Return what a name stands for, or None."""
    entity = frame.scope.find(name)
    if entity is not None:
        return entity
    library = frame.work.library
    if name == "training":
        return frame.work.training
    if name in frame.module.definitions:
        return frame.module.definitions[name]
    if name in library.operations:
        return Operator(library.operations[name])
    if name in library.initializers:
        return Recipe(name, library.initializers[name])
    return Builtin(name) if name in FUNCTIONS else None


def callee(node: tree.Call, frame: Frame) -> Entity:
    """Return what a call calls."""
    if not isinstance(node.function, tree.Name):
        return frame.work.evaluate(node.function, frame)
    entity = lookup(node.function, frame, calling=True)
    operations = frame.work.library.operations
    if isinstance(entity, Result) and node.function.text in operations:
        return Operator(operations[node.function.text])
    if isinstance(entity, Result):
        raise frame.mistake(
            "E0201",
            f"`{node.function.text}` is a value, not a layer",
            node.function.span,
            f"this is {entity.value.type}",
            helps=("`layer x = ...` gives a name to a layer that is called several times",),
        )
    if is_static(entity):
        text = f"this is {describe(entity)}"
        raise frame.mistake(
            "E0201", f"`{node.function.text}` cannot be called", node.function.span, text
        )
    return entity


def callable_names(frame: Frame) -> list[str]:
    """Return every name that a row can call here."""
    visible = frame.scope.visible().items()
    own = [name for name, e in visible if isinstance(e, Operator | Definition | SharedLayer)]
    return [*own, *frame.module.definitions, *frame.work.library.operations]


def _foreign(node: tree.Name, ours: str, frame: Frame) -> MistakeError:
    return frame.mistake(
        "E0202",
        f"`{node.text}` is spelled `{ours}` here",
        node.span,
        f"`{ours}`",
        facts=(CAPITAL_FACT,),
        helps=("`dslc fmt --fix` rewrites PyTorch, Keras and ONNX names",),
    )


def _no_such_call(node: tree.Name, frame: Frame) -> MistakeError:
    word = "layer" if node.text[0].isupper() else "function"
    known = callable_names(frame)
    text = did_you_mean(node.text, known)
    if not text and node.text in _elsewhere(frame):
        text = _elsewhere(frame)[node.text]
    return frame.mistake("E0201", f"there is no {word} called `{node.text}`", node.span, text)


def _elsewhere(frame: Frame) -> dict[str, str]:
    library = frame.work.library
    found = dict.fromkeys(library.optimizers, "this is an optimizer: it stands in a train section")
    found.update(
        dict.fromkeys(library.schedules, "this is a schedule: it stands in a train section")
    )
    found.update(dict.fromkeys(library.metrics, "this is a metric: it stands in a `metric` line"))
    return found


def _no_such_value(node: tree.Name, frame: Frame) -> MistakeError:
    values = frame.scope.values()
    visible = frame.scope.visible()
    suggestion = nearest(node.text, [*visible, *callable_names(frame)])
    where = frame.stack[-1].name if frame.stack else "the file"
    if frame.line and suggestion is None:
        return _undeclared(node.text, node.span, where, frame)
    facts = (f"values of {where} that can be used here: {', '.join(values)}",) if values else ()
    if node.text in _elsewhere(frame):
        facts = (*facts, _elsewhere(frame)[node.text])
    return frame.mistake(
        "E0206",
        f"nothing is called `{node.text}` here",
        node.span,
        f"did you mean `{suggestion}`?" if suggestion else "",
        facts=facts,
    )


def _undeclared(name: str, span: Span, where: str, frame: Frame) -> MistakeError:
    return frame.mistake(
        "E0601",
        f"the {frame.line} uses `{name}`, which is not declared",
        span,
        f"not an input, a target or a value of {where}",
        helps=(
            "declare what the data set supplies, for example one class number per sample:\n"
            f"target {name}: int64[N]",
        ),
    )


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
            helps=(f"call this one `{_next_name(name, frame)}`",),
        )
    _refuse_taken(name, span, frame)
    frame.scope.names[name] = entity
    frame.scope.spans[name] = span


RESERVED = ("seed", "step", "steps_per_epoch", "validation", "loss", "finite")


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
            helps=(f"call it `{_next_name(name, frame)}`",),
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
