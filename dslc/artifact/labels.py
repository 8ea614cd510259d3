"""Which inputs and targets are class numbers, how many classes there are, and which label does not count."""

from __future__ import annotations

from dataclasses import dataclass, field

from dslc.network.network import Network, Value
from dslc.operation import Operation


@dataclass
class Labels:
    """By the value that holds them: the number of classes, and the label that losses pass over."""

    classes: dict[Value, int] = field(default_factory=dict)
    ignored: dict[Value, int] = field(default_factory=dict)


def labels(network: Network) -> Labels:
    """Ask every operation which of its values are indices; the smallest limit of a value holds."""
    found = Labels()
    for operation, values in _uses(network):
        types = [value.type for value in values if value is not None]
        for position, limit in operation.index_limits(*types).items():
            value = values[position]
            if value is None or not isinstance(limit, int):
                continue
            found.classes[value] = min(limit, found.classes.get(value, limit))
            ignored = getattr(operation, "ignore_index", None)
            if ignored is not None:
                found.ignored[value] = ignored
    return found


def _uses(network: Network) -> list[tuple[Operation, tuple[Value | None, ...]]]:
    """Return every operation of a network, metrics too, with the values it is applied to."""
    calls: list[tuple[Operation, tuple[Value | None, ...]]] = [
        (call.operation, call.inputs) for call in network.calls
    ]
    measures = network.training.measures if network.training else ()
    return calls + [(measure.metric, measure.inputs) for measure in measures]
