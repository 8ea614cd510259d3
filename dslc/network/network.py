"""The Network: a `.net` file with every name, block, repeat, hyper-parameter and shape resolved.

A Network is a list of calls in an order in which they can run. Values are compared by identity; their names are the
names that messages, ONNX files, `freeze` and checkpoints use. Nothing here knows ONNX.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from dslc.dims import Expression
from dslc.errors import Diagnostic
from dslc.initializers.base import Initializer
from dslc.metrics.base import Metric
from dslc.operation import Array, Operation
from dslc.optimizers.base import Optimizer
from dslc.schedules.base import Schedule
from dslc.source import Span
from dslc.types import Duration, TensorType

Better = Literal["min", "max"]
"""Which way a figure gets better."""


@dataclass(eq=False)
class Value:
    """A tensor in the network. `chain` names the block calls it stands in, outermost first, as `(text, span)`."""

    name: str
    type: TensorType
    span: Span
    chain: tuple[tuple[str, Span], ...] = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.type}"


@dataclass(eq=False)
class Input(Value):
    """A data input of the net (`input image: ...`), with its documentation."""

    doc: str = ""


@dataclass(eq=False)
class Target(Value):
    """What the data set supplies for training only (`target digit: ...`)."""

    doc: str = ""


@dataclass(eq=False)
class Constant(Value):
    """A number or a list of numbers written in the spec."""

    array: Array = field(default_factory=lambda: _missing())


@dataclass(eq=False)
class Parameter(Value):
    """A weight or a running statistic: state between steps.

    `trained` is false for running statistics and fixed filters. Whether training changes a trained one is for the
    train section to say (`Training.optimizers`).
    """

    initializer: Initializer = field(default_factory=lambda: _missing())
    trained: bool = True
    statistic: bool = False
    """Whether it is a running statistic: state, but not a weight that `check parameters` counts."""


@dataclass(frozen=True, eq=False)
class Body:
    """Calls that an operation holds, as a function of its own: `inputs` -> `calls`, in order -> `outputs`.

    What the calls need besides (constants apart) is among the inputs, so a call that holds a body depends on nothing
    that its own inputs do not show.
    """

    inputs: tuple[Value, ...]
    calls: tuple[Call, ...]
    outputs: tuple[Value, ...]


@dataclass(eq=False)
class Call:
    """One operation applied to values. `name` is the path of the node: `stage1.bottleneck1.conv1`.

    `body` is what the operation holds, where it holds calls.
    """

    name: str
    operation: Operation
    inputs: tuple[Value | None, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[Value, ...]
    span: Span
    chain: tuple[tuple[str, Span], ...] = ()
    frozen: bool = False
    """In inference mode while training: `freeze` on a layer with statistics."""
    body: Body | None = None
    half: bool = False
    """Whether it takes and gives halves while training: `precision = float16` (dslc/network/precision.py)."""
    segment: str = ""
    """The block that it is computed again with in the backward pass (`recompute=true`), "" for none."""


@dataclass(eq=False)
class Supply:
    """How training comes by an input of the net: `calls`, the last of which gives it.

    They begin from `source`, what the data set supplies; without one the input is drawn.
    """

    input: Input
    calls: tuple[Call, ...]
    source: Input | None


@dataclass(eq=False)
class Term:
    """One `loss` line: `value` is the scalar that is added.

    `weighing` is the loss call whose labels weigh the line when batches are put together, None: every sample counts 1.
    """

    name: str
    value: Value
    span: Span
    weighing: Call | None = None


@dataclass(eq=False)
class Measure:
    """One `metric` line: the metric and the values it looks at."""

    name: str
    metric: Metric
    inputs: tuple[Value, ...]
    span: Span


@dataclass(eq=False)
class Training:
    """A resolved `train` section.

    `optimizers` says which parameters change and how; a parameter that is not there is frozen. `sizes` are the free
    dimensions fixed in training (the batch among them). An update is made from the mean gradient of `accumulate`
    batches; `ema` is what a running mean of the weights keeps of itself with each update.

    Where several sections take turns, `sections` are their names and `name` that of this one; it trains on one batch of
    `every`. What it keeps beside the weights is called after it.
    """

    span: Span
    targets: tuple[Target, ...]
    terms: tuple[Term, ...]
    measures: tuple[Measure, ...]
    optimizers: Mapping[Parameter, Optimizer]
    optimizer: Optimizer
    schedule: Schedule
    batch: int
    sizes: Mapping[str, int]
    length: Duration | None = None
    seed: int = 0
    supplies: tuple[Supply, ...] = ()
    clip_grad_norm: float | None = None
    clip_grad_value: float | None = None
    accumulate: int = 1
    ema: float | None = None
    precision: Literal["float32", "float16"] = "float32"
    name: str = ""
    every: int = 1
    sections: tuple[str, ...] = ()
    validation: float | str | None = None
    data: str | None = None

    def slot_name(self, parameter: Parameter, slot: str) -> str:
        """Return the name of what is kept beside a parameter: `c1.weight.momentum`."""
        return ".".join(part for part in (parameter.name, self.name, slot) if part)

    def schedule_name(self, state: str) -> str:
        """Return the name of a state of the schedule: `schedule.best`."""
        return ".".join(part for part in ("schedule", self.name, state) if part)

    @property
    def scaled(self) -> bool:
        """Whether the loss is multiplied on its way to the gradients, so that halves can hold them."""
        return self.precision == "float16"

    def scale_name(self, state: str = "") -> str:
        """Return the name of the factor of the loss, or of what is kept beside it: `loss_scale.good_updates`."""
        return ".".join(part for part in ("loss_scale", self.name, state) if part)

    @property
    def figures(self) -> dict[str, tuple[str, Better]]:
        """What a schedule can watch, as the spec names it: the name of the figure, and which way is better."""
        losses: dict[str, tuple[str, Better]] = {"loss": ("loss", "min")}
        losses |= {f"loss.{term.name}": (f"loss.{term.name}", "min") for term in self.terms}
        numbers = [m for m in self.measures if not m.metric.table]
        metrics = {m.name: (f"metric.{m.name}", m.metric.better) for m in numbers}
        return {**losses, **metrics}


@dataclass(eq=False)
class Network:
    """A resolved net, with its train section where the file has one."""

    name: str
    doc: str
    span: Span
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    calls: tuple[Call, ...]
    outputs: Mapping[str, Value]
    hyperparameters: Mapping[str, Any]
    training: Training | None = None
    warnings: tuple[Diagnostic, ...] = ()

    @cached_property
    def fed(self) -> Network:
        """The net as training and evaluation feed it: what supplies its inputs stands in front."""
        supplies = self.training.supplies if self.training else ()
        if self.training is None or not supplies:
            return self
        sources = {supply.input: supply.source for supply in supplies}
        inputs = (sources.get(value, value) for value in self.inputs)
        return replace(
            self,
            inputs=tuple(value for value in inputs if value is not None),
            calls=(*(call for supply in supplies for call in supply.calls), *self.calls),
            training=replace(self.training, supplies=()),
        )

    @property
    def batch_input(self) -> Input | None:
        """The first input whose dimension 0 is free: it tells the size of a batch."""
        for value in self.inputs:
            if value.type.shape and isinstance(value.type.shape[0], Expression):
                return value
        return None

    @property
    def batch_name(self) -> str | None:
        """The free name of dimension 0 of the inputs (`N`), or None where every input is of fixed size."""
        found = self.batch_input
        return None if found is None else str(found.type.shape[0])

    def needed(self, wanted: Iterable[Value]) -> tuple[Call, ...]:
        """Return the calls that `wanted` depend on, in running order."""
        return needed(self.calls, wanted)


def needed(calls: Iterable[Call], wanted: Iterable[Value]) -> tuple[Call, ...]:
    """Return those of `calls` that `wanted` depend on, in running order."""
    alive = set(wanted)
    kept = []
    for call in reversed(tuple(calls)):
        if not alive.isdisjoint(call.outputs):
            kept.append(call)
            alive.update(value for value in call.inputs if value is not None)
    return tuple(reversed(kept))


def with_held(calls: Iterable[Call]) -> Iterator[Call]:
    """Yield calls and those that they hold, each once."""
    found: dict[Call, None] = {}
    for call in calls:
        held = () if call.body is None else with_held(call.body.calls)
        found.update(dict.fromkeys((*held, call)))
    yield from found


def _missing() -> Any:
    raise TypeError("this field must be given")
