"""Rows for losses."""

from __future__ import annotations

from typing import Any

from dslc.losses.classification import CrossEntropy, Nll
from dslc.losses.regression import L1, BceWithLogits, Huber, Mse
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import Case, Domain, N, T, WrongCall, below, between, fixed, scaled

PAIR = (float32(N, 4), float32(N, 4))
SCORES = (float32(N, 5), int64(N))
PIXELS = (float32(N, 5, 2, 3), int64(N, 2, 3))
WORDS = (float32(N, T, 5), int64(N, T))
SOFT = (float32(N, 5), float32(N, 5))
LABELS: tuple[Domain | None, ...] = (None, below(5))
SOME = (None, fixed([2, 255, 4]))
NONE = (None, fixed([255, 255, 255]))
WEIGHT = (0.5, 2.0, 1.0, 0.25, 3.0)
APART = (scaled(0.0, 1.0), scaled(5.0, 0.5))
KINK = (fixed([0.0, 1.0, 2.0, -1.0]), fixed([0.0, 0.0, 0.0, 0.0]))


def _torch(name: str, **settings: Any) -> Any:
    """Return PyTorch's loss; the class axis is dimension 1 there."""
    return lambda t, x, y: getattr(t.nn.functional, name)(x, y, **settings)


def _weighted(name: str, **settings: Any) -> Any:
    def call(t: Any, x: Any, y: Any) -> Any:
        weight = t.tensor(WEIGHT, dtype=t.float64)
        return getattr(t.nn.functional, name)(x, y, weight=weight, **settings)

    return call


def _words(t: Any, x: Any, y: Any) -> Any:
    return t.nn.functional.cross_entropy(x.transpose(1, 2), y)


CASES = (
    Case("mse", Mse(), PAIR, torch=_torch("mse_loss")),
    Case("mse, sum", Mse("sum"), PAIR, torch=_torch("mse_loss", reduction="sum")),
    Case("mse, none", Mse(None), PAIR, torch=_torch("mse_loss", reduction="none")),
    Case("mse of one number", Mse(), (float32(), float32()), torch=_torch("mse_loss")),
    Case("l1", L1(), PAIR, APART, torch=_torch("l1_loss")),
    Case("l1 at 0", L1(), PAIR, KINK, differences=False, torch=_torch("l1_loss")),
    Case("huber", Huber(), PAIR, torch=_torch("huber_loss")),
    Case("huber, far", Huber(0.5), PAIR, APART, torch=_torch("huber_loss", delta=0.5)),
    Case("huber at its bend", Huber(), PAIR, KINK, differences=False, torch=_torch("huber_loss")),
    Case(
        "huber, sum",
        Huber(2.0, "sum"),
        PAIR,
        torch=_torch("huber_loss", delta=2.0, reduction="sum"),
    ),
    Case(
        "bce_with_logits",
        BceWithLogits(),
        PAIR,
        (None, between(0, 1)),
        torch=_torch("binary_cross_entropy_with_logits"),
    ),
    Case("bce_with_logits at 0", BceWithLogits(), PAIR, (fixed(0.0), fixed([0.0, 1.0, 0.0, 1.0]))),
    Case(
        "bce_with_logits, saturated",
        BceWithLogits(reduction="sum"),
        PAIR,
        (scaled(0, 40), fixed([0.0, 1.0, 0.0, 1.0])),
    ),
    Case("cross_entropy", CrossEntropy(), SCORES, LABELS, torch=_torch("cross_entropy")),
    Case(
        "cross_entropy, saturated",
        CrossEntropy(),
        SCORES,
        (scaled(0, 60), below(5)),
        torch=_torch("cross_entropy"),
    ),
    Case(
        "cross_entropy, sum",
        CrossEntropy(reduction="sum"),
        SCORES,
        LABELS,
        torch=_torch("cross_entropy", reduction="sum"),
    ),
    Case(
        "cross_entropy, none",
        CrossEntropy(reduction=None),
        SCORES,
        LABELS,
        torch=_torch("cross_entropy", reduction="none"),
    ),
    Case(
        "cross_entropy, smoothed",
        CrossEntropy(label_smoothing=0.1),
        SCORES,
        LABELS,
        torch=_torch("cross_entropy", label_smoothing=0.1),
    ),
    Case(
        "cross_entropy of pixels",
        CrossEntropy(axis=1),
        PIXELS,
        LABELS,
        torch=_torch("cross_entropy"),
    ),
    Case("cross_entropy of words", CrossEntropy(), WORDS, LABELS, torch=_words),
    Case(
        "cross_entropy of one row",
        CrossEntropy(),
        (float32(5), int64()),
        LABELS,
        torch=_torch("cross_entropy"),
    ),
    Case(
        "cross_entropy of int32",
        CrossEntropy(ignore_index=0),
        (float32(N, 5), TensorType(DType.INT32, (N,))),
        (None, fixed([1, 2, 0])),
    ),
    Case(
        "cross_entropy, ignoring",
        CrossEntropy(ignore_index=255),
        SCORES,
        SOME,
        torch=_torch("cross_entropy", ignore_index=255),
    ),
    Case("cross_entropy, ignoring all", CrossEntropy(ignore_index=255), SCORES, NONE),
    Case(
        "cross_entropy, weighted",
        CrossEntropy(weight=WEIGHT),
        SCORES,
        LABELS,
        torch=_weighted("cross_entropy"),
    ),
    Case(
        "cross_entropy with everything",
        CrossEntropy(1, 0.2, 255, WEIGHT),
        (float32(N, 5, 3), int64(N, 3)),
        SOME,
        torch=_weighted("cross_entropy", label_smoothing=0.2, ignore_index=255),
    ),
    Case(
        "cross_entropy with everything, none",
        CrossEntropy(1, 0.2, 255, WEIGHT, None),
        (float32(N, 5, 3), int64(N, 3)),
        SOME,
        torch=_weighted("cross_entropy", label_smoothing=0.2, ignore_index=255, reduction="none"),
    ),
    Case(
        "cross_entropy of probabilities",
        CrossEntropy(),
        SOFT,
        (None, between(0, 1)),
        torch=_torch("cross_entropy"),
    ),
    Case(
        "cross_entropy of probabilities, weighted",
        CrossEntropy(label_smoothing=0.1, weight=WEIGHT),
        SOFT,
        (None, between(0, 1)),
        torch=_weighted("cross_entropy", label_smoothing=0.1),
    ),
    Case("nll", Nll(), SCORES, LABELS, torch=_torch("nll_loss")),
    Case(
        "nll of pixels",
        Nll(1, 255, WEIGHT),
        PIXELS,
        (None, below(5)),
        torch=_weighted("nll_loss", ignore_index=255),
    ),
    Case(
        "nll, ignoring",
        Nll(ignore_index=255, reduction="sum"),
        SCORES,
        SOME,
        torch=_torch("nll_loss", ignore_index=255, reduction="sum"),
    ),
)

