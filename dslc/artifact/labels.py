"""Which inputs and targets are class numbers, how many classes there are, and which label does not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dslc import dims
from dslc.network.network import Network, Value
from dslc.operation import Operation


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
    for operation, values in _uses(network):
        types = [value.type for value in values if value is not None]
        for position, limit in operation.index_limits(*types).items():
            value, limit = values[position], dims.bind(limit, sizes)
            if value is not None and isinstance(limit, int):
                classes[value] = min(limit, classes.get(value, limit))
                passed.setdefault(value, set()).add(operation.ignored_label)
    alike = {value: found.pop() for value, found in passed.items() if len(found) == 1}
    return Labels(classes, {value: label for value, label in alike.items() if label is not None})


def _uses(network: Network) -> list[tuple[Operation, tuple[Value | None, ...]]]:
    """Return every operation of a network, metrics too, with the values it is applied to."""
    calls: list[tuple[Operation, tuple[Value | None, ...]]] = [
        (call.operation, call.inputs) for call in network.calls
    ]
    measures = network.training.measures if network.training else ()
    return calls + [(measure.metric, measure.inputs) for measure in measures]
