"""What one evaluation by the interpreter knows besides the arrays: the mode, the sizes, the random stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.operation import Array


@dataclass
class Run:
    """Handed to every `reference`.

    `training` is the mode; `sizes` the free dimensions of this batch; `words(n)` the next n random 64-bit words of the
    call's own stream (the same ones the graph draws); `state` collects the next value of running statistics, by the
    name of the parameter; `dtype` the floating-point type of this evaluation, for values that come from no other.
    """

    training: bool
    sizes: Mapping[str, int]
    words: Callable[[int], Array]
    state: dict[str, Array] = field(default_factory=dict)
    dtype: type = np.float64

    def shape(self, shape: tuple[int | Expression, ...]) -> tuple[int, ...]:
        """Return a shape with the sizes of this batch put in."""
        bound = dims.known(dims.bind(dim, self.sizes) for dim in shape)
        if bound is None:
            raise ValueError(f"a dimension of {shape} has no size in this batch")
        return bound

    def update(self, name: str, value: Array) -> None:
        """Set the next value of the call's own statistic `name` (`running_mean`)."""
        self.state[name] = value
