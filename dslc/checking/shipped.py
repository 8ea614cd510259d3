"""Is the whole right? The graphs as they go into the files, end to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import numpy as np

from dslc.artifact import graphs
from dslc.artifact.artifact import finish
from dslc.artifact.state import State, states
from dslc.checking import measure
from dslc.checking.calls import Point
from dslc.checking.feeds import draw_data
from dslc.checking.figures import Batch, compare_figures
from dslc.checking.kernels import KernelInterpreter
from dslc.checking.measure import Finding, distance, rms, within
from dslc.checking.situation import SEED, STEP, STEPS_PER_EPOCH, VALIDATION, Execute, Situation
from dslc.graph.builder import type_of
from dslc.network.network import Network, Parameter, Training, Value
from dslc.operation import Array
from dslc.reference.initial import initial_weights
from dslc.reference.interpreter import Evaluation, Interpreter
from dslc.reference.update import reference_update
from dslc.train import losses

Feeds = dict[Value, Array]

ROUNDINGS = 3
"""How often a weight is rounded on its way: where it decays, 1 - lr * decay, the product, and the difference."""


def initial(situation: Situation) -> list[Finding]:
    """The init graph gives the numbers that the NumPy initializers give."""
    if not situation.learning.parameters:
        return []
    model = finish(situation.learning, "init", graphs.init_graph(situation.learning))
    found = situation.execute(model, {"seed": np.asarray(SEED, np.int64)})
    expected = initial_weights(situation.learning, SEED)
    return [
        Finding("initial", name, distance(found[name], array, 1e-12), measure.FORWARD)
        for name, array in expected.items()
    ]


def train(situation: Situation, training: Training, point: Point) -> list[Finding]:
    """The train graph as shipped: losses, metrics, and the whole next state."""
    graph = graphs.train_graph(situation.learning, rules=situation.rules)
    model = finish(situation.learning, "train", graph)
    found = situation.execute(model, situation.named(model.graph))
    batch = Batch(situation.whole, situation.rounded, training.batch, lambda: situation.redrawn)
    return [
        Finding("finite", "finite", 0.0 if found["finite"] else 1.0, 0.0),
        *compare_figures(training, found, [batch], situation.least_learning, tables=False),
        *_next_state(situation, training, found, point),
    ]


def evaluate(situation: Situation, training: Training) -> list[Finding]:
    """The eval graph over two batches of unequal size gives the figures of both together."""
    network = situation.resting.fed
    model = finish(network, "eval", graphs.eval_graph(network))
    inputs = {str(value.name): type_of(value) for value in model.graph.inputs}
    sums = {
        name: np.zeros(its_type.sizes, its_type.dtype.numpy)
        for name, its_type in inputs.items()
        if name.startswith("accumulator.")
    }
    batches = []
    found: dict[str, Array] = {}
    for sizes, data in two_batches(network, situation.sizes):
        known = {**sums, **situation.state, **{v.name: array for v, array in data.items()}}
        found = situation.execute(model, {name: known[name] for name in inputs})
        sums = {name: found[f"{name}.next"] for name in sums}
        batches.append(_batch(situation, network, losses.wanted(training), sizes, data))
    return compare_figures(training, found, batches, situation.least, tables=True)


def inference(situation: Situation) -> list[Finding]:
    """The closed network gives the interpreter's outputs in inference mode."""
    return closed_network(situation)(situation.execute)


def closed_network(situation: Situation) -> Callable[[Execute], list[Finding]]:
    """Compile the closed network; return what judges it by the outputs it has when it is executed."""
    network = situation.resting
    model = finish(network, "inference", graphs.inference_graph(network, situation.state))
    inputs = {str(value.name) for value in model.graph.inputs}
    sizes, data = two_batches(network, situation.sizes)[1]
    feeds = {v.name: a for v, a in data.items() if v.name in inputs}
    batch = _batch(situation, network, list(network.outputs.values()), sizes, data)

    def judged(execute: Execute) -> list[Finding]:
        found = execute(model, feeds)
        return [
            _output(name, value, found, batch, situation.least)
            for name, value in network.outputs.items()
        ]

    return judged


def _output(
    name: str, value: Value, found: Mapping[str, Array], batch: Batch, least: float
) -> Finding:
    exact, rounded = batch.exact.arrays[value], batch.rounded.arrays[value]
    error = distance(found[name], exact)
    bound = max(measure.FORWARD, least)
    return within("output", name, error, bound, lambda: distance(rounded, exact))


