"""The graphs of a network: init, train, eval and inference, each a pure function with named inputs and outputs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from dslc import dims
from dslc.artifact.state import State, all_states, states
from dslc.errors import InternalError
from dslc.gradient.conv_output_forms import choose_outputs
from dslc.gradient.differentiate import differentiate
from dslc.gradient.registry import RULES
from dslc.gradient.rule import FreeSizeError, Rule, Tuning
from dslc.gradient.rules.lrn import write_out
from dslc.graph import random
from dslc.graph.builder import Builder, type_of
from dslc.initializers.pieces import MOST, Draw, Stage, lower_large, lower_together
from dslc.lower import Environment, doc_of, free_size, lower
from dslc.network.network import (
    Constant,
    Input,
    Network,
    Parameter,
    Target,
    Training,
    Value,
)
from dslc.operation import Array
from dslc.train import losses, scaling
from dslc.train.update import Update, goes_on, update_of
from dslc.types import DType, float32, int64


@dataclass
class Step:
    """Forward and backward of a net, and where its values and gradients stand in the graph."""

    g: Builder
    inputs: _TrainInputs
    environment: Environment
    loss: ir.Value
    gradients: dict[Value, ir.Value]

    @property
    def graph(self) -> ir.Graph:
        return self.g.graph


def init_graph(*networks: Network) -> ir.Graph:
    """Build the graph that gives every state at step 0 from `seed`: a net, once for each of its train sections."""
    g = Builder()
    seed = g.input("seed", int64())
    with g.at("init", _doc(networks[0])):
        key = random.step_key(g, seed, g.constant(0, int64().dtype))
    found = all_states(networks)
    drawn = _drawn_together(g, found, key)
    equal: dict[object, ir.Value] = {}
    for state in found:
        with g.at(f"init.{state.name}", doc_of(state.span)):
            start = drawn.get(state.name) or equal.get(_start(state))
            if start is None:
                start = equal[_start(state)] = _initial(g, state, seed, key)
            g.output(state.name, start)
    return g.graph


def train_graph(
    network: Network, *, rules: Mapping[str, Rule] = RULES, tuning: Tuning = "cpu"
) -> ir.Graph:
    """Build one whole training step: forward, losses, backward, update.

    `tuning` is the device whose costs choose between equal forms of a gradient; the graph runs on any.
    """
    training = _training(network)
    step = _step(network, training.sizes, rules, tuning, everything=False)
    g = step.g
    update = _update(g, network, step)
    g.output("loss", step.loss)
    for term in training.terms:
        with g.at(f"loss.{term.name}", doc_of(term.span)):
            plain = g.cast(step.environment[term.value], DType.FLOAT32)
            g.output(f"loss.{term.name}", plain)
    for name, value in losses.batch_figures(g, network, step.environment).items():
        g.output(name, value)
    with g.at("finite", _doc(network)):
        g.output("finite", goes_on(g, training, step.loss, update))
    for name, value in update.following.items():
        g.output(f"{name}.next", value)
    step.inputs.drop_unused()
    _choose_forms(g.graph, tuning)
    return g.graph


def probe_graph(
    network: Network, sizes: Mapping[str, int], *, rules: Mapping[str, Rule] = RULES
) -> Step:
    """Build forward and backward alone, with every value and gradient as outputs: `value/NAME`, `grad/NAME`.

    Of a net without a train section, what is differentiated is the sum of every float output times an input
    `weigh/NAME` of its shape.
    """
    step = _step(network, sizes, rules, "cpu", everything=True)
    g = step.g
    for value, lowered in step.environment.items():
        if value not in network.inputs and not isinstance(value, (Target, Parameter, Constant)):
            g.output(f"value/{value.name}", g.Identity(lowered))
    for value, gradient in step.gradients.items():
        g.output(f"grad/{value.name}", g.Identity(gradient))
    step.inputs.drop_unused()
    _choose_forms(g.graph, "cpu")
    return step


def _choose_forms(graph: ir.Graph, tuning: Tuning) -> None:
    """Write what the forward pass does as it goes best with the gradients, now that they are there."""
    choose_outputs(graph, tuning)
    write_out(graph)


def _step(
    network: Network,
    sizes: Mapping[str, int],
    rules: Mapping[str, Rule],
    tuning: Tuning,
    *,
    everything: bool,
) -> Step:
    """Build the forward pass and the gradients of what training changes, or of every value of the network."""
    g = _builder(training=True, sizes=sizes, rules=rules, tuning=tuning)
    inputs = _TrainInputs(g, network)
    training = network.training
    wanted = losses.wanted(training) if training else list(network.outputs.values())
    environment = lower(g, network, wanted, inputs.bound)
    lines = [environment[term.value] for term in training.terms] if training else []
    loss = losses.total(g, lines or _weighed(g, network, environment), _doc(network))
    trained: Iterable[Value] = training.optimizers if training else network.parameters
    wrt = [
        value
        for value in (environment if everything else trained)
        if value in environment and value.type.dtype.is_float and not isinstance(value, Constant)
    ]
    scale = inputs.current[training.scale_name()] if training and training.scaled else None
    found = differentiate(
        g, loss, [environment[v] for v in wrt], rules=rules, cotangent=scale, tuning=tuning
    )
    if scale is not None:
        with g.at("loss_scale", _doc(network)):
            found = {v: scaling.unscaled(g, gradient, scale) for v, gradient in found.items()}
    gradients = {v: found[environment[v]] for v in wrt if environment[v] in found}
    return Step(g, inputs, environment, loss, gradients)


def _weighed(g: Builder, network: Network, environment: Environment) -> list[ir.Value]:
    products = []
    for name, value in network.outputs.items():
        if value.type.dtype.is_float:
            weights = g.input(f"weigh/{name}", value.type.bind(g.sizes).with_dtype(DType.FLOAT32))
            plain = g.cast(environment[value], DType.FLOAT32)
            products.append(g.ReduceSum(g.Mul(plain, weights), keepdims=0))
    return products or [g.constant(0.0)]


def eval_graph(network: Network) -> ir.Graph:
    """Build the graph that adds one batch of any size to the losses and metrics of a data set.

    A size that no data tell (all inputs are drawn) is that of the training.
    """
    training = _training(network)
    told = {str(dim) for value in _data(network) for dim in value.type.shape}
    sizes = {name: size for name, size in training.sizes.items() if name not in told}
    g = _builder(training=False, sizes=sizes)
    wanted = losses.wanted(training)
    # A loss may depend on no input that tells how large the batch is.
    telling = [network.batch_input] if network.batch_input is not None else []
    bound = _inputs(g, network, [*wanted, *telling])
    environment = lower(g, network, wanted, bound)
    sums, figures = losses.accumulate(g, network, environment)
    for name, value in figures.items():
        with g.at(name, _doc(network)):
            g.output(name, value)
    for total in sums:
        g.output(f"{total.name}.next", total.next)
    write_out(g.graph)
    return g.graph


def inference_graph(network: Network, weights: Mapping[str, Array] | None) -> ir.Graph:
    """Build the network itself: closed over `weights` (by parameter name), or open with parameters as inputs."""
    g = _builder(training=False)
    bound = _inputs(g, network, network.outputs.values(), weights)
    environment = lower(g, network, network.outputs.values(), bound)
    for name, value in network.outputs.items():
        g.output(name, environment[value])
    write_out(g.graph)
    return g.graph


def _builder(
    *,
    training: bool,
    sizes: Mapping[str, int] | None = None,
    rules: Mapping[str, Rule] = RULES,
    tuning: Tuning = "cpu",
) -> Builder:
    """Return the builder of an empty graph, which knows how to differentiate what it holds."""
    g = Builder(training=training, sizes=sizes)

    def gradient(g: Builder, of: ir.Value, by: ir.Value) -> ir.Value:
        try:
            return differentiate(g, of, [by], rules=rules, zeros=True, tuning=tuning)[by]
        except FreeSizeError as error:
            raise free_size(str(error)) from error

    g.differentiate = gradient
    return g


class _TrainInputs:
    """The inputs of a train graph in their order: state, data, targets, then what the loop supplies."""

    def __init__(self, g: Builder, network: Network) -> None:
        self.graph = g.graph
        self.states = states(network)
        training = network.training
        targets = training.targets if training else ()
        self.current = {state.name: g.input(state.name, state.type) for state in self.states}
        self.bound: dict[Value, ir.Value] = {
            s.parameter: self.current[s.name]
            for s in self.states
            if s.parameter is not None and s.name == s.parameter.name
        }
        data: tuple[Input | Target, ...] = (*network.inputs, *targets)
        for value in data:
            self.bound[value] = g.input(value.name, value.type.bind(g.sizes), value.doc)
        self.supplied = {
            name: g.input(name, int64()) for name in ("seed", "step", "steps_per_epoch")
        }
        self.supplied["validation"] = g.input("validation", float32())

        def key() -> ir.Value:
            with g.at("random", _doc(network)):
                return random.step_key(g, self.supplied["seed"], self.supplied["step"])

        g.make_key = key

    def drop_unused(self) -> None:
        """Take away inputs that no output depends on, and dead nodes."""
        alive: set[ir.Value] = set(self.graph.outputs)
        for node in reversed(self.graph):
            if not alive.isdisjoint(node.outputs):
                alive.update(value for value in node.inputs if value is not None)
        kept = [value for value in self.graph.inputs if value in alive]
        dead = [node for node in self.graph if alive.isdisjoint(node.outputs)]
        self.graph.remove(dead, safe=False)
        self.graph.inputs[:] = kept


def _doc(network: Network) -> str:
    """Return the doc string of nodes that belong to no line of their own: the train section, else the net."""
    return doc_of(network.training.span if network.training else network.span)


def _training(network: Network) -> Training:
    if network.training is None:
        raise InternalError("artifact", f"{network.name} has no train section", network.span)
    return network.training


def _inputs(
    g: Builder,
    network: Network,
    wanted: Iterable[Value],
    weights: Mapping[str, Array] | None = None,
) -> dict[Value, ir.Value]:
    """Make inputs of the data and parameters that `wanted` depend on; parameters with weights become constants."""
    used: set[Value | None] = set(wanted)
    for call in network.needed([value for value in used if value is not None]):
        used.update((*call.inputs, *call.parameters, *call.outputs))
    used.update(_telling(network, [value for value in used if value is not None]))
    bound: dict[Value, ir.Value] = {}
    for parameter in network.parameters:
        if parameter in used:
            bound[parameter] = _parameter(g, parameter, weights)
    for value in _data(network):
        if value in used:
            bound[value] = g.input(value.name, value.type.bind(g.sizes), value.doc)
    return bound


def _data(network: Network) -> tuple[Input | Target, ...]:
    return (*network.inputs, *(network.training.targets if network.training else ()))


def _telling(network: Network, used: Iterable[Value]) -> Iterator[Value]:
    """Yield data that are needed only for their size: as many numbers are drawn as there are samples."""
    used = set(used)
    told = {dim for value in _data(network) if value in used for dim in value.type.shape}
    asked = {dims.free(n) for value in used for dim in value.type.shape for n in dims.names(dim)}
    for value in _data(network):
        if not told.issuperset(asked) and asked.intersection(value.type.shape) - told:
            yield value
            told.update(value.type.shape)


def _parameter(g: Builder, parameter: Parameter, weights: Mapping[str, Array] | None) -> ir.Value:
    if weights is None:
        return g.input(parameter.name, parameter.type)
    return g.initializer(parameter.name, weights[parameter.name])


def _update(g: Builder, network: Network, step: Step) -> Update:
    """Return the next value of every state that this step changes."""
    training, inputs = _training(network), step.inputs
    gradients = {p: step.gradients[p] for p in training.optimizers if p in step.gradients}
    statistics = {
        parameter.name: step.environment[parameter]
        for parameter in network.parameters
        if step.environment[parameter] is not inputs.current[parameter.name]
    }
    return update_of(g, training, gradients, statistics, inputs.current, inputs.supplied)


def _drawn_together(g: Builder, found: Sequence[State], key: ir.Value) -> dict[str, ir.Value]:
    """Fill parameters together where their numbers go the same way at first, and large ones by themselves."""
    waiting: dict[Stage, list[tuple[State, Draw]]] = defaultdict(list)
    words: dict[Stage, int] = defaultdict(int)
    values: dict[str, ir.Value] = {}

    def fill(group: list[tuple[State, Draw]]) -> None:
        if group:
            with g.at("init", doc_of(group[0][0].span)):
                results = lower_together(g, [draw for _, draw in group])
            values.update({state.name: y for (state, _), y in zip(group, results, strict=True)})
        group.clear()

    for state in found:
        draw = _draw_of(g, state, key)
        if draw is None or not draw.words:
            continue
        if draw.words > MOST:
            with g.at(f"init.{state.name}", doc_of(state.span)):
                values[state.name] = lower_large(g, draw)
            continue
        stage = draw.stages.common
        if words[stage] + draw.words > MOST:
            fill(waiting[stage])
            words[stage] = 0
        waiting[stage].append((state, draw))
        words[stage] += draw.words
    for group in waiting.values():
        fill(group)
    return values


def _draw_of(g: Builder, state: State, key: ir.Value) -> Draw | None:
    """Return how the values of a parameter are drawn, where each is by itself."""
    if state.parameter is None or state.kind == "slot":
        return None
    shape = state.type.sizes
    stages = state.parameter.initializer.stages(shape)
    if stages is None or state.type.dtype is not DType.FLOAT32:
        return None
    with g.at(f"init.{state.name}", doc_of(state.span)):
        return Draw(shape, g.Add(key, _stream(state.parameter)), stages)


def _stream(parameter: Parameter) -> np.uint64:
    return np.uint64(2 * random.stream_of(f"init:{parameter.name}") % 2**64)


def _start(state: State) -> tuple[object, ...]:
    """Return what states have in common that start with the same numbers."""
    if state.parameter is None or state.kind == "slot":
        return state.type, state.start
    initializer = state.parameter.initializer
    # As text: a zero is not a negative one, which it is equal to.
    return state.type, repr(initializer), state.parameter.name if initializer.drawn else None


def _initial(g: Builder, state: State, seed: ir.Value, key: ir.Value) -> ir.Value:
    shape = state.type.sizes
    if state.parameter is None or state.kind == "slot":
        start = g.constant(state.start, state.type.dtype)
        return g.expand(_known_late(g, start, seed), shape) if shape else start
    return state.parameter.initializer.lower(g, shape, g.Add(key, _stream(state.parameter)))


def _known_late(g: Builder, number: ir.Value, seed: ir.Value) -> ir.Value:
    """Return a number that is not known before the graph runs.

    A tensor filled with a known one onnxruntime makes as it loads the file, and holds beside the result.
    """
    result: ir.Value = g.Add(number, g.cast(g.Mul(seed, 0), type_of(number).dtype))
    return result
