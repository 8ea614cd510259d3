"""A network as text: every call with its settings, types and weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from dslc.network.network import Call, Constant, Network, Parameter, Training, Value
from dslc.operation import Operation
from dslc.optimizers.base import Optimizer
from dslc.registry import snake_case
from dslc.scan import Scan
from dslc.types import DType, Size, text

LENGTH_LINE = "  length = "
"""How the line begins that says how long training is."""


def print_network(network: Network) -> str:
    """Return a readable listing: inputs, weights, calls, outputs, training."""
    values = ", ".join(f"{name}={_setting(v)}" for name, v in network.hyperparameters.items())
    lines = [f"net {network.name}{f'({values})' if values else ''}"]
    lines += [f"input {value}" for value in network.inputs]
    lines += [_parameter(parameter) for parameter in network.parameters]
    lines += [line for call in network.calls for line in _call(call)]
    lines += [f"output {_renamed(name, value)}" for name, value in network.outputs.items()]
    if network.training is not None:
        lines += _training(network.training)
    return "\n".join(lines) + "\n"


def print_operation(operation: Any) -> str:
    """Return a call's settings as the language writes them, without those that are left at their default."""
    shown = [
        f"{item.name}={_setting(getattr(operation, item.name))}"
        for item in fields(operation)
        if item.repr and getattr(operation, item.name) != item.default
    ]
    name = _family_name(type(operation))
    return f"{name}({', '.join(shown)})"


def _family_name(family: type) -> str:
    """Return the name in the language: optimizers keep their capitals, initializers and schedules are lower case."""
    if issubclass(family, Operation):
        return family.language_name()
    spelling: str | None = getattr(family, "spelling", None)
    return spelling or (
        family.__name__ if issubclass(family, Optimizer) else snake_case(family.__name__)
    )


def _parameter(parameter: Parameter) -> str:
    kind = "param" if parameter.trained else "state"
    return f"{kind} {parameter} = {print_operation(parameter.initializer)}"


def _call(call: Call) -> Iterator[str]:
    """Yield the line of a call, and below it those of a body that runs at every step."""
    results = ", ".join(f"{value}" for value in call.outputs)
    operands = ", ".join(_operand(value) for value in call.inputs)
    weights = ", ".join(parameter.name for parameter in call.parameters)
    owned = f" with {weights}" if weights else ""
    frozen = " frozen" if call.frozen else ""
    steps = call.operation if isinstance(call.operation, Scan) else None
    through = call.body if steps is None else None
    held = f" through {', '.join(inner.name for inner in through.calls)}" if through else ""
    what = f"{print_operation(call.operation)} on {operands or 'nothing'}"
    yield f"{call.name}: {what}{owned}{held}{frozen} -> {results}"
    if steps is not None:
        taken = steps.body.inputs[: 1 + steps.carries]
        yield f"  step {', '.join(str(value) for value in taken)}"
        yield from (f"  {line}" for inner in steps.body.calls for line in _call(inner))
        yield f"  give {', '.join(value.name for value in steps.body.outputs)}"


def _operand(value: Value | None) -> str:
    if isinstance(value, Constant) and value.array.size == 1:
        return f"{value.array.reshape(())[()]:g}"
    return "none" if value is None else value.name


def _renamed(name: str, value: Value) -> str:
    return str(value) if name == value.name else f"{name} = {value}"


PLAIN = (
    "length",
    "seed",
    "clip_grad_norm",
    "clip_grad_value",
    "accumulate",
    "ema",
    "precision",
    "every",
    "validation",
    "data",
)
"""The settings of a train section that are printed as they are."""

UNSAID = (("accumulate", 1), ("every", 1), ("precision", "float32"))
"""What they are where the spec does not say it."""


def _training(training: Training) -> Iterable[str]:
    yield f"train {training.name}".rstrip()
    yield from (f"  target {target}" for target in training.targets)
    yield from (f"  loss {term.name} = {term.value.name}" for term in training.terms)
    for measure in training.measures:
        operands = ", ".join(value.name for value in measure.inputs)
        yield f"  metric {measure.name} = {print_operation(measure.metric)} on {operands}"
    yield f"  optimizer {print_operation(training.optimizer)}"
    yield from (
        f"  {parameter.name}: {print_operation(optimizer)}"
        for parameter, optimizer in training.optimizers.items()
        if optimizer != training.optimizer
    )
    yield f"  schedule {print_operation(training.schedule)}"
    yield f"  sizes {', '.join(f'{name} = {size}' for name, size in training.sizes.items())}"
    for name in PLAIN:
        value = getattr(training, name)
        if value is not None and (name, value) not in UNSAID:
            yield f"  {name} = {text(value)}"


def _setting(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float | str | tuple | range | Size | DType):
        return (
            f"[{', '.join(_setting(v) for v in value)}]"
            if isinstance(value, tuple)
            else text(value)
        )
    if hasattr(value, "__dataclass_fields__") and not hasattr(value, "amount"):
        return print_operation(value) if hasattr(value, "sample") else str(value)
    name = getattr(value, "name", None)
    return str(name) if name is not None else text(value)