def _next_state(
    situation: Situation, training: Training, found: Mapping[str, Array], point: Point
) -> list[Finding]:
    network = situation.learning
    kept = [s for s in states(network) if s.next_name in found]
    names = [s.name for s in kept]
    gradients = {p: point.gradients[p] for p in training.optimizers if p.name in names}

    def following(gradients: Mapping[Parameter, Array]) -> dict[str, Array]:
        return reference_update(
            training, gradients, situation.state, STEP, STEPS_PER_EPOCH, VALIDATION
        )

    expected = following(gradients)
    shifted = following({p: d * (1 + point.rounding.get(p, 0.0)) for p, d in gradients.items()})
    noise = {name: rms(shifted[name] - array) for name, array in expected.items()}
    if situation.mixed:
        (ways,) = _halves(situation, following, [situation.rounded])
        noise.update({name: max(noise[name], way) for name, way in ways.items()})
    expected.update({p.name: array for p, array in point.statistics.items()})
    exact, rounded = situation.whole.state, situation.rounded.state
    noise.update({p.name: rms(rounded[p] - array) for p, array in exact.items()})
    updates = {name: _way(situation.state[name], expected[name]) for name in names}
    least = _least(kept, updates)

    @cache
    def redrawn() -> list[dict[str, float]]:
        return _halves(situation, following, situation.redrawn)

    def again(name: str) -> list[float]:
        return [ways.get(name, 0.0) for ways in redrawn()]

    return [
        _moved(
            name,
            max(updates[name], least[name]),
            found[f"{name}.next"],
            expected[name],
            noise[name],
            partial(again, name),
        )
        for name in names
    ]


def _halves(
    situation: Situation,
    following: Callable[[Mapping[Parameter, Array]], Mapping[str, Array]],
    runs: Sequence[Evaluation],
) -> list[dict[str, float]]:
    """Return how far computing in halves puts the next state, end to end: there kinks may fall another way."""
    exact = following(situation.gradients_of(situation.whole, np.float64))
    ways = []
    for done in runs:
        rounded = following(situation.gradients_of(done, np.float32))
        # on both sides of the exact one
        ways.append({name: 2 * rms(rounded[name] - array) for name, array in exact.items()})
    return ways


def _way(before: Array, expected: Array) -> float:
    """Return how far an update goes."""
    start = np.where(np.isfinite(before), np.asarray(before, np.float64), 0.0)
    return rms(expected - start)


def _least(kept: Sequence[State], ways: Mapping[str, float]) -> dict[str, float]:
    """Return by what an update is measured where it is smaller, as small gradients are.

    Only updates of one kind compare: those of weights, or those of one slot.
    """
    role = {s.name: s.name.removeprefix(s.parameter.name) if s.parameter else s.name for s in kept}
    role |= {s.name: s.kind for s in kept if s.kind == "parameter"}
    largest: dict[str, float] = {}
    for name, way in ways.items():
        largest[role[name]] = max(largest.get(role[name], 0.0), way)
    return {name: measure.SMALL * largest[one] for name, one in role.items()}


def _moved(
    name: str,
    update: float,
    found: Array,
    expected: Array,
    noise: float,
    again: Callable[[], Sequence[float]],
) -> Finding:
    """A next value may be off by a part of the update, and by the rounding of the value itself.

    `noise` is what rounding alone does to it: on the way to a statistic, in the shipped graph otherwise than in the one
    with everything exposed, or to a gradient that is rounded more than others; `again` is that of other draws.
    """
    if np.array_equal(found, expected):  # a schedule may start at infinity and stay there
        return Finding("update", name, 0.0, measure.UPDATE)
    rounding = ROUNDINGS * 2.0**-24 * rms(expected)
    size = update or rounding or 1.0
    error = rms(np.asarray(found, np.float64) - expected) / size
    return within(
        "update",
        name,
        error,
        measure.UPDATE + rounding / size,
        lambda: noise / size,
        again=lambda: (one / size for one in again()),
    )


def two_batches(
    network: Network, sizes: Mapping[str, int]
) -> list[tuple[Mapping[str, int], Feeds]]:
    """Draw a batch of the training's size and a shorter one."""
    generator = np.random.default_rng(SEED + 4)
    name = network.batch_name
    shorter = dict(sizes)
    if name is not None:
        shorter[name] = max(1, sizes[name] - 1)
    return [(each, draw_data(network, each, generator)) for each in (sizes, shorter)]


def _batch(
    situation: Situation,
    network: Network,
    wanted: list[Value],
    sizes: Mapping[str, int],
    data: Feeds,
) -> Batch:
    exact, rounded = (
        interpreter(network, False, sizes, dtype).forward(
            {**data, **situation.weights_of(network, dtype)}, wanted
        )
        for interpreter, dtype in ((Interpreter, np.float64), (KernelInterpreter, np.float32))
    )
    return Batch(exact, rounded, sizes.get(network.batch_name or "", 1))
