"""What layers with a weight and a bias have in common; where a spec names no initial values, they are PyTorch's."""

from __future__ import annotations

import math
from typing import Protocol

from dslc.initializers.base import Initializer
from dslc.initializers.uniform import KaimingUniform, Uniform
from dslc.operation import ParameterSpec
from dslc.types import TensorType


class Weighted(Protocol):
    """A layer with a weight, and a bias unless `bias` is false."""

    @property
    def bias(self) -> bool: ...
    @property
    def init(self) -> Initializer | None: ...
    @property
    def bias_init(self) -> Initializer | None: ...
    @property
    def trainable(self) -> bool: ...


def weight_and_bias(
    layer: Weighted,
    weight: TensorType,
    bias: TensorType,
    fan_in: int,
    initializer: Initializer | None = None,
) -> tuple[ParameterSpec, ...]:
    """Return what such a layer owns. `fan_in` counts the products behind one result; `initializer` is the weight's."""
    initializer = initializer or weight_initializer(layer.init)
    owned = ParameterSpec("weight", weight, initializer, layer.trainable)
    if not layer.bias:
        return (owned,)
    start = bias_initializer(layer.bias_init, fan_in)
    return owned, ParameterSpec("bias", bias, start, layer.trainable)


def weight_initializer(given: Initializer | None) -> Initializer:
    """Return the given initializer, or uniform values within 1 / sqrt(fan_in)."""
    return given or KaimingUniform(a=math.sqrt(5))


def bias_initializer(given: Initializer | None, fan_in: int) -> Initializer:
    """Return the given initializer, or uniform values within 1 / sqrt(fan_in) of the weight."""
    bound = 1 / math.sqrt(fan_in)
    return given or Uniform(-bound, bound)
