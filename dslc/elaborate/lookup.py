"""What a name stands for: a name of the body, a block or net of the file, an operation, an initializer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING

from dslc.elaborate.foreign import CONSTANTS, ELSEWHERE, MODULES
from dslc.elaborate.left_out import NONE_WORD
from dslc.elaborate.mending import help_with, known_names
from dslc.elaborate.misfits import called_twice
from dslc.elaborate.scope import (
    NONE,
    POISON,
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
from dslc.elaborate.static import FUNCTIONS, describe, is_static
from dslc.elaborate.suggest import FOREIGN, nearest
from dslc.errors import Label
from dslc.operation import Operation
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import TensorType, shape_text

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
        raise _foreign(node, foreign, frame, (CAPITAL_FACT,))
    if node.text in CONSTANTS and not calling:
        raise _foreign(node, CONSTANTS[node.text], frame)
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


def callable_names(frame: Frame) -> list[str]:
    """Return every name that a row can call here."""
    visible = frame.scope.visible().items()
    own = [name for name, e in visible if isinstance(e, Operator | Definition | SharedLayer)]
    return [*own, *frame.module.definitions, *frame.work.library.operations]


def _foreign(
    node: tree.Name | tree.Attribute, ours: str, frame: Frame, facts: Sequence[str] = ()
) -> MistakeError:
    return frame.mistake(
        "E0202",
        f"`{node.span.text}` is spelled `{ours}` here",
        node.span,
        f"`{ours}`",
        facts=facts,
        helps=("`dslc fmt --fix` rewrites PyTorch, Keras and ONNX names",),
    )


def refuse_module(node: tree.Attribute, frame: Frame) -> None:
    """Say what `nn.Linear` or `keras.layers.Dense` is called here (E0202)."""
    if not _is_module(node.value, frame):
        return
    operations = frame.work.library.operations
    name = node.name.text
    ours = name if name in operations else FOREIGN.get(name, "")
    if ours in operations:
        raise _foreign(node, ours, frame, (CAPITAL_FACT,))
    raise _no_such_call(tree.Name(node.name.span, name), frame)


def _is_module(node: tree.Expression, frame: Frame) -> bool:
    if isinstance(node, tree.Attribute):
        return node.name.text in MODULES and _is_module(node.value, frame)
    return isinstance(node, tree.Name) and node.text in MODULES and find(node.text, frame) is None


def _no_such_call(node: tree.Name, frame: Frame) -> MistakeError:
    is_layer = node.text[0].isupper()
    meant = nearest(node.text, callable_names(frame))
    elsewhere = _elsewhere(frame).get(node.text)
    text = elsewhere or (f"did you mean `{meant}`?" if meant else "")
    facts = []
    if not text and is_layer:
        own = [name for name in callable_names(frame) if name[0].isupper()]
        facts = [f"layers and blocks that can be called here: {', '.join(sorted(own))}"]
    return frame.mistake(
        "E0201",
        f"there is no {'layer' if is_layer else 'function'} called `{node.text}`",
        node.span,
        text,
        facts=facts,
        helps=[help_with("write it so:", node.span, meant)] if meant and not elsewhere else [],
    )


def _elsewhere(frame: Frame) -> dict[str, str]:
    library = frame.work.library
    found = dict.fromkeys(library.optimizers, "this is an optimizer: it stands in a train section")
    found.update(
        dict.fromkeys(library.schedules, "this is a schedule: it stands in a train section")
    )
    found.update(dict.fromkeys(library.metrics, "this is a metric: it stands in a `metric` line"))
    return {**ELSEWHERE, **found}


def _no_such_value(node: tree.Name, frame: Frame) -> MistakeError:
    visible = frame.scope.visible()
    suggestion = nearest(node.text, [*visible, *callable_names(frame)])
    where = frame.stack[-1].name if frame.stack else "the file"
    if frame.line and suggestion is None:
        return _undeclared(node, where, frame)
    facts = []
    values, numbers = known_names(frame), [n for n, e in visible.items() if is_static(e)]
    if values:
        facts.append(f"values of {where} that can be used here: {', '.join(values)}")
    if numbers and (not values or suggestion in numbers):
        facts.append(f"hyper-parameters and dimensions: {', '.join(numbers)}")
    if node.text in _elsewhere(frame):
        facts.append(_elsewhere(frame)[node.text])
    return frame.mistake(
        "E0206",
        f"nothing is called `{node.text}` here",
        node.span,
        f"did you mean `{suggestion}`?" if suggestion else "",
        facts=facts[-1:] if suggestion in numbers else facts,
        helps=[help_with("write it so:", node.span, suggestion)] if suggestion else [],
    )


LABEL_LINES = ("cross_entropy", "nll", "accuracy", "mean_iou", "perplexity")
"""Losses and metrics whose target is one class number per row."""


def _undeclared(node: tree.Name, where: str, frame: Frame) -> MistakeError:
    call = _call_around(node, frame.expression)
    named = call.function.text if call and isinstance(call.function, tree.Name) else ""
    prediction = _prediction(call, frame)
    labels = named in LABEL_LINES or prediction is None
    if labels or prediction is None:
        shape = shape_text(prediction.shape[:-1]) if prediction and prediction.rank else "[N]"
        wanted, what = f"int64{shape}", "here one class number per sample"
    else:
        wanted, what = str(prediction), "here what the prediction is compared with"
    # What else uses the name is a consequence.
    frame.scope.names[node.text] = POISON
    frame.scope.spans[node.text] = node.span
    return frame.mistake(
        "E0601",
        f"the {frame.line} uses `{node.text}`, which is not declared",
        node.span,
        f"not an input, a target or a value of {where}",
        helps=(f"declare what the data set supplies; {what}:\n  target {node.text}: {wanted}",),
    )


def _call_around(name: tree.Name, node: tree.Node | None) -> tree.Call | None:
    """Return the innermost call in `node` that has the name as an argument."""
    if node is None:
        return None
    for child in node.children():
        found = _call_around(name, child)
        if found is not None:
            return found
    own = isinstance(node, tree.Call) and any(a.value is name for a in node.arguments)
    return node if own and isinstance(node, tree.Call) else None


def _prediction(call: tree.Call | None, frame: Frame) -> TensorType | None:
    """Return the type of the first argument of a loss or metric, where that is the name of a value."""
    first = call.arguments[0].value if call and call.arguments else None
    entity = frame.scope.find(first.text) if isinstance(first, tree.Name) else None
    return entity.value.type if isinstance(entity, Result) else None


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
    *("metric", "schedule", "accumulator"),
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
