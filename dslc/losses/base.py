"""What every loss is: a number for each prediction, and how they are put together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dslc.errors import Edit, RuleError
from dslc.layers.rules import need_float, same_dtype
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.reference.sums import total
from dslc.types import DType, Shape, TensorType, broadcast, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

Reduction = Literal["mean", "sum"] | None
"""How the losses of the predictions become one number; None leaves them apart."""


class Loss(Function, ABC):
    """A function that training can minimise.

    Each loss ends its settings with `reduction: Reduction = "mean"`. Losses never broadcast.
    """

    precision = "single"

    is_loss: ClassVar[bool] = True
    reduction: Reduction  # Not a field: this is no dataclass, whose fields would come first.

    def lower_weight(self, g: Builder, *values: ir.Value) -> Any:
        """Return how many labels count in this batch, a scalar float32: here, the samples."""
        return g.count(g.shape_of(values[0])[:1], DType.FLOAT32)

    def reference_weight(self, *values: Array) -> float:
        """Return how many labels count in this batch."""
        return float(values[0].shape[0]) if values[0].ndim else 1.0


Pull = Callable[[Array], tuple[Array | None, ...]]
"""Cotangents of the losses -> cotangents of the values."""


class RowLoss(Loss, ABC):
    """A loss that each element, or each row of elements, has by itself; `mean` is over all of them.

    `emit` appends the losses apart; `evaluate` gives them in NumPy, and what leads gradients back.
    """

    emit: ClassVar[Callable[..., Any]]
    evaluate: ClassVar[Callable[..., tuple[Array, Pull]]]

    def result(self, x: TensorType, apart: Shape) -> TensorType:
        """Return the type of the loss of `x`, where `apart` is the shape of the losses."""
        return x.with_shape(apart if self.reduction is None else ())

    def lower(self, g: Builder, *values: ir.Value) -> Any:
        losses = self.emit(g, *values)
        if self.reduction is None:
            return losses
        return (g.ReduceMean if self.reduction == "mean" else g.ReduceSum)(losses, keepdims=0)

    def reference(self, run: Run, *values: Array) -> Reference:
        losses, pull = self.evaluate(run, *values)
        share = 1 / losses.size if self.reduction == "mean" else 1

        def backward(dy: Array) -> tuple[Array | None, ...]:
            return pull(np.broadcast_to(dy * share, losses.shape))

        return losses if self.reduction is None else total(losses).reshape(()) * share, backward


def same_shape(name: str, prediction: TensorType, target: TensorType, about: int = 1) -> None:
    """Refuse a target (value number `about`) of another shape (E0309), whether it would broadcast or not."""
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
            Edit(
                "give the target the same shape:" if about == 1 else "give it the same shape:",
                str(target.with_shape(prediction.shape)),
                about,
            ),
        ),
    )


def need_pair(name: str, prediction: TensorType, target: TensorType) -> None:
    """Refuse two values that are not floating-point numbers of one type (E0401, E0407) and shape (E0309)."""
    need_float(name, prediction, 0)
    need_float(name, target, 1)
    same_dtype(name, (prediction, target))
    same_shape(name, prediction, target)


class PairLoss(RowLoss, ABC):
    """A loss of two values of equal shape, element by element.

    `emit` and `compute` give the losses of the elements, `slopes` their derivatives.
    """

    def infer(self, prediction: TensorType, target: TensorType) -> TensorType:
        need_pair(self.language_name(), prediction, target)
        return self.result(prediction, prediction.shape)

    @abstractmethod
    def compute(self, prediction: Array, target: Array) -> Array:
        """Return the losses of the elements."""

    @abstractmethod
    def slopes(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        """Return the derivative of each element's loss by prediction and by target."""

    def evaluate(self, run: Run, prediction: Array, target: Array) -> tuple[Array, Pull]:
        def pull(dlosses: Array) -> tuple[Array | None, ...]:
            by_prediction, by_target = self.slopes(prediction, target)
            return dlosses * by_prediction, dlosses * by_target

        return self.compute(prediction, target), pull
