"""Each form of a convolution, against Conv, and where it takes the place of Conv."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from dslc import dims
from dslc.gradient.conv_output_forms import FORMS, choose_form, choose_outputs, costs
from dslc.gradient.convolution import Convolution
from dslc.graph.builder import Builder
from dslc.graph.verify import verify
from dslc.types import float32
from tests.gradient.convolutions import CONVOLUTIONS, convolution
from tests.gradient.harness import in_onnxruntime

EVERY = {
    **CONVOLUTIONS,
    "whole tiles": convolution(2, 3, (4, 6), 5, (3, 3), before=1),
    "tiles that stick out": convolution(2, 3, (7, 5), 4, (3, 3), before=1),
    "one position": convolution(1, 2, (3, 3), 3, (3, 3)),
    "one tile": convolution(3, 2, (4, 4), 3, (3, 3)),
    "more padding than that": convolution(1, 2, (2, 3), 2, (3, 3), before=2, after=3),
}

POSSIBLE = [(form, name) for name, conv in EVERY.items() for form in costs(conv) if form != "conv"]


def drawn(conv: Convolution) -> dict[str, Any]:
    rng = np.random.default_rng(conv.channels)
    shapes = {
        "x": (conv.batch, conv.channels, *conv.sizes),
        "weight": conv.weight_shape,
        "bias": (conv.features,),
    }
    return {name: rng.uniform(-1, 1, shape).astype(np.float32) for name, shape in shapes.items()}


def direct(g: Builder, conv: Convolution, *operands: ir.Value) -> ir.Value:
    window = conv.window
    result: ir.Value = g.Conv(
        *operands,
        strides=list(window.strides),
        dilations=list(window.dilations),
        pads=window.pads,
        group=conv.group,
    )
    return result


@pytest.mark.parametrize(("form", "name"), POSSIBLE)
@pytest.mark.parametrize("biased", [True, False])
def test_form_is_the_convolution(form: str, name: str, biased: bool) -> None:
    conv, g = EVERY[name], Builder()
    feeds = drawn(conv)
    if not biased:
        del feeds["bias"]
    values = [g.input(name, float32(*array.shape)) for name, array in feeds.items()]
    found = FORMS[form](g, values[0], values[1], values[2] if biased else None, conv)
    assert g.shape_of(found) == (conv.batch, conv.features, *conv.positions)
    g.output("found", found)
    g.output("direct", direct(g, conv, *values))
    ours, theirs = in_onnxruntime(g)(feeds)
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-5)


CHOICES = [
    ("VGG's middle", convolution(32, 256, (8, 8), 256, (3, 3), before=1), "winograd"),
    ("VGG's second", convolution(32, 64, (32, 32), 64, (3, 3), before=1), "conv"),
    ("VGG's last", convolution(32, 512, (2, 2), 512, (3, 3), before=1), "gathered"),
    ("ResNet's last", convolution(8, 512, (7, 7), 512, (3, 3), before=1), "winograd"),
    ("ResNet's last in CIFAR", convolution(32, 512, (4, 4), 512, (3, 3), before=1), "winograd"),
    ("GoogLeNet's last", convolution(8, 192, (7, 7), 384, (3, 3), before=1), "winograd"),
    ("AlexNet's second", convolution(16, 96, (27, 27), 256, (5, 5), before=2), "conv"),
    ("GoogLeNet's point", convolution(8, 832, (7, 7), 128, (1, 1)), "conv"),
    ("AlexNet's third", convolution(16, 256, (13, 13), 384, (3, 3), before=1), "winograd"),
    ("in groups", convolution(32, 512, (2, 2), 512, (3, 3), before=1, group=2), "gathered"),
    ("in many groups", convolution(16, 128, (13, 13), 128, (3, 3), before=1, group=32), "conv"),
]


@pytest.mark.parametrize(
    ("conv", "form"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES]
)
def test_the_form_that_was_measured_fastest_is_chosen(conv: Convolution, form: str) -> None:
    assert choose_form(conv) == form


SMALL = convolution(32, 64, (2, 2), 64, (3, 3), before=1)


def operators(tuning: Any, *, constant: bool = False, batch: Any = 32) -> list[str]:
    """Return what becomes of a convolution over a map of 2x2."""
    g = Builder()
    x = g.input("x", float32(batch, *(SMALL.channels, *SMALL.sizes)))
    weight = np.ones(SMALL.weight_shape, np.float32)
    g.output(
        "y",
        direct(
            g, SMALL, x, g.constant(weight) if constant else g.input("w", float32(*weight.shape))
        ),
    )
    choose_outputs(g.graph, tuning)
    verify(g.graph)
    return [node.op_type for node in g.graph]


def test_conv_stays_where_its_weight_is_known_or_the_batch_is_not() -> None:
    assert "Conv" not in operators("cpu")
    assert operators("cuda") == ["Conv"]
    assert operators("cpu", constant=True) == ["Conv"]
    assert operators("cpu", batch=dims.free("N")) == ["Conv"]
