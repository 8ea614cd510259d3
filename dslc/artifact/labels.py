"""Which inputs and targets are class numbers, how many classes there are, and which label does not count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dslc import dims
from dslc.network.network import Call, Network, Value
from dslc.operation import Operation
from dslc.scan import Scan
from dslc.types import TensorType


@dataclass
class Labels:
    """By the value that holds them: the number of classes, and the label that losses pass over."""

    classes: dict[Value, int] = field(default_factory=dict)
    ignored: dict[Value, int] = field(default_factory=dict)


def labels(network: Network, sizes: Mapping[str, int] | None = None) -> Labels:
    """Ask every operation which of its values are indices; the smallest limit of a value holds.

    A label is passed over only where every operation that takes it as an index does so. `sizes` are the free
    dimensions, those of training unless given; a limit that depends on others is not known.
    """
    if sizes is None:
        sizes = network.training.sizes if network.training else {}
    classes: dict[Value, int] = {}
    passed: dict[Value, set[int | None]] = {}
    for operation, types, values in _uses(network):
        for position, free in operation.index_limits(*types).items():
            value, limit = values[position], dims.bind(free, sizes)
            if value is not None and isinstance(limit, int):
                classes[value] = min(limit, classes.get(value, limit))
                passed.setdefault(value, set()).add(operation.ignored_label)
    alike = {value: found.pop() for value, found in passed.items() if len(found) == 1}
    return Labels(classes, {value: label for value, label in alike.items() if label is not None})


Use = tuple[Operation, list[TensorType], tuple["Value | None", ...]]
"""An operation, the types of its values, and the values."""


def _uses(network: Network) -> Iterator[Use]:
    """Yield every operation of a network, metrics too, with the values it is applied to."""
    yield from _of_calls(network.calls, {})
    for measure in network.training.measures if network.training else ():
        yield measure.metric, [value.type for value in measure.inputs], measure.inputs


def _of_calls(calls: Iterable[Call], outside: Mapping[Value, Value | None]) -> Iterator[Use]:
    """Yield the operations of calls; what a scan hands to its body stands for itself: a step for its sequence."""
    for call in calls:
        values = tuple(value and outside.get(value, value) for value in call.inputs)
        yield call.operation, [v.type for v in call.inputs if v is not None], values
        if isinstance(call.operation, Scan):
            body = call.operation.body
            yield from _of_calls(body.calls, dict(zip(body.inputs, values, strict=False)))
