"""Rows for normalisation."""

from __future__ import annotations

from typing import Any

from dslc.layers.batch_norm import BatchNorm
from dslc.layers.group_norm import GroupNorm, InstanceNorm
from dslc.layers.layer_norm import L2Normalize, LayerNorm, RMSNorm
from dslc.layers.lrn import Lrn
from dslc.types import float32, int64
from tests.operations.harness import Case, N, T, WrongCall, fixed, positive, scaled

_image = float32(N, 4, 5, 3)
_sequence = (float32(N, T, 6),)
FAR = (scaled(100.0, 1.0),)
SMALL = (scaled(0.0, 0.01),)
EQUAL = (fixed(3.0),)
_variance = {"running_var": positive}


def _batch_norm(training: bool, momentum: float = 0.1, eps: float = 1e-5) -> Any:
    def call(t: Any, x: Any, weight: Any, bias: Any, mean: Any, var: Any) -> Any:
        return t.nn.functional.batch_norm(x, mean, var, weight, bias, training, momentum, eps)

    return call


def _lrn(size: int, alpha: float, beta: float, k: float) -> Any:
    return lambda t, x: t.nn.functional.local_response_norm(x, size, alpha, beta, k)


def _layer_norm(sizes: tuple[int, ...], eps: float = 1e-5) -> Any:
    return lambda t, x, weight, bias: t.nn.functional.layer_norm(x, sizes, weight, bias, eps)


def _layer_norm_of_channels(t: Any, x: Any, weight: Any, bias: Any) -> Any:
    turned = t.nn.functional.layer_norm(x.movedim(1, -1), weight.shape, weight, bias)
    return turned.movedim(-1, 1)


def _rms_norm(sizes: tuple[int, ...], eps: float = 2**-23) -> Any:
    return lambda t, x, weight: t.nn.functional.rms_norm(x, sizes, weight, eps)


def _group_norm(groups: int, eps: float = 1e-5) -> Any:
    return lambda t, x, weight, bias: t.nn.functional.group_norm(x, groups, weight, bias, eps)


def _instance_norm(eps: float = 1e-5) -> Any:
    return lambda t, x, weight, bias: t.nn.functional.instance_norm(
        x, weight=weight, bias=bias, eps=eps
    )


