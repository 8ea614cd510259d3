"""The arithmetic of windows that slide over the spatial dimensions: sizes, and what cannot fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dslc import dims
from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.layers.rules import need_float
from dslc.types import Shape, Size, TensorType, shape_text

Padding = Size | Literal["same", "causal"]

ONE = Size((1,))
ZERO = Size((0,))


@dataclass(frozen=True, slots=True)
class Window:
    """A window, one number per spatial dimension. `before` and `after` are the padding.

    With `ceil` a last window that hangs over the end counts, as long as it starts inside the input
    or the padding before it.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    dilation: tuple[int, ...]
    ceil: bool = False

    @property
    def reach(self) -> tuple[int, ...]:
        """How many positions a window spans, gaps of the dilation included."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def end(self) -> tuple[int, ...]:
        """The padding after the input, with what hangs over the end taken as padding.

        Stride - 1 positions more give the window that `ceil` adds; no more than a window reaches
        past its start, so that it starts inside.
        """
        if not self.ceil:
            return self.after
        sides = zip(self.after, self.stride, self.reach, strict=True)
        return tuple(min(after + stride, reach) - 1 for after, stride, reach in sides)

    @property
    def pads(self) -> list[int]:
        """The padding in ONNX's order, for windows that do not hang over it."""
        return [*self.before, *self.end]

    def outputs(self, sizes: Sequence[int | Expression]) -> Shape:
        """Return how many windows there are in each dimension."""
        return tuple(self._output(axis, size) for axis, size in enumerate(sizes))

    def _output(self, axis: int, size: int | Expression) -> int | Expression:
        room = size + (self.before[axis] + self.end[axis] - self.reach[axis])
        return room // self.stride[axis] + 1

    def explain(self, sizes: Sequence[int | Expression], *, show_zero: bool = False) -> str:
        """Return the arithmetic of the output sizes: `floor((54 - 3) / 2) + 1 = 26`.

        With `show_zero` padding is written where there is none, for it is what could be changed.
        """
        lines = [self._explain(axis, size, show_zero) for axis, size in enumerate(sizes)]
        return "; ".join(dict.fromkeys(lines))

    def _explain(self, axis: int, size: int | Expression, show_zero: bool) -> str:
        before, after, dilation = self.before[axis], self.after[axis], self.dilation[axis]
        padding = f" + 2*{before}" if before == after else f" + {before} + {after}"
        padding = padding if before or after or show_zero else ""
        kernel = str(self.kernel[axis])
        if dilation != 1:
            kernel = f"({dilation}*({kernel} - 1) + 1)"
        word = "ceil" if self.ceil else "floor"
        result = self._output(axis, size)
        text = f"{word}(({size}{padding} - {kernel}) / {self.stride[axis]}) + 1"
        if self.ceil and after + self.stride[axis] > self.reach[axis]:
            text = f"ceil(({size} + {before}) / {self.stride[axis]})"
        return f"{text} = {result}"

    def check_fits(self, sizes: Sequence[int | Expression]) -> None:
        """Refuse a window that is larger than the padded input (E0304)."""
        for axis, (size, outputs) in enumerate(zip(sizes, self.outputs(sizes), strict=True)):
            if isinstance(size, int) and isinstance(outputs, int) and outputs < 1:
                raise self._too_large(sizes, axis, size)

    def _too_large(self, sizes: Sequence[int | Expression], axis: int, size: int) -> RuleError:
        reach, missing = self.reach[axis], self.reach[axis] - size
        shown, input_text = times(self.kernel), times(sizes)
        spans = "" if self.reach == self.kernel else f", {times(self.reach)} with its dilation"
        return RuleError(
            "E0304",
            f"the {shown} kernel{spans} is larger than its input",
            about="kernel",
            text=f"the kernel needs at least {times(self.reach)}; the input is {input_text}",
            facts=(
                f"with padding p the input counts as {size} + 2p",
                f"{size} + {self.before[axis]} + {self.after[axis]} "
                f"= {size + self.before[axis] + self.after[axis]} is less than {reach}",
            ),
            helps=(
                f"use a kernel of at most {input_text}, or padding={(missing + 1) // 2} or more",
            ),
        )


def window_over(
    rank: int,
    kernel: Size,
    stride: Size,
    padding: Padding = ZERO,
    dilation: Size = ONE,
    *,
    ceil: bool = False,
) -> Window:
    """Return the window with its settings spread over `rank` spatial dimensions."""
    plain_kernel = spread(kernel, rank, "kernel")
    plain_dilation = spread(dilation, rank, "dilation")
    plain_stride = spread(stride, rank, "stride")
    if isinstance(padding, Size):
        before, after = _padding(padding, rank)
    elif padding == "same":
        before, after = _same(plain_kernel, plain_dilation, plain_stride)
    else:
        before, after = _causal(plain_kernel, plain_dilation)
    return Window(plain_kernel, plain_stride, before, after, plain_dilation, ceil)


def spread(size: Size, rank: int, setting: str) -> tuple[int, ...]:
    """Return one number per spatial dimension, or refuse a literal of another length (E0303)."""
    if len(size.sizes) not in (1, rank):
        raise RuleError(
            "E0303",
            f"{setting}={size} has {len(size.sizes)} numbers; the value has {_dimensions(rank)}",
            about=setting,
            text=_numbers(size, setting, rank),
            edits=_fewer_numbers(size, setting, rank),
            helps=_lacking_channels(size, rank),
        )
    return size.of(rank)


