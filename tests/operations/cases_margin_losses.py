"""Rows for losses with a margin: of class scores, and of embeddings."""

from __future__ import annotations

from typing import Any

from dslc.losses.distance import Contrastive, Cosine, Triplet
from dslc.losses.hinge import Hinge
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import (
    Case,
    Domain,
    N,
    T,
    WrongCall,
    below,
    distinct,
    fixed,
    flags,
    normal,
    scaled,
)

SCORES = (float32(N, 5), int64(N))
LABELS: tuple[Domain | None, ...] = (distinct, below(5))
WEIGHT = (0.5, 2.0, 1.0, 0.25, 3.0)
ROWS = (float32(N, 6), float32(N, 6))
PAIRS = (*ROWS, int64(N))
THREE = (float32(N, 6),) * 3
SIZES = (1, 2, 3, 7, 8, 9)
SIGNS = (None, None, fixed([1, -1, 1]))
FAR = (normal, normal, fixed([0, 1, 1]))
ZEROS = (fixed(0.0), fixed(0.0), fixed([0, 1, 1]))
BOOL = TensorType(DType.BOOL, (N,))


def _torch(name: str, **settings: Any) -> Any:
    return lambda t, *values: getattr(t.nn.functional, name)(*values, **settings)


def _weighted(t: Any, x: Any, y: Any) -> Any:
    weight = t.tensor(WEIGHT, dtype=t.float64)
    return t.nn.functional.multi_margin_loss(x, y, p=2, margin=0.5, weight=weight, reduction="sum")


def _pixels(t: Any, x: Any, y: Any) -> Any:
    return t.nn.functional.multi_margin_loss(x.movedim(1, -1).reshape(-1, 5), y.reshape(-1))


def _contrastive(t: Any, x: Any, y: Any, different: Any) -> Any:
    d = t.nn.functional.pairwise_distance(x, y, eps=0.0)
    return t.where(different > 0, (1.5 - d).clamp(min=0) ** 2, d**2).mean() / 2


def _apart(t: Any, x: Any, y: Any) -> Any:
    return (1 - t.nn.functional.cosine_similarity(x, y)).mean()


