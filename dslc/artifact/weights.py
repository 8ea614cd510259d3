"""Weights that come from outside: do they belong to this net?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dslc.errors import DslcError
from dslc.network.network import Network
from dslc.operation import Array
from dslc.types import shape_text

MOST = 10
"""How many differences are listed."""


class WeightsFault(DslcError):
    """Weights that do not fit the net."""

    exit_code = 2


def fitting(network: Network, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Return the weights of every parameter of a net, in its element types.

    Errors: WeightsFault that lists what is missing, what has another shape or kind, and what the net does not have.
    """
    wrong = []
    fitted = {}
    for parameter in network.parameters:
        array = weights.get(parameter.name)
        if array is None:
            wrong.append(f"`{parameter.name}` {parameter.type} is missing")
        elif array.shape != parameter.type.shape:
            hint = "; is it transposed?" if array.T.shape == parameter.type.shape else ""
            shape = shape_text(parameter.type.shape)
            wrong.append(
                f"`{parameter.name}` is {shape}, the weights have {list(array.shape)}{hint}"
            )
        elif array.dtype.kind != parameter.type.dtype.numpy.kind:
            wrong.append(f"`{parameter.name}` is {parameter.type.dtype}, not {array.dtype}")
        else:
            fitted[parameter.name] = np.asarray(array, parameter.type.dtype.numpy, order="C")
    known = {parameter.name for parameter in network.parameters}
    wrong += [f"{network.name} has no parameter `{name}`" for name in weights if name not in known]
    if wrong:
        more = [f"... and {len(wrong) - MOST} more"] if len(wrong) > MOST else []
        facts = "".join(f"\n  = {line}" for line in [*wrong[:MOST], *more])
        raise WeightsFault(f"these weights do not belong to {network.name}{facts}")
    return fitted
