"""Rows for normalisation and dropout."""

from __future__ import annotations

from typing import Any

from dslc.layers.batch_norm import BatchNorm
from dslc.layers.dropout import Dropout
from dslc.layers.lrn import Lrn
from dslc.types import float32, int64
from tests.operations.harness import Case, N, T, WrongCall, positive, scaled

_image = float32(N, 4, 5, 3)
_variance = {"running_var": positive}


def _batch_norm(training: bool, momentum: float = 0.1, eps: float = 1e-5) -> Any:
    def call(t: Any, x: Any, weight: Any, bias: Any, mean: Any, var: Any) -> Any:
        return t.nn.functional.batch_norm(x, mean, var, weight, bias, training, momentum, eps)

    return call


def _lrn(size: int, alpha: float, beta: float, k: float) -> Any:
    return lambda t, x: t.nn.functional.local_response_norm(x, size, alpha, beta, k)


CASES = (
    Case(
        "batch_norm, training",
        BatchNorm(),
        (_image,),
        parameters=_variance,
        training=True,
        torch=_batch_norm(True),
    ),
    Case(
        "batch_norm, inference",
        BatchNorm(),
        (_image,),
        parameters=_variance,
        training=False,
        torch=_batch_norm(False),
    ),
    Case(
        "batch_norm, settings",
        BatchNorm(eps=0.1, momentum=0.7),
        (_image,),
        parameters=_variance,
        training=True,
        torch=_batch_norm(True, 0.7, 0.1),
    ),
    Case(
        "batch_norm, features",
        BatchNorm(),
        (float32(N, 4),),
        parameters=_variance,
        sizes={"N": 8},
        training=True,
        torch=_batch_norm(True),
    ),
    Case(
        "batch_norm, features, inference",
        BatchNorm(),
        (float32(N, 4),),
        parameters=_variance,
        training=False,
    ),
    Case("batch_norm, sequence", BatchNorm(), (float32(N, 4, T),), parameters=_variance),
    Case("batch_norm, not affine", BatchNorm(affine=False), (_image,), parameters=_variance),
    Case(
        "batch_norm, far from zero",
        BatchNorm(),
        (_image,),
        (scaled(30.0, 0.5),),
        parameters=_variance,
        training=True,
    ),
    Case(
        "batch_norm, small variance",
        BatchNorm(),
        (_image,),
        (scaled(0.0, 0.01),),
        parameters=_variance,
        training=True,
        step=1e-5,
    ),
    Case(
        "batch_norm, one number", BatchNorm(), (float32(1, 3),), parameters=_variance, training=True
    ),
    Case("dropout", Dropout(), (_image,)),
    Case("dropout, few", Dropout(0.1), (float32(N, 67, 31),)),
    Case("dropout, size that is no multiple of four", Dropout(0.7), (float32(N, 7),)),
    Case("dropout, p=0", Dropout(0.0), (_image,)),
    Case("dropout, p=1", Dropout(1.0), (_image,)),
    Case("dropout, scalar", Dropout(0.3), (float32(),)),
    Case("lrn", Lrn(), (float32(N, 7, 3, 3),), torch=_lrn(5, 1e-4, 0.75, 1.0)),
    Case(
        "lrn, strong", Lrn(3, 0.5, 0.6, 2.0), (float32(N, 7, 2, 3),), torch=_lrn(3, 0.5, 0.6, 2.0)
    ),
    Case("lrn, wider than the channels", Lrn(9, 0.5), (float32(N, 3, 2, 3),)),
    Case("lrn, sequence", Lrn(3, 0.5), (float32(N, 5, T),)),
    Case("lrn, volume", Lrn(3, 0.5), (float32(N, 4, 2, 3, 2),)),
)

WRONG_CALLS = (
    WrongCall("batch_norm: vector", BatchNorm(), (float32(N),), "E0303", ("[N, C, ...]",)),
    WrongCall("batch_norm: free channels", BatchNorm(), (float32(N, T),), "E0303", ("channels",)),
    WrongCall("batch_norm: whole numbers", BatchNorm(), (int64(N, 4),), "E0401"),
    WrongCall("dropout: whole numbers", Dropout(), (int64(N, 4),), "E0401"),
    WrongCall("lrn: even size", Lrn(4), (_image,), "E0406", ("write 3 or 5",)),
    WrongCall("lrn: features", Lrn(), (float32(N, 4),), "E0303", ("[N, 4]",)),
)
