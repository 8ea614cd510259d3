"""Is every call right? Forward and backward of the train graph, judged call by call.

The graph is run with every value and gradient exposed. Each call of the interpreter is evaluated on the graph's own
operands, and the backward pass is taken at the graph's own point: errors do not pile up, kinks fall the same way, and
the first call that disagrees is the one at fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx_ir as ir

from dslc.artifact import graphs
from dslc.artifact.graphs import Step
from dslc.checking import measure
from dslc.checking.measure import Finding, distance, rms, within
from dslc.checking.situation import Situation
from dslc.graph.builder import IR_VERSION
from dslc.network.network import Call, Parameter, Value
from dslc.operation import Array
from dslc.reference.interpreter import Evaluation
from dslc.simplify import simplify


@dataclass
class Exposed:
    """A train graph with everything exposed, and what it gave."""

    step: Step
    arrays: Mapping[str, Array]


def expose(situation: Situation) -> Exposed:
    """Build forward and backward with every value and gradient as outputs, and run them."""
    step = graphs.probe_graph(situation.learning, situation.sizes, rules=situation.rules)
    return _run(situation, step)


def simplified(situation: Situation, exposed: Exposed) -> Exposed:
    """Simplify the graph of `exposed`, which is changed by it, and run it again."""
    simplify(exposed.step.graph)
    return _run(situation, exposed.step)


def _run(situation: Situation, step: Step) -> Exposed:
    if (
        not step.graph.outputs
    ):  # nothing is computed, and onnxruntime takes no graph that gives nothing
        return Exposed(step, {})
    model = ir.Model(step.graph, ir_version=IR_VERSION)
    return Exposed(step, situation.execute(model, situation.named(step.graph)))


@dataclass(frozen=True)
class Point:
    """What the update of a step starts from: the graph's own gradients, and the statistics its batch gives.

    `rounding` is how far rounding may put a gradient, relative to it, where that is more than usual.
    """

    gradients: Mapping[Parameter, Array]
    statistics: Mapping[Parameter, Array]
    rounding: Mapping[Value, float]


@dataclass
class CallCheck:
    """Judges the calls of an exposed graph."""

    situation: Situation
    exposed: Exposed

    @cached_property
    def pinned(self) -> dict[Value, Array]:
        arrays = self.exposed.arrays
        given = self.situation.learning.inputs  # of which an augmented one has the name as well
        computed = [v for v in self.exposed.step.environment if v not in given]
        return {v: arrays[f"value/{v.name}"] for v in computed if f"value/{v.name}" in arrays}

    @cached_property
    def point(self) -> Evaluation:
        """Every call of the interpreter on the operands that the graph had."""
        return self._at(np.float64)

    @cached_property
    def rounded_point(self) -> Evaluation:
        return self._at(np.float32)

    @cached_property
    def gradients(self) -> dict[Value, Array]:
        return self.situation.interpreter().backward(self.point, self.situation.cotangents)

    @cached_property
    def rounded_gradients(self) -> dict[Value, Array]:
        interpreter = self.situation.interpreter(np.float32)
        return interpreter.backward(self.rounded_point, self.situation.cotangents)

    @cached_property
    def redrawn(self) -> Sequence[tuple[Evaluation, dict[Value, Array]]]:
        """Further points and gradients as the rounded ones, where roundings are drawn."""
        found = []
        for draw in self.situation.draws:
            interpreter = self.situation.interpreter(np.float32, draw)
            point = self._at(np.float32, draw)
            found.append((point, interpreter.backward(point, self.situation.cotangents)))
        return found

    def update_point(self, backward: Mapping[Value, Finding]) -> Point:
        """Return what the update starts from; `backward` is how its gradients were judged."""
        arrays, parameters = self.exposed.arrays, self.situation.learning.parameters
        named = {p: f"grad/{p.name}" for p in parameters}
        gradients = {p: arrays[name] for p, name in named.items() if name in arrays}
        rounding = {v: f.bound for v, f in backward.items() if f.bound > measure.GRADIENT}
        return Point(gradients, dict(self.point.state), rounding)

    def forward(self) -> dict[Value, Finding]:
        """Compare what each call gave with what the interpreter makes of the same operands."""
        return {value: self._forward(value) for value in self.pinned if value.type.dtype.is_float}

    def backward(self) -> dict[Value, Finding]:
        """Compare every gradient; of values that are one value in the graph, the first stands for all.

        Values on the way of a `grad` are left out: in the graph, what the gradient does with them is part of theirs; to
        the interpreter, a gradient depends on the two ends of the way and what comes in from the side.
        """
        step = self.exposed.step
        found: dict[Value, Finding] = {}
        held = (call.body for call in self.situation.learning.calls if call.body is not None)
        on_the_way = {value for body in held for call in body.calls for value in call.outputs}
        seen = {step.environment[v] for v in on_the_way if v in step.environment}
        for value, lowered in step.environment.items():
            if lowered not in seen and value in self.gradients and value in step.gradients:
                seen.add(lowered)
                found[value] = self._backward(value)
        return found

    def _at(self, dtype: type, draw: int = 0) -> Evaluation:
        situation = self.situation
        feeds = {**situation.data, **situation.weights_of(situation.learning, dtype)}
        return situation.interpreter(dtype, draw).forward(feeds, situation.wanted, self.pinned)

    def _forward(self, value: Value) -> Finding:
        exact = self.point.computed[value]
        return within(
            "forward",
            value.name,
            distance(self.pinned[value], exact),
            max(measure.FORWARD, self.situation.least_learning),
            lambda: distance(self.rounded_point.computed[value], exact),
            str(value.span),
            lambda: (distance(point.computed[value], exact) for point, _ in self.redrawn),
        )

    def _backward(self, value: Value) -> Finding:
        exact, floor = self.gradients[value], self.floor(value)

        def rounding() -> float:
            return distance(self.rounded_gradients[value], exact, floor)

        bound = max(measure.GRADIENT, self.situation.least_learning)
        if self.situation.mixed:  # it is what simplification may change, too
            bound = max(bound, measure.YARDSTICK * rounding())
        return within(
            "gradient",
            value.name,
            distance(self.exposed.arrays[f"grad/{value.name}"], exact, floor),
            bound,
            rounding,
            str(value.span),
            lambda: (distance(gradients[value], exact, floor) for _, gradients in self.redrawn),
        )

    def floor(self, value: Value) -> float:
        """Return what a gradient is measured by where it is smaller."""
        return measure.SMALL * self._scales[isinstance(value, Parameter)]

    @cached_property
    def _scales(self) -> dict[bool, float]:
        """The largest gradient of any parameter, and of any other value: a far smaller one is rounding."""
        scales = {True: 0.0, False: 0.0}
        for value, gradient in self.gradients.items():
            kind = isinstance(value, Parameter)
            scales[kind] = max(scales[kind], rms(gradient))
        return scales


def unchanged(
    raw: Exposed, simplified: Exposed, backward: Mapping[Value, Finding], least: float
) -> list[Finding]:
    """Simplification changes no gradient by more than rounding, which is on both sides of the exact one."""
    usual = max(measure.GRADIENT, 2 * least)
    rounding = {
        f"grad/{v.name}": 2 * f.bound for v, f in backward.items() if f.bound > measure.GRADIENT
    }
    names = [name for name in raw.arrays if name.startswith("grad/")]
    floor = measure.SMALL * max((rms(raw.arrays[name]) for name in names), default=0.0)
    return [
        Finding(
            "simplified",
            name.removeprefix("grad/"),
            distance(simplified.arrays[name], raw.arrays[name], floor),
            rounding.get(name, usual),
        )
        for name in names
    ]


def blame(
    calls: tuple[Call, ...], forward: Mapping[Value, Finding], backward: Mapping[Value, Finding]
) -> tuple[Call, ...]:
    """Return the calls at fault: the first whose result is wrong, else the first wrong one on the way back.

    On the way back a call is at fault where the gradients of its results are right and one of its operands' is wrong.
    The gradient of a weight that no other call uses settles it; of a value that branches, all its users remain.
    """
    for call in calls:
        if any(value in forward and not forward[value].passed for value in call.outputs):
            return (call,)
    suspects = [call for call in reversed(calls) if _at_fault(call, backward)]
    users = Counter(value for call in calls for value in {*call.inputs, *call.parameters})
    own = {value for value, count in users.items() if count == 1}
    certain = [c for c in suspects if _wrong(tuple(own.intersection(c.parameters)), backward)]
    return tuple(certain[:1] or suspects)


def _at_fault(call: Call, backward: Mapping[Value, Finding]) -> bool:
    judged = any(value in backward for value in call.outputs)
    right = judged and not _wrong(call.outputs, backward)
    return right and _wrong((*call.inputs, *call.parameters), backward)


def _wrong(values: tuple[Value | None, ...], backward: Mapping[Value, Finding]) -> bool:
    return any(v is not None and v in backward and not backward[v].passed for v in values)
