"""The parameters at step 0, drawn in NumPy."""

from __future__ import annotations

from collections.abc import Collection

from dslc_runtime import counter

from dslc.network.network import Network
from dslc.operation import Array


def initial_weights(
    network: Network, seed: int | None = None, known: Collection[str] = ()
) -> dict[str, Array]:
    """Return every parameter by name: the numbers that the init graph gives for the same seed.

    The seed is that of the train section unless given, 0 for a net without one. Parameters in `known` are left out.
    """
    if seed is None:
        seed = network.training.seed if network.training else 0
    weights = {}
    for parameter in network.parameters:
        if parameter.name in known:
            continue
        stream = counter.stream_of(f"init:{parameter.name}")
        key = counter.stream_key(seed, 0, stream)
        weights[parameter.name] = parameter.initializer.sample(parameter.type.sizes, key)
    return weights
