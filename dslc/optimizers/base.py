"""What every optimizer is: how one parameter changes, given its gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from dslc.errors import RuleError
from dslc.operation import Array, setting

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Optimizer(ABC):
    """An update rule. `lr` is the base rate: the schedule multiplies it.

    `l1` is a penalty on the absolute values of the weights: l1 times their signs joins the gradient
    (after clipping), whatever the rule then makes of it.
    """

    spelling: ClassVar[str | None] = None

    lr: float = setting(minimum=0.0)
    l1: float = field(default=0.0, kw_only=True, metadata={"minimum": 0.0})

    @property
    @abstractmethod
    def slots(self) -> tuple[str, ...]:
        """Names of the state kept beside each parameter (zero at step 0): `("momentum",)`."""

    @abstractmethod
    def lower(
        self,
        g: Builder,
        parameter: ir.Value,
        gradient: ir.Value,
        slots: tuple[ir.Value, ...],
        lr: ir.Value,
        step: ir.Value,
    ) -> tuple[ir.Value, tuple[ir.Value, ...]]:
        """Return the next parameter and slots.

        `lr` is a float32 scalar, `step` an int64 scalar that counts from 0.
        """

    @abstractmethod
    def reference(
        self, parameter: Array, gradient: Array, slots: tuple[Array, ...], lr: float, step: int
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return the same in NumPy."""


def check_betas(betas: tuple[float, ...], example: tuple[float, float]) -> None:
    """Refuse decay rates of running means that are not two numbers in [0, 1) (E0406)."""
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        message = "betas are two numbers, each at least 0 and less than 1"
        helps = [f"write betas=[{example[0]}, {example[1]}]"]
        raise RuleError("E0406", message, about="betas", helps=helps)
