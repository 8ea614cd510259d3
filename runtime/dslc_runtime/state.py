"""Keep the state of a training (parameters, slots, statistics, schedule) in two sets of buffers.

A step reads one buffer of each value and writes the other; then they change places. So the state
before a step is intact after it, which is what makes a step that diverged explainable, and no value
is overwritten while another node still reads it. Where several train sections take turns they share
one state, and each changes its own part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import State
from dslc_runtime.session import Device, empty

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, IOBinding, OrtValue

Array = np.ndarray[Any, Any]


class StateBuffers:
    """The values of `states`, in the memory `homes` names; what changes has two buffers."""

    def __init__(
        self, states: Iterable[State], device: Device, homes: Mapping[str, str] | None = None
    ) -> None:
        self._device = device
        self._states: dict[str, State] = {}
        self._homes: dict[str, str] = {}
        self._sets: tuple[dict[str, OrtValue], dict[str, OrtValue]] = ({}, {})
        self._turns: dict[str, int] = {}
        self.include(states, homes)

    def include(
        self, states: Iterable[State], homes: Mapping[str, str] | None = None
    ) -> list[State]:
        """Take in the state of another train section and return what is new; the rest is shared."""
        new: list[State] = []
        self._homes = {**(homes or {}), **self._homes}
        for state in states:
            known = self._states.get(state.name)
            if known is None:
                self._sets[0][state.name] = self._allocate(state)
                self._turns[state.name] = 0
                new.append(state)
            if known is None or known.next is None:
                # What is frozen is never written: one buffer does.
                spare = self._sets[0][state.name] if state.next is None else self._allocate(state)
                self._sets[1][state.name] = spare
                self._states[state.name] = state
        return new

    def _allocate(self, state: State) -> OrtValue:
        return empty(state.shape, state.dtype, self._home(state), self._device)

    def _home(self, state: State) -> str:
        return self._homes.get(state.name, self._device.kind)

    @property
    def states(self) -> tuple[State, ...]:
        """Every value that is kept."""
        return tuple(self._states.values())

    def turns(self, states: Iterable[State]) -> tuple[int, ...]:
        """Return which buffer of each of these values is the current one: 0 or 1."""
        return tuple(self._turns[state.name] for state in states)

    @property
    def current(self) -> Mapping[str, OrtValue]:
        """The current values, by name, where they are."""
        return {name: self._sets[turn][name] for name, turn in self._turns.items()}

    @property
    def learned(self) -> Mapping[str, OrtValue]:
        """The current values with averages in place of their parameters: what the net is used with."""
        averages = {s.of: self.current[s.name] for s in self.states if s.of is not None}
        return {**self.current, **averages}

    def swap(self, states: Iterable[State]) -> None:
        """Make what a step wrote of these values the current ones."""
        for state in states:
            if state.next is not None:
                self._turns[state.name] = 1 - self._turns[state.name]

    def bind(self, binding: IOBinding, states: Iterable[State]) -> None:
        """Bind the current values as what a step reads, and the other buffers as what it writes."""
        for state in states:
            turn = self._turns[state.name]
            binding.bind_ortvalue_input(state.name, self._sets[turn][state.name])
            if state.next is not None:
                binding.bind_ortvalue_output(state.next, self._sets[1 - turn][state.name])

    def initialise(self, session: InferenceSession, seed: int, states: Iterable[State]) -> None:
        """Let the init graph, a session on the CPU, write the values of step 0."""
        states = tuple(states)
        binding = session.io_binding()
        binding.bind_cpu_input("seed", np.array(seed, np.int64))
        targets = {}
        current = self.current
        for state in states:
            value = current[state.name]
            if self._home(state) != "cpu":
                value = empty(state.shape, state.dtype, "cpu", self._device)
            binding.bind_ortvalue_output(state.name, value)
            targets[state.name] = value
        session.run_with_iobinding(binding)
        for state in states:
            if targets[state.name] is not current[state.name]:
                current[state.name].update_inplace(targets[state.name].numpy())

    def numpy(self) -> dict[str, Array]:
        """Return a copy of the current values."""
        return {name: np.array(value.numpy()) for name, value in self.current.items()}

    def load(self, values: Mapping[str, Array]) -> None:
        """Replace the current values. Every one has to be there, with its shape and type.

        Errors: UserFault, which lists at most ten differences; nothing is replaced then.
        """
        check_values(self.states, values)
        for name, target in self.current.items():
            target.update_inplace(np.asarray(values[name], order="C"))


def check_values(states: Iterable[State], values: Mapping[str, Array], place: str = "") -> None:
    """Compare names, shapes and types of `values` with what `states` asks for.

    Errors: UserFault.
    """
    states = tuple(states)
    differences = [f"{state.name}: {text}" for state in states if (text := _differs(state, values))]
    names = {state.name for state in states}
    differences += [f"{name}: the net has no such value" for name in values if name not in names]
    if not differences:
        return
    more = len(differences) - 10
    raise UserFault(
        f"{place + ': ' if place else ''}these are not the weights of this net",
        facts=differences[:10] + ([f"and {more} more"] if more > 0 else []),
    )


def _differs(state: State, values: Mapping[str, Array]) -> str | None:
    if state.name not in values:
        return "it is missing"
    value = values[state.name]
    if value.shape != state.shape:
        transposed = ", which is its transpose" if value.shape == state.shape[::-1] else ""
        return f"{list(value.shape)} instead of {list(state.shape)}{transposed}"
    if value.dtype != state.dtype:
        return f"{value.dtype} instead of {state.dtype}"
    return None
