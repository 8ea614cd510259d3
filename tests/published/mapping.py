"""A node of ONNX -> the operation of the language that means the same, with its settings and values.

One small function for each ONNX operator. What does not match is told with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dslc import registry
from dslc.operation import Operation
from dslc.types import DType, Size
from tests.published.cases import Array, Published


class UnmatchedError(Exception):
    """The language has nothing that means the same; the message says why."""


@dataclass(frozen=True)
class Matched:
    """An operation, its values, its parameters, and how many of the node's outputs it gives.

    `expected` are those outputs where the language lays them out in another way.
    """

    operation: Operation
    values: tuple[Array | None, ...]
    parameters: tuple[Array, ...] = ()
    outputs: int = 1
    expected: tuple[Array, ...] = ()


Inputs = tuple["Array | None", ...]
Map = Callable[[dict[str, Any], Inputs, Published], Matched]


def matched(case: Published) -> Matched:
    """Return the operation for a case. Errors: UnmatchedError."""
    if case.node.domain not in ("", "ai.onnx"):
        raise UnmatchedError("not of the standard domain")
    make = MAPS.get(case.node.op_type)
    if make is None:
        raise UnmatchedError("the language has no such operator")
    refuse(any(x is not None and x.size == 0 for x in case.inputs[:1]), "a value without elements")
    return make(case.attributes, case.inputs, case)


def op(name: str, **settings: Any) -> Operation:
    return registry.operations()[name](**settings)


def refuse(condition: bool, why: str) -> None:
    if condition:
        raise UnmatchedError(why)


def plain(name: str) -> Map:
    return lambda a, x, case: Matched(op(name), x)


def folded(name: str) -> Map:
    """An operator of any number of values, applied to two."""

    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        refuse(len(x) != 2, "not two values")
        return Matched(op(name), x)

    return make


def renamed(name: str, **names: tuple[str, Any]) -> Map:
    """Settings by another name, with ONNX's defaults: `alpha=("negative_slope", 0.01)`."""

    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        settings = {ours: a.get(theirs, default) for theirs, (ours, default) in names.items()}
        return Matched(op(name, **settings), x)

    return make


def reduction(name: str, **more: Any) -> Map:
    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        axes = a.get("axes") if len(x) < 2 or x[1] is None else x[1].tolist()
        refuse(not axes and bool(a.get("noop_with_empty_axes")), "a reduction of nothing")
        axis = tuple(axes) if axes else None
        return Matched(op(name, axis=axis, keepdims=bool(a.get("keepdims", 1)), **more), x[:1])

    return make


def place(name: str) -> Map:
    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        refuse(bool(a.get("select_last_index")), "of equal ones the last")
        keepdims = bool(a.get("keepdims", 1))
        return Matched(op(name, axis=a.get("axis", 0), keepdims=keepdims), x)

    return make


