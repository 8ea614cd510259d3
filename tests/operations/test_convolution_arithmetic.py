"""The arithmetic of convolutions as it is printed: every figure of Dumoulin and Visin, and the shapes of the lecture.

V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning" (2016), figures 2.1 to 2.7
(convolutions), 4.1 to 4.7 (each of them transposed) and 5.1 (dilated).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from dslc.gradient.differentiate import differentiate
from dslc.graph.builder import Builder, type_of
from dslc.layers.conv import Conv, ConvFunction
from dslc.layers.conv_transpose import ConvTranspose, ConvTransposeFunction
from dslc.operation import Operation
from dslc.types import Size, TensorType, float32
from tests.operations import evaluate as ev
from tests.operations.harness import Array, Case


@dataclass(frozen=True)
class Figure:
    """A convolution of an image of `size` that gives one of `result`, both square.

    Transposed it leads back, where `rest` of the image is what the stride never reached.
    """

    name: str
    size: int
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    result: int = 0
    rest: int = 0

    @property
    def direct(self) -> ConvFunction:
        return ConvFunction(*map(_size, (self.stride, self.padding, self.dilation)))

    @property
    def transposed(self) -> ConvTransposeFunction:
        return ConvTransposeFunction(
            *map(_size, (self.stride, self.padding, self.rest, self.dilation))
        )

    @property
    def image(self) -> TensorType:
        return float32(2, 3, self.size, self.size)

    @property
    def features(self) -> TensorType:
        return float32(2, 4, self.result, self.result)

    @property
    def weight(self) -> TensorType:
        return float32(4, 3, self.kernel, self.kernel)


FIGURES = [
    Figure("2.1 and 4.1: no padding, unit strides", 4, 3, result=2),
    Figure("2.2 and 4.2: arbitrary padding, unit strides", 5, 4, padding=2, result=6),
    Figure("2.3 and 4.3: half padding, unit strides", 5, 3, padding=1, result=5),
    Figure("2.4 and 4.4: full padding, unit strides", 5, 3, padding=2, result=7),
    Figure("2.5 and 4.5: no padding, strides", 5, 3, 2, result=2),
    Figure("2.6 and 4.6: padding, strides", 5, 3, 2, 1, result=3),
    Figure("2.7 and 4.7: padding, strides, a rest", 6, 3, 2, 1, result=3, rest=1),
    Figure("5.1: dilated", 7, 3, dilation=2, result=3),
]

each_figure = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)


def _size(number: int) -> Size:
    return Size((number,))


def _evaluated(operation: Operation, *types: TensorType) -> tuple[Array, Array, TensorType]:
    """Return the results of reference and graph, and the type of the latter."""
    case = Case(str(operation), operation, types)
    values, _ = ev.draw(case)
    lowered = ev.lower(case, False, {})
    found = ev.on_onnxruntime(lowered, values)["y0"]
    return ev.evaluate(case, False, values).results[0], found, type_of(lowered.results[0])


@each_figure
def test_the_convolution_gives_the_printed_size(figure: Figure) -> None:
    _agree(figure.direct, figure.image, figure.weight, figure.features)


@each_figure
def test_transposed_it_leads_back(figure: Figure) -> None:
    _agree(figure.transposed, figure.features, figure.weight, figure.image)


def _agree(operation: Operation, x: TensorType, weight: TensorType, expected: TensorType) -> None:
    """The shape rule, the explanation, the reference and the graph all say the expected size."""
    assert operation.infer(x, weight) == expected
    assert operation.explain((x, weight)).endswith(f" = {expected.shape[2]}")
    exact, found, its_type = _evaluated(operation, x, weight)
    assert its_type == expected
    assert exact.shape == found.shape == expected.shape


@each_figure
def test_transposed_is_the_gradient_of_the_direct_one(figure: Figure) -> None:
    """By the references in float64, and by what the gradient rule of Conv makes of the graph."""
    rng = np.random.default_rng(5)
    image, features, weight = (
        rng.standard_normal(t.sizes) for t in (figure.image, figure.features, figure.weight)
    )
    direct = Case("direct", figure.direct, (figure.image, figure.weight))
    back = Case("back", figure.transposed, (figure.features, figure.weight))
    point = ev.evaluate(direct, True, (image, weight))
    spread = ev.evaluate(back, True, (features, weight)).results[0]
    np.testing.assert_allclose(point.backward(features)[0], spread, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        np.sum(point.results[0] * features), np.sum(image * spread), rtol=1e-12
    )
    lowered = ev.lower(direct, True, {})
    g: Builder = lowered.builder
    dy = g.input("dy", figure.features)
    x = lowered.operands[0]
    assert x is not None
    g.output("dx", differentiate(g, lowered.results[0], [x], cotangent=dy)[x])
    lowered.names, lowered.operands = ["dx"], [*lowered.operands, dy]
    found = ev.on_onnxruntime(lowered, (image, weight, features))["dx"]
    np.testing.assert_allclose(found, spread, rtol=1e-5, atol=1e-5)


GRID = [
    (size, kernel, stride, padding, dilation)
    for size in range(1, 10)
    for kernel in range(1, 5)
    for stride in range(1, 4)
    for padding in range(kernel)
    for dilation in (1, 2)
    if size + 2 * padding >= dilation * (kernel - 1) + 1
]


def test_relation_14_holds_everywhere() -> None:
    """Every size is led back to, by the rest that the stride left as output padding."""
    for size, kernel, stride, padding, dilation in GRID:
        room = size + 2 * padding - dilation * (kernel - 1) - 1
        settings = [_size(number) for number in (kernel, stride, padding)]
        direct = Conv(3, *settings, dilation=_size(dilation))
        result = direct.infer(float32(1, 2, size))
        assert result.shape[2] == room // stride + 1
        back = ConvTranspose(2, *settings, _size(room % stride), _size(dilation))
        assert back.infer(result).shape == (1, 2, size)


LECTURE = [
    # operation, image, the shape on the slide
    (Conv(1, _size(5)), float32(1, 3, 32, 32), (1, 1, 28, 28)),
    (Conv(4, _size(5)), float32(1, 3, 32, 32), (1, 4, 28, 28)),
]


@pytest.mark.parametrize(("operation", "image", "shape"), LECTURE)
def test_the_shapes_of_the_lecture(
    operation: Operation, image: TensorType, shape: tuple[int, ...]
) -> None:
    case = Case("lecture", operation, (image,))
    values, owned = ev.draw(case)
    assert operation.infer(image).shape == shape
    assert ev.evaluate(case, False, (*values, *owned)).results[0].shape == shape
