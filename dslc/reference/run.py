"""What one evaluation by the interpreter knows besides the arrays: the mode, the sizes, the random stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from dslc_runtime import counter

from dslc import dims
from dslc.dims import Expression
from dslc.operation import Array, Reference


class Inside(Protocol):
    """The body of a call, evaluated: arrays for its inputs -> its outputs and the backward pass."""

    def __call__(self, *arrays: Array, round: int | None = None) -> Reference:
        """Evaluate at the point in question, kinks and pinned values and all; each round draws other random numbers."""

    def nearby(self, *arrays: Array) -> Reference:
        """Evaluate in float64 at a point near the last one: random numbers and kinks are those of that one."""


@dataclass
class Run:
    """Handed to every `reference`.

    `training` is the mode; `sizes` the free dimensions of this batch; `key` that of the call's own stream of random
    numbers; `state` collects the next value of running statistics, by the name of the parameter; `dtype` the
    floating-point type of this evaluation, for values that come from no other.
    `inside` evaluates the body of the call, where it has one; `rounds` says in which round of which loops it stands.

    `decisions` collects which way the call's kinks fell, in order; where `fallen` is given they fall as they did then.
    """

    training: bool
    sizes: Mapping[str, int]
    key: int = 0
    state: dict[str, Array] = field(default_factory=dict)
    dtype: type = np.float64
    decisions: list[Array] = field(default_factory=list)
    fallen: Sequence[Array] | None = None
    inside: Inside | None = None
    rounds: str = ""

    def words(self, count: int) -> Array:
        """Return the first `count` random 64-bit words of the call's stream: the same ones the graph draws."""
        return counter.words(self.key, count)

    def decide(self, decision: Array) -> Array:
        """Note which piece of a piecewise function each element is on; return the pieces to take.

        A finite difference takes the pieces of the point it is taken at: a derivative belongs to one piece, and in a
        large net every step, however short, would leave some.
        """
        if self.fallen is not None:
            decision = self.fallen[len(self.decisions)]
        self.decisions.append(decision)
        return decision

    def shape(self, shape: tuple[int | Expression, ...]) -> tuple[int, ...]:
        """Return a shape with the sizes of this batch put in."""
        bound = dims.known(dims.bind(dim, self.sizes) for dim in shape)
        if bound is None:
            raise ValueError(f"a dimension of {shape} has no size in this batch")
        return bound

    def update(self, name: str, value: Array) -> None:
        """Set the next value of the call's own statistic `name` (`running_mean`)."""
        self.state[name] = value
