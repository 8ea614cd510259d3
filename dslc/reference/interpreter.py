"""The NumPy interpreter: a network forward and backward, call by call, from each operation's own formulas.

It judges the compiled graphs, so it shares nothing with the lowering or the gradient rules: only the network, and the
`reference` of each operation. Everything is float64 unless the interpreter is made for float32 (a yardstick of what
rounding alone does).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from dslc_runtime import counter

from dslc.layers.cast import StopGradient
from dslc.network.network import Body, Call, Constant, Network, Parameter, Value
from dslc.operation import Array, Backward, Reference
from dslc.reference.run import Run
from dslc.types import DType


@dataclass
class Evaluation:
    """One forward pass: every array, the backward pass of every call, the next statistics.

    `pinned` values are put in place of what calls compute (which `computed` keeps): each call is then judged on given
    operands, and the backward pass is taken at a given point, kinks and all.
    """

    arrays: dict[Value, Array]
    backward: dict[Call, Backward] = field(default_factory=dict)
    state: dict[Parameter, Array] = field(default_factory=dict)
    pinned: Mapping[Value, Array] = field(default_factory=dict)
    computed: dict[Value, Array] = field(default_factory=dict)
    decisions: dict[Call, Sequence[Array]] = field(default_factory=dict)


@dataclass
class InsideCall:
    """The body of a call as the operation's `reference` sees it (`Inside`)."""

    interpreter: Interpreter
    body: Body
    run: Run
    pinned: Mapping[Value, Array]
    decisions: Sequence[Array] = ()

    def __call__(self, *arrays: Array, round: int | None = None) -> Reference:
        """Evaluate at the point in question."""
        run = self.run
        if round is not None:
            run = replace(run, rounds=f"{run.rounds}[{round}]")
        start = len(self.run.decisions)
        done = Evaluation(dict(zip(self.body.inputs, arrays, strict=True)), pinned=self.pinned)
        found = self.interpreter.inside(self.body, done, run)
        self.decisions = self.run.decisions[start:]
        return found

    def nearby(self, *arrays: Array) -> Reference:
        """Evaluate in float64 at a point near the last one: random numbers and kinks are those of that one."""
        exact = replace(self.interpreter, dtype=np.float64)
        run = replace(self.run, dtype=np.float64, decisions=[], fallen=self.decisions)
        operands = zip(self.body.inputs, arrays, strict=True)
        done = Evaluation({value: exact.cast(value, array) for value, array in operands})
        return exact.inside(self.body, done, run)


