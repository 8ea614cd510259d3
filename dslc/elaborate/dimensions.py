"""Shapes as they are written: types of inputs, headers of blocks, checked shapes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeGuard

from dslc import dims
from dslc.dims import Expression
from dslc.elaborate import foreign
from dslc.elaborate.conversion import INTEGER
from dslc.elaborate.limits import check_tensor
from dslc.elaborate.mending import help_with, whole_quotient
from dslc.elaborate.notes import seen
from dslc.elaborate.repairs import chain_of, shape_repairs, wanted_fit
from dslc.elaborate.scope import POISON, Frame, MistakeError, PoisonedError, Result
from dslc.elaborate.static import describe, is_static
from dslc.elaborate.suggest import nearest
from dslc.errors import Label
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import DType, TensorType, shape_text

Dim = int | Expression


def declared_type(node: tree.Type, frame: Frame) -> TensorType:
    """Read the type of an input, target or parameter. A new name with a capital letter is a free dimension."""
    if node.dtype is None:
        raise frame.mistake(
            "E0408",
            "the element type is missing",
            node.span,
            helps=(help_with("for example:", node.span, f"float32{node.span.text}"),),
        )
    shape = tuple(_declared(d, frame) for d in node.dims)
    found = TensorType(dtype_of(node.dtype, frame), shape)
    check_tensor(found, "this tensor", node.span, frame)
    return found


def dtype_of(word: tree.Identifier, frame: Frame) -> DType:
    """Read an element type (E0408)."""
    names = [dtype.value for dtype in DType]
    if word.text not in names:
        meant = foreign.ELEMENTS.get(word.text) or nearest(word.text, names)
        raise frame.mistake(
            "E0408",
            f"there is no element type `{word.text}`",
            word.span,
            f"did you mean `{meant}`?" if meant else "",
            facts=(f"element types: {', '.join(names)}",),
            helps=(help_with("write it so:", word.span, meant),) if meant else (),
        )
    return DType(word.text)


def _declared(node: tree.Expression, frame: Frame) -> Dim:
    if isinstance(node, tree.Name) and frame.scope.find(node.text) is None:
        if not node.text[0].isupper():
            raise unknown_dimension(node, frame)
        define_dimension(node.text, dims.free(node.text), node.span, frame)
    for name in _names(node):
        if frame.scope.find(name.text) is None:
            raise unknown_dimension(name, frame, node)
    return known_dimension(node, frame, least=1)


def define_dimension(name: str, size: Dim, span: Span, frame: Frame) -> None:
    """Give a dimension its name and size."""
    frame.scope.names[name] = size
    frame.scope.spans[name] = span


def known_dimension(node: tree.Expression, frame: Frame, least: int = 0) -> Dim:
    """Read a dimension whose names are all known."""
    for name in _names(node):
        if frame.scope.find(name.text) is None:
            raise unknown_dimension(name, frame)
    entity = frame.work.evaluate(node, frame)
    if entity is POISON:
        raise PoisonedError
    if isinstance(entity, bool) or not isinstance(entity, int | Expression):
        found = describe(entity) if is_static(entity) else "a value of the net"
        raise frame.mistake(
            "E0404",
            "a dimension must be a whole number",
            node.span,
            f"this is {found}",
            helps=whole_quotient(node),
        )
    if isinstance(entity, int) and entity < least:
        raise frame.mistake(
            "E0404", f"a dimension must be at least {least}", node.span, f"this is {entity}"
        )
    if isinstance(entity, int) and entity > INTEGER:
        raise frame.mistake(
            "E0404", f"a dimension must be at most {INTEGER}", node.span, f"this is {entity}"
        )
    return entity


def unknown_dimension(
    node: tree.Name, frame: Frame, declared: tree.Expression | None = None
) -> MistakeError:
    """Return E0210, with the hyper-parameter or dimension that may be meant.

    `declared` is the arithmetic in a declared type that the name stands in.
    """
    visible = frame.scope.visible()
    known = [name for name, e in visible.items() if is_static(e) and not isinstance(e, bool)]
    found = nearest(node.text, known)
    kind = "dimension" if found and found[0].isupper() else "hyper-parameter"
    text = f"did you mean the {kind} `{found}`?" if found else ""
    return frame.mistake(
        "E0210",
        f"the dimension `{node.text}` is not known",
        node.span,
        text,
        facts=("a new free dimension starts with a capital letter: N, T, H, W, Batch",)
        if not node.text[0].isupper()
        else ("a free dimension is declared by an input, or by the header of a block",),
        helps=(
            help_with(
                "a name alone declares it, here or in a line above:", declared.span, node.text
            ),
        )
        if declared is not None and node.text[0].isupper()
        else (),
    )


def check_shape(node: tree.List, result: Result, frame: Frame, trace: Sequence[str]) -> None:
    """Hold a value against `-> [N, 64, 30, 30]`. Raises MistakeError (E0302)."""
    if not frame.work.checks:
        _note_check(node, result, frame)
        return
    wanted = [None if _is_blank(item) else known_dimension(item, frame) for item in node.items]
    value = result.value
    shape = value.type.shape
    fits = len(wanted) == len(shape) and all(
        w is None or w == d for w, d in zip(wanted, shape, strict=True)
    )
    if fits:
        return
    said = f"[{', '.join('_' if w is None else str(w) for w in wanted)}]"
    chain = chain_of(value, frame.work.calls, node.span)
    helps = shape_repairs(chain, wanted_fit(wanted))
    helps.append(
        f"if {shape_text(shape)} is what you want, `dslc fmt --shapes` rewrites the checks"
    )
    size = dims.product(d for d in wanted if d is not None)
    if None not in wanted and size == value.type.size:
        sentence = "a shape after an arrow only checks; to change it:"
        helps.insert(0, help_with(sentence, node.span, f"reshape({said})"))
    others = []
    other_line = value.span.line != node.span.line or value.span.source is not node.span.source
    if other_line and value.chain == frame.chain:
        others = [Label(value.span, f"this gives {shape_text(shape)}")]
    raise frame.mistake(
        "E0302",
        "this value is not the shape the line says",
        node.span,
        f"the line says {said}; the value is {shape_text(shape)}",
        others=others,
        facts=trace,
        helps=helps,
    )


def _note_check(node: tree.List, result: Result, frame: Frame) -> None:
    """Note what stands at a check, and the dimensions it speaks of, right or wrong."""
    seen(node, result, frame)
    for item in node.items:
        if not _is_blank(item):
            with suppress(MistakeError, PoisonedError):
                known_dimension(item, frame)


def name_dimensions(node: tree.Type, result: Result, frame: Frame) -> None:
    """Give the plain names in a header their sizes, so that defaults can use them."""
    shape = result.value.type.shape
    if len(shape) != len(node.dims):
        return
    for item, dim in zip(node.dims, shape, strict=True):
        if _is_new(item, frame) and item.text[0].isupper():
            define_dimension(item.text, dim, item.span, frame)


def _is_new(item: tree.Expression, frame: Frame) -> TypeGuard[tree.Name]:
    """Tell whether a dimension of a header is a name that has no size yet."""
    if not isinstance(item, tree.Name) or _is_blank(item):
        return False
    return item.text not in frame.scope.names


def bind_header(
    name: tree.Identifier, node: tree.Type, result: Result, frame: Frame, span: Span
) -> None:
    """Hold a value against the header of a block: its new names become sizes, everything else must agree."""
    value = result.value
    shape = value.type.shape
    if len(shape) != len(node.dims):
        message = f"`{name.text}` of {_owner(frame)} has {len(node.dims)} dimensions, the value {len(shape)}"
        raise _unlike_header(message, node, result, frame, span)
    if node.dtype is not None and dtype_of(node.dtype, frame) is not value.type.dtype:
        message = (
            f"`{name.text}` of {_owner(frame)} is {node.dtype.text}, the value {value.type.dtype}"
        )
        raise _unlike_header(message, node.dtype, result, frame, span)
    for axis, (item, dim) in enumerate(zip(node.dims, shape, strict=True)):
        if _is_new(item, frame):
            if not item.text[0].isupper():
                raise unknown_dimension(item, frame)
            define_dimension(item.text, dim, item.span, frame)
        elif not _is_blank(item) and known_dimension(item, frame) != dim:
            known, said = known_dimension(item, frame), item.span.text
            what = said if said == str(known) else f"{said} = {known}"
            message = f"{_owner(frame)} wants {what} in dimension {axis}, the value has {dim}"
            raise _unlike_header(message, item, result, frame, span)


def _owner(frame: Frame) -> str:
    return f"`{frame.stack[-1].name}`" if frame.stack else "the block"


def _unlike_header(
    message: str, where: tree.Node, result: Result, frame: Frame, span: Span
) -> MistakeError:
    value = result.value
    typed = isinstance(where, tree.Identifier)
    shown = str(value.type) if typed else shape_text(value.type.shape)
    others = [Label(where.span, "the header says so")]
    if value.span != span and value.span.source is span.source:
        others.append(Label(value.span, f"this gives {shown}"))
    return frame.mistake("E0311", message, span, f"the value is {shown}", others=others)


def _is_blank(node: tree.Expression) -> bool:
    return isinstance(node, tree.Name) and node.text == "_"


def _names(node: tree.Node) -> list[tree.Name]:
    """Return the names in an expression of dimensions, without those of functions."""
    if isinstance(node, tree.Name):
        return [node]
    if isinstance(node, tree.Call):
        return [name for argument in node.arguments for name in _names(argument.value)]
    return [name for child in node.children() for name in _names(child)]
