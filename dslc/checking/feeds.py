"""The data and the state that a check runs on: drawn by seed, away from what would hide a mistake."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dslc.artifact.labels import labels
from dslc.artifact.state import State, states
from dslc.network.network import Network, Value
from dslc.network.precision import PATIENCE
from dslc.operation import Array
from dslc.reference.initial import initial_weights
from dslc.types import DType

SCALE = {DType.FLOAT32: 2.0**10, DType.INT64: PATIENCE - 1}
"""A scale at which the gradients of drawn data neither overflow nor vanish, about to be doubled."""


def draw_data(
    network: Network, sizes: Mapping[str, int], generator: np.random.Generator
) -> dict[Value, Array]:
    """Draw every input and target: floats from a normal distribution, class numbers below their limit."""
    known = labels(network, sizes)
    targets = network.training.targets if network.training else ()
    return {
        value: _draw(value, sizes, known.classes.get(value), generator)
        for value in (*network.inputs, *targets)
    }


def _draw(
    value: Value, sizes: Mapping[str, int], classes: int | None, generator: np.random.Generator
) -> Array:
    shape = value.type.bind(sizes).sizes
    dtype = value.type.dtype
    if dtype.is_float:
        return generator.standard_normal(shape).astype(dtype.numpy)
    if dtype is DType.BOOL:
        return generator.integers(0, 2, shape).astype(bool)
    return generator.integers(0, classes or 256, shape).astype(dtype.numpy)


def draw_state(network: Network, generator: np.random.Generator) -> dict[str, Array]:
    """Return a state as training meets it later on: no tensor constant, no slot zero.

    Initial weights that are constant (biases, BatchNorm) are shifted a little, since a zero bias hides a bias that is
    not added. Variances and the second moments of optimisers stay positive. A running mean of weights is near them.
    """
    weights = initial_weights(network)
    return {state.name: _state(state, weights, generator) for state in states(network)}


def _state(state: State, weights: Mapping[str, Array], generator: np.random.Generator) -> Array:
    if state.kind == "scale":
        return np.asarray(SCALE[state.type.dtype], state.type.dtype.numpy)
    if state.kind == "schedule":
        return np.asarray(state.start, dtype=np.float32)
    noise = generator.standard_normal(state.type.sizes, dtype=np.float32)
    if state.kind == "slot":
        return np.abs(noise) * np.float32(1e-3)
    if state.kind == "average":
        assert state.parameter is not None
        near: Array = weights[state.parameter.name] + np.float32(0.1) * noise
        return near
    start = weights[state.name]
    if start.size and np.ptp(start) == 0:
        return start + np.float32(0.1) * np.abs(noise)
    return start
