"""Names that stand for nothing here, as messages: what was meant, how it is called here, where it must be declared."""

from __future__ import annotations

from collections.abc import Sequence

from dslc import std
from dslc.elaborate.foreign import ELSEWHERE, SHIPPED
from dslc.elaborate.mending import LABEL_LINES, help_with, known_names
from dslc.elaborate.scope import (
    POISON,
    Definition,
    Frame,
    MistakeError,
    Operator,
    Result,
    SharedLayer,
)
from dslc.elaborate.static import is_static
from dslc.elaborate.suggest import nearest
from dslc.syntax import tree
from dslc.syntax.words import STATEMENT_WORDS
from dslc.types import TensorType, shape_text

CAPITAL_FACT = (
    'a capital letter means "has parameters or state" (Conv, Linear, BatchNorm, Dropout); '
    "everything else is lower case"
)


def callable_names(frame: Frame) -> list[str]:
    """Return every name that a row can call here."""
    visible = frame.scope.visible().items()
    own = [name for name, e in visible if isinstance(e, Operator | Definition | SharedLayer)]
    return [*own, *frame.module.definitions, *frame.work.library.operations]


def foreign_name(
    node: tree.Name | tree.Attribute, ours: str, frame: Frame, facts: Sequence[str] = ()
) -> MistakeError:
    """Say what another framework's name is called here (E0202)."""
    return frame.mistake(
        "E0202",
        f"`{node.span.text}` is spelled `{ours}` here",
        node.span,
        f"`{ours}`",
        facts=facts,
        helps=("`dslc fmt --fix` rewrites PyTorch, Keras and ONNX names",),
    )


def no_such_call(node: tree.Name, frame: Frame) -> MistakeError:
    """Say that nothing of this name can be called (E0201)."""
    is_layer = node.text[0].isupper()
    meant = nearest(node.text, callable_names(frame))
    elsewhere = _elsewhere(frame).get(node.text)
    shipped = std.block_named(SHIPPED.get(node.text, node.text))
    if shipped is not None and shipped[0] in frame.module.definitions:
        meant, elsewhere = shipped[0], None
    elif shipped is not None:
        raise _not_imported(node, *shipped, frame)
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


def _not_imported(node: tree.Name, name: str, path: str, frame: Frame) -> MistakeError:
    spelled = [help_with("and write it so:", node.span, name)] if name != node.text else []
    return frame.mistake(
        "E0201",
        f"there is no layer called `{node.text}` in this file",
        node.span,
        f"`{name}` is a block of the standard library",
        helps=(f'import it at the beginning of the file:\nimport {name} from "{path}"', *spelled),
    )


def _elsewhere(frame: Frame) -> dict[str, str]:
    library = frame.work.library
    found = dict.fromkeys(library.optimizers, "this is an optimizer: it stands in a train section")
    found.update(
        dict.fromkeys(library.schedules, "this is a schedule: it stands in a train section")
    )
    found.update(dict.fromkeys(library.metrics, "this is a metric: it stands in a `metric` line"))
    return {**ELSEWHERE, **found}


def no_such_value(node: tree.Name, frame: Frame) -> MistakeError:
    """Say that nothing has this name (E0206, E0601)."""
    visible = frame.scope.visible()
    suggestion = nearest(node.text, [*visible, *callable_names(frame)])
    if node.text in STATEMENT_WORDS or node.text in ELSEWHERE:
        suggestion = None
    where = frame.stack[-1].name if frame.stack else "the file"
    if frame.line and suggestion is None:
        return _undeclared(node, where, frame)
    facts = []
    values, numbers = known_names(frame), [n for n, e in visible.items() if is_static(e)]
    if values:
        facts.append(f"values of {where} that can be used here: {', '.join(values)}")
    if numbers and (not values or suggestion in numbers):
        facts.append(f"hyper-parameters and dimensions: {', '.join(numbers)}")
    if node.text in STATEMENT_WORDS:
        facts.append(f"`{node.text}` begins a line, and names stand behind it:  {node.text} logits")
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
