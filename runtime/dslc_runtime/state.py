"""Keep the state of a training (parameters, slots, statistics, schedule) in two sets of buffers.

A step reads one set and writes the other; then they change places. So the state before a step is
intact after it, which is what makes a step that diverged explainable, and no value is overwritten
while another node still reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import State
from dslc_runtime.session import Device, place

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, IOBinding, OrtValue

Array = np.ndarray[Any, Any]


class StateBuffers:
    """The values of `states`, in the memory `homes` names; what changes has two buffers."""

    def __init__(
        self, states: Iterable[State], device: Device, homes: Mapping[str, str] | None = None
    ) -> None:
        self.states = tuple(states)
        self._device = device
        self._homes = dict(homes or {})
        self._sets = (self._allocate(), self._allocate())
        for state in self.states:
            if state.next is None:  # frozen: never written, one buffer does
                self._sets[1][state.name] = self._sets[0][state.name]
        self._turn = 0

    def _allocate(self) -> dict[str, OrtValue]:
        return {
            state.name: place(np.zeros(state.shape, state.dtype), self._home(state), self._device)
            for state in self.states
        }

    def _home(self, state: State) -> str:
        return self._homes.get(state.name, self._device.kind)

    @property
    def turn(self) -> int:
        """Which set holds the current values: 0 or 1."""
        return self._turn

    @property
    def current(self) -> Mapping[str, OrtValue]:
        """The current values, by name, where they are."""
        return self._sets[self._turn]

    @property
    def learned(self) -> Mapping[str, OrtValue]:
        """The current values with averages in place of their parameters: what the net is used with."""
        averages = {s.of: self.current[s.name] for s in self.states if s.of is not None}
        return {**self.current, **averages}

    def swap(self) -> None:
        """Make what the last step wrote the current values."""
        self._turn = 1 - self._turn

    def bind(self, binding: IOBinding, turn: int) -> None:
        """Bind the set `turn` as what a step reads, and the other as what it writes."""
        for state in self.states:
            binding.bind_ortvalue_input(state.name, self._sets[turn][state.name])
            if state.next is not None:
                binding.bind_ortvalue_output(state.next, self._sets[1 - turn][state.name])

    def initialise(self, session: InferenceSession, seed: int) -> None:
        """Let the init graph, a session on the CPU, write the values of step 0."""
        binding = session.io_binding()
        binding.bind_cpu_input("seed", np.array(seed, np.int64))
        targets = {}
        for state in self.states:
            value = self.current[state.name]
            if self._home(state) != "cpu":
                value = place(np.zeros(state.shape, state.dtype), "cpu", self._device)
            binding.bind_ortvalue_output(state.name, value)
            targets[state.name] = value
        session.run_with_iobinding(binding)
        for state in self.states:
            if targets[state.name] is not self.current[state.name]:
                self.current[state.name].update_inplace(targets[state.name].numpy())

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
