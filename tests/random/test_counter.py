"""The counter: its numbers, their quality, and that onnxruntime draws the same ones."""

from __future__ import annotations

import numpy as np
import pytest
from dslc_runtime import counter

from dslc.graph import random
from tests.random.session import Program, run

MASK = 2**64 - 1
KEY = counter.stream_key(7, 3, counter.stream_of("dropout1"))
SAMPLES = 1 << 18

SHARP_SIZES = (1, 2, 63, 64, 65, 4095, 4096, 4097, 8192, 12_345, 100_000)

STEPS = ((0, 0), (1, 2), (-1, 5), (2**40, -3), (2**63 - 1, 2**62))


def literal_squares64(number: int, key: int) -> int:
    """The definition, in whole numbers of any size."""

    def swap(x: int) -> int:
        return (x >> 32 | x << 32) & MASK

    y = x = number * key & MASK
    z = (y + key) & MASK
    x = swap((x * x + y) & MASK)
    x = swap((x * x + z) & MASK)
    x = swap((x * x + y) & MASK)
    t = (x * x + z) & MASK
    x = swap(t)
    return (t + ((x * x + y & MASK) >> 32)) & MASK


def test_words_are_those_of_the_definition() -> None:
    drawn = counter.words(KEY, counter.BLOCK + 3)
    for number in (0, 1, 2, 1000, counter.BLOCK - 1, counter.BLOCK, counter.BLOCK + 2):
        assert int(drawn[number]) == literal_squares64(number, KEY)


def test_fixed_numbers() -> None:
    """Files and checkpoints of earlier versions depend on these."""
    assert counter.stream_of("dropout1") == 0x5261_C049_637F_46B1
    assert counter.step_key(1, 2) == 0x3B6F_AC55_8046_AEC7
    assert [int(word) for word in counter.words(counter.step_key(1, 2), 3)] == [
        0xB023_A3F2_80E0_B386,
        0x6678_7A3A_F3A9_D454,
        0x74EE_6CCB_0216_9530,
    ]


def test_start_is_an_offset() -> None:
    whole = counter.words(KEY, 40_000)
    assert np.array_equal(counter.words(KEY, 25_000, 15_000), whole[15_000:])


def test_keys_are_odd_and_differ() -> None:
    keys = {
        counter.stream_key(seed, step, counter.stream_of(name))
        for seed in (-1, 0, 1, 2)
        for step in range(5)
        for name in ("a", "b", "init:a")
    }
    assert len(keys) == 4 * 5 * 3
    assert all(key % 2 == 1 and key < 2**64 for key in keys)


def test_every_bit_is_one_half_of_the_time() -> None:
    drawn = counter.words(KEY, SAMPLES)
    ones = np.array([np.count_nonzero(drawn >> np.uint64(bit) & np.uint64(1)) for bit in range(64)])
    assert np.abs(ones - SAMPLES / 2).max() < 5 * np.sqrt(SAMPLES) / 2


def test_every_byte_is_even() -> None:
    """Chi-square with 255 degrees of freedom: mean 255, standard deviation 22.6."""
    drawn = counter.words(KEY, SAMPLES).view(np.uint8).reshape(SAMPLES, 8)
    expected = SAMPLES / 256
    for lane in range(8):
        found = np.bincount(drawn[:, lane], minlength=256)
        assert 255 - 5 * 22.6 < np.sum((found - expected) ** 2) / expected < 255 + 5 * 22.6


def test_neighbours_differ_in_half_of_their_bits() -> None:
    drawn = counter.words(KEY, SAMPLES)
    differ = np.bitwise_count(drawn[1:] ^ drawn[:-1]).astype(np.float64)
    assert abs(differ.mean() - 32) < 5 * 4 / np.sqrt(SAMPLES)
    assert abs(differ.std() - 4) < 0.05


def test_streams_steps_and_seeds_do_not_correlate() -> None:
    keys = [
        counter.stream_key(seed, step, counter.stream_of(name))
        for seed in (0, 1)
        for step in (0, 1, 2)
        for name in ("conv1", "conv2")
    ]
    drawn = np.array([counter.words(key, 1 << 16) for key in keys]).astype(np.float64)
    lagged = np.concatenate([drawn[:, 1:], drawn[:, :-1]])
    for rows in (drawn, lagged):
        correlation = np.corrcoef(rows) - np.eye(len(rows))
        assert np.abs(correlation).max() < 5.5 / np.sqrt(1 << 16)


@pytest.mark.parametrize("count", SHARP_SIZES)
def test_onnxruntime_draws_the_same_words(count: int) -> None:
    key = np.array(KEY, np.uint64)
    found = run(lambda g, x: {"words": random.words(g, x["key"], count)}, {"key": key})["words"]
    assert np.array_equal(found, counter.words(KEY, count))


def test_words_of_any_counters_by_shifts() -> None:
    counters = np.array([0, 1, 2, 1000, 2**32, 2**40 + 7], np.uint64)
    feeds = {"key": np.array(KEY, np.uint64), "counters": counters}
    found = run(lambda g, x: {"words": random.words_at(g, x["counters"], x["key"])}, feeds)["words"]
    assert [int(word) for word in found] == [literal_squares64(int(n), KEY) for n in counters]


def test_chunks_are_the_same_words() -> None:
    count, chunk = 40_000, 10_000
    feeds = {"key": np.array(KEY, np.uint64)}
    found = run(
        lambda g, x: {
            f"chunk{index}": drawn
            for index, drawn in enumerate(random.word_chunks(g, x["key"], count, chunk))
        },
        feeds,
    )
    assert len(found) == 4
    assert np.array_equal(np.concatenate(list(found.values())), counter.words(KEY, count))


def test_a_large_draw_stores_nothing() -> None:
    feeds = {"key": np.array(KEY, np.uint64)}
    count = random.CHUNK + 5
    program = Program(lambda g, x: {"words": random.words(g, x["key"], count)}, feeds)
    assert len(program.bytes) < 20_000
    assert np.array_equal(program(feeds)["words"], counter.words(KEY, count))


@pytest.mark.parametrize(("seed", "step"), STEPS)
def test_onnxruntime_makes_the_same_step_key(seed: int, step: int) -> None:
    feeds = {"seed": np.array(seed), "step": np.array(step)}
    found = run(lambda g, x: {"key": random.step_key(g, x["seed"], x["step"])}, feeds)["key"]
    assert int(found) == counter.step_key(seed, step)


def test_uniform_takes_the_upper_53_bits() -> None:
    words = np.concatenate(
        [counter.words(KEY, 1000), np.array([0, 2**11 - 1, 2**11, MASK], np.uint64)]
    )
    found = run(lambda g, x: {"u": random.uniform(g, x["words"])}, {"words": words})["u"]
    assert np.array_equal(found, (words >> np.uint64(11)).astype(np.float64) / 2**53)
    assert found.min() == 0 and found.max() < 1
