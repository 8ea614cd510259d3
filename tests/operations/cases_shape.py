"""Rows for shapes, padding, conversions and values made of numbers."""

from __future__ import annotations

from dslc.layers import shape as s
from dslc.layers.cast import Cast, Identity, StopGradient
from dslc.layers.creation import Full, Ones, Range, Zeros
from dslc.layers.pad import Pad
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import Case, N, T, WrongCall, away_from

IMAGE = (float32(N, 2, 4, 3),)

CASES = (
    Case("reshape", s.Reshape((N, 6)), (float32(N, 2, 3),), torch=lambda t, x: x.reshape(-1, 6)),
    Case(
        "reshape with -1",
        s.Reshape((N, 3, -1)),
        (float32(N, 2, 3),),
        torch=lambda t, x: x.reshape(-1, 3, 2),
    ),
    Case(
        "reshape to a free -1",
        s.Reshape((-1, 3)),
        (float32(N, T, 3),),
        torch=lambda t, x: x.reshape(-1, 3),
    ),
    Case("reshape that splits", s.Reshape((N, T, 2, 2)), (float32(N, T, 4),)),
    Case("reshape that moves free sizes", s.Reshape((T, N, 2)), (float32(N, T, 2),)),
    Case("flatten", s.Flatten(), IMAGE, torch=lambda t, x: x.flatten(1)),
    Case("flatten all", s.Flatten(0), IMAGE, torch=lambda t, x: x.flatten()),
    Case("flatten rows", s.Flatten(), (float32(N, 3),)),
    Case("flatten the last two", s.Flatten(-2), IMAGE, torch=lambda t, x: x.flatten(-2)),
    Case("squeeze", s.Squeeze(1), (float32(N, 1, 3),), torch=lambda t, x: x.squeeze(1)),
    Case("squeeze all", s.Squeeze(), (float32(N, 1, 3, 1),), torch=lambda t, x: x.squeeze()),
    Case("unsqueeze", s.Unsqueeze(1), (float32(N, 3),), torch=lambda t, x: x.unsqueeze(1)),
    Case("unsqueeze twice", s.Unsqueeze((0, -1)), (float32(N, 3),)),
    Case("transpose", s.Transpose(), (float32(N, 3),), torch=lambda t, x: x.T),
    Case(
        "transpose, listed",
        s.Transpose((0, 2, 1)),
        (float32(N, 2, 3),),
        torch=lambda t, x: x.permute(0, 2, 1),
    ),
    Case(
        "transpose, three turned",
        s.Transpose((1, 2, -3)),
        (float32(N, 2, 3),),
        torch=lambda t, x: x.permute(1, 2, 0),
    ),
    Case("expand", s.Expand((N, 2, 3)), (float32(N, 1, 3),), torch=lambda t, x: x.expand(-1, 2, 3)),
    Case("expand in front", s.Expand((2, 4, 3)), (float32(3),)),
    Case("tile", s.Tile((2, 3)), (float32(N, 2),), torch=lambda t, x: x.tile(2, 3)),
    Case("pad", Pad(2), IMAGE, torch=lambda t, x: t.nn.functional.pad(x, (2, 2, 2, 2))),
    Case(
        "pad each side with a number",
        Pad((1, 0, 2, 3), value=0.5),
        IMAGE,
        torch=lambda t, x: t.nn.functional.pad(x, (0, 3, 1, 2), value=0.5),
    ),
    Case("pad the last dimension", Pad((1, 2)), (float32(N, 3),)),
    Case("pad whole numbers", Pad((1, 1)), (int64(N, 3),)),
    Case(
        "pad with the mirror image",
        Pad(2, "reflect"),
        IMAGE,
        torch=lambda t, x: t.nn.functional.pad(x, (2, 2, 2, 2), mode="reflect"),
    ),
    Case(
        "pad with the edge",
        Pad((2, 1, 0, 3), "edge"),
        IMAGE,
        torch=lambda t, x: t.nn.functional.pad(x, (1, 3, 2, 0), mode="replicate"),
    ),
    Case("cast bytes", Cast(DType.FLOAT32), (TensorType(DType.UINT8, (N, 3)),)),
    Case(
        "cast to whole numbers", Cast(DType.INT64), (float32(N, 3),), (away_from(-1.0, 0.0, 1.0),)
    ),
    Case("cast flags", Cast(DType.FLOAT32), (TensorType(DType.BOOL, (N, 3)),)),
    Case("cast to itself", Cast(DType.FLOAT32), (float32(N, 3),)),
    Case("identity", Identity(), (float32(N, 3),)),
    Case("stop_gradient", StopGradient(), (float32(N, 3),), differences=False),
    Case("zeros", Zeros((2, 3)), ()),
    Case("ones", Ones((2,)), ()),
    Case("full", Full((), 0.25), ()),
    Case("range", Range(5), ()),
)

WRONG_CALLS = (
    WrongCall(
        "reshape to another count",
        s.Reshape((N, 5)),
        (float32(N, 2, 3),),
        "E0314",
        ("[N, 5] of [N, 2, 3]", "N * 2 * 3 = 6*N", "N * 5 = 5*N"),
    ),
    WrongCall("reshape with two -1", s.Reshape((-1, -1)), (float32(6),), "E0314", ("one -1",)),
    WrongCall(
        "reshape that does not divide",
        s.Reshape((-1, 4)),
        (float32(6),),
        "E0314",
        ("multiple of 4",),
    ),
    WrongCall("flatten from too far", s.Flatten(3), (float32(N, 2),), "E0322"),
    WrongCall("squeeze of 3", s.Squeeze(1), (float32(N, 3),), "E0314", ("whose size is 3",)),
    WrongCall(
        "unsqueeze twice at one place", s.Unsqueeze((0, 0)), (float32(N),), "E0322", ("twice",)
    ),
    WrongCall("transpose of some", s.Transpose((0, 1)), IMAGE, "E0322", ("every dimension once",)),
    WrongCall(
        "expand of 3 to 4", s.Expand((N, 4)), (float32(N, 3),), "E0308", ("only a size of 1",)
    ),
    WrongCall(
        "tile of another rank", s.Tile((2,)), (float32(N, 2),), "E0314", ("needs 2 numbers",)
    ),
    WrongCall(
        "pad without spatial dimensions",
        Pad(2),
        (float32(N, 3),),
        "E0315",
        ("pad([before, after])",),
    ),
    WrongCall("pad with an odd list", Pad((1, 2, 3)), IMAGE, "E0315"),
    WrongCall(
        "a mirror too wide", Pad(3, "reflect"), IMAGE, "E0315", ("more than the 3 of dimension 3",)
    ),
    WrongCall("pad of flags", Pad((1, 1)), (TensorType(DType.BOOL, (N, 3)),), "E0401"),
)
