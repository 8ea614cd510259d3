"""Rows at the boundaries of convolutions: small images around a kernel, single ones, groups of one channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dslc.layers.conv import Conv
from dslc.layers.conv_transpose import ConvTranspose
from dslc.layers.locally_connected import LocallyConnected
from dslc.types import Size, float32
from tests.operations.cases_conv import torch_padded
from tests.operations.cases_conv_local import torch_local
from tests.operations.cases_conv_transpose import torch_transposed
from tests.operations.harness import Case

SIZES = (1, 2, 3, 7, 8, 9)
CHANNELS = 2


@dataclass(frozen=True)
class Boundary:
    """Settings that meet a boundary at every size: the kernel and the rest follow from it."""

    name: str
    kernel: Callable[[int], int]
    stride: int = 1
    padding: int | tuple[int, int] = 0
    others: dict[str, Any] = field(default_factory=dict)


def _up_to(kernel: int) -> Callable[[int], int]:
    return lambda size: min(kernel, size)


WINDOWS = (
    Boundary("kernel equal to input", lambda size: size),
    Boundary("stride above kernel", _up_to(2), stride=3),
    Boundary("stride above input", _up_to(3), stride=10),
    Boundary("half padding", lambda size: 3, stride=2, padding=1),
    Boundary("padding before only", _up_to(3), padding=(2, 0)),
    Boundary("padding after only", _up_to(3), stride=2, padding=(0, 1)),
)

GROUPED = (
    *WINDOWS,
    Boundary("depthwise", lambda size: 3, padding=1, others={"groups": CHANNELS}),
    Boundary(
        "depthwise, dilated",
        lambda size: 2,
        stride=2,
        padding=1,
        others={"groups": CHANNELS, "dilation": 2},
    ),
)

TRANSPOSED = (
    *(boundary for boundary in GROUPED if not boundary.name.startswith("padding")),
    Boundary("padding before only", lambda size: 4, padding=(2, 0)),
    Boundary("padding after only", lambda size: 4, stride=2, padding=(0, 1)),
    Boundary("output padding", _up_to(3), stride=3, others={"output_padding": 2}),
    Boundary(
        "output padding below the dilation",
        lambda size: 2,
        padding=(0, 1),
        others={"output_padding": 1, "dilation": 2, "groups": CHANNELS},
    ),
)


def rows(
    layer: type[Conv] | type[ConvTranspose] | type[LocallyConnected],
    boundaries: tuple[Boundary, ...],
    torch: Callable[..., Any],
) -> Iterator[Case]:
    """Yield a row for each boundary and size; the dimensions, up to 3, and the batch take turns."""
    for i, size in enumerate(SIZES):
        for j, boundary in enumerate(boundaries):
            rank = 1 + (i + j) % (3 if size <= 3 else 2)
            batch = 1 + j % 2
            before, after = (
                boundary.padding
                if isinstance(boundary.padding, tuple)
                else (boundary.padding, boundary.padding)
            )
            operation = layer(
                CHANNELS,
                Size((boundary.kernel(size),)),
                Size((boundary.stride,)),
                Size((before,) * rank + (after,) * rank),
                **{
                    name: number if name == "groups" else Size((number,))
                    for name, number in boundary.others.items()
                },
            )
            yield Case(
                f"{layer.__name__} of {size}, {rank}d, {boundary.name}",
                operation,
                (float32(batch, CHANNELS, *(size,) * rank),),
                torch=torch(*(before, after) * rank, stride=boundary.stride, **boundary.others),
            )


CASES = (
    *rows(Conv, GROUPED, torch_padded),
    *rows(ConvTranspose, TRANSPOSED, torch_transposed),
    *rows(LocallyConnected, WINDOWS, torch_local),
)
