"""Rows for what cuts values: into parts, or down to a size."""

from __future__ import annotations

from typing import Any

from dslc import dims
from dslc.layers.parts import Crop, Split
from dslc.types import DType, Size, TensorType, float32, int64
from tests.operations.harness import Case, N, T, WrongCall

X = (float32(N, 6, 4, 3),)
IMAGE = (float32(N, 2, 7, 8),)
H, W = dims.free("H"), dims.free("W")
FREE = {"N": 3, "H": 7, "W": 8}


def _centred(t: Any, x: Any, like: Any) -> Any:
    """Cut as U-Net does, by floor((H - h) / 2)."""
    tops = [(a - b) // 2 for a, b in zip(x.shape[2:], like.shape[2:], strict=True)]
    for axis, (top, size) in enumerate(zip(tops, like.shape[2:], strict=True), start=2):
        x = x.narrow(axis, top, size)
    return x


CASES = (
    Case("split", Split(2), X, torch=lambda t, x: x.chunk(2, 1)),
    Case("split by sizes", Split((1, 3, 2)), X, torch=lambda t, x: x.split([1, 3, 2], 1)),
    Case("split the last", Split(3, -1), X, torch=lambda t, x: x.chunk(3, -1)),
    Case("split into one", Split(1), X, torch=lambda t, x: x.chunk(1, 1)),
    Case("split by one size", Split((6,)), X),
    Case("split into all", Split(6), X, torch=lambda t, x: x.split(1, 1)),
    Case("split whole numbers", Split(2, 1), (int64(N, 4),)),
    Case("split flags", Split(2, 1), (TensorType(DType.BOOL, (N, 4)),)),
    Case("split a free dimension", Split(2), (float32(N, T * 2),)),
    *(
        Case(f"split {n} samples", Split((n,), 0), (float32(n, 2),), torch=lambda t, x: (x,))
        for n in (1, 2, 3, 7, 8, 9)
    ),
    Case("crop", Crop(Size((3,))), IMAGE, torch=lambda t, x: x[:, :, 2:5, 2:5]),
    Case("crop to a size each", Crop(Size((4, 2))), IMAGE, torch=lambda t, x: x[:, :, 1:5, 3:5]),
    Case("crop to itself", Crop(Size((7, 8))), IMAGE, torch=lambda t, x: x),
    Case("crop one pixel", Crop(Size((1,))), (float32(1, 1, 1, 2),), torch=lambda t, x: x[..., :1]),
    Case("crop at the front", Crop(Size((3,)), 0), IMAGE, torch=lambda t, x: x[:, :, :3, :3]),
    Case("crop at the end", Crop(Size((3,)), (4, 5)), IMAGE, torch=lambda t, x: x[:, :, 4:, 5:]),
    Case("crop a sequence", Crop(Size((5,))), (float32(N, 2, 9),), torch=lambda t, x: x[..., 2:7]),
    Case("crop a volume", Crop(Size((2,)), 1), (float32(1, 1, 3, 4, 5),)),
    Case("crop whole numbers", Crop(Size((3,))), (int64(N, 1, 5, 5),)),
    Case("crop like", Crop(), (*IMAGE, float32(N, 5, 4, 3)), torch=_centred),
    Case(
        "crop like, at an offset",
        Crop(offset=(2, 1)),
        (*IMAGE, float32(1, 1, 4, 3)),
        torch=lambda t, x, like: x[:, :, 2:6, 1:4],
    ),
    Case(
        "crop free sizes like",
        Crop(),
        (float32(N, 2, H, W), float32(N, 2, H - 2, W - 5)),
        sizes=FREE,
        torch=_centred,
    ),
    Case("crop free sizes", Crop(Size((3,))), (float32(N, 2, H, W),), sizes=FREE),
    Case("crop free sizes at the front", Crop(Size((3,)), 1), (float32(N, 2, H, W),), sizes=FREE),
)

WRONG_CALLS = (
    WrongCall(
        "split unevenly",
        Split(4),
        X,
        "E0314",
        ("dimension 1 of [N, 6, 4, 3]", "6 is no multiple of 4", "parts=[2, 2, 2]"),
    ),
    WrongCall("split into too many", Split(7), X, "E0314", ("6 is no multiple of 7",)),
    WrongCall("split into nothing", Split(()), X, "E0314", ("nothing = 0",)),
    WrongCall(
        "split by other sizes", Split((2, 3)), X, "E0314", ("2 + 3 = 5, and the dimension has 6",)
    ),
    WrongCall("split samples", Split(2, 0), X, "E0314", ("N is no multiple of 2",)),
    WrongCall("split along no dimension", Split(2, 4), X, "E0322"),
    WrongCall("crop without a size", Crop(), IMAGE, "E0316", ("needs a size", "crop(24x24)")),
    WrongCall("crop by two sizes", Crop(Size((3,))), IMAGE * 2, "E0316", ("not both",)),
    WrongCall("crop rows", Crop(Size((3,))), (float32(N, 4),), "E0316", ("no spatial dimension",)),
    WrongCall("crop to three sizes", Crop(Size((1, 2, 3))), IMAGE, "E0316", ("1x2x3",)),
    WrongCall("crop like another rank", Crop(), (*IMAGE, float32(N, 2, 3)), "E0316"),
    WrongCall(
        "crop to more",
        Crop(Size((8,))),
        IMAGE,
        "E0316",
        ("`crop` cannot cut 8 elements out of the 7 in dimension 2",),
    ),
    WrongCall("crop like more", Crop(), (*IMAGE, float32(N, 2, 9, 3)), "E0316"),
    WrongCall(
        "crop like more everywhere",
        Crop(),
        (*IMAGE, float32(N, 2, 9, 8)),
        "E0316",
        ("the larger one, for example:  crop({1}, {0})",),
    ),
    WrongCall(
        "crop past the end",
        Crop(Size((3,)), 5),
        IMAGE,
        "E0316",
        ("3 elements from 5 on out of the 7 in dimension 2",),
    ),
    WrongCall(
        "crop with three offsets", Crop(Size((3,)), (0, 0, 0)), IMAGE, "E0316", ("2 offsets",)
    ),
)
