"""Weights: new ones for every call, the same ones for the calls of a shared layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dslc.elaborate.scope import (
    Chain,
    Maker,
    Work,
)
from dslc.errors import Edit, RuleError
from dslc.network.network import Parameter
from dslc.operation import ParameterSpec
from dslc.source import Span
from dslc.types import DType, TensorType, shape_text


@dataclass(frozen=True)
class Fresh:
    """Makes new weights for every call."""

    work: Work

    def make(
        self, specs: tuple[ParameterSpec, ...], span: Span, chain: Chain
    ) -> tuple[Parameter, ...]:
        made = tuple(
            Parameter(
                spec.name,
                spec.type,
                span,
                chain,
                initializer=spec.initializer,
                trained=spec.trained,
                statistic=spec.statistic,
            )
            for spec in specs
        )
        self.work.parameters.extend(made)
        return made


class OtherWeightsError(Exception):
    """A shared layer is called with values that would need other weights."""

    def __init__(self, name: str, made: TensorType | None, wanted: TensorType | None) -> None:
        super().__init__(name)
        self.name, self.made, self.wanted = name, made, wanted


@dataclass
class Shared:
    """Makes weights in the first call of a shared layer and gives the same ones to every later call."""

    parent: Maker
    made: list[tuple[Parameter, ...]] = field(default_factory=list)
    position: int = 0
    complete: bool = False

    def begin(self) -> None:
        self.position = 0

    def make(
        self, specs: tuple[ParameterSpec, ...], span: Span, chain: Chain
    ) -> tuple[Parameter, ...]:
        if not self.complete:
            self.made.append(self.parent.make(specs, span, chain))
            return self.made[-1]
        known = self.made[self.position] if self.position < len(self.made) else ()
        self.position += 1
        for index in range(max(len(known), len(specs))):
            made = known[index].type if index < len(known) else None
            wanted = specs[index].type if index < len(specs) else None
            if made != wanted:
                raise OtherWeightsError(specs[index].name if wanted else "weight", made, wanted)
        return known


def check_specs(name: str, specs: Sequence[ParameterSpec]) -> None:
    """Refuse weights that are not float32, of no known size, or that their initializer cannot fill (RuleError)."""
    for spec in specs:
        if spec.type.dtype is not DType.FLOAT32:
            raise RuleError(
                "E0590",
                f"weights of {spec.type.dtype} are not supported yet: they are float32",
                text=f"the {spec.name} of `{name}` would be {spec.type}",
                edits=(Edit("convert the value first:", "cast(float32) -> {call}"),),
            )
        if not spec.type.is_static:
            raise RuleError(
                "E0313",
                f"the {spec.name} of `{name}` would have no fixed size",
                text=f"it would be {shape_text(spec.type.shape)}",
            )
        spec.initializer.check(spec.type.sizes)
