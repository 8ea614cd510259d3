"""What only some layers have: initial values, multiply-adds, the arithmetic that messages print."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dslc.errors import RuleError
from dslc.initializers.base import Initializer
from dslc.initializers.constant import Identity, Ones, Zeros
from dslc.initializers.filters import Bilinear
from dslc.initializers.normal import KaimingNormal, Normal, TruncatedNormal, XavierNormal
from dslc.initializers.orthogonal import Orthogonal
from dslc.initializers.sparse import Sparse
from dslc.initializers.uniform import KaimingUniform, Uniform, XavierUniform
from dslc.layers import convolve
from dslc.layers.batch_norm import BatchNorm
from dslc.layers.conv import Conv, ConvFunction
from dslc.layers.conv_transpose import ConvTranspose, ConvTransposeFunction
from dslc.layers.dropout import Dropout, SpatialDropout
from dslc.layers.embedding import Embedding
from dslc.layers.linear import Linear
from dslc.layers.locally_connected import LocallyConnected
from dslc.layers.noise import GaussianDropout, GaussianNoise
from dslc.layers.pool import AvgPool, MaxPool
from dslc.layers.recurrent import GRU, LSTM, RNN
from dslc.operation import Operation
from dslc.types import Size, TensorType, float32, int64
from tests.operations import evaluate as ev
from tests.operations.harness import Case, N, T, fixed


def size(*numbers: int) -> Size:
    return Size(numbers)


PARAMETERS = [
    (Conv(6, size(5)), float32(N, 1, 32, 32), {"weight": (6, 1, 5, 5), "bias": (6,)}),
    (Conv(8, size(3), groups=4), float32(N, 4, T), {"weight": (8, 1, 3), "bias": (8,)}),
    (Conv(6, size(5, 3), bias=False), float32(N, 2, 9, 9), {"weight": (6, 2, 5, 3)}),
    (
        ConvTranspose(8, size(5, 3), groups=4),
        float32(N, 4, T, 7),
        {"weight": (4, 2, 5, 3), "bias": (8,)},
    ),
    (ConvTranspose(6, size(3), bias=False), float32(N, 2, 9), {"weight": (2, 6, 3)}),
    (
        LocallyConnected(6, size(5, 3), size(2, 1)),
        float32(N, 2, 9, 8),
        {"weight": (3, 6, 6, 5, 3, 2), "bias": (3, 6, 6)},
    ),
    (LocallyConnected(4, size(3), bias=False), float32(N, 2, 9), {"weight": (7, 4, 3, 2)}),
    (Linear(10), float32(N, T, 84), {"weight": (10, 84), "bias": (10,)}),
    (
        BatchNorm(),
        float32(N, 7, 4, 4),
        {"weight": (7,), "bias": (7,), "running_mean": (7,), "running_var": (7,)},
    ),
    (BatchNorm(affine=False), float32(N, 7), {"running_mean": (7,), "running_var": (7,)}),
    (MaxPool(size(2)), float32(N, 7, 4, 4), {}),
    (RNN(6, bias=False), float32(N, T, 5), {"weight_ih": (6, 5), "weight_hh": (6, 6)}),
    (
        GRU(6, bidirectional=True),
        float32(N, T, 5),
        {
            "weight_ih": (18, 5),
            "weight_hh": (18, 6),
            "bias_ih": (18,),
            "bias_hh": (18,),
            "weight_ih_reverse": (18, 5),
            "weight_hh_reverse": (18, 6),
            "bias_ih_reverse": (18,),
            "bias_hh_reverse": (18,),
        },
    ),
    (
        LSTM(6, layers=2, bias=False),
        float32(N, T, 5),
        {
            "weight_ih_l0": (24, 5),
            "weight_hh_l0": (24, 6),
            "weight_ih_l1": (24, 6),
            "weight_hh_l1": (24, 6),
        },
    ),
]


@pytest.mark.parametrize(("operation", "x", "expected"), PARAMETERS)
def test_parameters(operation: Operation, x: TensorType, expected: dict[str, object]) -> None:
    specs = operation.parameters(x)
    assert {spec.name: spec.type.shape for spec in specs} == expected
    assert all(spec.trained != spec.name.startswith("running") for spec in specs)


FAN_OF_27 = [
    (Conv(4, size(3), groups=2), float32(N, 6, 8, 8)),
    (ConvTranspose(9, size(3), groups=3), float32(N, 6, 8, 8)),
    (LocallyConnected(4, size(3)), float32(N, 3, 8, 8)),
    (Linear(40), float32(N, 27)),
]


@pytest.mark.parametrize(("operation", "x"), FAN_OF_27)
def test_initial_values_stay_within_the_bound_of_the_fan(
    operation: Operation, x: TensorType
) -> None:
    for spec in operation.parameters(x):
        drawn = spec.initializer.sample(spec.type.sizes, 12345)
        assert 0.8 / math.sqrt(27) < np.abs(drawn).max() <= 1 / math.sqrt(27) * (1 + 1e-6)


def test_initial_values_of_a_recurrent_layer_stay_within_the_bound_of_its_units() -> None:
    for spec in LSTM(25, layers=2).parameters(float32(N, T, 400)):
        drawn = spec.initializer.sample(spec.type.sizes, 12345)
        assert 0.8 / 5 < np.abs(drawn).max() <= 1 / 5 * (1 + 1e-6)


def test_initial_values_of_both_matrices_of_a_recurrent_layer() -> None:
    def found(layer: Operation) -> list[str]:
        specs = layer.parameters(float32(N, T, 4))
        return [type(spec.initializer).__name__ for spec in specs]

    assert found(GRU(3, init=Zeros())) == ["Zeros", "Zeros", "Uniform", "Uniform"]
    given = GRU(3, init=Zeros(), recurrent_init=Orthogonal(), bias_init=Ones())
    assert found(given) == ["Zeros", "Orthogonal", "Ones", "Ones"]
    fixed = LSTM(3, trainable=False).parameters(float32(N, T, 4))
    assert not any(spec.trained for spec in fixed)


STACKED = [
    # initializer, the standard deviation of its values for filters of 3x3x3 inputs and 6 channels
    (KaimingNormal(mode="fan_in"), math.sqrt(2 / 27)),
    (KaimingNormal(mode="fan_out"), math.sqrt(2 / 54)),
    (XavierNormal(), math.sqrt(2 / 81)),
    (KaimingUniform(), math.sqrt(2 / 27)),
    (XavierUniform(), math.sqrt(2 / 81)),
    (Normal(std=0.1), 0.1),
    (Uniform(-0.3, 0.3), 0.3 / math.sqrt(3)),
    (TruncatedNormal(std=0.1, a=-9, b=9), 0.1),
    (Zeros(), 0.0),
]


@pytest.mark.parametrize(("initializer", "deviation"), STACKED)
def test_filters_of_every_position_begin_as_if_they_were_alone(
    initializer: Initializer, deviation: float
) -> None:
    layer = LocallyConnected(6, size(3), init=initializer)
    weight, _ = layer.parameters(float32(N, 3, 18, 18))
    drawn = weight.initializer.sample(weight.type.sizes, 12345)
    assert drawn.shape == (16, 16, 6, 3, 3, 3)
    assert np.std(drawn) == pytest.approx(deviation, rel=0.02)


@pytest.mark.parametrize("initializer", [Orthogonal(), Identity(), Bilinear(), Sparse(0.5)])
def test_what_arranges_one_filter_cannot_begin_those_of_every_position(
    initializer: Initializer,
) -> None:
    with pytest.raises(RuleError, match="every position has its own") as caught:
        LocallyConnected(6, size(3), init=initializer).parameters(float32(N, 3, 18, 18))
    assert caught.value.code == "E0319"


def test_initial_values_can_be_given_and_filters_fixed() -> None:
    layer = Conv(4, size(3), init=Zeros(), bias_init=Zeros(), trainable=False)
    for spec in layer.parameters(float32(N, 2, 8, 8)):
        assert isinstance(spec.initializer, Zeros)
        assert not spec.trained


def test_the_row_of_the_padding_starts_as_zeros() -> None:
    (spec,) = Embedding(5, 3, padding_idx=-2).parameters(int64(N))
    drawn = spec.initializer.sample((5, 3), 12345)
    assert (np.flatnonzero(~drawn.any(axis=1)) == [3]).all()
    (plain,) = Embedding(5, 3).parameters(int64(N))
    others = [0, 1, 2, 4]
    np.testing.assert_array_equal(drawn[others], plain.initializer.sample((5, 3), 12345)[others])


EXPLANATIONS = [
    (Conv(96, size(11), size(4)), (224, 224), "floor((224 + 2*0 - 11) / 4) + 1 = 54"),
    (MaxPool(size(3), size(2)), (54, 54), "floor((54 - 3) / 2) + 1 = 26"),
    (MaxPool(size(3), size(2), ceil_mode=True), (112, 112), "ceil((112 - 3) / 2) + 1 = 56"),
    (MaxPool(size(2), size(4), size(1), ceil_mode=True), (7,), "ceil((7 + 1) / 4) = 2"),
    (Conv(1, size(4), padding="same"), (9,), "floor((9 + 1 + 2 - 4) / 1) + 1 = 9"),
    (Conv(1, size(3), dilation=size(2)), (9,), "floor((9 + 2*0 - (2*(3 - 1) + 1)) / 1) + 1 = 5"),
    (Conv(1, size(3), padding="causal"), (9,), "floor((9 + 2 + 0 - 3) / 1) + 1 = 9"),
    (ConvTranspose(1, size(4), size(2), size(1)), (16, 16), "(16 - 1)*2 - 2*1 + 4 = 32"),
    (
        ConvTranspose(1, size(3), size(2), size(1, 0), size(1), size(2)),
        (5,),
        "(5 - 1)*2 - 1 - 0 + 2*(3 - 1) + 1 + 1 = 13",
    ),
    (ConvTranspose(1, size(3), size(2), "same"), (8,), "(8 - 1)*2 - 0 - 1 + 3 = 16"),
    (ConvTranspose(1, size(1), size(3), "same"), (8,), "(8 - 1)*3 - 2*0 + 1 + 2 = 24"),
    (
        AvgPool(size(2, 3)),
        (6, 9),
        "floor((6 - 2) / 2) + 1 = 3; floor((9 - 3) / 3) + 1 = 3",
    ),
]


@pytest.mark.parametrize(("operation", "sizes", "expected"), EXPLANATIONS)
def test_explanation(operation: Operation, sizes: tuple[int, ...], expected: str) -> None:
    x = float32(N, 3, *sizes)
    assert operation.explain((x,)) == expected
    result = operation.infer(x)
    assert all(f"= {out}" in expected for out in result.shape[2:])


MULTIPLY_ADDS = [
    (Conv(64, size(3), padding=size(1)), (float32(1, 64, 56, 56),), 115_605_504),
    (Conv(8, size(3), groups=4), (float32(2, 4, 5),), 2 * 8 * 3 * 3),
    (ConvFunction(), (float32(1, 2, 4, 4), float32(3, 2, 3, 3)), 3 * 2 * 2 * 18),
    (ConvTranspose(6, size(3), size(2), groups=2), (float32(2, 4, 5),), 2 * 4 * 5 * 3 * 3),
    (ConvTransposeFunction(), (float32(1, 2, 4, 4), float32(2, 3, 3, 3)), 2 * 16 * 27),
    (LocallyConnected(16, size(9)), (float32(1, 16, 63, 63),), 55 * 55 * 16 * 16 * 81),
    (Linear(1000), (float32(1, 4096),), 4_096_000),
    (Linear(10), (float32(N, 84),), N * 840),
    (LSTM(8), (float32(N, 3, 5), None, None, None), N * 3 * 4 * 8 * (5 + 8)),
    (
        GRU(8, layers=2, bidirectional=True, return_state=True),
        (float32(1, T, 5), None, None),
        T * 2 * 3 * 8 * (5 + 8 + 16 + 8),
    ),
]


@pytest.mark.parametrize(("operation", "inputs", "expected"), MULTIPLY_ADDS)
def test_multiply_adds(operation: Operation, inputs: tuple[TensorType, ...], expected: int) -> None:
    results = operation.infer(*inputs)
    results = results if isinstance(results, tuple) else (results,)
    assert operation.multiply_adds(inputs, results) == expected


@pytest.mark.parametrize("block", [1, 200, 1000])
def test_convolution_in_blocks_is_the_same(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("blocks", Conv(4, size(3), size(2), size(1), groups=2), (float32(N, 2, 9, 7),))
    values, owned = ev.draw(case)
    whole = ev.evaluate(case, True, (*values, *owned))
    weights = ev.cotangents(whole.results)
    expected = (*whole.results, *whole.backward(*weights))
    monkeypatch.setattr(convolve, "BLOCK", block)
    parts = ev.evaluate(case, True, (*values, *owned))
    for found, exact in zip((*parts.results, *parts.backward(*weights)), expected, strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.7])
def test_dropout_keeps_the_right_share(p: float) -> None:
    case = Case(f"share {p}", Dropout(p), (float32(200, 501),), (fixed(1.0),))
    values, _ = ev.draw(case)
    (y,) = ev.evaluate(case, True, values).results
    kept = y != 0
    assert np.allclose(y[kept], 1 / (1 - p))
    deviation = math.sqrt(p * (1 - p) / y.size)
    assert abs(kept.mean() - (1 - p)) < 4 * deviation
    # The four lanes of a word are shifts of it: no two may agree more often than chance lets them.
    lanes = kept.reshape(-1, 4).astype(float) - (1 - p)
    products = [(lanes[:, i] * lanes[:, j]).mean() for i in range(4) for j in range(i)]
    assert np.abs(products).max() < 5 * p * (1 - p) / math.sqrt(len(lanes))


def test_spatial_dropout_takes_whole_channels() -> None:
    case = Case("channels", SpatialDropout(0.3), (float32(20, 501, 2, 3),), (fixed(1.0),))
    values, _ = ev.draw(case)
    (y,) = ev.evaluate(case, True, values).results
    kept = y[:, :, 0, 0] != 0
    np.testing.assert_array_equal(y, np.broadcast_to(kept[:, :, None, None] / 0.7, y.shape))
    assert abs(kept.mean() - 0.7) < 4 * math.sqrt(0.21 / kept.size)


@pytest.mark.parametrize("layer", [GaussianNoise(0.5), GaussianDropout(0.2)])
def test_noise_has_its_moments_and_the_same_bits_everywhere(layer: Operation) -> None:
    case = Case(f"bits of {layer}", layer, (float32(200, 501),), (fixed(1.0),))
    values, _ = ev.draw(case)
    (y,) = ev.evaluate(case, True, values, np.float32).results
    noise = (y.astype(np.float64) - 1) / 0.5
    assert abs(noise.mean()) < 4 / math.sqrt(y.size)
    assert abs(noise.var() - 1) < 4 * math.sqrt(2 / y.size)
    assert abs((noise**4).mean() - 3) < 4 * math.sqrt(96 / y.size)
    assert abs((noise.flat[1:] * noise.flat[:-1]).mean()) < 4 / math.sqrt(y.size)
    found = ev.on_onnxruntime(ev.lower(case, True, {}), values)["y0"]
    np.testing.assert_array_equal(found, y)


def test_dropout_repeats_itself_within_a_step_only() -> None:
    case = Case("step", Dropout(), (float32(64),), (fixed(1.0),))
    values, _ = ev.draw(case)
    first, again = (ev.evaluate(case, True, values).results[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