WRONG_CALLS = (
    WrongCall(
        "mse that would broadcast",
        Mse(),
        (float32(N, 1), float32(N)),
        "E0309",
        (
            "`mse` would compare [N, 1] with [N]",
            "broadcasting gives [N, N]: every prediction against every target",
            "losses never broadcast",
            "give the target the same shape:  float32[N, 1]",
        ),
    ),
    WrongCall(
        "huber of other sizes",
        Huber(),
        (float32(N, 2), float32(N, 3)),
        "E0309",
        ("do not go together",),
    ),
    WrongCall("l1 of whole numbers", L1(), (float32(N), int64(N)), "E0401"),
    WrongCall(
        "pixels without axis",
        CrossEntropy(),
        PIXELS,
        "E0321",
        ("the classes are in dimension 1; say so:  axis=1",),
    ),
    WrongCall(
        "labels of another batch", CrossEntropy(), (float32(N, 5), int64(T)), "E0321", ("int64[N]",)
    ),
    WrongCall(
        "labels as a column",
        CrossEntropy(),
        (float32(N, 5), int64(N, 1)),
        "E0321",
        ("[N] is needed",),
    ),
    WrongCall(
        "labels that are fractions",
        CrossEntropy(),
        (float32(N, 5), float32(N)),
        "E0401",
        ("whole numbers",),
    ),
    WrongCall(
        "probabilities of other classes", CrossEntropy(), (float32(N, 5), float32(N, 4)), "E0309"
    ),
    WrongCall(
        "ignore_index with probabilities",
        CrossEntropy(ignore_index=0),
        SOFT,
        "E0321",
        ("class number",),
    ),
    WrongCall(
        "weights of other classes",
        CrossEntropy(weight=(1.0, 2.0)),
        SCORES,
        "E0321",
        ("each of the 5",),
    ),
    WrongCall(
        "a free number of classes", Nll(), (float32(N, T), int64(N)), "E0321", ("T is free",)
    ),
    WrongCall("an axis that is not there", Nll(2), SCORES, "E0322"),
)