def _normalize(axis: int | tuple[int, ...], eps: float = 1e-12) -> Any:
    return lambda t, x: t.nn.functional.normalize(x, dim=axis, eps=eps)


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
    Case("lrn", Lrn(), (float32(N, 7, 3, 3),), torch=_lrn(5, 1e-4, 0.75, 1.0)),
    Case(
        "lrn, strong", Lrn(3, 0.5, 0.6, 2.0), (float32(N, 7, 2, 3),), torch=_lrn(3, 0.5, 0.6, 2.0)
    ),
    Case("lrn, wider than the channels", Lrn(9, 0.5), (float32(N, 3, 2, 3),)),
    Case("lrn of no power", Lrn(3, beta=0.0), (float32(N, 3, 2, 3),)),
    Case("lrn of nothing around", Lrn(3, 0.0, k=2.0), (float32(N, 3, 2, 3),)),
    Case("lrn, sequence", Lrn(3, 0.5), (float32(N, 5, T),)),
    Case("lrn, volume", Lrn(3, 0.5), (float32(N, 4, 2, 3, 2),)),
    Case("layer_norm", LayerNorm(), _sequence, torch=_layer_norm((6,))),
    Case("layer_norm of features", LayerNorm(), (float32(N, 7),), torch=_layer_norm((7,))),
    Case("layer_norm of one vector", LayerNorm(), (float32(8),), torch=_layer_norm((8,))),
    Case("layer_norm of two", LayerNorm(eps=0.1), (float32(1, 2),), torch=_layer_norm((2,), 0.1)),
    Case("layer_norm of images", LayerNorm((1, 2, 3)), (_image,), torch=_layer_norm((4, 5, 3))),
    Case("layer_norm of the last two", LayerNorm((-1, -2)), (_image,), torch=_layer_norm((5, 3))),
    Case("layer_norm of channels", LayerNorm(1), (_image,), torch=_layer_norm_of_channels),
    Case("layer_norm of apart dimensions", LayerNorm((1, 3)), (_image,)),
    Case(
        "layer_norm, only scaled",
        LayerNorm(bias=False),
        _sequence,
        torch=lambda t, x, w: t.nn.functional.layer_norm(x, (6,), w),
    ),
    Case("layer_norm of channels, only scaled", LayerNorm(1, bias=False), (_image,)),
    Case(
        "layer_norm, not affine",
        LayerNorm(elementwise_affine=False),
        _sequence,
        torch=lambda t, x: t.nn.functional.layer_norm(x, (6,)),
    ),
    Case("layer_norm, far from zero", LayerNorm(), (float32(N, 64),), FAR),
    Case("layer_norm of channels, far from zero", LayerNorm(1), (float32(N, 64, 2),), FAR),
    Case("layer_norm, small variance", LayerNorm(), (float32(N, 64),), SMALL, step=1e-5),
    Case("layer_norm of equal elements", LayerNorm(), (float32(N, 7),), EQUAL, step=1e-5),
    Case("rms_norm", RMSNorm(), _sequence, torch=_rms_norm((6,))),
    Case("rms_norm of features", RMSNorm(eps=0.1), (float32(N, 7),), torch=_rms_norm((7,), 0.1)),
    Case("rms_norm of one", RMSNorm(eps=1.0), (float32(N, 1),), torch=_rms_norm((1,), 1.0)),
    Case("rms_norm of images", RMSNorm((1, 2, 3)), (_image,), torch=_rms_norm((4, 5, 3))),
    Case("rms_norm of channels", RMSNorm(1), (_image,)),
    Case(
        "rms_norm, not affine",
        RMSNorm(elementwise_affine=False),
        _sequence,
        torch=lambda t, x: t.nn.functional.rms_norm(x, (6,), eps=2**-23),
    ),
    Case("rms_norm, far from zero", RMSNorm(), (float32(N, 64),), FAR),
    Case("rms_norm, small", RMSNorm(), (float32(N, 64),), SMALL, step=1e-5),
    Case("group_norm", GroupNorm(2), (_image,), torch=_group_norm(2)),
    Case("group_norm, one group", GroupNorm(1), (_image,), torch=_group_norm(1)),
    Case("group_norm, a group per channel", GroupNorm(4), (_image,), torch=_group_norm(4)),
    Case("group_norm of features", GroupNorm(3), (float32(N, 9),), torch=_group_norm(3)),
    Case("group_norm of a sequence", GroupNorm(2), (float32(N, 8, T),), torch=_group_norm(2)),
    Case("group_norm of a volume", GroupNorm(7), (float32(1, 7, 2, 1, 3),), torch=_group_norm(7)),
    Case("group_norm, eps", GroupNorm(2, eps=0.1), (_image,), torch=_group_norm(2, 0.1)),
    Case(
        "group_norm, not affine",
        GroupNorm(2, affine=False),
        (_image,),
        torch=lambda t, x: t.nn.functional.group_norm(x, 2),
    ),
    Case("group_norm, far from zero", GroupNorm(2), (_image,), FAR),
    Case("group_norm, small variance", GroupNorm(2), (_image,), SMALL, step=1e-5),
    Case(
        "instance_norm",
        InstanceNorm(),
        (_image,),
        torch=lambda t, x: t.nn.functional.instance_norm(x),
    ),
    Case("instance_norm, affine", InstanceNorm(affine=True), (_image,), torch=_instance_norm()),
    Case(
        "instance_norm of a sequence",
        InstanceNorm(0.1, True),
        (float32(N, 4, T),),
        torch=_instance_norm(0.1),
    ),
    Case(
        "instance_norm of a volume",
        InstanceNorm(affine=True),
        (float32(2, 1, 1, 2, 1),),
        torch=_instance_norm(),
    ),
    Case("instance_norm, far from zero", InstanceNorm(affine=True), (_image,), FAR),
    Case("l2_normalize", L2Normalize(), _sequence, torch=_normalize(-1)),
    Case("l2_normalize of channels", L2Normalize(1), (_image,), torch=_normalize(1)),
    Case("l2_normalize of images", L2Normalize((1, 2, 3)), (_image,), torch=_normalize((1, 2, 3))),
    Case("l2_normalize of one", L2Normalize(), (float32(N, 1),), torch=_normalize(-1)),
    Case(
        "l2_normalize, shorter than eps",
        L2Normalize(eps=10.0),
        (float32(N, 5),),
        torch=_normalize(-1, 10.0),
    ),
    Case(
        "l2_normalize of zeros",
        L2Normalize(eps=0.5),
        (float32(N, 5),),
        (fixed(0.0),),
        torch=_normalize(-1, 0.5),
    ),
    Case("l2_normalize over a free size", L2Normalize(1), (float32(N, T, 3),), torch=_normalize(1)),
)