def _numbers(size: Size, setting: str, rank: int) -> str:
    count = f"{rank} number{'s' if rank > 1 else ''}"
    return f"a {setting} for {_dimensions(rank)} has {count}, not {len(size.sizes)}"


def _fewer_numbers(size: Size, setting: str, rank: int) -> tuple[Edit, ...]:
    """Propose the size for this many dimensions, where a literal has too many numbers for an image."""
    if rank < 2 or len(set(size.sizes)) > 1:
        return ()
    shown = times((size.sizes[0],) * rank)
    return (Edit("write it for these dimensions:", _setting(setting, shown), setting),)


def _setting(setting: str, shown: str) -> str:
    return shown if setting == "kernel" else f"{setting}={shown}"


def _lacking_channels(size: Size, rank: int) -> tuple[str, ...]:
    """Say what an image without channels looks like: [N, 28, 28] counts as 28 channels of a line of 28."""
    if rank > 1 or len(size.sizes) != 2:
        return ()
    return (
        "dimension 1 counts as the channels; "
        "for images of one channel declare the value as [N, 1, height, width]",
    )


def _padding(padding: Size, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Read padding that is the same on both sides, or a list `[before..., after...]`."""
    if len(padding.sizes) == 2 * rank:
        return padding.sizes[:rank], padding.sizes[rank:]
    both = spread(padding, rank, "padding")
    return both, both


def _same(
    kernel: tuple[int, ...], dilation: tuple[int, ...], stride: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the padding that keeps the size; the odd position goes after."""
    if any(step != 1 for step in stride):
        raise RuleError(
            "E0406",
            f"padding=same keeps the size, stride={times(stride)} does not",
            about="padding",
            text="`same` is for stride 1",
            edits=(
                Edit("say how much:", f"padding={times(tuple(k // 2 for k in kernel))}", "padding"),
            ),
        )
    total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    before = tuple(t // 2 for t in total)
    return before, tuple(t - b for t, b in zip(total, before, strict=True))


def _causal(
    kernel: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the padding after which a window ends where its result stands: it sees the past only."""
    before = tuple(d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    if len(kernel) > 1:
        pads = [before[0], *[0] * (2 * len(kernel) - 1)]
        raise RuleError(
            "E0406",
            f"padding=causal is for one dimension, the time; the value has {_dimensions(len(kernel))}",
            about="padding",
            text="`causal` pads before the first step only",
            edits=(Edit("where the first of them is the time:", f"padding={pads}", "padding"),),
        )
    return before, (0,)


def check_image(name: str, type: TensorType) -> None:
    """Refuse what is not [N, C, ...] with one to three spatial dimensions, in floating point."""
    need_float(name, type)
    if not 3 <= type.rank <= 5:
        raise RuleError(
            "E0303",
            f"`{name}` needs [N, C, ...] with 1, 2 or 3 spatial dimensions; "
            f"the value is {shape_text(type.shape)}",
            about=0,
            text=f"this is {shape_text(type.shape)}",
            helps=_image_helps(type),
        )


def _image_helps(type: TensorType) -> tuple[str, ...]:
    if type.rank == 2:
        return ("for features without places use Linear, or reshape them to [N, C, H, W]",)
    return ()


def known_size(name: str, type: TensorType, axis: int, what: str, *, about: int = 0) -> int:
    """Return a size that weights depend on, or refuse one that is free (E0303)."""
    size = type.shape[axis]
    if isinstance(size, int):
        return size
    raise RuleError(
        "E0303",
        f"`{name}` needs a known number of {what}; here it is {size}",
        about=about,
        text=f"this is {shape_text(type.shape)}",
        facts=(f"the {what} are dimension {axis % type.rank}; the weights depend on them",),
        helps=_of_steps(size),
    )


def _of_steps(size: Expression) -> tuple[str, ...]:
    """Say what to do with a sequence of free length that was flattened."""
    if size == dims.free(str(size)):
        return ()
    return ("of a sequence x take the last step, x[:, -1], or the mean of all, mean(x, axis=1)",)


def check_groups(groups: int, inputs: int, outputs: int) -> None:
    """Refuse groups that do not divide the channels (E0305)."""
    if inputs % groups == 0 and outputs % groups == 0:
        return
    common = math.gcd(inputs, outputs)
    fitting = [number for number in range(1, common + 1) if common % number == 0]
    nearest = min(fitting, key=lambda number: (abs(number - groups), number))
    raise RuleError(
        "E0305",
        f"groups={groups} does not divide the channels",
        about="groups",
        text=_shares(groups, inputs, outputs),
        facts=(
            f"groups must divide both the input channels ({inputs}) "
            f"and the output channels ({outputs})",
            f"these do: {', '.join(map(str, fitting))}",
        ),
        edits=(Edit("for example:", f"groups={nearest}", "groups"),),
    )


def _shares(groups: int, inputs: int, outputs: int) -> str:
    """Say which division comes out even: `96 input channels / 3 = 32, but ...`."""
    parts = [
        f"{channels} {side} channels / {groups} "
        + (f"= {channels // groups}" if channels % groups == 0 else "is not whole")
        for side, channels in (("input", inputs), ("output", outputs))
    ]
    joint = ", but " if (inputs % groups == 0) != (outputs % groups == 0) else ", "
    return joint.join(parts)


def times(sizes: Sequence[int | Expression]) -> str:
    """Print sizes as the language writes them: `3x3`."""
    return "x".join(str(size) for size in sizes)


def _dimensions(rank: int) -> str:
    return f"{rank} spatial dimension{'s' if rank > 1 else ''}"
