"""Rows for losses of probabilities."""

from __future__ import annotations

from typing import Any

from dslc.losses.probability import Dice, KlDiv
from dslc.losses.regression import BceWithLogits, SmoothL1
from dslc.types import float32, int64
from tests.operations.harness import Case, N, T, WrongCall, below, between, fixed, scaled

PAIR = (float32(N, 4), float32(N, 4))
PIXELS = (float32(N, 5, 2, 3), float32(N, 5, 2, 3))
SHARES = (scaled(-1.5, 0.5), between(0.05, 1))
LOGS = (scaled(-1.5, 0.5), scaled(-1.5, 0.5))
MASKS = (between(0.05, 0.95), below(2))
FAR = (scaled(0.0, 1.0), scaled(5.0, 0.5))
TRUTH = (None, between(0, 1))
SIZES = (1, 2, 3, 7, 8, 9)


def _rows(axis: int, **settings: Any) -> Any:
    """Return PyTorch's divergence, whose `none` leaves the classes apart, too."""

    def call(t: Any, x: Any, y: Any) -> Any:
        return t.nn.functional.kl_div(x, y, reduction="none", **settings).sum(axis).mean()

    return call


def _dice(t: Any, p: Any, y: Any) -> Any:
    both = (p * p + y * y).flatten(1).sum(1)
    return (1 - (2 * (p * y).flatten(1).sum(1) + 1e-5) / (both + 1e-5)).mean()


def _torch(name: str, **settings: Any) -> Any:
    return lambda t, *values: getattr(t.nn.functional, name)(*values, **settings)


def _bce(weight: Any, **settings: Any) -> Any:
    def call(t: Any, x: Any, y: Any) -> Any:
        name = "binary_cross_entropy_with_logits"
        given = t.tensor(weight, dtype=t.float64)
        return getattr(t.nn.functional, name)(x, y, pos_weight=given, **settings)

    return call


CASES = (
    Case("kl_div", KlDiv(), PAIR, SHARES, torch=_torch("kl_div", reduction="batchmean")),
    Case(
        "kl_div, sum", KlDiv(reduction="sum"), PAIR, SHARES, torch=_torch("kl_div", reduction="sum")
    ),
    Case(
        "kl_div, none",
        KlDiv(reduction=None),
        PAIR,
        SHARES,
        torch=lambda t, x, y: t.nn.functional.kl_div(x, y, reduction="none").sum(-1),
    ),
    Case("kl_div of pixels", KlDiv(1), PIXELS, SHARES, torch=_rows(1)),
    Case(
        "kl_div of logarithms", KlDiv(log_target=True), PAIR, LOGS, torch=_rows(-1, log_target=True)
    ),
    Case("kl_div of one row", KlDiv(), (float32(4),) * 2, SHARES, torch=_rows(-1)),
    Case(
        "kl_div of certainty",
        KlDiv(),
        PAIR,
        (scaled(-1.5, 0.5), fixed([0.0, 1.0, 0.0, 0.0])),
        differences=False,
    ),
    *(
        Case(f"kl_div of {n}", KlDiv(), (float32(1, n),) * 2, SHARES, torch=_rows(-1))
        for n in SIZES
    ),
    Case("dice", Dice(), PIXELS, MASKS, torch=_dice),
    Case(
        "dice of classes",
        Dice((2, 3), 1.0),
        PIXELS,
        MASKS,
        torch=lambda t, p, y: (
            1 - (2 * (p * y).sum((2, 3)) + 1) / ((p * p + y * y).sum((2, 3)) + 1)
        ).mean(),
    ),
    Case("dice, none", Dice(-1, 0.5, None), PIXELS, MASKS),
    Case(
        "dice, sum", Dice(reduction="sum"), PIXELS, MASKS, torch=lambda t, p, y: _dice(t, p, y) * 3
    ),
    Case("dice of empty sets", Dice(), PIXELS, (fixed(0.0), fixed(0.0)), step=1e-6),
    Case("dice of single elements", Dice(smooth=1.0), (float32(N),) * 2, MASKS),
    *(Case(f"dice of {n}", Dice(), (float32(1, n),) * 2, MASKS, torch=_dice) for n in SIZES),
    Case("smooth_l1", SmoothL1(), PAIR, torch=_torch("smooth_l1_loss")),
    Case("smooth_l1, far", SmoothL1(0.25), PAIR, FAR, torch=_torch("smooth_l1_loss", beta=0.25)),
    Case(
        "smooth_l1, sum",
        SmoothL1(3.0, "sum"),
        PAIR,
        torch=_torch("smooth_l1_loss", beta=3.0, reduction="sum"),
    ),
    Case(
        "smooth_l1 at its bend",
        SmoothL1(),
        PAIR,
        (fixed([0.0, 1.0, 2.0, -1.0]), fixed(0.0)),
        differences=False,
        torch=_torch("smooth_l1_loss"),
    ),
    Case("bce_with_logits, pos_weight", BceWithLogits(3.0), PAIR, TRUTH, torch=_bce(3.0)),
    Case(
        "bce_with_logits, pos_weights",
        BceWithLogits((0.5, 1.0, 2.0, 10.0), None),
        PAIR,
        TRUTH,
        torch=_bce([0.5, 1.0, 2.0, 10.0], reduction="none"),
    ),
    Case(
        "bce_with_logits, pos_weight, saturated",
        BceWithLogits(0.25, "sum"),
        PAIR,
        (scaled(0, 40), fixed([0.0, 1.0, 0.0, 1.0])),
        torch=_bce(0.25, reduction="sum"),
    ),
)

WRONG_CALLS = (
    WrongCall("kl_div of classes", KlDiv(), (float32(N, 5), int64(N)), "E0401"),
    WrongCall("kl_div that would broadcast", KlDiv(), (float32(N, 5), float32(1, 5)), "E0309"),
    WrongCall("kl_div along no dimension", KlDiv(2), PAIR, "E0322"),
    WrongCall("kl_div of numbers", KlDiv(), (float32(), float32()), "E0322"),
    WrongCall(
        "dice of whole numbers", Dice(), (float32(N, 2), int64(N, 2)), "E0401", ("cast(float32)",)
    ),
    WrongCall("dice that would broadcast", Dice(), (float32(N, 1, 4), float32(N, 4)), "E0309"),
    WrongCall("dice along no dimension", Dice((1, 4)), PIXELS, "E0322"),
    WrongCall(
        "bce_with_logits with other weights",
        BceWithLogits((1.0, 2.0)),
        PAIR,
        "E0309",
        ("one weight for each place of the last dimension", "these are 2; the scores are [N, 4]"),
    ),
    WrongCall("bce_with_logits of rows of T", BceWithLogits((1.0,)), (float32(N, T),) * 2, "E0309"),
    WrongCall("smooth_l1 of other sizes", SmoothL1(), (float32(N, 4), float32(N, 5)), "E0309"),
)
