"""The floor counts every sum of a convolution once, in forms that are equal; the peak counts what an operator does."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnxruntime
import pytest

from bench.floor import Convolutions, Piece, convolutions
from bench.measure import Comparison, Figures, Floor
from bench.peak import Node, Peak, Tensor
from bench.profile import Took, profile_table
from bench.report import comparisons_table
from bench.subjects import SUBJECTS
from bench.work import Work
from dslc.gradient.convolution import Convolution
from dslc.gradient.window import Window


def test_pieces() -> None:
    """The first convolution sees the image, which has no gradient; the rest of the net has no part in it."""
    found = convolutions(SUBJECTS["lenet5"].sections()[0].learning)
    parts = Counter(piece.part for piece in found.pieces.elements())
    assert parts == {"convolve": 3, "weight": 3, "bias": 3, "spread": 2}
    assert all(piece.conv.batch == 64 for piece in found.pieces)
    assert {"/c1", "/grad/c1/Conv"} < found.scopes
    assert not convolutions(SUBJECTS["mlp"].sections()[0].learning).pieces


def test_transposed_pieces() -> None:
    """The gradient of a ConvTranspose's input is a convolution, from many channels to fewer."""
    found = convolutions(SUBJECTS["unet"].sections()[0].learning)
    strided = {piece: count for piece, count in found.pieces.items() if piece.conv.turned is None}
    assert Counter(piece.part for piece in strided) == dict.fromkeys(
        ("convolve", "spread", "weight", "bias"), 4
    )
    assert all(piece.conv.features == 2 * piece.conv.channels for piece in strided)


PLAIN = Convolution(2, 3, 4, (6, 6), (6, 6), Window((3, 3), (1, 1), (1, 1), (1, 1), (1, 1)))
STRIDED = Convolution(2, 3, 4, (6, 6), (3, 3), Window((2, 2), (2, 2), (1, 1), (0, 0), (0, 0)))


@pytest.mark.parametrize("conv", [PLAIN, STRIDED], ids=["plain", "strided"])
@pytest.mark.parametrize("part", ["convolve", "spread", "weight", "bias"])
def test_forms_are_equal(part: str, conv: Convolution) -> None:
    piece = Piece(part, conv)  # type: ignore[arg-type]  # a literal in a list is a str
    draw = np.random.default_rng(0).standard_normal
    feeds = {f"x{i}": draw(shape, np.float32) for i, shape in enumerate(piece.shapes)}
    results = [
        onnxruntime.InferenceSession(piece.model(form), providers=["CPUExecutionProvider"]).run(
            None, feeds
        )[0]
        for form in piece.forms
    ]
    assert len(results) == {"convolve": 1, "bias": 1, "weight": 5}.get(part, 1 + (conv is PLAIN))
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], rtol=1e-4, atol=1e-5)


def took(name: str, milliseconds: float) -> Took:
    return Took(Node(name, "Conv", (), ()), milliseconds / 1e3)


def test_the_rest() -> None:
    """What onnxruntime added without a name belongs to the node behind it."""
    found = Convolutions(Counter(), frozenset(["/conv1", "/grad/conv1/Conv"]))
    nodes = [
        took("/conv1/Conv", 10),
        took("/conv1/norm/Sub", 0.5),
        took("/conv10/Conv", 0.5),
        took("Transpose_token_1", 20),
        took("/grad/conv1/Conv/Gemm", 30),
        took("Transpose_token_2", 2),
        took("/update/conv1/Sub", 4),
        took("Transpose_token_3", 33),
    ]
    assert found.rest(nodes) == pytest.approx(0.4)


WORK = [
    ("FusedConv", [(8, 4, 6, 6), (16, 2, 3, 3), (16,)], (8, 16, 4, 4), 8 * 16 * 16 * 18),
    ("ConvTranspose", [(8, 16, 4, 4), (16, 4, 3, 3)], (8, 4, 6, 6), 8 * 16 * 16 * 36),
    ("MatMul", [(5, 2, 3), (5, 3, 7)], (5, 2, 7), 5 * 2 * 3 * 7),
    ("Gemm", [(3, 2), (3, 7)], (2, 7), 2 * 3 * 7),
    ("FusedMatMul", [(5, 2, 3), (5, 7, 3)], (5, 2, 7), 5 * 2 * 3 * 7),
    ("MatMul", [(3,), (3,)], (), 3),
    ("Add", [(2, 3), (3,)], (2, 3), 0),
]


@pytest.mark.parametrize(("operator", "inputs", "output", "products"), WORK)
def test_products(
    operator: str, inputs: list[tuple[int, ...]], output: tuple[int, ...], products: int
) -> None:
    operands = tuple(Tensor("float", shape) for shape in inputs)
    node = Node("/a", operator, operands, (Tensor("float", output),))
    assert node.products == products
    assert node.bytes == 4 * sum(int(np.prod(shape)) for shape in [*inputs, output])


def test_bytes() -> None:
    """A slice reads what it writes, a reshape nothing."""
    large, small = Tensor("int64", (100, 10)), Tensor("int64", (2, 10))
    assert Node("/a", "Slice", (large,), (small,)).bytes == 2 * 160
    assert Node("/a", "Reshape", (large,), (large,)).bytes == 0
    assert Node("/a", "Not", (Tensor("bool", (7,)),), (Tensor("bool", (7,)),)).bytes == 14


def test_profile_table() -> None:
    values = Tensor("float", (250,))
    nodes = [
        Took(Node(name, "Neg", (values,), (values,)), seconds)
        for name, seconds in (("/a/Neg", 0.001), ("/grad/a/Neg", 0.004))
    ]
    assert profile_table(nodes, Peak(1.0, 1e6)).splitlines()[2:] == [
        "| gradient: Neg | 4.000 | 80.0 | 1 | 2.000 |",
        "| forward: Neg | 1.000 | 20.0 | 1 | 2.000 |",
        "| all | 5.000 | 100.0 | 2 | 4.000 |",
    ]


def test_table() -> None:
    ours = Figures(start=0.5, turns=[[0.008], [0.010]], memory=100_000_000)
    floor = Floor(rest=0.5, pieces=[], turns=[[0.004], [0.003, 0.003]])
    found = Comparison(Work(SUBJECTS["lenet5"]), {"dslc": ours}, {}, floor)
    other = Comparison(Work(SUBJECTS["mlp"]), {"dslc": ours})
    head, _, *rows = comparisons_table([found, other], ["dslc"]).splitlines()
    assert head.endswith("| floor, ms | step / floor |")
    assert rows[0].endswith("| 8 | 1.12 |")
    assert rows[1].endswith("| – | – |")