def _pads(a: dict[str, Any], rank: int) -> Size:
    refuse(a.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"), "auto_pad")
    return Size(tuple(a.get("pads", [0] * (2 * rank))))


def _window(a: dict[str, Any], rank: int, kernel: tuple[int, ...]) -> dict[str, Any]:
    return {
        "stride": Size(tuple(a.get("strides", [1] * rank))),
        "padding": _pads(a, rank),
        **({"kernel": Size(kernel)} if kernel else {}),
    }


def convolution(name: str) -> Map:
    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        assert x[0] is not None
        rank = x[0].ndim - 2
        settings = _window(a, rank, ())
        settings["dilation"] = Size(tuple(a.get("dilations", [1] * rank)))
        settings["groups"] = a.get("group", 1)
        refuse("output_shape" in a, "output_shape")
        if "output_padding" in a:
            settings["output_padding"] = Size(tuple(a["output_padding"]))
        return Matched(op(name, **settings), x)

    return make


def pool(name: str) -> Map:
    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        assert x[0] is not None
        rank = x[0].ndim - 2
        settings = _window(a, rank, tuple(a["kernel_shape"]))
        settings["ceil_mode"] = bool(a.get("ceil_mode", 0))
        dilation = Size(tuple(a.get("dilations", [1] * rank)))
        outputs = len([output for output in case.node.output if output])
        if name == "max_pool":
            refuse(bool(a.get("storage_order")), "column-major places")
            settings |= {"dilation": dilation, "return_indices": outputs > 1}
        else:
            refuse(any(d != 1 for d in dilation.sizes), "a dilated mean")
        if name == "avg_pool":
            settings["count_include_pad"] = bool(a.get("count_include_pad", 0))
        if name == "lp_pool":
            settings["p"] = float(a.get("p", 2))
        return Matched(op(name, **settings), x, outputs=outputs)

    return make


def unpool(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    assert x[0] is not None
    refuse(len(x) > 2, "the size of the result as a value")
    settings = _window(a, x[0].ndim - 2, tuple(a["kernel_shape"]))
    return Matched(op("max_unpool", **settings), (*x, None))


def roi_align(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(a.get("mode", "avg") != "avg", "maxima of samples")
    refuse(not a.get("sampling_ratio"), "as many samples as the size of the region asks for")
    size = Size((a.get("output_height", 1), a.get("output_width", 1)))
    aligned = a.get("coordinate_transformation_mode", "half_pixel") == "half_pixel"
    settings = {"sampling_ratio": a["sampling_ratio"], "scale": a.get("spatial_scale", 1.0)}
    return Matched(op("roi_align", size=size, aligned=aligned, **settings), x)


def lrn(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    names = {"alpha": 1e-4, "beta": 0.75, "bias": 1.0}
    alpha, beta, k = (a.get(name, default) for name, default in names.items())
    return Matched(op("lrn", size=a["size"], alpha=alpha, beta=beta, k=k), x)


def _eps(a: dict[str, Any]) -> float:
    return float(a.get("epsilon", 1e-5))


def batch_norm(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(bool(a.get("training_mode")) or len(x) != 5, "running statistics as outputs")
    return Matched(op("BatchNorm", eps=_eps(a)), x[:1], x[1:])  # type: ignore[arg-type]  # none is left out


def instance_norm(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    return Matched(op("InstanceNorm", eps=_eps(a), affine=True), x[:1], x[1:])  # type: ignore[arg-type]  # none is left out


def group_norm(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    settings = {"groups": a["num_groups"], "eps": _eps(a)}
    return Matched(op("GroupNorm", **settings), x[:1], x[1:])  # type: ignore[arg-type]  # none is left out


def layer_norm(name: str) -> Map:
    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        assert x[0] is not None
        first = a.get("axis", -1) % x[0].ndim
        axis = tuple(range(first - x[0].ndim, 0))
        more = {"bias": len(x) > 2} if name == "LayerNorm" else {}
        parameters = tuple(array for array in x[1:] if array is not None)
        return Matched(op(name, axis=axis, eps=_eps(a), **more), x[:1], parameters)

    return make


def l2_normalize(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(a.get("p", 2) != 2, "another norm than the length")
    return Matched(op("l2_normalize", axis=a.get("axis", -1)), x)


def prelu(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    assert x[0] is not None and x[1] is not None
    refuse(x[1].size not in (1, x[0].shape[1]), "a slope for each element")
    alone = x[1].size == 1
    layer = op("PReLU", per_channel=not alone)
    (spec,) = layer.parameters(_typed(x[0]))
    return Matched(layer, x[:1], (x[1].reshape(spec.type.sizes),))


def _typed(x: Array) -> Any:
    from dslc.types import TensorType

    return TensorType(DType(str(x.dtype)), x.shape)


def gemm(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(bool(a.get("transA")), "the transpose of the value")
    refuse(a.get("alpha", 1.0) != 1 or a.get("beta", 1.0) != 1, "scaled products")
    assert x[0] is not None and x[1] is not None
    weight = x[1] if a.get("transB") else x[1].T.copy()
    bias = x[2] if len(x) > 2 else None
    refuse(bias is not None and bias.size != len(weight), "a bias that is no vector")
    layer = op("Linear", units=len(weight), bias=bias is not None)
    return Matched(layer, x[:1], (weight, *(() if bias is None else (bias.reshape(-1),))))


def pad(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    mode = a.get("mode", "constant")
    refuse(mode == "wrap", "a border that goes round")
    refuse(len(x) > 3, "named axes")
    pads = tuple(a["pads"]) if len(x) < 2 or x[1] is None else tuple(x[1].tolist())
    refuse(min(pads) < 0, "negative padding")
    value = float(x[2]) if len(x) > 2 and x[2] is not None else float(a.get("value", 0))
    return Matched(op("pad", padding=pads, mode=mode, value=value), x[:1])


def clip(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    given = [*x[1:], None, None]
    limits = [None if v is None else float(v) for v in given[:2]]
    low, high = limits[0] or a.get("min"), limits[1] or a.get("max")
    if limits[0] == 0:
        low = 0.0
    refuse(low is not None and high is not None and low > high, "limits that exclude each other")
    return Matched(op("clip", min=low, max=high), x[:1])


def slices(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    assert x[0] is not None
    refuse(len(x) < 3, "another form")
    starts, ends = (x[i].tolist() for i in (1, 2))  # type: ignore[union-attr]  # both are given
    axes = list(range(len(starts))) if len(x) < 4 or x[3] is None else x[3].tolist()
    steps = [1] * len(starts) if len(x) < 5 or x[4] is None else x[4].tolist()
    refuse(any(step != 1 for step in steps), "steps")
    items: list[Any] = [slice(None)] * x[0].ndim
    for axis, start, end in zip(axes, starts, ends, strict=True):
        size = x[0].shape[axis]
        first, last = (min(max(p + size if p < 0 else p, 0), size) for p in (start, end))
        refuse(first >= last, "an empty result")
        items[axis] = slice(first, last)
    return Matched(op("index", items=tuple(items)), x[:1])


def by_input(name: str, setting: str, count: int = 1) -> Map:
    """A setting that ONNX takes as the second input."""

    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        numbers = a.get(setting, a.get("axes")) if len(x) < 2 or x[1] is None else x[1].tolist()
        refuse(numbers is None, "none given")
        settings = {setting: tuple(numbers)}
        return Matched(op(name, **settings), x[:1])

    return make


def reshape(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    shape = case.outputs[0].shape
    refuse(0 in shape, "an empty result")
    return Matched(op("reshape", shape=shape), x[:1])


def expand(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    return Matched(op("expand", shape=case.outputs[0].shape), x[:1])


def one_hot(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    assert x[0] is not None and x[1] is not None and x[2] is not None
    refuse(a.get("axis", -1) not in (-1, x[0].ndim), "classes in front")
    refuse(
        x[2].tolist() != [0, 1] or x[0].min() < 0,
        "other values than 0 and 1, or places from behind",
    )
    return Matched(op("one_hot", classes=int(x[1].reshape(()))), x[:1])


def cumsum(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    assert x[1] is not None
    flags = {name: bool(a.get(name)) for name in ("exclusive", "reverse")}
    return Matched(op("cumsum", axis=int(x[1].reshape(())), **flags), x[:1])


def topk(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(not a.get("sorted", 1), "in any order")
    k = int(x[1].reshape(())) if len(x) > 1 and x[1] is not None else a["k"]
    settings = {"k": k, "axis": a.get("axis", -1), "largest": bool(a.get("largest", 1))}
    return Matched(op("topk", **settings), x[:1], outputs=2)


def split(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    axis = a.get("axis", 0)
    sizes = tuple(y.shape[axis] for y in case.outputs)
    refuse(0 in sizes, "an empty part")
    return Matched(op("split", parts=sizes, axis=axis), x[:1], outputs=len(sizes))


def gelu(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    mode = a.get("approximate", "none")
    return Matched(op("gelu", approximate=None if mode == "none" else mode), x)


def hardsigmoid(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    known = abs(a.get("alpha", 0.2) - 1 / 6) < 1e-6 and a.get("beta", 0.5) == 0.5
    refuse(not known, "another slope than 1/6")
    return Matched(op("hardsigmoid"), x)


def selu(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse("alpha" in a or "gamma" in a, "other constants")
    return Matched(op("selu"), x)


def flatten(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    assert x[0] is not None
    refuse(a.get("axis", 1) % (x[0].ndim or 1) != 1, "another axis than 1")
    return Matched(op("flatten"), x)


def depth_to_space(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(a.get("mode", "DCR") != "CRD", "depth before columns and rows")
    return Matched(op("pixel_shuffle", upscale_factor=a["blocksize"]), x)


def space_to_depth(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    """The language keeps the parts of a channel together, as the mode CRD; else ONNX the channels of a part."""
    (y,), size = case.outputs, a["blocksize"]
    n, channels, *positions = y.shape
    apart = y.reshape(n, size * size, channels // size**2, *positions).swapaxes(1, 2)
    expected = y if a.get("mode") == "CRD" else apart.reshape(y.shape)
    return Matched(op("pixel_unshuffle", downscale_factor=size), x, expected=(expected,))


def over_space(name: str) -> Map:
    """The language takes away the dimensions that are averaged over."""

    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        y = case.outputs[0]
        return Matched(op(name), x, expected=(y.reshape(y.shape[:2]),))

    return make


def gather(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    """Rows of a table are looked up by an embedding."""
    assert x[0] is not None and x[1] is not None
    refuse(a.get("axis", 0) != 0 or x[0].ndim != 2, "not the rows of a table")
    refuse(x[1].min() < 0, "places from behind")
    rows, features = x[0].shape
    return Matched(op("Embedding", rows=rows, features=features), (x[1],), (x[0],))


def dropout(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(len(x) > 2 and x[2] is not None and bool(x[2]), "random numbers of its own")
    refuse(len(case.outputs) > 1, "the mask as a second result")
    return Matched(op("Dropout"), x[:1])


def swish(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(a.get("alpha", 1.0) != 1, "another slope than 1")
    return Matched(op("silu"), x)


def resize(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    assert x[0] is not None
    given = x[2] if len(x) > 2 else None
    refuse(given is None or not given.size, "a size, no scale")
    refuse(any(key in a for key in ("axes", "exclude_outside", "antialias")), "a special form")
    scale = [float(s) for s in np.asarray(given).ravel()]
    whole = len(scale) == x[0].ndim and scale[:2] == [1, 1] and all(s % 1 == 0 for s in scale)
    refuse(not whole, "not a whole number of times as large, per dimension of space")
    mode, places = a.get("mode", "nearest"), a.get("coordinate_transformation_mode", "half_pixel")
    settings: dict[str, Any] = {"scale": Size(tuple(int(s) for s in scale[2:]))}
    if mode == "linear":
        refuse(places not in ("half_pixel", "align_corners"), f"the places {places}")
        settings["mode"] = "bilinear" if len(scale) == 4 else "linear"
        settings["align_corners"] = places == "align_corners"
    else:
        refuse(mode != "nearest", "cubic")
        refuse(
            a.get("nearest_mode", "round_prefer_floor") != "round_prefer_floor", "another rounding"
        )
    return Matched(op("upsample", **settings), x[:1])


def recurrent(name: str) -> Map:
    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        found = [*x, *(None,) * (8 - len(x))]
        data, weight, recurrent_weight, bias, lengths, start, cell, peepholes = found
        assert data is not None and weight is not None and recurrent_weight is not None
        _refuse_forms(name, a, case, peepholes)
        if not a.get("layout"):
            data = data.swapaxes(0, 1)
        elif start is not None:
            start = start.swapaxes(0, 1)
        directions, rows, units = recurrent_weight.shape
        refuse(start is not None and directions > 1, "states to begin with of two directions")
        parameters: list[Array] = []
        for d in range(directions):
            parameters += [weight[d], recurrent_weight[d]]
            if bias is not None:
                parameters += [bias[d][:rows], bias[d][rows:]]
        settings = {"units": units, "bidirectional": directions > 1, "bias": bias is not None}
        states = [None if state is None else state[0] for state in (start, cell)]
        count = lengths if lengths is None else lengths.astype(np.int64)
        values = (data, *(states if name == "LSTM" else states[:1]), count)
        names = [*case.node.output, ""][:2]
        layer = op(name, return_sequence=bool(names[0]), **settings)
        expected = case.outputs[0] if a.get("layout") else _batch_first(case.outputs[0])
        flat = expected.reshape(*expected.shape[:-2], directions * units)
        return Matched(layer, values, tuple(parameters), expected=(flat,))

    return make


def _batch_first(y: Array) -> Array:
    """[time, directions, batch, units] -> [batch, time, directions, units]; without time, a state."""
    return y.transpose(2, 0, 1, 3) if y.ndim == 4 else y.swapaxes(0, 1)


def _refuse_forms(name: str, a: dict[str, Any], case: Published, peepholes: Any) -> None:
    refuse(a.get("direction", "forward") == "reverse", "backwards alone")
    refuse(any(key in a for key in ("activations", "clip", "input_forget")), "another cell")
    refuse(peepholes is not None, "peepholes")
    refuse(name == "GRU" and not a.get("linear_before_reset"), "the reset gate before the matrix")


def mod(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    refuse(not all(np.isfinite(v).all() for v in x if v is not None), "numbers that are not finite")
    refuse(bool(a.get("fmod")), "the remainder with the sign of the dividend")
    return Matched(op("mod"), x)


def div(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
    assert x[0] is not None
    refuse(x[0].dtype.kind != "f", "whole numbers, rounded towards zero")
    return Matched(op("div"), x)


def loss(name: str, **more: Any) -> Map:
    def make(a: dict[str, Any], x: Inputs, case: Published) -> Matched:
        weight = tuple(x[2].tolist()) if len(x) > 2 and x[2] is not None else None
        refuse(len([o for o in case.node.output if o]) > 1, "the logarithms as a second result")
        reduction = a.get("reduction", "mean")
        settings = {
            "axis": 1,
            "weight": weight,
            "ignore_index": a.get("ignore_index"),
            "reduction": None if reduction == "none" else reduction,
        }
        return Matched(op(name, **settings), x[:2])

    return make


UNARY = {
    **{name: name.lower() for name in ("Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "Identity")},
    **{name: name.lower() for name in ("Log", "Mish", "Neg", "Reciprocal", "Relu", "Round")},
    **{name: name.lower() for name in ("Sigmoid", "Sign", "Sin", "Softplus", "Softsign")},
    **{name: name.lower() for name in ("Sqrt", "Tanh", "Where", "MatMul")},
    "HardSwish": "hardswish",
    "Not": "logical_not",
    "Sub": "sub",
    "Equal": "equal",
    "Less": "less",
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "LessOrEqual": "less_equal",
    "And": "logical_and",
    "Or": "logical_or",
}

MAPS: dict[str, Map] = {
    **{theirs: plain(ours) for theirs, ours in UNARY.items()},
    "Add": plain("add"),
    "Mul": plain("mul"),
    "Div": div,
    "Mod": mod,
    "Pow": plain("pow"),
    "Sum": plain("add"),
    "Max": folded("maximum"),
    "Min": folded("minimum"),
    "LeakyRelu": renamed("leaky_relu", alpha=("negative_slope", 0.01)),
    "Elu": renamed("elu", alpha=("alpha", 1.0)),
    "Celu": renamed("celu", alpha=("alpha", 1.0)),
    "Softmax": renamed("softmax", axis=("axis", -1)),
    "LogSoftmax": renamed("log_softmax", axis=("axis", -1)),
    "Transpose": lambda a, x, case: Matched(
        op("transpose", axes=tuple(a.get("perm", range(case.outputs[0].ndim)[::-1]))), x
    ),
    "Concat": lambda a, x, case: Matched(op("concat", axis=a.get("axis", 1)), x),
    "Gather": gather,
    "GatherElements": lambda a, x, case: Matched(op("gather", axis=a.get("axis", 0)), x),
    "GlobalAveragePool": over_space("global_avg_pool"),
    "GlobalMaxPool": over_space("global_max_pool"),
    "Dropout": dropout,
    "Swish": swish,
    "Resize": resize,
    "SpaceToDepth": space_to_depth,
    "RNN": recurrent("RNN"),
    "GRU": recurrent("GRU"),
    "LSTM": recurrent("LSTM"),
    "Einsum": lambda a, x, case: Matched(op("einsum", equation=a["equation"]), x),
    "Selu": selu,
    "Gelu": gelu,
    "HardSigmoid": hardsigmoid,
    "PRelu": prelu,
    "Clip": clip,
    **{f"Reduce{n}": reduction(n.lower()) for n in ("Sum", "Mean", "Max", "Min", "Prod")},
    "ReduceLogSumExp": reduction("logsumexp"),
    "ReduceL1": reduction("norm", p=1.0),
    "ReduceL2": reduction("norm", p=2.0),
    "ArgMax": place("argmax"),
    "ArgMin": place("argmin"),
    "Conv": convolution("conv"),
    "ConvTranspose": convolution("conv_transpose"),
    "MaxPool": pool("max_pool"),
    "AveragePool": pool("avg_pool"),
    "LpPool": pool("lp_pool"),
    "MaxUnpool": unpool,
    "RoiAlign": roi_align,
    "LRN": lrn,
    "Gemm": gemm,
    "Pad": pad,
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm,
    "LpNormalization": l2_normalize,
    "LayerNormalization": layer_norm("LayerNorm"),
    "RMSNormalization": layer_norm("RMSNorm"),
    "Slice": slices,
    "Reshape": reshape,
    "Expand": expand,
    "OneHot": one_hot,
    "CumSum": cumsum,
    "TopK": topk,
    "Split": split,
    "Flatten": flatten,
    "DepthToSpace": depth_to_space,
    "Tile": by_input("tile", "repeats"),
    "Squeeze": by_input("squeeze", "axis"),
    "Unsqueeze": by_input("unsqueeze", "axis"),
    "NegativeLogLikelihoodLoss": loss("nll"),
    "SoftmaxCrossEntropyLoss": loss("cross_entropy"),
}
