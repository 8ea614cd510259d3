"""Winograd's form where a convolution has several bands of tiles: the same numbers as in one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from dslc.gradient import winograd
from dslc.gradient.convolution import Convolution
from dslc.graph.builder import Builder
from dslc.types import float32
from tests.gradient.convolutions import convolution
from tests.gradient.harness import in_onnxruntime

Build = Callable[[Builder, ir.Value, ir.Value, Convolution], ir.Value]

SHAPES = {
    "even": convolution(2, 3, (8, 6), 4, (3, 3), before=1),
    "odd": convolution(3, 2, (7, 5), 5, (3, 3), before=1),
    "without padding": convolution(1, 2, (6, 8), 3, (3, 3)),
    "pads unequal": convolution(2, 2, (5, 6), 3, (3, 3), before=0, after=2),
    "groups": convolution(2, 4, (6, 5), 6, (3, 3), before=1, group=2),
}

PARTS: dict[str, tuple[Build, str]] = {
    "Y": (lambda g, x, w, conv: winograd.convolve(g, x, w, None, conv), "xw"),
    "dX": (winograd.input_gradient, "yw"),
    "dW": (winograd.weight_gradient, "xy"),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", SHAPES)
def test_bands_make_the_whole(part: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    conv = SHAPES[name]
    whole = computed(part, conv)
    monkeypatch.setattr(winograd, "BAND", 1e-9)
    turned = conv.turned
    assert turned is not None
    assert min(len(list(winograd._bands(one))) for one in (conv, turned)) > 1
    np.testing.assert_allclose(computed(part, conv), whole, rtol=1e-5, atol=1e-5)


def computed(part: str, conv: Convolution) -> Any:
    build, operands = PARTS[part]
    shapes = {
        "x": (conv.batch, conv.channels, *conv.sizes),
        "y": (conv.batch, conv.features, *conv.positions),
        "w": conv.weight_shape,
    }
    draw, g = np.random.default_rng(0), Builder()
    feeds = {name: draw.uniform(-1, 1, shapes[name]).astype(np.float32) for name in operands}
    values = [g.input(name, float32(*shapes[name])) for name in operands]
    g.output("found", build(g, values[0], values[1], conv))
    (found,) = in_onnxruntime(g)(feeds)
    return found
