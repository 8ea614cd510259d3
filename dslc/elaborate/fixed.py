"""Do the shapes still fit with the sizes that training gives to free dimensions (`batch = 4`, `T = 5`)?

While a dimension is free it counts as large enough; with a number in its place a kernel may be larger than its input,
or an index outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from dslc import dims
from dslc.dims import Expression
from dslc.elaborate.scope import Frame
from dslc.errors import Label, RuleError
from dslc.network.network import Call, with_held
from dslc.operation import Operation
from dslc.source import Span
from dslc.types import TensorType, shape_text


def check_fit(
    sizes: Mapping[str, int], places: Mapping[str, Span], calls: Sequence[Call], frame: Frame
) -> None:
    """Report the first call that does not fit; `places` are where the spec gives the sizes."""
    for call in with_held(calls):
        types = [None if v is None else v.type.bind(sizes) for v in call.inputs]
        changed = [name for name in sizes if _mentions(call, name)]
        try:
            if changed and call.body is None:
                _with_sizes(call.operation, sizes).infer(*types)
        except RuleError as error:
            if "{" not in error.message:
                _report(call, error, types, changed, places, sizes, frame)
            return


def _with_sizes(operation: Operation, sizes: Mapping[str, int]) -> Operation:
    """Put the sizes into settings that speak of dimensions: `reshape([N, 1])`."""
    changed = {
        item.name: _bound(getattr(operation, item.name), sizes)
        for item in fields(operation)
        if isinstance(getattr(operation, item.name), Expression | tuple)
    }
    return replace(operation, **changed) if changed else operation


def _bound(setting: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(setting, tuple):
        return tuple(_bound(item, sizes) for item in setting)
    return dims.bind(setting, sizes) if isinstance(setting, Expression) else setting


def _mentions(call: Call, name: str) -> bool:
    shapes = [value.type.shape for value in call.inputs if value is not None]
    return any(name in str(dim) for shape in shapes for dim in shape)


def _report(
    call: Call,
    error: RuleError,
    types: Sequence[TensorType | None],
    changed: Sequence[str],
    places: Mapping[str, Span],
    sizes: Mapping[str, int],
    frame: Frame,
) -> None:
    given = ", ".join(f"{name} = {sizes[name]}" for name in changed)
    shapes = ", ".join(shape_text(t.shape) for t in types if t is not None)
    mistake = frame.mistake(
        error.code,
        error.message,
        call.span,
        error.text,
        others=[Label(places[name], "training says so") for name in changed if name in places],
        facts=(f"with {given} this works on {shapes}", *error.facts),
        helps=error.helps,
    )
    frame.work.report(mistake.diagnostic)