CASES = (
    Case("hinge", Hinge(), SCORES, LABELS, torch=_torch("multi_margin_loss")),
    Case("hinge, squared", Hinge(p=2), SCORES, LABELS, torch=_torch("multi_margin_loss", p=2)),
    Case(
        "hinge, weighted",
        Hinge(0.5, 2, weight=WEIGHT, reduction="sum"),
        SCORES,
        LABELS,
        torch=_weighted,
    ),
    Case(
        "hinge, none",
        Hinge(2.0, reduction=None),
        SCORES,
        LABELS,
        torch=_torch("multi_margin_loss", margin=2.0, reduction="none"),
    ),
    Case(
        "hinge of pixels",
        Hinge(axis=1),
        (float32(N, 5, 2, 3), int64(N, 2, 3)),
        LABELS,
        torch=_pixels,
    ),
    Case(
        "hinge at its margin",
        Hinge(),
        SCORES,
        (fixed([1.0, 0.0, 2.0, 1.0, 1.0]), fixed([2, 2, 0])),
        differences=False,
        torch=_torch("multi_margin_loss"),
    ),
    Case("hinge of int32", Hinge(), (float32(N, 5), TensorType(DType.INT32, (N,))), LABELS),
    Case(
        "hinge of one row",
        Hinge(),
        (float32(5), int64()),
        LABELS,
        torch=_torch("multi_margin_loss"),
    ),
    *(
        Case(
            f"hinge of {n} classes",
            Hinge(),
            (float32(1, n), int64(1)),
            (distinct, below(n)),
            torch=_torch("multi_margin_loss"),
        )
        for n in SIZES
    ),
    Case("cosine", Cosine(), ROWS, torch=_apart),
    Case("cosine, none", Cosine(reduction=None), (float32(N, T, 6),) * 2),
    Case("cosine of zeros", Cosine(), ROWS, (fixed(0.0), fixed(0.0)), differences=False),
    Case("cosine with labels", Cosine(), PAIRS, SIGNS, torch=_torch("cosine_embedding_loss")),
    Case(
        "cosine with labels and a margin",
        Cosine(0.25),
        PAIRS,
        (scaled(0.5, 0.5), scaled(0.5, 0.5), fixed([-1, -1, 1])),
        torch=_torch("cosine_embedding_loss", margin=0.25),
    ),
    Case(
        "cosine with labels, sum",
        Cosine(-0.5, "sum"),
        PAIRS,
        SIGNS,
        torch=_torch("cosine_embedding_loss", margin=-0.5, reduction="sum"),
    ),
    Case("cosine with flags", Cosine(), (*ROWS, BOOL), (None, None, flags)),
    *(Case(f"cosine of {n}", Cosine(), (float32(1, n),) * 2, torch=_apart) for n in SIZES[1:]),
    Case("contrastive", Contrastive(1.5), PAIRS, FAR, torch=_contrastive),
    Case(
        "contrastive, near",
        Contrastive(9.0, "sum"),
        PAIRS,
        FAR,
        torch=lambda t, x, y, d: (
            t.where(
                d > 0, (9 - (x - y).norm(dim=-1)).clamp(min=0) ** 2, ((x - y) ** 2).sum(-1)
            ).sum()
            / 2
        ),
    ),
    Case("contrastive of equals", Contrastive(), PAIRS, ZEROS, differences=False),
    Case("contrastive, none", Contrastive(4.0, None), PAIRS, FAR),
    Case("contrastive with flags", Contrastive(4.0), (*ROWS, BOOL), (None, None, flags)),
    *(
        Case(
            f"contrastive of {n}",
            Contrastive(4.0),
            (*(float32(1, n),) * 2, int64(1)),
            (None, None, below(2)),
        )
        for n in SIZES
    ),
    Case("triplet", Triplet(), THREE, torch=_torch("triplet_margin_loss", eps=0.0)),
    Case(
        "triplet, sum",
        Triplet(5.0, reduction="sum"),
        THREE,
        torch=_torch("triplet_margin_loss", margin=5.0, eps=0.0, reduction="sum"),
    ),
    Case(
        "triplet, none",
        Triplet(3.0, reduction=None),
        THREE,
        torch=_torch("triplet_margin_loss", margin=3.0, eps=0.0, reduction="none"),
    ),
    Case(
        "triplet, p = 1",
        Triplet(5.0, 1),
        THREE,
        torch=_torch("triplet_margin_loss", margin=5.0, p=1, eps=0.0),
    ),
    Case(
        "triplet, p = 3",
        Triplet(5.0, 3),
        THREE,
        torch=_torch("triplet_margin_loss", margin=5.0, p=3, eps=0.0),
    ),
    Case(
        "triplet, swapped",
        Triplet(4.0, swap=True),
        THREE,
        (normal, scaled(1.0, 0.5), scaled(2.0, 0.5)),
        torch=_torch("triplet_margin_loss", margin=4.0, swap=True, eps=0.0),
    ),
    Case("triplet of equals", Triplet(), THREE, (fixed(0.0),) * 3, differences=False),
    Case("triplet of equals, p = 3", Triplet(p=3), THREE, (fixed(0.0),) * 3, differences=False),
    Case(
        "triplet that is far enough",
        Triplet(),
        THREE,
        (fixed(0.0), fixed(0.1), fixed(9.0)),
        torch=_torch("triplet_margin_loss", eps=0.0),
    ),
    Case("triplet of words", Triplet(), (float32(N, T, 2),) * 3),
    *(
        Case(
            f"triplet of {n}",
            Triplet(9.0),
            (float32(1, n),) * 3,
            torch=_torch("triplet_margin_loss", margin=9.0, eps=0.0),
        )
        for n in SIZES
    ),
)

WRONG_CALLS = (
    WrongCall(
        "hinge of pixels without axis",
        Hinge(),
        (float32(N, 5, 2), int64(N, 2)),
        "E0321",
        ("axis=1",),
    ),
    WrongCall("hinge of free classes", Hinge(), (float32(N, T), int64(N)), "E0321", ("T is free",)),
    WrongCall(
        "hinge with other weights", Hinge(weight=(1.0,)), SCORES, "E0321", ("each of the 5",)
    ),
    WrongCall(
        "hinge of fractions", Hinge(), (float32(N, 5), float32(N)), "E0401", ("whole numbers",)
    ),
    WrongCall("cosine of numbers", Cosine(), (float32(), float32()), "E0322"),
    WrongCall("cosine of other sizes", Cosine(), (float32(N, 6), float32(N, 5)), "E0309"),
    WrongCall(
        "cosine with labels as a column",
        Cosine(),
        (*ROWS, int64(N, 1)),
        "E0309",
        ("`cosine` would compare [N] with [N, 1]", "give it the same shape:  int64[N]"),
    ),
    WrongCall("cosine with labels that are fractions", Cosine(), (*ROWS, float32(N)), "E0401"),
    WrongCall("contrastive of other samples", Contrastive(), (*ROWS, int64(T)), "E0309"),
    WrongCall(
        "contrastive of whole numbers", Contrastive(), (int64(N, 2), int64(N, 2), int64(N)), "E0401"
    ),
    WrongCall(
        "triplet with one negative",
        Triplet(),
        (*ROWS, float32(1, 6)),
        "E0309",
        ("losses never broadcast",),
    ),
    WrongCall(
        "triplet of two types", Triplet(), (*ROWS, TensorType(DType.FLOAT64, (N, 6))), "E0407"
    ),
)
