"""Initializers: a table, and what holds for every row of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from dslc_runtime.counter import stream_key, stream_of

from dslc.errors import RuleError
from dslc.graph.builder import Builder
from dslc.initializers import draw
from dslc.initializers.base import Initializer
from dslc.initializers.constant import Constant, Identity, Literal, Ones, Zeros
from dslc.initializers.draw import CHUNK
from dslc.initializers.fans import GAINS, fans, gain
from dslc.initializers.filters import Bilinear, GaussianFilter, MeanFilter
from dslc.initializers.normal import KaimingNormal, Normal, TruncatedNormal, XavierNormal
from dslc.initializers.orthogonal import Orthogonal
from dslc.initializers.pieces import Draw, lower_large, lower_together
from dslc.initializers.quantile import (
    SMALLEST_TAIL,
    lower_quantile,
    lower_quantile_apart,
    quantile,
)
from dslc.initializers.sparse import Sparse
from dslc.initializers.uniform import KaimingUniform, Uniform, XavierUniform
from dslc.registry import initializers
from tests.random.session import Array, Program, run

KEY = stream_key(5, 0, stream_of("init:conv1.weight"))

KERNEL = (60, 40, 5, 3)
"""fan in 600, fan out 900."""


@dataclass(frozen=True)
class Case:
    """An initializer, a shape, and the distribution of the numbers: a mean, a deviation, bounds.

    `bits` is False where NumPy and onnxruntime may round a sum differently.
    """

    initializer: Initializer
    shape: tuple[int, ...]
    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf
    bits: bool = True

    def __str__(self) -> str:
        return f"{self.initializer}{list(self.shape)}"


def even(initializer: Initializer, shape: tuple[int, ...], low: float, high: float) -> Case:
    return Case(initializer, shape, (low + high) / 2, (high - low) / math.sqrt(12), low, high)


def around_zero(initializer: Initializer, shape: tuple[int, ...], bound: float) -> Case:
    return even(initializer, shape, -bound, bound)


FIXED = (Identity, Literal, Bilinear, GaussianFilter)

CASES = (
    Case(Zeros(), (3, 4), 0.0, 0.0, 0.0, 0.0),
    Case(Ones(), (7,), 1.0, 0.0, 1.0, 1.0),
    Case(Constant(0.25), (2, 3, 4), 0.25, 0.0, 0.25, 0.25),
    Case(Literal(((1, -2), (3.0, -4))), (2, 2), -0.5, math.sqrt(7.25), -4.0, 3.0),
    Case(Identity(), (4, 4), 0.25, math.sqrt(3) / 4, 0.0, 1.0),
    Case(Identity(), (3, 5, 3, 3), 1 / 45, math.sqrt(44) / 45, 0.0, 1.0),
    even(Uniform(), (100_001,), 0.0, 1.0),
    even(Uniform(-3, 1), (3, 7, 5_000), -3.0, 1.0),
    around_zero(XavierUniform(), KERNEL, math.sqrt(6 / 1500)),
    around_zero(XavierUniform(gain=2), (200, 100), 2 * math.sqrt(6 / 300)),
    around_zero(KaimingUniform(), KERNEL, math.sqrt(6 / 600)),
    around_zero(KaimingUniform(a=math.sqrt(5)), (120, 84), 1 / math.sqrt(84)),
    around_zero(KaimingUniform(mode="fan_out", nonlinearity="tanh"), KERNEL, 5 / math.sqrt(2700)),
    Case(Normal(), (2100, 2003), 0.0, 1.0),
    Case(Normal(3, 0.01), (333, 41), 3.0, 0.01),
    Case(Normal(2, 0), (5,), 2.0, 0.0),
    Case(XavierNormal(), KERNEL, 0.0, math.sqrt(2 / 1500)),
    Case(KaimingNormal(), KERNEL, 0.0, math.sqrt(2 / 600)),
    Case(KaimingNormal(a=1, mode="fan_out"), KERNEL, 0.0, 1 / 30),
    Case(KaimingNormal(nonlinearity="linear"), KERNEL, 0.0, 1 / math.sqrt(600)),
    Case(TruncatedNormal(), (500, 301), 0.0, 0.879625661, -2.0, 2.0),
    Case(TruncatedNormal(std=0.02), (500, 301), 0.0, 0.02, -2.0, 2.0),
    Case(TruncatedNormal(a=0, b=math.inf), (500, 300), 0.797884561, 0.602810275, 0.0),
    Case(Orthogonal(), (100, 100), 0.0, 0.1, bits=False),
    Case(Orthogonal(gain=2), (16, 8, 3, 3), 0.0, 2 / math.sqrt(72), bits=False),
    Case(Orthogonal(), (300, 20), 0.0, 1 / math.sqrt(300), bits=False),
    Case(Sparse(0.75, std=1.0), (400, 300), 0.0, 0.5),
    Case(Sparse(0.0, std=2.0), (30, 70), 0.0, 2.0),
    Case(Bilinear(), (4, 1, 4, 4), 0.25, 0.25 * math.sqrt(0.5625), 1 / 16, 9 / 16),
    Case(MeanFilter(), (2, 3, 5, 5), 1 / 75, 0.0, 1 / 75, 1 / 75),
    Case(GaussianFilter(std=1e6), (2, 3, 3), 1 / 9, 0.0),
    Case(GaussianFilter(std=0.01), (1, 1, 3, 3), 1 / 9, math.sqrt(8) / 9, 0.0, 1.0),
)

REFUSED_SETTINGS = (
    lambda: Uniform(1, 1),
    lambda: Uniform(2, 1),
    lambda: TruncatedNormal(a=1, b=1),
    lambda: TruncatedNormal(std=0.01, a=1, b=2),
)

REFUSED_SHAPES = (
    (XavierUniform(), (5,)),
    (XavierNormal(), ()),
    (KaimingUniform(), (5,)),
    (KaimingNormal(), (5,)),
    (Orthogonal(), (5,)),
    (Identity(), (5,)),
    (Sparse(0.5), (5, 4, 3)),
    (Bilinear(), (5, 4)),
    (MeanFilter(), (5,)),
    (GaussianFilter(), ()),
    (Literal((1, 2)), (3,)),
    (Literal(((1, 2), (3,))), (2, 2)),
    (Literal((1, 2)), (2, 1)),
)


def lowered(initializer: Initializer, shape: tuple[int, ...], key: int) -> Array:
    feeds = {"key": np.array(key, np.uint64)}
    return run(lambda g, x: {"w": initializer.lower(g, shape, x["key"])}, feeds)["w"]


def test_every_initializer_has_a_row() -> None:
    assert {type(case.initializer) for case in CASES} == set(initializers().values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_distribution(case: Case) -> None:
    case.initializer.check(case.shape)
    drawn = case.initializer.sample(case.shape, KEY)
    assert drawn.dtype == np.float32 and drawn.shape == case.shape
    count = drawn.size
    spread = 5 * case.std / math.sqrt(count) if count > 1000 else 1e-6
    assert abs(drawn.mean(dtype=np.float64) - case.mean) <= spread
    assert abs(drawn.std(dtype=np.float64) - case.std) <= spread
    assert np.float32(case.low) <= drawn.min() and drawn.max() <= np.float32(case.high)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_onnxruntime_gives_the_same_bits(case: Case) -> None:
    drawn = case.initializer.sample(case.shape, KEY)
    found = lowered(case.initializer, case.shape, KEY)
    assert found.dtype == np.float32 and found.shape == case.shape
    if case.bits:
        assert np.array_equal(found, drawn)
    else:
        assert np.allclose(found, drawn, rtol=1e-6, atol=1e-9)


GROUPS = (
    [(1,)],
    [(3, 5), (64,), (1,), (2, 4099), (8192, 2)],
    [(127, 2), (128, 2), (129, 2), (257,)],
    [(7,), (1200, 1801), (2, CHUNK), (31, 33)],
)
"""Shapes of parameters drawn together: of one word, of less and more than a piece, of a chunk and more than one."""


def drawn_by(kind: Initializer, shapes: Sequence[tuple[int, ...]], fill: Any) -> list[Array]:
    """Return what `fill` makes of the draws of parameters, whose keys follow each other."""

    def together(g: Builder, x: Mapping[str, Any]) -> dict[str, Any]:
        draws = []
        for index, shape in enumerate(shapes):
            stages = kind.stages(shape)
            assert stages is not None
            draws.append(Draw(shape, g.Add(x["key"], np.uint64(2 * index)), stages))
        return {f"w{index}": y for index, y in enumerate(fill(g, draws))}

    found = run(together, {"key": np.array(KEY, np.uint64)})
    return [found[f"w{index}"] for index in range(len(shapes))]


@pytest.mark.parametrize("kind", [Normal(1.0, 2.0), TruncatedNormal(), Uniform(-1, 2)], ids=str)
@pytest.mark.parametrize("shapes", GROUPS, ids=str)
def test_parameters_drawn_together_have_the_same_bits(
    kind: Initializer, shapes: list[tuple[int, ...]]
) -> None:
    found = drawn_by(kind, shapes, lower_together)
    for index, (shape, values) in enumerate(zip(shapes, found, strict=True)):
        assert np.array_equal(values, kind.sample(shape, KEY + 2 * index))


@pytest.mark.parametrize("kind", [Normal(0.0, 0.01), Uniform(-1, 2)], ids=str)
@pytest.mark.parametrize("shape", [(2, CHUNK), (4, CHUNK), (4, CHUNK + 1), (3, 3 * CHUNK // 2 + 7)])
def test_a_large_parameter_has_the_same_bits(kind: Initializer, shape: tuple[int, ...]) -> None:
    (found,) = drawn_by(kind, [shape], lambda g, draws: [lower_large(g, draw) for draw in draws])
    assert np.array_equal(found, kind.sample(shape, KEY))


def test_parameters_store_no_numbers() -> None:
    """The file of a large parameter is as small as that of a small one."""
    stages = Normal().stages((1,))
    assert stages is not None
    key = np.array(KEY, np.uint64)
    shape = (400_000, 1001)
    program = Program(
        lambda g, x: {"w": lower_large(g, Draw(shape, x["key"], stages))}, {"key": key}
    )
    assert len(program.bytes) < 100_000


@pytest.mark.parametrize("case", [case for case in CASES if case.std > 0], ids=str)
def test_the_key_decides(case: Case) -> None:
    first, again, other = (case.initializer.sample(case.shape, key) for key in (KEY, KEY, KEY + 2))
    assert np.array_equal(first, again)
    if isinstance(case.initializer, Sparse):
        assert np.mean(first == other) <= case.initializer.sparsity**2 + 0.01
    elif not isinstance(case.initializer, FIXED):
        assert np.mean(first == other) < 0.01


@pytest.mark.parametrize("make", REFUSED_SETTINGS)
def test_settings_that_are_refused(make: object) -> None:
    with pytest.raises(RuleError) as found:
        make()  # type: ignore[operator]  # the table holds functions
    assert found.value.code == "E0406"


@pytest.mark.parametrize(("initializer", "shape"), REFUSED_SHAPES)
def test_shapes_that_are_refused(initializer: Initializer, shape: tuple[int, ...]) -> None:
    with pytest.raises(RuleError) as found:
        initializer.check(shape)
    assert found.value.code == "E0319"


def test_fixed_numbers() -> None:
    """Whoever trains again from the same seed starts from the same weights."""
    even, normal = Uniform().sample((4,), KEY), Normal().sample((4,), KEY)
    assert np.array_equal(even, np.array([0.2755992, 0.7058934, 0.9514854, 0.33857405], np.float32))
    assert np.array_equal(
        normal, np.array([-0.5959653, 0.5414271, 1.6594296, -0.41635793], np.float32)
    )


@pytest.mark.parametrize("count", (0, 1, 2, 3, 1001))
def test_odd_counts(count: int) -> None:
    """Two numbers come from a word; the last one may be left over."""
    drawn = Uniform().sample((count,), KEY)
    assert len(set(drawn.tolist())) == count
    if count:
        assert np.array_equal(lowered(Uniform(), (count,), KEY), drawn)


def test_blocks_of_any_size_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = (300_001,)
    drawn = Normal().sample(shape, KEY)
    monkeypatch.setattr(draw, "BLOCK", 1 << 10)
    assert np.array_equal(Normal().sample(shape, KEY), drawn)


def test_quantile_is_the_inverse_of_the_distribution() -> None:
    tails = SMALLEST_TAIL * np.geomspace(1, 2**31, 300)
    q = np.concatenate([np.linspace(-0.499, 0.499, 1001), tails - 0.5, 0.5 - tails])
    tail = np.array([NormalDist().inv_cdf(p) for p in 0.5 - np.abs(q)])
    expected = -np.sign(q) * tail
    assert np.allclose(quantile(q), expected, rtol=1e-14, atol=1e-15)
    assert np.array_equal(quantile(-q), -quantile(q))
    found = run(lambda g, x: {"z": lower_quantile(g, x["q"])}, {"q": q})["z"]
    assert np.allclose(found, quantile(q), rtol=1e-15, atol=0), "only the logarithm may differ"
    apart = run(lambda g, x: {"z": lower_quantile_apart(g, x["q"])}, {"q": q})["z"]
    assert np.array_equal(apart, found)


@pytest.mark.parametrize(
    "q", ([0.0], [0.425], [0.4250001], [0.1, -0.2], [0.49, -0.49, 0.43]), ids=str
)
def test_quantile_with_and_without_tails(q: list[float]) -> None:
    """There may be none at all, or nothing else."""
    found = run(lambda g, x: {"z": lower_quantile_apart(g, x["q"])}, {"q": np.array(q)})["z"]
    assert np.allclose(found, quantile(np.array(q)), rtol=1e-15, atol=0)


def test_normal_numbers_are_normal() -> None:
    """Kolmogorov and Smirnov: the largest distance between the two distribution functions."""
    drawn = np.sort(Normal().sample((20_000,), KEY))
    expected = np.array([NormalDist().cdf(float(value)) for value in drawn])
    distance = np.abs(expected - (np.arange(20_000) + 0.5) / 20_000).max()
    assert distance < 1.95 / math.sqrt(20_000)


@pytest.mark.parametrize("shape", ((20, 20), (1, 1), (1, 9), (9, 1), (30, 31), (8, 3, 3, 3)))
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    for key in range(KEY, KEY + 40, 2):
        drawn = Orthogonal(gain=3).sample(shape, key).reshape(shape[0], -1).astype(np.float64) / 3
        gram = drawn.T @ drawn if drawn.shape[0] >= drawn.shape[1] else drawn @ drawn.T
        assert np.allclose(gram, np.eye(len(gram)), atol=5e-7)


def test_orthogonal_matrices_are_even_over_all_of_them() -> None:
    """The mean of every entry is 0, of its square 1 / n, and both signs of the determinant come."""
    drawn = np.array([Orthogonal().sample((3, 3), KEY + 2 * i) for i in range(1000)], np.float64)
    assert np.abs(drawn.mean(axis=0)).max() < 5 / math.sqrt(3 * 1000)
    assert np.abs((drawn**2).mean(axis=0) - 1 / 3).max() < 5 * 0.3 / math.sqrt(1000)
    assert abs(np.mean(np.linalg.det(drawn) > 0) - 0.5) < 5 * 0.5 / math.sqrt(1000)


def test_identity_passes_channels_on() -> None:
    kernel = Identity().sample((3, 2, 3, 5), KEY)
    assert np.argwhere(kernel).tolist() == [[0, 0, 1, 2], [1, 1, 1, 2]]


def test_sparse_columns() -> None:
    drawn = Sparse(0.31).sample((10, 200), KEY)
    assert np.all((drawn == 0).sum(axis=0) == 4)


def test_filters() -> None:
    """Caffe's filler gives these; a blur sums to 1, whatever it sees."""
    line = np.array([0.25, 0.75, 0.75, 0.25])
    assert np.array_equal(Bilinear().sample((2, 1, 4, 4), KEY)[1, 0], np.outer(line, line))
    across = Bilinear().sample((3, 3, 3), KEY)
    assert np.array_equal(across[1], [[0, 0, 0], [0.5, 1, 0.5], [0, 0, 0]])
    blur = GaussianFilter().sample((4, 3, 5, 3), KEY)
    assert np.allclose(blur.sum(axis=(1, 2, 3)), 1, rtol=1e-6)
    assert blur[0, 0, 0, 1] / blur[0, 0, 2, 1] == pytest.approx(math.exp(-2 / 1.1**2), rel=1e-6)


def test_fans_and_gains_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is only installed for comparisons")
    for shape in ((7, 3), (8, 4, 3, 5), (6, 1, 9), (2, 3, 4, 5, 6)):
        expected = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))
        assert fans(shape) == expected
    for nonlinearity in GAINS:
        expected = torch.nn.init.calculate_gain(nonlinearity, 0.2)
        assert gain(nonlinearity, 0.2) == pytest.approx(expected, rel=1e-15)
