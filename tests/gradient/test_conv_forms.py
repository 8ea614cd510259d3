"""Each form of a convolution's weight gradient, against the sum it stands for."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from dslc.gradient.conv_forms import FORMS, MOST_SLICES, choose_form, costs
from dslc.gradient.convolution import Convolution
from dslc.gradient.differentiate import differentiate
from dslc.graph.builder import Builder
from dslc.types import DType, float32
from tests.gradient.convolutions import CONVOLUTIONS, convolution
from tests.gradient.harness import in_onnxruntime


def expected(x: Any, dy: Any, conv: Convolution) -> Any:
    """Return the sum over images and positions, tap by tap."""
    window, group = conv.window, conv.group
    width = [(0, 0), (0, 0), *zip(window.before, window.after, strict=True)]
    padded = np.pad(x, width)
    result = np.zeros(conv.weight_shape)
    features, channels = conv.features // group, conv.channels // group
    for tap in product(*map(range, window.kernel)):
        visited = tuple(
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(
                tap, window.dilations, conv.positions, window.strides, strict=True
            )
        )
        under = padded[(slice(None), slice(None), *visited)]
        for k in range(group):
            rows = dy[:, k * features : (k + 1) * features].reshape(conv.batch, features, -1)
            columns = under[:, k * channels : (k + 1) * channels].reshape(conv.batch, channels, -1)
            part = np.einsum("nmp,ncp->mc", rows, columns)
            result[(slice(k * features, (k + 1) * features), slice(None), *tap)] = part
    return result


POSSIBLE = [(form, name) for name, conv in CONVOLUTIONS.items() for form in costs(conv)]


@pytest.mark.parametrize(("form", "name"), POSSIBLE)
def test_form_is_the_sum(form: str, name: str) -> None:
    conv = CONVOLUTIONS[name]
    rng = np.random.default_rng(len(name))
    x = rng.uniform(-1, 1, (conv.batch, conv.channels, *conv.sizes)).astype(np.float32)
    dy = rng.uniform(-1, 1, (conv.batch, conv.features, *conv.positions)).astype(np.float32)
    g = Builder()
    values = g.input("x", float32(*x.shape)), g.input("dy", float32(*dy.shape))
    result = FORMS[form](g, *values, conv)
    assert g.shape_of(result) == conv.weight_shape
    g.output("dw", result)
    (found,) = in_onnxruntime(g)({"x": x, "dy": dy})
    np.testing.assert_allclose(found, expected(x, dy, conv), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(("form", "name"), POSSIBLE)
def test_form_has_a_gradient(form: str, name: str) -> None:
    """The sum is linear in x and in dy, so its gradients tell it for any other x and any other dy."""
    conv = CONVOLUTIONS[name]
    rng = np.random.default_rng(len(name))

    def drawn(*shape: int) -> Any:
        return rng.uniform(-1, 1, shape).astype(np.float32)

    x, other_x = drawn(2, conv.batch, conv.channels, *conv.sizes)
    dy, other_dy = drawn(2, conv.batch, conv.features, *conv.positions)
    weights = drawn(*conv.weight_shape)
    g = Builder()
    values = g.input("x", float32(*x.shape)), g.input("dy", float32(*dy.shape))
    cotangent = g.input("weights", float32(*weights.shape))
    found = differentiate(g, FORMS[form](g, *values, conv), values, cotangent=cotangent)
    for value in values:
        g.output(f"by_{value.name}", found[value])
    by_x, by_dy = in_onnxruntime(g)({"x": x, "dy": dy, "weights": weights})
    for slope, expected_slope in [
        (by_x * other_x, expected(other_x, dy, conv)),
        (by_dy * other_dy, expected(x, other_dy, conv)),
    ]:
        np.testing.assert_allclose(
            slope.sum(dtype=np.float64), np.sum(expected_slope * weights), rtol=1e-5, atol=1e-4
        )


CHOICES = [
    ("LeNet's first", convolution(64, 1, (32, 32), 6, (5, 5)), "gathered"),
    ("LeNet's second", convolution(64, 6, (14, 14), 16, (5, 5)), "gathered"),
    ("VGG's first", convolution(32, 3, (32, 32), 64, (3, 3), before=1), "columns"),
    ("VGG's second", convolution(32, 64, (32, 32), 64, (3, 3), before=1), "winograd"),
    ("VGG's middle", convolution(32, 256, (8, 8), 256, (3, 3), before=1), "winograd"),
    ("U-Net's middle", convolution(4, 256, (8, 8), 256, (3, 3), before=1), "winograd"),
    ("U-Net's last", convolution(4, 32, (128, 128), 16, (3, 3), before=1), "taps"),
    ("VGG's last", convolution(32, 512, (2, 2), 512, (3, 3), before=1), "gathered"),
    ("ResNet's first", convolution(8, 3, (224, 224), 64, (7, 7), stride=2, before=3), "correlate"),
    (
        "AlexNet's first",
        convolution(8, 3, (224, 224), 96, (11, 11), stride=4, before=2),
        "correlate",
    ),
    ("ResNet's middle", convolution(8, 256, (14, 14), 256, (3, 3), before=1), "winograd"),
    ("GoogLeNet's point", convolution(8, 192, (28, 28), 64, (1, 1)), "columns"),
]


@pytest.mark.parametrize(
    ("conv", "form"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES]
)
def test_the_form_that_was_measured_fastest_is_chosen(conv: Convolution, form: str) -> None:
    assert choose_form(conv, "cpu") == form


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("tuning", ["cpu", "cuda"])
def test_the_choice_can_be_used(name: str, tuning: Any) -> None:
    conv = CONVOLUTIONS[name]
    assert choose_form(conv, tuning) in costs(conv)


def test_halves_are_not_summed_in_the_domain_of_winograd() -> None:
    conv = convolution(32, 256, (8, 8), 256, (3, 3), before=1)
    assert choose_form(conv, "cpu", DType.FLOAT16) == "gathered"


def test_every_form_was_tried() -> None:
    assert {form for form, _ in POSSIBLE} == set(FORMS)


def test_large_kernels_are_not_cut_into_slices() -> None:
    conv = convolution(1, 4, (40, 40), 4, (31, 31), group=4)
    assert conv.window.taps > MOST_SLICES
    assert choose_form(conv, "cpu") == choose_form(conv, "cuda") == "correlate"
