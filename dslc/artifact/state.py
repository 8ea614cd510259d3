"""The state of a training: every tensor that one step takes and the next step gets, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dslc.network.network import Network, Parameter, Training
from dslc.network.precision import SCALE
from dslc.optimizers.base import Optimizer
from dslc.source import Span
from dslc.types import TensorType, float32, int64

SUPPLIED = ("seed", "step", "steps_per_epoch", "validation")
"""Names of values that the loop supplies to a train graph."""


@dataclass(frozen=True, slots=True)
class State:
    """One tensor of state.

    `kind` is `parameter`, `statistic`, `slot` (an optimiser's, beside `parameter`), `average` (what evaluation takes in
    place of `parameter`), `schedule` or `scale` (of the loss). `span` is where the spec asks for it. `start` is its
    value at step 0 where no initializer says it.
    """

    name: str
    type: TensorType
    kind: str
    span: Span
    parameter: Parameter | None = None
    start: float = 0.0

    @property
    def next_name(self) -> str:
        return f"{self.name}.next"


def states(network: Network) -> tuple[State, ...]:
    """List the state of a network: parameters in the order of the spec, then slots, then the schedule's own."""
    own = [_of_parameter(parameter) for parameter in network.parameters]
    training = network.training
    if training is None:
        return tuple(own)
    slots = [
        State(training.slot_name(parameter, slot), parameter.type, kind, parameter.span, parameter)
        for parameter, optimizer in training.optimizers.items()
        for slot, kind in _beside(training, optimizer)
    ]
    schedule = [
        State(training.schedule_name(name), float32(), "schedule", training.span, start=start)
        for name, start in training.schedule.state.items()
    ]
    return (*own, *slots, *schedule, *_of_scale(training))


def all_states(networks: Sequence[Network]) -> tuple[State, ...]:
    """List the state of all train sections of a net, each once."""
    found = {state.name: state for network in networks for state in states(network)}
    return tuple(found.values())


def _of_scale(training: Training) -> Iterator[State]:
    """Yield what loss scaling keeps: the scale, and how many updates in a row were finite with it."""
    if training.scaled:
        yield State(training.scale_name(), float32(), "scale", training.span, start=SCALE)
        yield State(training.scale_name("good_updates"), int64(), "scale", training.span)


def _beside(training: Training, optimizer: Optimizer) -> Iterator[tuple[str, str]]:
    """Yield name and kind of what is kept beside each trained parameter."""
    yield from ((slot, "slot") for slot in optimizer.slots)
    if training.accumulate > 1:
        yield "accumulated", "slot"
    if training.ema is not None:
        yield "ema", "average"


def _of_parameter(parameter: Parameter) -> State:
    kind = "statistic" if parameter.statistic else "parameter"
    return State(parameter.name, parameter.type, kind, parameter.span, parameter)
