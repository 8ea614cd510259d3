"""Rows for reductions."""

from __future__ import annotations

from dslc.layers import reduction as r
from dslc.types import float32, int64
from tests.operations.harness import (
    Case,
    N,
    WrongCall,
    away_from,
    distinct,
    fixed,
    positive,
    scaled,
)

X = (float32(N, 4, 3),)
WHOLE = (int64(N, 4),)
TIES = (fixed([[1.0, 2.0, 2.0], [2.0, 1.0, 2.0], [0.0, 0.0, 0.0], [2.0, 2.0, 2.0]]),)
ZEROS = (fixed([[1.0, 0.0, 0.0], [2.0, 3.0, 0.0], [4.0, 5.0, 6.0], [0.5, 7.0, 8.0]]),)

CASES = (
    Case("sum", r.Sum(), X, torch=lambda t, x: x.sum()),
    Case("sum of rows", r.Sum(axis=-1), X, torch=lambda t, x: x.sum(-1)),
    Case("sum of one number", r.Sum(), (float32(),), torch=lambda t, x: x.sum()),
    Case(
        "sum, two axes kept", r.Sum((0, 2), True), X, torch=lambda t, x: x.sum((0, 2), keepdim=True)
    ),
    Case("sum of whole numbers", r.Sum(axis=1), WHOLE),
    Case("mean", r.Mean(), X, torch=lambda t, x: x.mean()),
    Case("mean over samples", r.Mean(axis=0), X, torch=lambda t, x: x.mean(0)),
    Case("mean, kept", r.Mean((1, -1), True), X, torch=lambda t, x: x.mean((1, 2), keepdim=True)),
    Case("max", r.Max(), X, (distinct,), torch=lambda t, x: x.max()),
    Case("max of rows", r.Max(axis=2), X, (distinct,), torch=lambda t, x: x.amax(2)),
    Case(
        "max, two axes kept",
        r.Max((0, 2), True),
        X,
        (distinct,),
        torch=lambda t, x: x.amax((0, 2), True),
    ),
    Case("max of equals", r.Max(axis=2), X, TIES, differences=False),
    Case("max of equals, two axes", r.Max(axis=(0, 2)), X, TIES, differences=False),
    Case("max of equals, all", r.Max(), X, TIES, differences=False),
    Case("min", r.Min(axis=1), X, (distinct,), torch=lambda t, x: x.amin(1)),
    Case("min of equals", r.Min(axis=(1, 2)), X, TIES, differences=False),
    Case("prod", r.Prod(axis=2), X, torch=lambda t, x: x.prod(2)),
    Case("prod with zeros", r.Prod(axis=2), X, ZEROS, torch=lambda t, x: x.prod(2)),
    Case("prod of all, kept", r.Prod(keepdims=True), (float32(2, 3),), (positive,)),
    Case("var", r.Var(), X, torch=lambda t, x: x.var()),
    Case("var of rows", r.Var(axis=1), X, torch=lambda t, x: x.var(1)),
    Case("var over samples, kept", r.Var(0, True), X, torch=lambda t, x: x.var(0, keepdim=True)),
    Case(
        "var, biased",
        r.Var((0, 2), unbiased=False),
        X,
        torch=lambda t, x: x.var((0, 2), unbiased=False),
    ),
    Case("var far from 0", r.Var(axis=1), X, (scaled(100.0, 0.1),), torch=lambda t, x: x.var(1)),
    Case("std", r.Std(), X, torch=lambda t, x: x.std()),
    Case("std of rows, kept", r.Std(-1, True), X, torch=lambda t, x: x.std(-1, keepdim=True)),
    Case(
        "std, biased",
        r.Std((0, 2), unbiased=False),
        X,
        torch=lambda t, x: x.std((0, 2), unbiased=False),
    ),
    Case("std far from 0", r.Std(axis=1), X, (scaled(100.0, 0.1),), torch=lambda t, x: x.std(1)),
    Case(
        "std of equals",
        r.Std(axis=1),
        X,
        (fixed(0.5),),
        differences=False,
        torch=lambda t, x: x.std(1),
    ),
    Case("std of one sample", r.Std(unbiased=False), (float32(1, 1),), differences=False),
    Case("norm", r.Norm(), X, torch=lambda t, x: x.norm()),
    Case("norm of rows", r.Norm(axis=2), X, torch=lambda t, x: x.norm(2, 2)),
    Case(
        "norm of zeros",
        r.Norm(axis=2),
        X,
        (fixed(0.0),),
        differences=False,
        torch=lambda t, x: x.norm(2, 2),
    ),
    Case("norm, p = 1", r.Norm(1, p=1), X, (away_from(0.0),), torch=lambda t, x: x.norm(1, 1)),
    Case(
        "norm, p = 3, kept",
        r.Norm(1, True, 3),
        X,
        (away_from(0.0),),
        torch=lambda t, x: x.norm(3, 1, True),
    ),
    Case("norm of zeros, p = 3", r.Norm(2, p=3), X, (fixed(0.0),), differences=False),
    Case("logsumexp", r.Logsumexp(1), X, torch=lambda t, x: x.logsumexp(1)),
    Case(
        "logsumexp, large",
        r.Logsumexp((1, 2), True),
        X,
        (scaled(500.0, 5.0),),
        torch=lambda t, x: x.logsumexp((1, 2), True),
    ),
)

WRONG_CALLS = (
    WrongCall("mean of whole numbers", r.Mean(), WHOLE, "E0401", ("cast(float32)",)),
    WrongCall("sum beyond the last dimension", r.Sum(axis=3), X, "E0322", ("dimensions 0 to 2",)),
    WrongCall("sum over a dimension twice", r.Sum(axis=(0, -3)), X, "E0322", ("twice",)),
    WrongCall("var of one element", r.Var(axis=1), (float32(N, 1),), "E0323", ("unbiased=false",)),
    WrongCall("std of one element", r.Std(axis=1), (float32(N, 1),), "E0323", ("`std` of one",)),
)