@dataclass
class Interpreter:
    """Evaluates a network.

    `training` is the mode; `sizes` the free dimensions of the batch; `seed` and `step` key the random streams.
    """

    network: Network
    training: bool
    sizes: Mapping[str, int]
    dtype: type = np.float64
    seed: int = 0
    step: int = 0

    def forward(
        self,
        feeds: Mapping[Value, Array],
        wanted: Iterable[Value],
        pinned: Mapping[Value, Array] | None = None,
        decisions: Mapping[Call, Sequence[Array]] | None = None,
    ) -> Evaluation:
        """Compute `wanted` from arrays for inputs, targets and parameters; kinks fall as `decisions` say, if given."""
        arrays = {value: self.cast(value, array) for value, array in feeds.items()}
        done = Evaluation(arrays, pinned=pinned or {})
        wanted = list(wanted)
        for call in self.network.needed(wanted):
            self._call(call, done, (decisions or {}).get(call))
        for value in wanted:
            self._array(value, done)
        return done

    def again(
        self, base: Evaluation, changed: Mapping[Value, Array], wanted: Iterable[Value]
    ) -> Evaluation:
        """Compute `wanted` with some feeds changed, going again only through the calls they reach.

        What `stop_gradient` gave stays as it was, and kinks fall as they did: so a difference measures the same as a
        derivative.
        """
        done = Evaluation({**base.arrays, **{v: self.cast(v, a) for v, a in changed.items()}})
        dirty = set(changed)
        for call in self.network.needed(wanted):
            stopped = isinstance(call.operation, StopGradient)
            if not stopped and not dirty.isdisjoint((*call.inputs, *call.parameters)):
                self._call(call, done, base.decisions.get(call))
                dirty.update(call.outputs)
        return done

    def backward(self, done: Evaluation, cotangents: Mapping[Value, Array]) -> dict[Value, Array]:
        """Return the gradient of every value that the given ones depend on.

        `cotangents` are the derivatives of the scalar in question by some values: `{loss: 1}`.
        """
        return self._back(self.network.calls, done, cotangents)

    def _back(
        self, calls: Sequence[Call], done: Evaluation, cotangents: Mapping[Value, Array]
    ) -> dict[Value, Array]:
        gradients: dict[Value, Array] = {v: self.cast(v, g) for v, g in cotangents.items()}
        for call in reversed(calls):
            if call in done.backward and any(output in gradients for output in call.outputs):
                self._pull(call, done, gradients)
        return gradients

    def _call(self, call: Call, done: Evaluation, fallen: Sequence[Array] | None = None) -> None:
        run = Run(
            self.training and not call.frozen,
            self.sizes,
            self._key(call),
            dtype=self.dtype,
            fallen=fallen,
        )
        self._evaluate(call, done, run)

    def inside(self, body: Body, done: Evaluation, outer: Run) -> Reference:
        """Evaluate the calls of a body whose inputs stand in `done`, kinks noted and repeated as `outer` says."""
        for call in body.calls:
            training = self.training and not call.frozen
            key = self._key(call, outer.rounds)
            run = replace(outer, training=training, key=key, state={})
            self._evaluate(call, done, run)
        results = tuple(self._array(value, done) for value in body.outputs)

        def backward(*cotangents: Array) -> tuple[Array | None, ...]:
            given: dict[Value, Array] = {}
            for value, cotangent in zip(body.outputs, cotangents, strict=True):
                given[value] = given[value] + cotangent if value in given else cotangent
            gradients = self._back(body.calls, done, given)
            return tuple(gradients.get(value) for value in body.inputs)

        return results, backward

    def _evaluate(self, call: Call, done: Evaluation, run: Run) -> None:
        if call.body is not None:
            run.inside = InsideCall(self, call.body, run, done.pinned)
        operands = [None if v is None else self._operand(call, v, done) for v in call.inputs]
        owned = [self._array(parameter, done) for parameter in call.parameters]
        results, done.backward[call] = call.operation.reference(run, *operands, *owned)
        done.decisions[call] = run.decisions
        results = results if isinstance(results, tuple) else (results,)
        for value, array in zip(call.outputs, results, strict=True):
            done.computed[value] = self.cast(value, array)
            done.arrays[value] = self.cast(value, done.pinned.get(value, array))
        for parameter in call.parameters:
            name = parameter.name.rpartition(".")[2]
            if name in run.state:
                done.state[parameter] = done.arrays[parameter] = run.state[name]

    def _pull(self, call: Call, done: Evaluation, gradients: dict[Value, Array]) -> None:
        """Send the cotangents of a call's results back to its operands; they add where a value branches."""
        upstream = [gradients.get(v, np.zeros_like(done.arrays[v])) for v in call.outputs]
        found = done.backward[call](*upstream)
        for operand, gradient in zip((*call.inputs, *call.parameters), found, strict=True):
            if operand is None or gradient is None:
                continue
            gradients[operand] = gradients[operand] + gradient if operand in gradients else gradient

    def _operand(self, call: Call, value: Value, done: Evaluation) -> Array:
        """Return what a call takes: where it computes with singles whatever it is given, no halves."""
        array = self._array(value, done)
        wide = call.operation.precision == "wide" and array.dtype == np.float16
        return array.astype(self.dtype) if wide else array

    def _array(self, value: Value, done: Evaluation) -> Array:
        if value not in done.arrays:
            if not isinstance(value, Constant):
                raise KeyError(f"`{value.name}` is neither computed nor given")
            done.arrays[value] = self.cast(value, value.array)
        return done.arrays[value]

    def cast(self, value: Value, array: Array) -> Array:
        """Give the array of a floating-point value the precision of this interpreter; in float32, halves are halves."""
        dtype = value.type.dtype
        is_half = dtype is DType.FLOAT16 and self.dtype is np.float32
        wanted = self.dtype if dtype.is_float and not is_half else dtype.numpy
        return np.asarray(array, dtype=wanted)

    def _key(self, call: Call, rounds: str = "") -> int:
        return counter.stream_key(self.seed, self.step, counter.stream_of(call.name + rounds))
