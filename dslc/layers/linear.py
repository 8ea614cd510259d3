"""The fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dslc import dims
from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.initializers.base import Initializer
from dslc.layers.defaults import weight_and_bias
from dslc.layers.rules import need_float
from dslc.layers.windows import known_size
from dslc.operation import Array, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Linear(Layer):
    """Multiply the features by a matrix of weights and add a bias.

    Without `init` and `bias_init` the initial values are PyTorch's.

    Shapes: [N, features] or [N, T, features] -> the same with `units` features;
        weight [units, features], bias [units]
    Formula: y = x @ transpose(weight) + bias
    Errors: E0303 an image, or features of unknown number
    Example:
        input x: float32[N, 6]
        output y: Linear(4) -> relu -> Linear(2)
    """

    precision = "half"

    units: int = setting(minimum=1)
    bias: bool = True
    init: Initializer | None = None
    bias_init: Initializer | None = None
    trainable: bool = True

    def infer(self, x: TensorType) -> TensorType:
        need_float("Linear", x)
        if x.rank not in (2, 3):
            raise _wrong_rank(x)
        known_size("Linear", x, -1, "features")
        return x.with_axis(-1, self.units)

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        (x,) = types
        features = known_size("Linear", x, -1, "features")
        weight, bias = x.with_shape((self.units, features)), x.with_shape((self.units,))
        return weight_and_bias(self, weight, bias, features)

    def lower(
        self, g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None = None
    ) -> ir.Value:
        *outer, features = g.shape_of(x)
        rows = g.reshape(x, (dims.product(outer), features))
        operands = (rows, weight) if bias is None else (rows, weight, bias)
        return g.reshape(g.Gemm(*operands, transB=1), (*outer, self.units))

    def reference(self, run: Run, x: Array, weight: Array, bias: Array | None = None) -> Reference:
        y = x @ weight.T
        if bias is not None:
            y += bias

        def backward(dy: Array) -> tuple[Array, ...]:
            dy_rows, x_rows = dy.reshape(-1, dy.shape[-1]), x.reshape(-1, x.shape[-1])
            gradients = (dy @ weight, dy_rows.T @ x_rows)
            return gradients if bias is None else (*gradients, dy_rows.sum(axis=0))

        return y, backward

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        return outputs[0].size * inputs[0].shape[-1]


def _wrong_rank(x: TensorType) -> RuleError:
    if x.rank < 2:
        return RuleError(
            "E0303",
            "`Linear` works on [N, features] or [N, T, features]; "
            f"the value is {shape_text(x.shape)}",
            about=0,
            text=f"this is {shape_text(x.shape)}",
            helps=("put the samples in dimension 0; for one vector multiply by a param: W @ x",),
        )
    flat = shape_text((x.shape[0], dims.product(x.shape[1:])))
    return RuleError(
        "E0303",
        "`Linear` got an image; flatten it first",
        about=0,
        text="`Linear` works on [N, features] or [N, T, features]",
        facts=("without flatten the layer would mix only the last axis, the width of the image",),
        edits=(Edit(f"flatten makes it {flat}:", "flatten -> {call}"),),
    )
