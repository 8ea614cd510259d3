"""Rows for the pools by norms and to fixed sizes, for undoing pools, and for upsampling."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from dslc.layers.adaptive_pool import AdaptiveAvgPool, AdaptiveMaxPool
from dslc.layers.lp_pool import LpPool
from dslc.layers.lrn import Lrn
from dslc.layers.pixel_shuffle import PixelShuffle, PixelUnshuffle
from dslc.layers.unpool import MaxUnpool
from dslc.layers.upsample import Upsample
from dslc.types import TensorType, float32, int64
from tests.operations.cases_conv import size
from tests.operations.harness import (
    Array,
    Case,
    Domain,
    N,
    T,
    WrongCall,
    away_from,
    distinct,
    fixed,
)

_image = float32(N, 2, 7, 6)


def _lp(name: str, operation: LpPool, *shape: Any, torch: Any = None) -> Case:
    types = (float32(N, 2, *(shape or (7, 6))),)
    return Case(f"lp_pool{name}", operation, types, (away_from(0.0),), torch=torch)


def _adaptive(kind: type[AdaptiveAvgPool | AdaptiveMaxPool], targets: Any, *shape: int) -> Case:
    maximum = kind is AdaptiveMaxPool
    word, rank = "max" if maximum else "avg", len(shape)

    def torch(t: Any, x: Any) -> Any:
        return getattr(t.nn.functional, f"adaptive_{word}_pool{rank}d")(x, targets)

    name = f"adaptive_{word}_pool {'x'.join(map(str, shape))} to {targets}"
    domains = (distinct,) if maximum else ()
    return Case(name, kind(size(*targets)), (float32(N, 2, *shape),), domains, torch=torch)


def _switches(total: tuple[int, ...], window: int, stride: int) -> Domain:
    """Draw a maximum for every window of a pool without padding over [3, *total]."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        numbers = np.arange(np.prod((shape[0], *total))).reshape(shape[0], *total)
        found = np.empty(shape, np.int64)
        for place in np.ndindex(*shape):
            inside = [p * stride + int(rng.integers(window)) for p in place[2:]]
            found[place] = numbers[(*place[:2], *inside)]
        return found

    return draw


def _unpool(
    name: str, pooled: tuple[int, ...], whole: tuple[int, ...], window: int, like: bool, **form: Any
) -> Case:
    stride = form.get("stride")
    operation = MaxUnpool(size(window), size(stride) if stride else None)
    types: tuple[TensorType, ...] = (float32(N, 2, *pooled), int64(N, 2, *pooled))
    places = _switches((2, *whole), window, stride or window)

    def torch(t: Any, x: Any, switches: Any, *_: Any) -> Any:
        plane = int(np.prod(whole))
        unpool = getattr(t.nn.functional, f"max_unpool{len(whole)}d")
        return unpool(x, switches % plane, window, stride, output_size=(*x.shape[:2], *whole))

    return Case(
        f"max_unpool{name}",
        operation,
        (*types, float32(N, 5, *whole)) if like else types,
        (None, places),
        torch=torch if (stride or window) >= window else None,
    )


def _shuffle(kind: str) -> Callable[..., Any]:
    return lambda t, x: getattr(t.nn.functional, kind)(x, 2)


def _upsample(
    name: str, scale: tuple[int, ...], mode: str, *shape: Any, corners: bool = False
) -> Case:
    def torch(t: Any, x: Any) -> Any:
        factors = scale if len(scale) > 1 else scale * (x.ndim - 2)
        aligned = None if mode == "nearest" else corners
        interpolate = t.nn.functional.interpolate
        return interpolate(x, scale_factor=factors, mode=mode, align_corners=aligned)

    operation = Upsample(size(*scale), mode, corners)  # type: ignore[arg-type]  # one of the words
    return Case(f"upsample {mode}{name}", operation, (float32(N, 2, *shape),), torch=torch)


