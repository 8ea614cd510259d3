"""Loss scaling in NumPy: whether an update counts, and how the scale goes on from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from dslc.network.network import Training
from dslc.network.precision import LARGEST_SCALE, PATIENCE
from dslc.operation import Array


def counts(gradients: Iterable[Array]) -> bool:
    """Tell whether an update counts: every number of its gradients is finite."""
    return all(bool(np.isfinite(gradient).all()) for gradient in gradients)


def reference_scale(
    training: Training, counted: bool, state: Mapping[str, Array]
) -> dict[str, Array]:
    """Return the next scale and the next number of good updates, by name."""
    names = training.scale_name(), training.scale_name("good_updates")
    scale, good = float(state[names[0]]), int(state[names[1]])
    if not counted:
        scale, good = scale / 2, 0
    elif good + 1 == PATIENCE:
        scale, good = min(scale * 2, LARGEST_SCALE), 0
    else:
        good += 1
    return {names[0]: np.asarray(scale), names[1]: np.asarray(good)}
