"""What a check runs on: the networks, the data, the state, and the interpreter's view of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import onnx_ir as ir

from dslc import dims
from dslc.checking.feeds import draw_data, draw_state
from dslc.checking.halves import HalfInterpreter
from dslc.checking.measure import DRAWS
from dslc.gradient.registry import RULES
from dslc.gradient.rule import Rule
from dslc.network.network import Network, Parameter, Value
from dslc.operation import Array
from dslc.reference.interpreter import Evaluation, Interpreter
from dslc.train import losses
from dslc.types import DType

Execute = Callable[[ir.Model, Mapping[str, Array]], dict[str, Array]]
"""Runs a model on arrays by name and returns its outputs by name."""

SEED, STEP, STEPS_PER_EPOCH, VALIDATION = 11, 14, 7, 0.5
"""The step is the first of an epoch, so that a schedule which looks at the validation does."""

HALF = 2.0**-10
"""One rounding of a half, at most."""

FREE_SIZE = 3
"""The size of a free dimension where no train section says it (the next one is larger by one)."""


@dataclass
class Situation:
    """A net as training feeds it, and for inference; what runs its graphs; one batch in one state of the training."""

    learning: Network
    resting: Network
    execute: Execute
    rules: Mapping[str, Rule] = field(default_factory=lambda: RULES)

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        names = {
            n for value in self.learning.inputs for d in value.type.shape for n in dims.names(d)
        }
        free = {name: FREE_SIZE + position for position, name in enumerate(sorted(names))}
        return {**free, **(self.learning.training.sizes if self.learning.training else {})}

    @cached_property
    def data(self) -> dict[Value, Array]:
        return draw_data(self.learning, self.sizes, np.random.default_rng(SEED))

    @cached_property
    def state(self) -> dict[str, Array]:
        return draw_state(self.learning, np.random.default_rng(SEED + 1))

    @cached_property
    def feeds(self) -> dict[Value, Array]:
        return {**self.data, **self.weights_of(self.learning, np.float64)}

    def weights_of(self, network: Network, dtype: type) -> dict[Value, Array]:
        """Return the parameters of the net, for training or for inference, in the interpreter's precision.

        float64 ones are made once: they are the most of what a check of a large net holds.
        """
        if dtype is np.float64:
            return {p: self._exact[p.name] for p in network.parameters}
        return {p: self.state[p.name] for p in network.parameters}

    @cached_property
    def _exact(self) -> dict[str, Array]:
        names = [p.name for p in self.learning.parameters]
        return {name: self.state[name].astype(np.float64) for name in names}

    @cached_property
    def weights(self) -> dict[str, Array]:
        """What a net without a train section is judged by: a weighted sum of its float outputs."""
        if self.learning.training is not None:
            return {}
        generator = np.random.default_rng(SEED + 2)
        floats = {n: v for n, v in self.learning.outputs.items() if v.type.dtype.is_float}
        shapes = {name: value.type.bind(self.sizes).sizes for name, value in floats.items()}
        return {n: generator.standard_normal(s).astype(np.float32) for n, s in shapes.items()}

    @cached_property
    def cotangents(self) -> dict[Value, Array]:
        """The scalar that is differentiated: values of the network, and what each is multiplied with."""
        training = self.learning.training
        if training is None:
            pairs = [
                (self.learning.outputs[n], w.astype(np.float64)) for n, w in self.weights.items()
            ]
        else:
            pairs = [(term.value, np.ones(())) for term in training.terms]
        found: dict[Value, Array] = {}
        for value, weight in pairs:
            found[value] = found[value] + weight if value in found else weight
        return found

    @cached_property
    def least(self) -> float:
        """What any bound is at least: where there are halves, one of their roundings, which onnxruntime may leave out.

        It does in a cast of a cast. Else 0.
        """
        calls = self.learning.calls
        values = (v for call in calls for v in (*call.inputs, *call.outputs) if v is not None)
        return HALF if any(v.type.dtype is DType.FLOAT16 for v in values) else 0.0

    @cached_property
    def least_learning(self) -> float:
        """The same of the train graph, which may compute in halves what evaluation does not."""
        return HALF if self.mixed else self.least

    @cached_property
    def mixed(self) -> bool:
        """Whether training computes in halves and singles (`precision = float16`)."""
        return any(call.half for call in self.learning.calls)

    @cached_property
    def wanted(self) -> list[Value]:
        training = self.learning.training
        return losses.wanted(training) if training else list(self.learning.outputs.values())

    @cached_property
    def whole(self) -> Evaluation:
        """The interpreter's own evaluation, end to end in float64."""
        return self.interpreter().forward(self.feeds, self.wanted)

    @cached_property
    def rounded(self) -> Evaluation:
        """The same in float32, or in halves and singles: the yardstick."""
        feeds = {**self.data, **self.weights_of(self.learning, np.float32)}
        return self.interpreter(np.float32).forward(feeds, self.wanted)

    @cached_property
    def redrawn(self) -> Sequence[Evaluation]:
        """Further evaluations as `rounded`, where it draws what onnxruntime leaves unrounded."""
        feeds = {**self.data, **self.weights_of(self.learning, np.float32)}
        return [
            self.interpreter(np.float32, draw).forward(feeds, self.wanted) for draw in self.draws
        ]

    @property
    def draws(self) -> range:
        """The numbers of the draws behind the first one; none where nothing is drawn."""
        return range(1, DRAWS if self.mixed else 1)

    def interpreter(self, dtype: type = np.float64, draw: int = 0) -> Interpreter:
        """Return an interpreter of the net in training; in float32, one that rounds as training does."""
        given = (self.learning, True, self.sizes, dtype, SEED, STEP)
        training = self.learning.training
        if training is None or not self.mixed or dtype is np.float64:
            return Interpreter(*given)
        return HalfInterpreter(
            *given,
            scale=float(self.state[training.scale_name()]),
            generator=np.random.default_rng(SEED + 5 + draw),
        )

    def gradients_of(self, done: Evaluation, dtype: type) -> dict[Parameter, Array]:
        """Return the gradients of the parameters that training changes, end to end."""
        found = self.interpreter(dtype).backward(done, self.cotangents)
        trained = self.learning.training.optimizers if self.learning.training else {}
        return {p: found[p] for p in trained if p in found}

    def named(self, graph: ir.Graph) -> dict[str, Array]:
        """Return the arrays that a train graph takes, by name."""
        numbers = {"seed": SEED, "step": STEP, "steps_per_epoch": STEPS_PER_EPOCH}
        known = {
            **{value.name: array for value, array in self.data.items()},
            **self.state,
            **{f"weigh/{name}": array for name, array in self.weights.items()},
            **{name: np.asarray(number, np.int64) for name, number in numbers.items()},
            "validation": np.asarray(VALIDATION, np.float32),
        }
        return {str(value.name): known[str(value.name)] for value in graph.inputs}
