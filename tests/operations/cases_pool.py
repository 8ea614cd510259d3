"""Rows for pooling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from dslc.layers.global_pool import GlobalAvgPool, GlobalMaxPool
from dslc.layers.lp_pool import LpPool
from dslc.layers.pool import AvgPool, MaxPool
from dslc.types import float32, int64
from tests.operations.cases_conv import size
from tests.operations.harness import Case, N, T, WrongCall, away_from, below, distinct, fixed

_image = float32(N, 2, 7, 6)


def _max(name: str, operation: MaxPool, *shape: Any, **settings: Any) -> Case:
    """Return a row whose value has no ties, compared with PyTorch's pooling by `settings`."""

    def torch(t: Any, x: Any) -> Any:
        return getattr(t.nn.functional, f"max_pool{x.ndim - 2}d")(x, **settings)

    types = (float32(N, 2, *(shape or (7, 6))),)
    return Case(f"max_pool{name}", operation, types, (distinct,), torch=torch)


def _avg(name: str, operation: AvgPool, *shape: Any, **settings: Any) -> Case:
    def torch(t: Any, x: Any) -> Any:
        return getattr(t.nn.functional, f"avg_pool{x.ndim - 2}d")(x, **settings)

    return Case(f"avg_pool{name}", operation, (float32(N, 2, *(shape or (7, 6))),), torch=torch)


def _borders() -> Iterator[Case]:
    """Yield every pool on sizes around those of its windows, in a batch of one."""
    for length, (kernel, stride) in product(
        (1, 2, 3, 7, 8, 9), ((1, 1), (2, 2), (3, 2), (2, 3), (0, 1), (3, 4))
    ):
        window = kernel or length  # 0: the whole input
        if window > length or (kernel and kernel == length):
            continue
        for ceil in (False, True) if stride > 1 else (False,):
            name = f", {window}/{stride} on {length}{', ceil' if ceil else ''}"
            same = {"kernel_size": window, "stride": stride, "ceil_mode": ceil}
            form = size(window), size(stride)
            pools = (
                _max(name, MaxPool(*form, ceil_mode=ceil), length, length, **same),
                _avg(name, AvgPool(*form, ceil_mode=ceil), length, length, **same),
                Case(
                    f"lp_pool{name}",
                    LpPool(*form, ceil_mode=ceil),
                    (float32(N, 2, length, length),),
                    (away_from(0.0),),
                ),
            )
            yield from (replace(pool, sizes={"N": 1}) for pool in pools)


