"""How much memory a training step needs, told without allocating any of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dslc import dims
from dslc.artifact.state import states
from dslc.network.network import Network, Value
from dslc.types import TensorType


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes of one training step (of one forward pass for a net without a train section), largest parts first.

    `weights` are the parameters once; `state` is what a step holds of them and of the optimiser's slots.
    """

    weights: int
    state: int
    gradients: int
    activations: int
    largest: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return self.state + self.gradients + self.activations

    def to_json(self) -> dict[str, Any]:
        return {"estimate_bytes": self.total, "largest": [list(part) for part in self.largest]}


def estimate(network: Network) -> Estimate:
    """Add up state (twice: before and after the step), gradients, and the values kept for the backward pass."""
    sizes = network.training.sizes if network.training else {}
    parts: dict[str, int] = {}
    copies = 2 if network.training else 1
    for state in states(network):
        parts[state.name] = copies * _bytes(state.type, sizes)
    gradients = {
        p.name: _bytes(p.type, sizes)
        for p in (network.training.optimizers if network.training else ())
    }
    values = {v.name: _bytes(v.type, sizes) for v in _held(network)}
    total_state = sum(parts.values())
    for name, size in (*gradients.items(), *values.items()):
        parts[name] = parts.get(name, 0) + size
    largest = sorted(parts.items(), key=lambda part: -part[1])[:5]
    weights = sum(_bytes(parameter.type, sizes) for parameter in network.parameters)
    return Estimate(
        weights, total_state, sum(gradients.values()), sum(values.values()), tuple(largest)
    )


def _held(network: Network) -> Iterator[Value]:
    """Yield what is held for the backward pass: of a part that is computed again, what leaves it."""
    made = {value: call.segment for call in network.calls for value in call.outputs}
    leaving = {
        value
        for call in network.calls
        for value in call.inputs
        if value is not None and made.get(value) != call.segment
    }
    for value, segment in made.items():
        if not segment or value in leaving:
            yield value


def with_lines(
    largest: tuple[tuple[str, int], ...], network: Network
) -> tuple[tuple[str, int], ...]:
    """Put to each name where the spec asks for it: `f6.weight (lenet5.net:9)`."""
    spans = {value.name: value.span for call in network.calls for value in call.outputs}
    spans |= {state.name: state.span for state in states(network)}
    return tuple(
        (f"{name} ({spans[name].source.path}:{spans[name].line})", size) for name, size in largest
    )


def _bytes(its_type: TensorType, sizes: Mapping[str, int]) -> int:
    """Bytes of a tensor; a free dimension that training does not fix counts as 1."""
    shape = [dims.bind(dim, sizes) for dim in its_type.shape]
    ones = {name: 1 for dim in shape for name in dims.names(dim)}
    return dims.count(dims.bind(dim, ones) for dim in shape) * its_type.dtype.size
