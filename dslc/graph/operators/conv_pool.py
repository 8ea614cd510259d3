"""Windows that slide over the spatial dimensions: convolution, pooling, resizing, regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dslc import dims
from dslc.graph.operators.call import Call, Dim, Rule
from dslc.types import Shape


@dataclass(frozen=True, slots=True)
class Window:
    """A window in the spatial dimensions; sizes in elements, `auto` as ONNX's `auto_pad`."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    auto: str

    def reach(self, axis: int) -> int:
        """Return how many elements the window spans."""
        return (self.kernel[axis] - 1) * self.dilations[axis] + 1


def _window_of(call: Call, kernel: Sequence[int]) -> Window:
    """Read the window attributes: as many numbers as there are spatial dimensions, in range."""
    rank = len(kernel)
    pads = _numbers(call, "pads", 2 * rank, 0, 0)
    return Window(
        tuple(kernel),
        _numbers(call, "strides", rank, 1, 1),
        _numbers(call, "dilations", rank, 1, 1),
        pads[:rank],
        pads[rank:],
        str(call.attribute("auto_pad")),
    )


def _numbers(call: Call, name: str, count: int, default: int, minimum: int) -> tuple[int, ...]:
    given = call.attribute(name)
    found = tuple(given) if given else (default,) * count
    if len(found) != count:
        raise call.fault(f"{name} has {len(found)} numbers, not {count}")
    if any(number < minimum for number in found):
        raise call.fault(f"{name} has a number below {minimum}")
    return found


def _slid(call: Call, window: Window, sizes: Sequence[Dim], ceil: bool = False) -> Shape:
    """Return how many positions the window takes in each dimension."""
    return tuple(_positions(call, window, axis, dim, ceil) for axis, dim in enumerate(sizes))


def _positions(call: Call, window: Window, axis: int, dim: Dim, ceil: bool) -> Dim:
    stride, reach = window.strides[axis], window.reach(axis)
    if window.auto.startswith("SAME"):
        return dims.ceil_div(dim, stride)
    pads = (0, 0) if window.auto == "VALID" else (window.before[axis], window.after[axis])
    room = dim + sum(pads) - reach
    if isinstance(room, int) and room < 0:
        raise call.fault(f"a window of {reach} does not fit into {dim + sum(pads)}")
    if not ceil:
        return room // stride + 1
    positions = dims.ceil_div(room, stride) + 1
    if reach >= pads[1] + stride:
        return positions
    # The last window would begin beyond the input and the padding before it: it does not count.
    if isinstance(positions, int) and isinstance(dim, int):
        return positions - int((positions - 1) * stride >= dim + pads[0])
    raise call.not_known("whether the last window counts depends on a free dimension")


def _kernel(call: Call, operand: int) -> tuple[int, ...]:
    """Return the spatial sizes of a weight; `kernel_shape`, where given, must say the same."""
    sizes = call.shape(operand)[2:]
    kernel = dims.known(sizes)
    if kernel is None or 0 in kernel:
        raise call.fault("the kernel has no fixed size")
    given = call.attribute("kernel_shape")
    if given is not None and tuple(given) != kernel:
        raise call.fault(f"kernel_shape is {list(given)}, the weight says {list(kernel)}")
    return kernel


def _conv(call: Call) -> list[Shape]:
    """[N, C, *sizes], [M, C / group, *kernel] -> [N, M, *positions]."""
    x, weight = call.shape(0), call.shape(1)
    call.expect_rank(0, 3)
    call.expect_rank(1, len(x), len(x))
    group = call.attribute("group")
    call.equal(weight[1] * group, x[1], "input channels")
    call.divided(weight[0], group)
    call.expect(2, weight[:1])
    window = _window_of(call, _kernel(call, 1))
    return [(x[0], weight[0], *_slid(call, window, x[2:]))]


def _conv_transpose(call: Call) -> list[Shape]:
    """[N, C, *sizes], [C, M / group, *kernel] -> [N, M, *sizes]."""
    x, weight = call.shape(0), call.shape(1)
    call.expect_rank(0, 3)
    call.expect_rank(1, len(x), len(x))
    group = call.attribute("group")
    call.equal(weight[0], x[1], "input channels")
    call.divided(x[1], group)
    channels = weight[1] * group
    call.expect(2, (channels,))
    window = _window_of(call, _kernel(call, 1))
    return [(x[0], channels, *_spread(call, window, x[2:]))]