CASES = (
    *_borders(),
    _max(
        ", 1d, dilation",
        MaxPool(size(3), size(1), dilation=size(2)),
        7,
        kernel_size=3,
        stride=1,
        dilation=2,
    ),
    _max(
        " 3d, ceil_mode",
        MaxPool(size(2), ceil_mode=True),
        3,
        2,
        5,
        kernel_size=2,
        ceil_mode=True,
    ),
    Case(
        "max_pool, indices with ceil_mode",
        MaxPool(size(3), size(2), ceil_mode=True, return_indices=True),
        (float32(N, 2, 8, 6),),
        (distinct,),
    ),
    Case(
        "max_pool, indices 3d",
        MaxPool(size(2), return_indices=True),
        (float32(N, 2, 2, 4, 3),),
        (distinct,),
    ),
    Case(
        "global_avg_pool 3d",
        GlobalAvgPool(),
        (float32(N, 3, 2, T, 2),),
        torch=lambda t, x: x.mean(dim=(2, 3, 4)),
    ),
    Case("global_max_pool 1d", GlobalMaxPool(), (float32(N, 3, T),), (distinct,)),
    _max("", MaxPool(size(2)), kernel_size=2),
    _max(", overlapping", MaxPool(size(3), size(2)), kernel_size=3, stride=2),
    _max(", padding", MaxPool(size(3), size(2), size(1)), kernel_size=3, stride=2, padding=1),
    _max(
        ", uneven",
        MaxPool(size(3, 2), size(1, 2), size(1, 0)),
        kernel_size=(3, 2),
        stride=(1, 2),
        padding=(1, 0),
    ),
    _max(
        ", dilation",
        MaxPool(size(2), size(1), size(1), size(2)),
        kernel_size=2,
        stride=1,
        padding=1,
        dilation=2,
    ),
    _max(
        ", ceil_mode",
        MaxPool(size(3), size(2), ceil_mode=True),
        8,
        6,
        kernel_size=3,
        stride=2,
        ceil_mode=True,
    ),
    _max(
        ", ceil_mode and padding",
        MaxPool(size(3), size(3), size(1), ceil_mode=True),
        7,
        9,
        kernel_size=3,
        stride=3,
        padding=1,
        ceil_mode=True,
    ),
    _max(
        ", ceil_mode, last window dropped",
        MaxPool(size(2), size(4), size(1), ceil_mode=True),
        7,
        8,
        kernel_size=2,
        stride=4,
        padding=1,
        ceil_mode=True,
    ),
    _max(" 1d", MaxPool(size(3), size(2)), 9, kernel_size=3, stride=2),
    _max(" 3d", MaxPool(size(2, 2, 1)), 4, 5, 3, kernel_size=(2, 2, 1)),
    Case(
        "max_pool, indices",
        MaxPool(size(3), size(2), size(1), return_indices=True),
        (_image,),
        (distinct,),
    ),
    Case(
        "max_pool, indices with dilation",
        MaxPool(size(2), size(2), size(1), size(2), return_indices=True),
        (_image,),
        (distinct,),
    ),
    Case(
        "max_pool, indices 1d",
        MaxPool(size(2), return_indices=True),
        (float32(N, 2, 6),),
        (distinct,),
    ),
    Case(
        "max_pool, ties",
        MaxPool(size(3), size(2)),
        (_image,),
        (lambda rng, shape: below(3)(rng, shape).astype("float64"),),
        differences=False,
        torch=lambda t, x: t.nn.functional.max_pool2d(x, 3, 2),
    ),
    Case(
        "max_pool, below zero with padding",
        MaxPool(size(2), padding=size(1)),
        (_image,),
        (fixed(-1.5),),
        differences=False,
    ),
    Case(
        "max_pool, free sizes",
        MaxPool(size(3), size(2), ceil_mode=True),
        (float32(N, 2, T + 3),),
        (distinct,),
    ),
    _avg("", AvgPool(size(2)), kernel_size=2),
    _avg(", overlapping", AvgPool(size(5), size(3)), 14, 14, kernel_size=5, stride=3),
    _avg(", padding", AvgPool(size(3), size(2), size(1)), kernel_size=3, stride=2, padding=1),
    _avg(
        ", padding not counted",
        AvgPool(size(3), size(2), size(1), count_include_pad=False),
        kernel_size=3,
        stride=2,
        padding=1,
        count_include_pad=False,
    ),
    _avg(
        ", ceil_mode",
        AvgPool(size(3), size(2), ceil_mode=True),
        8,
        6,
        kernel_size=3,
        stride=2,
        ceil_mode=True,
    ),
    _avg(
        ", ceil_mode and padding",
        AvgPool(size(3), size(2), size(1), ceil_mode=True),
        7,
        6,
        kernel_size=3,
        stride=2,
        padding=1,
        ceil_mode=True,
    ),
    Case(
        "avg_pool, ceil_mode and padding on one side",
        AvgPool(size(3), size(2), size(1, 0, 0, 2), ceil_mode=True),
        (float32(N, 2, 8, 7),),
    ),
    Case(
        "max_pool, padding on one side",
        MaxPool(size(3), size(2), size(0, 2, 1, 0), return_indices=True),
        (_image,),
        (distinct,),
    ),
    _avg(
        ", ceil_mode and padding not counted",
        AvgPool(size(3), size(2), size(1), ceil_mode=True, count_include_pad=False),
        8,
        6,
        kernel_size=3,
        stride=2,
        padding=1,
        ceil_mode=True,
        count_include_pad=False,
    ),
    _avg(
        ", ceil_mode, last window dropped",
        AvgPool(size(2), size(4), size(1), ceil_mode=True),
        7,
        8,
        kernel_size=2,
        stride=4,
        padding=1,
        ceil_mode=True,
    ),
    _avg(" 1d", AvgPool(size(3), size(2), size(1)), 9, kernel_size=3, stride=2, padding=1),
    _avg(" 1d, tiles", AvgPool(size(2)), 8, kernel_size=2),
    _avg(" 1d, single positions", AvgPool(size(1)), 1, kernel_size=1),
    _avg(" 3d", AvgPool(size(2), size(1), size(1)), 3, 2, 3, kernel_size=2, stride=1, padding=1),
    Case("global_avg_pool", GlobalAvgPool(), (_image,), torch=lambda t, x: x.mean(dim=(2, 3))),
    Case("global_avg_pool 1d", GlobalAvgPool(), (float32(N, 3, T),)),
    Case(
        "global_max_pool",
        GlobalMaxPool(),
        (_image,),
        (distinct,),
        torch=lambda t, x: x.amax(dim=(2, 3)),
    ),
    Case("global_max_pool 3d", GlobalMaxPool(), (float32(N, 3, 2, T, 2),), (distinct,)),
    Case("global_max_pool, ties", GlobalMaxPool(), (_image,), (fixed(0.5),), differences=False),
)

WRONG_CALLS = (
    WrongCall("max_pool: features", MaxPool(size(2)), (float32(N, 20),), "E0303", ("[N, 20]",)),
    WrongCall("max_pool: whole numbers", MaxPool(size(2)), (int64(N, 2, 4, 4),), "E0401"),
    WrongCall("max_pool: kernel", MaxPool(size(9)), (_image,), "E0304", ("9x9", "at most 7x6")),
    WrongCall("max_pool: padding", MaxPool(size(2), padding=size(2)), (_image,), "E0406", ("2x2",)),
    WrongCall(
        "max_pool: overhang",
        MaxPool(size(2), size(3), dilation=size(3), ceil_mode=True),
        (_image,),
        "E0406",
        ("smaller stride",),
    ),
    WrongCall("max_pool: stride", MaxPool(size(2), size(1, 1, 1)), (_image,), "E0303", ("1x1x1",)),
    WrongCall("avg_pool: features", AvgPool(size(2)), (float32(N, 20),), "E0303"),
    WrongCall("avg_pool: kernel", AvgPool(size(8)), (_image,), "E0304", ("8x8",)),
    WrongCall("avg_pool: padding", AvgPool(size(2), padding=size(2)), (_image,), "E0406"),
    WrongCall("global_avg_pool: features", GlobalAvgPool(), (float32(N, 20),), "E0303"),
    WrongCall("global_max_pool: features", GlobalMaxPool(), (float32(N, 20),), "E0303"),
)
