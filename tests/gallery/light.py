"""The models that the `onnx` package brings for testing, beside ours: the same layers, shapes and order?

They were exported from Caffe2 by others. Compared are convolutions, pools, response normalisations, concatenations and
matrix products, each with its settings and the shape of its result, for a picture of their size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.helper import get_attribute_value
from onnx.numpy_helper import to_array
from onnx.shape_inference import infer_shapes

from dslc.artifact.artifact import serialize
from dslc.compile import inference_model
from dslc.tasks.reading import open_spec
from tests.gallery.facts import GALLERY
from tests.gallery.measuring import reduced

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

Layer = tuple[str, str]
"""What a layer is, with the channels of its result, and the size of each channel."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A model of the `onnx` package, the network of the gallery beside it, and what is not the same."""

    light: str
    key: str
    differs: tuple[str, ...] = ()
    why: str = ""
    sizes: Mapping[str, str] = field(default_factory=dict)
    """The size of our pictures -> that of theirs."""


PAIRS = (
    Pair(
        "light_bvlc_alexnet",
        "alexnet",
        ("6x6 there, 5x5 here",),
        "on their 224x224 pixels; our 227x227, with which 11x11 at stride 4 comes out even, end in 6x6",
        {"227, 227": "224, 224"},
    ),
    Pair(
        "light_zfnet512",
        "zfnet",
        (
            "+ MaxPool 3x3 stride 2 [96]",
            "- MaxPool 3x3 stride 2 [96]",
            "+ MaxPool 3x3 stride 2 [256]",
            "+ Conv 3x3 [384]",
            "+ Conv 3x3 [384]",
            "+ Conv 3x3 [256]",
            "- Conv 3x3 [512]",
            "- Conv 3x3 [512]",
            "- Conv 3x3 [512]",
            "- MaxPool 2x2 stride 2 [512]",
            "- Gemm [1024]",
            "+ Gemm [4096]",
            "109x109 there, 110x110 here",
            "109x109 there, 55x55 here",
            "25x25 there, 26x26 here",
            "25x25 there, 13x13 here",
            "12x12 there, 6x6 here",
        ),
        "theirs is a wider edition (512 maps) that normalises before it pools; ours is the paper's figure 3",
    ),
    Pair("light_vgg19", "vgg depths=[2,2,4,4,4]"),
    Pair(
        "light_inception_v1",
        "googlenet",
        (
            "55x55 there, 56x56 here",
            "27x27 there, 28x28 here",
            "13x13 there, 14x14 here",
            "6x6 there, 7x7 here",
        ),
        "their pools leave out a last odd row and column; ours take them in, as table 1 of the paper does",
    ),
    Pair("light_resnet50", "resnet50"),
    Pair(
        "light_densenet121",
        "densenet121",
        ("- Conv 1x1 [1000]", "+ Gemm [1000]"),
        "the same product of matrices, as the map has one place",
    ),
    Pair("light_squeezenet", "squeezenet11", sizes={"227, 227": "224, 224"}),
)


def theirs(pair: Pair) -> list[Layer]:
    return list(layers(infer_shapes(onnx.load(FOLDER / f"{pair.light}.onnx"), data_prop=True)))


def ours(pair: Pair) -> list[Layer]:
    row = next(row for row in GALLERY if row.key == pair.key)
    with tempfile.TemporaryDirectory() as name:
        path = reduced(replace(row, smaller=pair.sizes), Path(name))
        resting = open_spec(str(path), row.settings, None).sections()[0].resting
        return list(layers(onnx.load_from_string(serialize(inference_model(resting, None)))))


def differences(left: Sequence[Layer], right: Sequence[Layer]) -> tuple[str, ...]:
    """Return the layers that only they have (`-`) or we (`+`), and the sizes that layers of both have."""
    lines, sizes = [], []
    matcher = SequenceMatcher(None, [text for text, _ in left], [text for text, _ in right], False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            pairs = zip(left[i:j], right[k:m], strict=True)
            sizes += [f"{a} there, {b} here" for (_, a), (_, b) in pairs if a != b]
        else:
            lines += [f"- {text}" for text, _ in left[i:j]]
            lines += [f"+ {text}" for text, _ in right[k:m]]
    return (*lines, *dict.fromkeys(sizes))


def layers(model: onnx.ModelProto) -> Iterator[Layer]:
    """Yield the layers that are compared, in the order of the nodes."""
    graph = model.graph
    shapes = {value.name: _shape(value) for value in (*graph.value_info, *graph.output)}
    bands = {tensor.name: _band(to_array(tensor)) for tensor in graph.initializer}
    band = 0
    for node in graph.node:
        settings = {one.name: get_attribute_value(one) for one in node.attribute}
        result = shapes[node.output[0]]
        band = bands.get(node.input[0], 0) if node.op_type == "MatMul" else band
        if (
            node.op_type == "Div" and band
        ):  # which ends a response normalisation that is written out
            described, band = f"LRN {band}", 0
        else:
            described = _described(node.op_type, settings, result)
        if described:
            yield f"{described} [{result[0]}]", "x".join(str(size) for size in result[1:])


def _band(matrix: np.ndarray[Any, Any]) -> int:
    """Return how many neighbours each row of a band of equal numbers adds up, 0 for any other matrix."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        return 0
    size = 2 * int(np.count_nonzero(matrix[0])) - 1
    place = np.arange(len(matrix))
    ones = np.abs(place[:, None] - place) <= size // 2
    return size if size > 0 and np.array_equal(matrix, matrix[0, 0] * ones) else 0


def _described(operator: str, settings: Mapping[str, Any], result: Sequence[int]) -> str:
    if operator in ("ReduceMean", "GlobalAveragePool"):
        return "global pool"
    if operator == "AveragePool" and len(result) == 1:
        return "global pool"
    if operator in ("Conv", "MaxPool", "AveragePool"):
        kernel = "x".join(map(str, settings["kernel_shape"]))
        stride, groups = max(settings.get("strides", [1])), settings.get("group", 1)
        moved = f" stride {stride}" if stride > 1 else ""
        return f"{operator} {kernel}{moved}" + (f" groups {groups}" if groups > 1 else "")
    if operator == "LRN":
        return f"LRN {settings['size']}"
    return operator if operator in ("Concat", "Gemm") else ""


def _shape(value: onnx.ValueInfoProto) -> list[int]:
    """Return the sizes behind the batch, without ones at the end."""
    sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim][1:]
    while sizes[1:] and sizes[-1] == 1:
        sizes.pop()
    return sizes