def _spread(call: Call, window: Window, sizes: Sequence[Dim]) -> Shape:
    """Return the sizes from which a convolution would come back to `sizes`."""
    rank = len(sizes)
    if call.attribute("output_shape"):
        return _numbers(call, "output_shape", rank, 1, 1)
    extra = _numbers(call, "output_padding", rank, 0, 0)
    result: list[Dim] = []
    for axis, dim in enumerate(sizes):
        if window.auto.startswith("SAME"):
            result.append(dim * window.strides[axis])
            continue
        size = (dim - 1) * window.strides[axis] + extra[axis] + window.reach(axis)
        if window.auto != "VALID":
            size = size - window.before[axis] - window.after[axis]
        if isinstance(size, int) and size < 1:
            raise call.fault(f"dimension {axis + 2} of the result would be {size}")
        result.append(size)
    return tuple(result)


def _pool(call: Call) -> list[Shape]:
    """[N, C, *sizes] -> [N, C, *positions]; MaxPool can also tell where each maximum was."""
    x = call.shape(0)
    call.expect_rank(0, 3)
    kernel = _numbers(call, "kernel_shape", len(x) - 2, 1, 1)
    window = _window_of(call, kernel)
    for axis, size in enumerate(kernel):
        reach = window.reach(axis)
        if window.auto == "NOTSET" and max(window.before[axis], window.after[axis]) >= reach:
            raise call.fault(f"the padding is not smaller than the window of {size}")
    shape = (*x[:2], *_slid(call, window, x[2:], call.flag("ceil_mode")))
    return [shape] * len(call.signature.results)


def _global_pool(call: Call) -> list[Shape]:
    x = call.shape(0)
    call.expect_rank(0, 3)
    return [(*x[:2], *[1] * (len(x) - 2))]


def _depth_to_space(call: Call) -> list[Shape]:
    call.expect_rank(0, 4, 4)
    n, c, h, w = call.shape(0)
    block = _block(call)
    return [(n, call.divided(c, block * block), h * block, w * block)]


def _space_to_depth(call: Call) -> list[Shape]:
    call.expect_rank(0, 4, 4)
    n, c, h, w = call.shape(0)
    block = _block(call)
    return [(n, c * (block * block), call.divided(h, block), call.divided(w, block))]


def _block(call: Call) -> int:
    block = int(call.attribute("blocksize"))
    if not 1 <= block <= 1024:
        raise call.fault(f"blocksize is {block}")
    return block


def _resize(call: Call) -> list[Shape]:
    """Resize by constant `scales` (operand 2) or to constant `sizes` (operand 3)."""
    x = call.shape(0)
    if call.attribute("keep_aspect_ratio_policy") != "stretch":
        raise call.fault("only stretching is supported")
    named = call.attribute("axes")
    axes = call.axes(named, len(x)) if named else tuple(range(len(x)))
    by_size = call.has(3)
    numbers = call.constant(3 if by_size else 2).reshape(-1)
    if len(numbers) != len(axes):
        raise call.fault(f"{len(numbers)} numbers are given for {len(axes)} axes")
    result = list(x)
    for axis, number in zip(axes, numbers, strict=True):
        result[axis] = int(number) if by_size else _scaled(call, x[axis], float(number))
    return [tuple(result)]


def _scaled(call: Call, dim: Dim, scale: float) -> Dim:
    """Return floor(dim * scale)."""
    if scale <= 0:
        raise call.fault(f"a scale is {scale}")
    if isinstance(dim, int):
        return int(dim * scale)
    if scale == int(scale):
        return dim * int(scale)
    if 1 / scale == round(1 / scale):
        return dim // round(1 / scale)
    raise call.not_known(f"{dim} is scaled by {scale}")


def _roi_align(call: Call) -> list[Shape]:
    """[N, C, H, W], [regions, 4], [regions] -> [regions, C, height, width]."""
    call.expect_rank(0, 4, 4)
    call.expect_rank(1, 2, 2)
    regions, four = call.shape(1)
    call.equal(four, 4, "numbers of a region")
    call.expect(2, (regions,))
    sizes = (call.attribute("output_height"), call.attribute("output_width"))
    if min(sizes) < 1:
        raise call.fault(f"the result would be {sizes[0]}x{sizes[1]}")
    return [(regions, call.shape(0)[1], *sizes)]


RULES: Mapping[str, Rule] = {
    "AveragePool": _pool,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "DepthToSpace": _depth_to_space,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
    "MaxPool": _pool,
    "Resize": _resize,
    "RoiAlign": _roi_align,
    "SpaceToDepth": _space_to_depth,
}