CASES = (
    _lp("", LpPool(size(2)), torch=lambda t, x: t.nn.functional.lp_pool2d(x, 2, 2)),
    _lp(
        ", overlapping",
        LpPool(size(3), size(2)),
        torch=lambda t, x: t.nn.functional.lp_pool2d(x, 2, 3, 2),
    ),
    _lp(", p=1", LpPool(size(2), p=1.0)),
    _lp(", p=1.5", LpPool(size(3), size(2), size(1), p=1.5)),
    _lp(", p=3", LpPool(size(2), p=3.0)),
    _lp(
        ", p=4",
        LpPool(size(3), size(1), p=4.0),
        torch=lambda t, x: t.nn.functional.lp_pool2d(x, 4, 3, 1),
    ),
    _lp(", padding on one side", LpPool(size(3), size(2), size(0, 2, 1, 0))),
    _lp(", ceil_mode", LpPool(size(3), size(2), ceil_mode=True), 8, 6),
    _lp(", free sizes", LpPool(size(3), size(2), size(1)), T + 3),
    _lp(" 1d", LpPool(size(3)), 9, torch=lambda t, x: t.nn.functional.lp_pool1d(x, 2, 3)),
    _lp(" 3d", LpPool(size(2, 2, 1)), 4, 5, 3),
    *(
        Case(
            f"lp_pool of zeros, p={p}",
            LpPool(size(2), p=p),
            (_image,),
            (fixed(0.0),),
            differences=False,
        )
        for p in (1.0, 2.0, 2.5)
    ),
    *(
        _adaptive(kind, targets, *shape)
        for kind in (AdaptiveAvgPool, AdaptiveMaxPool)
        for targets, shape in (
            ((1,), (7,)),
            ((3,), (8,)),
            ((3,), (2,)),
            ((3, 3), (9, 9)),
            ((2, 3), (7, 9)),
            ((7, 1), (8, 3)),
            ((3, 2), (7, 2)),
            ((2, 2, 2), (3, 4, 5)),
            ((1, 1, 1), (2, 3, 1)),
        )
    ),
    Case(
        "adaptive_max_pool, ties",
        AdaptiveMaxPool(size(2, 3)),
        (float32(N, 2, 5, 7),),
        (fixed(0.5),),
        differences=False,
        torch=lambda t, x: t.nn.functional.adaptive_max_pool2d(x, (2, 3)),
    ),
    _unpool("", (3, 2), (6, 4), 2, False),
    _unpool(", odd size", (3, 3), (7, 7), 2, True),
    _unpool(" 1d", (4,), (8,), 2, False),
    _unpool(" 3d", (2, 1, 2), (4, 2, 5), 2, True),
    _unpool(", stride above the kernel", (2, 3), (5, 8), 2, False, stride=3),
    _unpool(", overlapping", (3, 3), (7, 7), 3, False, stride=2),
    Case(
        "pixel_shuffle",
        PixelShuffle(2),
        (float32(N, 12, 3, 2),),
        torch=_shuffle("pixel_shuffle"),
    ),
    Case("pixel_shuffle 1d", PixelShuffle(3), (float32(N, 6, T),)),
    Case("pixel_shuffle 3d", PixelShuffle(2), (float32(N, 8, 1, 2, 3),)),
    Case(
        "pixel_unshuffle",
        PixelUnshuffle(2),
        (float32(N, 3, 6, 4),),
        torch=_shuffle("pixel_unshuffle"),
    ),
    Case("pixel_unshuffle 1d", PixelUnshuffle(3), (float32(N, 2, 3 * T),)),
    Case("pixel_unshuffle 3d", PixelUnshuffle(2), (float32(N, 1, 2, 4, 6),)),
    *(
        _upsample(f" {factors} {shape}", factors, "nearest", *shape)
        for factors, shape in product([(1,), (2,), (3,)], [(7,), (1, 3), (2, 1, 3)])
    ),
    _upsample(", uneven", (3, 2), "nearest", 2, 3),
    _upsample(", free size", (2,), "nearest", T),
    *(
        _upsample(f" {factors} {shape} {corners}", factors, mode, *shape, corners=corners)
        for corners in (False, True)
        for factors, mode, shape in (
            ((2,), "linear", (7,)),
            ((3,), "linear", (1,)),
            ((2,), "bilinear", (3, 4)),
            ((3, 2), "bilinear", (1, 5)),
            ((4,), "bilinear", (2, 2)),
        )
    ),
    Case("lrn within channels", Lrn(3, 0.5, 0.6, 2.0, "space"), (float32(N, 2, 5, 4),)),
    Case("lrn within channels 1d", Lrn(5, 0.5, across="space"), (float32(N, 3, T),)),
    Case("lrn within channels 3d", Lrn(3, 0.5, across="space"), (float32(N, 2, 2, 3, 1),)),
)

WRONG_CALLS = (
    WrongCall("lp_pool: features", LpPool(size(2)), (float32(N, 20),), "E0303", ("[N, 20]",)),
    WrongCall("lp_pool: kernel", LpPool(size(9)), (_image,), "E0304", ("9x9",)),
    WrongCall("lp_pool: padding", LpPool(size(2), padding=size(2)), (_image,), "E0406"),
    WrongCall("adaptive_avg_pool: free", AdaptiveAvgPool(size(2)), (float32(N, 2, T),), "E0313"),
    WrongCall("adaptive_max_pool: free", AdaptiveMaxPool(size(2)), (float32(N, 2, T),), "E0313"),
    WrongCall("adaptive_avg_pool: rank", AdaptiveAvgPool(size(2, 2, 2)), (_image,), "E0303"),
    WrongCall("adaptive_max_pool: features", AdaptiveMaxPool(size(2)), (float32(N, 2),), "E0303"),
    WrongCall(
        "max_unpool: other switches",
        MaxUnpool(size(2)),
        (float32(N, 2, 14, 14), int64(N, 2, 7, 7)),
        "E0310",
        ("[N, 2, 7, 7]", "[N, 2, 14, 14]"),
    ),
    WrongCall("max_unpool: switches", MaxUnpool(size(2)), (_image, _image), "E0401"),
    WrongCall("max_unpool: features", MaxUnpool(size(2)), (float32(N, 4), int64(N, 4)), "E0303"),
    *(
        WrongCall(
            f"max_unpool: like {like}",
            MaxUnpool(size(2)),
            (_image, int64(N, 2, 7, 6), like),
            "E0310",
            ("does not bring",),
        )
        for like in (float32(N, 2, 16, 12), float32(N, 2, 14))
    ),
    WrongCall("pixel_shuffle: channels", PixelShuffle(2), (_image,), "E0314", ("multiple of 4",)),
    WrongCall("pixel_shuffle: features", PixelShuffle(2), (float32(N, 4),), "E0303"),
    WrongCall("pixel_unshuffle: size", PixelUnshuffle(2), (_image,), "E0314", ("dimension 2",)),
    WrongCall("pixel_unshuffle: free", PixelUnshuffle(2), (float32(N, 2, T),), "E0314", ("T",)),
    WrongCall(
        "upsample: mode", Upsample(size(2), "linear"), (_image,), "E0406", ("mode=bilinear",)
    ),
    WrongCall("upsample: corners", Upsample(size(2), align_corners=True), (_image,), "E0406"),
    WrongCall("upsample: features", Upsample(size(2)), (float32(N, 4),), "E0303"),
)
