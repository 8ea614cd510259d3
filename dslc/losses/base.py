"""What every loss is: a number for each prediction, and how they are put together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dslc.errors import Edit, RuleError
from dslc.layers.rules import need_float, same_dtype
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import DType, TensorType, broadcast, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

Reduction = Literal["mean", "sum"] | None
"""How the losses of the predictions become one number; None leaves them apart."""


class Loss(Function, ABC):
    """A function that training can minimise.

    Each loss ends its settings with `reduction: Reduction = "mean"`. Losses never broadcast.
    """

    is_loss: ClassVar[bool] = True
    reduction: Reduction  # Not a field: this is no dataclass, whose fields would come first.

    def lower_weight(self, g: Builder, *values: ir.Value) -> Any:
        """Return how many labels count in this batch, a scalar float32: here, the samples."""
        return g.count(g.shape_of(values[0])[:1], DType.FLOAT32)

    def reference_weight(self, *values: Array) -> float:
        """Return how many labels count in this batch."""
        return float(values[0].shape[0]) if values[0].ndim else 1.0


def same_shape(name: str, prediction: TensorType, target: TensorType) -> None:
    """Refuse a target of another shape (E0309), whether it would broadcast or not."""
    if prediction.shape == target.shape:
        return
    one, other = shape_text(prediction.shape), shape_text(target.shape)
    wide = broadcast(prediction.shape, target.shape)
    says = "the shapes do not go together"
    if wide is not None:
        says = f"broadcasting gives {shape_text(wide)}"
        if wide not in (prediction.shape, target.shape):
            says += ": every prediction against every target"
    raise RuleError(
        "E0309",
        f"`{name}` would compare {one} with {other}",
        text=says,
        facts=("losses never broadcast",),
        edits=(
            Edit("give the target the same shape:", str(target.with_shape(prediction.shape)), 1),
        ),
    )


class PairLoss(Loss, ABC):
    """A loss of two values of equal shape, element by element.

    `emit` and `compute` give the losses of the elements, `slopes` their derivatives.
    """

    def infer(self, prediction: TensorType, target: TensorType) -> TensorType:
        name = self.language_name()
        need_float(name, prediction, 0)
        need_float(name, target, 1)
        same_dtype(name, (prediction, target))
        same_shape(name, prediction, target)
        return prediction if self.reduction is None else prediction.with_shape(())

    @abstractmethod
    def emit(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        """Append the losses of the elements."""

    @abstractmethod
    def compute(self, prediction: Array, target: Array) -> Array:
        """Return the losses of the elements."""

    @abstractmethod
    def slopes(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        """Return the derivative of each element's loss by prediction and by target."""

    def lower(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        losses = self.emit(g, prediction, target)
        if self.reduction is None:
            return losses
        return (g.ReduceMean if self.reduction == "mean" else g.ReduceSum)(losses, keepdims=0)

    def reference(self, run: Run, prediction: Array, target: Array) -> Reference:
        losses = self.compute(prediction, target)
        share = 1 / losses.size if self.reduction == "mean" else 1

        def backward(dy: Array) -> tuple[Array, ...]:
            by_prediction, by_target = self.slopes(prediction, target)
            return dy * share * by_prediction, dy * share * by_target

        return losses if self.reduction is None else np.asarray(losses.sum() * share), backward
