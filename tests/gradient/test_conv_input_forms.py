"""Each form of the gradient of a convolution's input, against the sum it stands for."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from dslc.gradient.conv_input_forms import FORMS, choose_form, costs
from dslc.gradient.convolution import Convolution
from dslc.gradient.differentiate import differentiate
from dslc.graph.builder import Builder
from dslc.types import DType, float32
from tests.gradient.convolutions import CONVOLUTIONS, convolution
from tests.gradient.harness import in_onnxruntime

MORE = {
    "padding as wide as it can be": convolution(2, 3, (5, 4), 2, (3, 2), before=1, after=1),
    "padding wider than the kernel reaches": convolution(2, 2, (4, 5), 3, (2, 2), before=2),
    "depthwise": convolution(2, 3, (6, 5), 6, (3, 3), before=1, group=3),
    "dilated in groups": convolution(1, 4, (7, 8), 2, (2, 3), dilation=2, group=2),
    "a kernel as large as the image": convolution(2, 3, (4, 3), 5, (4, 3)),
    "a point with padding": convolution(2, 3, (3, 3), 2, (1, 1), before=1),
}

EVERY = CONVOLUTIONS | MORE

POSSIBLE = [(form, name) for name, conv in EVERY.items() for form in costs(conv)]


def drawn(conv: Convolution) -> tuple[Any, Any]:
    """Return numbers for dY and for the weight."""
    rng = np.random.default_rng(conv.features)
    shapes = (conv.batch, conv.features, *conv.positions), conv.weight_shape
    dy, weight = (rng.uniform(-1, 1, shape).astype(np.float32) for shape in shapes)
    return dy, weight


def expected(dy: Any, weight: Any, conv: Convolution) -> Any:
    """Return the sum over features and positions, tap by tap."""
    window, group = conv.window, conv.group
    result = np.zeros((conv.batch, conv.channels, *conv.padded_sizes))
    features, channels = conv.features // group, conv.channels // group
    for tap in product(*map(range, window.kernel)):
        seen = tuple(
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(
                tap, window.dilations, conv.positions, window.strides, strict=True
            )
        )
        for k in range(group):
            rows = slice(k * features, (k + 1) * features)
            part = np.einsum("nm...,mc->nc...", dy[:, rows], weight[(rows, slice(None), *tap)])
            result[(slice(None), slice(k * channels, (k + 1) * channels), *seen)] += part
    inside = tuple(slice(b, b + n) for b, n in zip(window.before, conv.sizes, strict=True))
    return result[(slice(None), slice(None), *inside)]


@pytest.mark.parametrize(("form", "name"), POSSIBLE)
def test_form_is_the_sum(form: str, name: str) -> None:
    conv = EVERY[name]
    dy, weight = drawn(conv)
    g = Builder()
    values = g.input("dy", float32(*dy.shape)), g.input("weight", float32(*weight.shape))
    result = FORMS[form](g, *values, conv)
    assert g.shape_of(result) == (conv.batch, conv.channels, *conv.sizes)
    g.output("dx", result)
    (found,) = in_onnxruntime(g)({"dy": dy, "weight": weight})
    np.testing.assert_allclose(found, expected(dy, weight, conv), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(("form", "name"), POSSIBLE)
def test_form_has_a_gradient(form: str, name: str) -> None:
    """The sum is linear in dy and in the weight, so each gradient, times its value, gives the sum again."""
    conv = EVERY[name]
    dy, weight = drawn(conv)
    seed = np.random.default_rng(len(name)).uniform(-1, 1, (conv.batch, conv.channels, *conv.sizes))
    g = Builder()
    values = g.input("dy", float32(*dy.shape)), g.input("weight", float32(*weight.shape))
    cotangent = g.input("seed", float32(*seed.shape))
    found = differentiate(g, FORMS[form](g, *values, conv), values, cotangent=cotangent)
    for value in values:
        g.output(f"by_{value.name}", found[value])
    slopes = in_onnxruntime(g)({"dy": dy, "weight": weight, "seed": seed.astype(np.float32)})
    whole = np.sum(expected(dy, weight, conv) * seed)
    for slope, value in zip(slopes, (dy, weight), strict=True):
        np.testing.assert_allclose(
            np.sum(slope * value, dtype=np.float64), whole, rtol=1e-4, atol=1e-4
        )


CHOICES = [
    ("LeNet's second", convolution(64, 6, (14, 14), 16, (5, 5)), "scatter"),
    ("VGG's second", convolution(32, 64, (32, 32), 64, (3, 3), before=1), "flipped"),
    ("VGG's middle", convolution(32, 256, (8, 8), 256, (3, 3), before=1), "winograd"),
    ("VGG's last", convolution(32, 512, (2, 2), 512, (3, 3), before=1), "winograd"),
    ("ResNet's last", convolution(32, 512, (4, 4), 512, (3, 3), before=1), "winograd"),
    ("ResNet's last at 224", convolution(8, 512, (7, 7), 512, (3, 3), before=1), "winograd"),
    ("ResNet's strided", convolution(32, 64, (32, 32), 128, (3, 3), stride=2, before=1), "scatter"),
    ("ResNet's point", convolution(8, 256, (14, 14), 1024, (1, 1)), "flipped"),
    ("AlexNet's second", convolution(16, 96, (27, 27), 256, (5, 5), before=2), "flipped"),
    ("GoogLeNet's 5x5", convolution(8, 16, (28, 28), 32, (5, 5), before=2), "scatter"),
]


@pytest.mark.parametrize(
    ("conv", "form"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES]
)
def test_the_form_that_was_measured_fastest_is_chosen(conv: Convolution, form: str) -> None:
    assert choose_form(conv, "cpu") == form
    assert choose_form(conv, "cuda") == "scatter"


def test_halves_are_not_summed_in_the_domain_of_winograd() -> None:
    conv = convolution(32, 256, (8, 8), 256, (3, 3), before=1)
    assert choose_form(conv, "cpu", DType.FLOAT16) != "winograd"


def test_every_form_was_tried() -> None:
    assert {form for form, _ in POSSIBLE} == set(FORMS)