WRONG_CALLS = (
    WrongCall("batch_norm: vector", BatchNorm(), (float32(N),), "E0303", ("[N, C, ...]",)),
    WrongCall("batch_norm: free channels", BatchNorm(), (float32(N, T),), "E0303", ("channels",)),
    WrongCall("batch_norm: whole numbers", BatchNorm(), (int64(N, 4),), "E0401"),
    WrongCall("lrn: even size", Lrn(4), (_image,), "E0406", ("write 3 or 5",)),
    WrongCall("lrn: features", Lrn(), (float32(N, 4),), "E0303", ("[N, 4]",)),
    WrongCall("layer_norm: whole numbers", LayerNorm(), (int64(N, 4),), "E0401"),
    WrongCall("layer_norm: free size", LayerNorm(), (float32(N, T),), "E0303", ("here it is T",)),
    WrongCall(
        "layer_norm: PyTorch's argument",
        LayerNorm(64),
        (float32(N, 64),),
        "E0322",
        ("dimensions:  axis=-1",),
    ),
    WrongCall(
        "batch_norm: PyTorch's argument", BatchNorm(64), (_image,), "E0406", ("  BatchNorm",)
    ),
    WrongCall("instance_norm: PyTorch's argument", InstanceNorm(64), (_image,), "E0406"),
    WrongCall(
        "group_norm: PyTorch's arguments", GroupNorm(2, 4), (_image,), "E0406", ("GroupNorm(2)",)
    ),
    WrongCall(
        "rms_norm: PyTorch's argument", RMSNorm((5, 3)), (_image,), "E0322", ("axis=[-2, -1]",)
    ),
    WrongCall("layer_norm: twice", LayerNorm((1, -1)), (float32(N, 4),), "E0322", ("twice",)),
    WrongCall("layer_norm: one element", LayerNorm(), (float32(N, 1),), "E0323", ("axis=[1",)),
    WrongCall("rms_norm: free size", RMSNorm(0), (float32(N, 4),), "E0303", ("here it is N",)),
    WrongCall("group_norm: vector", GroupNorm(1), (float32(N),), "E0303"),
    WrongCall("group_norm: free channels", GroupNorm(1), (float32(N, T),), "E0303"),
    WrongCall("group_norm: groups", GroupNorm(3), (_image,), "E0305", ("1, 2, 4", "groups=2")),
    WrongCall("group_norm: one element", GroupNorm(4), (float32(N, 4),), "E0323"),
    WrongCall("instance_norm: no space", InstanceNorm(), (float32(N, 4),), "E0303", ("[N, C, L]",)),
    WrongCall("instance_norm: one element", InstanceNorm(), (float32(N, 4, 1, 1),), "E0323"),
    WrongCall("l2_normalize: no such dimension", L2Normalize(2), (float32(N, 4),), "E0322"),
    WrongCall("l2_normalize: whole numbers", L2Normalize(), (int64(N, 4),), "E0401"),
)
