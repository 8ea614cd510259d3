"""Rows for operators that move elements, or pick them by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.gradient.case import Case, distinct, plain

END = 2**31 - 1


def whole(g: Any, *numbers: Any) -> Any:
    """Return whole numbers as an int64 constant."""
    return g.constant(np.array(numbers, dtype=np.int64))


def moving(
    operator: str, build: Any, *shapes: tuple[int, ...], note: str = "", exact: bool = True
) -> Case:
    return Case(operator, build, shapes, (plain,), note, exact=exact)


def slicing(note: str, shape: tuple[int, ...], *numbers: tuple[int, ...]) -> Case:
    return moving(
        "Slice", lambda g, x: g.Slice(x, *[g.axes(*n) for n in numbers]), shape, note=note
    )


def padding(
    note: str, shape: tuple[int, ...], pads: tuple[int, ...], mode: str = "constant"
) -> Case:
    exact = mode == "constant"
    return moving(
        "Pad", lambda g, x: g.Pad(x, g.axes(*pads), mode=mode), shape, note=note, exact=exact
    )


SHAPE = [
    moving("Reshape", lambda g, x: g.Reshape(x, g.axes(3, -1)), (2, 3)),
    moving("Flatten", lambda g, x: g.Flatten(x, axis=2), (2, 3, 4)),
    moving("Squeeze", lambda g, x: g.Squeeze(x, g.axes(1)), (2, 1, 3)),
    moving("Unsqueeze", lambda g, x: g.Unsqueeze(x, g.axes(0, -1)), (2, 3)),
    moving("Transpose", lambda g, x: g.Transpose(x, perm=[2, 0, 1]), (2, 3, 4)),
    moving("Transpose", lambda g, x: g.Transpose(x), (2, 3, 4), note="no perm"),
    moving("Expand", lambda g, x: g.Expand(x, g.axes(2, 3, 4)), (3, 1), exact=False),
    moving("Tile", lambda g, x: g.Tile(x, g.axes(2, 3)), (3, 2), exact=False),
    moving("Tile", lambda g, x: g.Tile(x, g.axes(1, 1)), (3, 2), note="once"),
    moving("Concat", lambda g, a, b: g.Concat(a, b, axis=-1), (2, 3), (2, 1)),
    moving(
        "Concat",
        lambda g, a, b: g.Concat(a, b, a, axis=0),
        (2, 3),
        (1, 3),
        note="twice",
        exact=False,
    ),
    moving(
        "Split", lambda g, x: g.Mul(*g.Split(x, g.axes(2, 1, 2), axis=1)[::2]), (2, 5), exact=False
    ),
    moving("Split", lambda g, x: g.Split(x, axis=0, num_outputs=2)[1], (3, 2), note="by number"),
    slicing("plain", (4, 5), (1, 0), (3, 4)),
    slicing("one axis", (4, 5), (-3,), (END,), (-1,)),
    slicing("strided", (4, 7), (1,), (END,), (1,), (3,)),
    slicing("strided exactly", (4, 6), (0,), (6,), (1,), (2,)),
    slicing("backwards", (4, 5), (-1,), (-END,), (0,), (-1,)),
    slicing("backwards strided", (4, 6), (4, 3), (-END, 0), (1, 0), (-2, -1)),
    slicing("one element", (4, 5), (2,), (3,), (0,), (2,)),
    slicing("whole", (4, 5), (0,), (END,), (0,)),
    padding("constant", (2, 3), (1, 0, 0, 2)),
    padding("negative", (4, 5), (-1, 1, 0, -2)),
    padding("reflect", (3, 4), (2, 1, 1, 3), "reflect"),
    padding("edge", (3, 4), (2, 1, 0, 3), "edge"),
    Case(
        "Pad",
        lambda g, x, fill: g.Pad(x, g.axes(1, 2), fill, g.axes(1)),
        [(2, 3), ()],
        note="value",
    ),
    moving("Trilu", lambda g, x: g.Trilu(x), (2, 3, 4)),
    moving("Trilu", lambda g, x: g.Trilu(x, g.constant(-1), upper=0), (4, 3), note="lower"),
    moving("DepthToSpace", lambda g, x: g.DepthToSpace(x, blocksize=2), (1, 8, 2, 3)),
    moving(
        "DepthToSpace",
        lambda g, x: g.DepthToSpace(x, blocksize=2, mode="CRD"),
        (1, 8, 2, 3),
        note="CRD",
    ),
    moving("SpaceToDepth", lambda g, x: g.SpaceToDepth(x, blocksize=2), (1, 2, 4, 6)),
    moving(
        "ReverseSequence",
        lambda g, x: g.ReverseSequence(x, whole(g, 2, 3), batch_axis=1, time_axis=0),
        (4, 2, 2),
    ),
]

INDEX = [
    Case("Gather", lambda g, x: g.Gather(x, whole(g, 2, 0, 2), axis=0), [(3, 4)]),
    Case(
        "Gather",
        lambda g, x: g.Gather(x, whole(g, [1, 1], [0, -1]), axis=1),
        [(2, 3, 2)],
        note="middle",
    ),
    Case(
        "Gather",
        lambda g, x: g.Gather(x, whole(g, [-1, 0], [2, -1]), axis=0),
        [(3, 4)],
        note="rows from the end",
    ),
    Case("Gather", lambda g, x: g.Gather(x, g.constant(1), axis=-1), [(2, 3)], note="one"),
    Case(
        "GatherElements",
        lambda g, x: g.GatherElements(x, whole(g, [2, 0], [2, 2]), axis=1),
        [(2, 3)],
    ),
    Case("GatherND", lambda g, x: g.GatherND(x, whole(g, [1, 2], [0, 0], [1, 2])), [(2, 3)]),
    Case("GatherND", lambda g, x: g.GatherND(x, whole(g, [1], [0], [-1])), [(2, 3)], note="rows"),
    Case(
        "GatherND",
        lambda g, x: g.GatherND(x, whole(g, [[1], [0]], [[2], [2]]), batch_dims=1),
        [(2, 3, 2)],
        note="batch",
    ),
    Case(
        "ScatterElements",
        lambda g, x, u: g.ScatterElements(x, whole(g, [2, 0], [1, 2]), u, axis=1),
        [(2, 3), (2, 2)],
    ),
    Case(
        "ScatterElements",
        lambda g, x, u: g.ScatterElements(x, whole(g, [2, 2], [1, 2]), u, axis=1, reduction="add"),
        [(2, 3), (2, 2)],
        note="add",
    ),
    Case("ScatterND", lambda g, x, u: g.ScatterND(x, whole(g, [2], [0]), u), [(3, 2), (2, 2)]),
    Case(
        "ScatterND",
        lambda g, x, u: g.ScatterND(x, whole(g, [2], [0]), u, reduction="add"),
        [(3, 2), (2, 2)],
        note="add",
    ),
    Case("TopK", lambda g, x: g.TopK(x, g.axes(2))[0], [(2, 5)], [distinct]),
    Case(
        "TopK",
        lambda g, x: g.TopK(x, g.axes(2), axis=0, largest=0)[0],
        [(4, 3)],
        [distinct],
        "smallest",
    ),
]
