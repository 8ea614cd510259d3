"""Entries for layers with parameters, convolutions, pools and normalisation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dslc.types import Size, TensorType
from tests.generate.needs import (
    CHANNELS,
    FEATURES,
    IMAGE,
    INDEX_BELOW_9,
    ROWS,
    floats,
    known,
    parameter,
)
from tests.generate.scope import Entry, Scope, Settings

INITIAL = (
    "kaiming_normal",
    "xavier_uniform",
    "normal(std=0.3)",
    "uniform(-0.5, 0.5)",
    "orthogonal",
)


def _weights(scope: Scope) -> Settings:
    """Draw the settings that layers with weights share."""
    settings: Settings = {}
    if scope.dice.chance(0.3):
        settings["bias"] = False
    if scope.dice.chance(0.15):
        settings["init"] = scope.dice.one(INITIAL)
    elif scope.dice.chance(0.1):
        settings["trainable"] = False
    return settings


def _linear(scope: Scope, x: TensorType) -> Settings:
    return {"units": scope.dice.size(), **_weights(scope)}


def _spatial(x: TensorType) -> list[int]:
    return [size for size in x.shape[2:] if isinstance(size, int)]


def window(scope: Scope, x: TensorType, *, dilates: bool, pads_below_half: bool) -> Settings:
    """Draw a window that fits: per dimension or one for all; the stride may exceed the kernel."""
    sizes, dice = _spatial(x), scope.dice
    alike = dice.chance(0.5)
    least = [min(sizes)] if alike else sizes
    kernel = [dice.randint(1, min(size, 4) if dice.chance(0.8) else size) for size in least]
    settings: Settings = {"kernel": Size(tuple(kernel))}
    if dice.chance(0.5):
        settings["stride"] = Size(tuple(dice.randint(1, 3) for _ in least))
    if dice.chance(0.5):
        most = [k // 2 if pads_below_half else k for k in kernel]
        settings["padding"] = Size(tuple(dice.randint(0, m) for m in most))
    if dilates and dice.chance(0.25):
        fits = all((k - 1) * 2 + 1 <= size for k, size in zip(kernel, least, strict=True))
        settings |= {"dilation": Size((2,))} if fits else {}
    return settings


def _groups(scope: Scope, inputs: int) -> tuple[int, int]:
    """Draw groups and output channels: often one group, now and then as many as channels."""
    divisors = [d for d in range(1, inputs + 1) if inputs % d == 0]
    groups = scope.dice.one([1, 1, inputs, *divisors])
    return groups, groups * scope.dice.randint(1, 3)


def _conv(scope: Scope, x: TensorType) -> Settings:
    inputs = x.shape[1]
    assert isinstance(inputs, int)
    groups, channels = _groups(scope, inputs)
    settings = {"channels": channels, **window(scope, x, dilates=True, pads_below_half=False)}
    if groups > 1:
        settings["groups"] = groups
    if "stride" not in settings and scope.dice.chance(0.2):
        settings["padding"] = "same"
    return settings | _weights(scope)


def _transposed(scope: Scope, x: TensorType) -> Settings:
    settings = _conv(scope, x)
    if settings.get("padding") == "same":
        del settings["padding"]
    kernel, padding = settings["kernel"], settings.get("padding")
    if padding is not None and any(
        2 * p >= k for p, k in zip(padding.sizes, kernel.sizes, strict=True)
    ):
        del settings["padding"]
    return settings


def _kernel(scope: Scope, before: tuple[TensorType, ...]) -> tuple[int, ...] | None:
    inputs, sizes = before[0].shape[1], _spatial(before[0])
    assert isinstance(inputs, int)
    return (scope.dice.randint(1, 4), inputs, *(scope.dice.randint(1, min(3, s)) for s in sizes))


def _kernel_transposed(scope: Scope, before: tuple[TensorType, ...]) -> tuple[int, ...] | None:
    kernel = _kernel(scope, before)
    assert kernel is not None
    return (kernel[1], kernel[0], *kernel[2:])


def _functional(scope: Scope, x: TensorType, *weights: TensorType) -> Settings:
    return {"stride": Size((scope.dice.randint(1, 3),))} if scope.dice.chance(0.5) else {}


def _max_pool(scope: Scope, x: TensorType) -> Settings:
    settings = window(scope, x, dilates=True, pads_below_half=True)
    if scope.dice.chance(0.3):
        settings["ceil_mode"] = True
    return settings | ({"return_indices": True} if scope.dice.chance(0.1) else {})


def _avg_pool(scope: Scope, x: TensorType) -> Settings:
    settings = window(scope, x, dilates=False, pads_below_half=True)
    if scope.dice.chance(0.3):
        settings["ceil_mode"] = True
    return settings | ({"count_include_pad": False} if scope.dice.chance(0.3) else {})


def _lp_pool(scope: Scope, x: TensorType) -> Settings:
    settings = window(scope, x, dilates=False, pads_below_half=True)
    return settings | {"p": scope.dice.one((1.0, 2.0, 3.0))}


def _to_size(scope: Scope, x: TensorType) -> Settings:
    return {"size": Size(tuple(scope.dice.randint(1, size + 1) for size in _spatial(x)))}


def _shuffles(scope: Scope, x: TensorType) -> bool:
    return known(x, 1, 2, 3) and x.shape[1] % 4 == 0


def _unshuffles(scope: Scope, x: TensorType) -> bool:
    return known(x, 1, 2, 3) and all(size % 2 == 0 for size in x.shape[2:])


def _small(scope: Scope, x: TensorType) -> bool:
    return known(x, 1, 2, 3) and max(_spatial(x)) <= 4


def _upsample(scope: Scope, x: TensorType) -> Settings:
    settings: Settings = {"scale": Size((scope.dice.one((2, 3)),))}
    if scope.dice.chance(0.5):
        settings["mode"] = "bilinear"
        if scope.dice.chance(0.5):
            settings["align_corners"] = True
    return settings


def _lrn(scope: Scope, x: TensorType) -> Settings:
    return {"size": scope.dice.one((1, 3, 5)), "alpha": scope.dice.one((1e-3, 0.5))}


FEWEST = 3
"""Of two elements the normalised ones are 1 and -1, whatever they are: their gradient is rounding alone."""


def _several(scope: Scope, x: TensorType) -> bool:
    """Tell whether every channel has enough elements, in the shorter batch too."""
    if not known(x, *range(1, x.rank)):
        return False
    shorter = {name: max(1, size - 1) for name, size in scope.sizes.items()}
    sizes = x.bind(shorter).sizes
    return sizes[0] * math.prod(sizes[2:]) >= FEWEST


def _group_norm(scope: Scope, x: TensorType) -> Settings | None:
    channels = x.shape[1]
    assert isinstance(channels, int)
    elements = channels * math.prod(_spatial(x))
    groups = [d for d in range(1, channels + 1) if channels % d == 0 and elements // d >= FEWEST]
    return {"groups": scope.dice.one(groups)} if groups else None


def _last(scope: Scope, x: TensorType) -> Settings | None:
    behind = [
        tuple(range(axis, 0))
        for axis in range(-x.rank, 0)
        if known(x, *range(axis, 0)) and math.prod(x.bind({}).shape[axis:]) >= FEWEST
    ]
    if not behind:
        return None
    axes = scope.dice.one(behind)
    return {"axis": axes} if len(axes) > 1 else {}


def _pixels(scope: Scope, x: TensorType) -> bool:
    return known(x, *range(1, x.rank)) and math.prod(_spatial(x)) >= FEWEST


def _flag(name: str) -> Any:
    return lambda scope, x: {name: False} if scope.dice.chance(0.3) else {}


def _local(scope: Scope, x: TensorType) -> Settings:
    settings = {
        "channels": scope.dice.randint(1, 3),
        **window(scope, x, dilates=False, pads_below_half=False),
    }
    return settings | ({"bias": False} if scope.dice.chance(0.3) else {})


def _embedding(scope: Scope, x: TensorType) -> Settings:
    settings: Settings = {"rows": 9, "features": scope.dice.size()}
    return settings | ({"padding_idx": scope.dice.one((0, -1))} if scope.dice.chance(0.3) else {})


def _recurrent(*nonlinearities: str) -> Any:
    def settings(scope: Scope, x: TensorType) -> Settings:
        dice = scope.dice
        chosen: Settings = {"units": dice.one((1, 2, 3))}
        options = {
            "bidirectional": True,
            "return_sequence": False,
            "return_state": True,
            "bias": False,
        }
        chosen |= {name: value for name, value in options.items() if dice.chance(0.25)}
        if dice.chance(0.2):
            chosen |= {"layers": 2} | ({"dropout": 0.3} if dice.chance(0.5) else {})
        if nonlinearities and dice.chance(0.5):
            chosen["nonlinearity"] = dice.one(nonlinearities)
        return chosen

    return settings


def _noise(name: str) -> Any:
    return lambda scope, x: {name: scope.dice.one((0.1, 0.3))}


SEQUENCE = floats(3, 3, test=lambda scope, type: known(type, 1, 2))
APPROXIMATE = 4e-6
"""How far layers of many operators may be off; those for recurrence approximate tanh and the sigmoid by quotients."""

RESTING = 2.0**-22
"""How far onnxruntime's RNN is off by itself, which computes tanh as a difference from 1: 1.7e-7, measured at inputs
of 1e-6 to 3, however small the result. In training the call is made of other operators.
"""

BOUND = {"result": lambda x: 1.0, "largest": 10.0, "kernel": APPROXIMATE}
WIDE = {"largest": 10.0, "result": lambda x: 10 * x}
NORMED = {"result": lambda x: 5.0, "kernel": APPROXIMATE}
"""Sums of equal numbers, added up in order, are rounded the same way every time."""

ENTRIES: Mapping[str, Entry] = {
    "Linear": Entry((floats(2, 3, test=lambda scope, type: known(type, -1)),), _linear, **WIDE),
    "Conv": Entry((IMAGE,), _conv, **WIDE),
    "ConvTranspose": Entry((IMAGE,), _transposed, **WIDE),
    "conv": Entry(
        (IMAGE, parameter(_kernel)), _functional, largest=10.0, result=lambda x, w: 20 * x
    ),
    "conv_transpose": Entry(
        (IMAGE, parameter(_kernel_transposed)),
        _functional,
        largest=10.0,
        result=lambda x, w: 20 * x,
    ),
    "BatchNorm": Entry((floats(2, 5, test=_several),), _flag("affine"), **NORMED),
    "LayerNorm": Entry((FEATURES,), _last, **NORMED),
    "RMSNorm": Entry((FEATURES,), _last, domain="shifted", **NORMED),
    "GroupNorm": Entry((CHANNELS,), _group_norm, **NORMED),
    "InstanceNorm": Entry((floats(3, 5, test=_pixels),), _flag("affine"), **NORMED),
    "PReLU": Entry(
        (CHANNELS,), lambda scope, x: {"per_channel": True} if scope.dice.chance(0.5) else {}
    ),
    "LocallyConnected": Entry((IMAGE,), _local, **WIDE),
    "Embedding": Entry((INDEX_BELOW_9,), _embedding, result=lambda x: 4.0),
    "RNN": Entry(
        (SEQUENCE,),
        _recurrent("tanh", "relu"),
        largest=10.0,
        result=lambda x: 20 * x,
        kernel=APPROXIMATE,
        resting=RESTING,
    ),
    "GRU": Entry((SEQUENCE,), _recurrent(), **BOUND),
    "LSTM": Entry((SEQUENCE,), _recurrent(), **BOUND),
    "GaussianDropout": Entry((ROWS,), _noise("p"), result=lambda x: 3 * x),
    "GaussianNoise": Entry((ROWS,), _noise("std"), result=lambda x: x + 1),
    "SpatialDropout": Entry((IMAGE,), _noise("p"), result=lambda x: 2 * x),
    "Dropout": Entry(
        (ROWS,), lambda scope, x: {"p": scope.dice.one((0.0, 0.3, 0.5))}, result=lambda x: 2 * x
    ),
    "avg_pool": Entry((IMAGE,), _avg_pool),
    "lp_pool": Entry((IMAGE,), _lp_pool),
    "adaptive_avg_pool": Entry((IMAGE,), _to_size),
    "adaptive_max_pool": Entry((IMAGE,), _to_size),
    "pixel_shuffle": Entry((floats(4, 4, test=_shuffles),), lambda scope, x: {"upscale_factor": 2}),
    "pixel_unshuffle": Entry(
        (floats(4, 4, test=_unshuffles),), lambda scope, x: {"downscale_factor": 2}
    ),
    "upsample": Entry((floats(4, 4, test=_small),), _upsample),
    "max_pool": Entry((IMAGE,), _max_pool),
    "global_avg_pool": Entry((IMAGE,)),
    "global_max_pool": Entry((IMAGE,)),
    "lrn": Entry((IMAGE,), _lrn),
    "glu": Entry(
        (floats(1, test=lambda scope, x: known(x, -1) and x.shape[-1] % 2 == 0),),
    ),
}
