"""The graphs of a network: init, train, eval and inference, each a pure function with named inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from dslc.artifact.state import State, states
from dslc.errors import InternalError
from dslc.gradient.differentiate import differentiate
from dslc.gradient.registry import RULES
from dslc.gradient.rule import Rule
from dslc.graph import random
from dslc.graph.builder import Builder
from dslc.lower import Environment, lower
from dslc.network.network import Constant, Input, Network, Parameter, Target, Training, Value
from dslc.operation import Array
from dslc.train import losses
from dslc.train.update import advance_schedule, clip, finite, update
from dslc.types import float32, int64


@dataclass
class Step:
    """A train graph being built, and where the network's values and gradients stand in it."""

    graph: ir.Graph
    environment: Environment
    gradients: dict[Value, ir.Value] = field(default_factory=dict)


def init_graph(network: Network) -> ir.Graph:
    """Build the graph that gives every state at step 0 from `seed`."""
    g = Builder()
    seed = g.input("seed", int64())
    with g.at("init"):
        key = random.step_key(g, seed, g.constant(0, int64().dtype))
    for state in states(network):
        with g.at(f"init.{state.name}"):
            g.output(state.name, _initial(g, state, key))
    return g.graph


def train_graph(
    network: Network, *, rules: Mapping[str, Rule] = RULES, probe: bool = False
) -> Step:
    """Build one whole training step: forward, losses, backward, update.

    `probe` adds every value and every gradient of the network as outputs (`value.NAME`, `grad.NAME`).
    """
    training = _training(network)
    g = Builder(training=True, sizes=training.sizes)
    inputs = _TrainInputs(g, network)
    environment = lower(g, network, losses.wanted(training), inputs.bound)
    terms = [environment[term.value] for term in training.terms]
    loss = losses.total(g, terms)
    step = Step(
        g.graph, environment, _gradients(g, loss, environment, network, rules, everything=probe)
    )
    following = _following(g, network, step, inputs)

    g.output("loss", loss)
    for term, value in zip(training.terms, terms, strict=True):
        g.output(f"loss.{term.name}", value)
    for name, value in losses.batch_figures(g, network, environment).items():
        g.output(name, value)
    changed = [following[p.name] for p in network.parameters if p.name in following]
    g.output("finite", finite(g, [loss, *changed]))
    for name, value in following.items():
        g.output(f"{name}.next", value)
    if probe:
        _expose(g, step)
    inputs.drop_unused()
    return step


def probe_graph(
    network: Network, sizes: Mapping[str, int], *, rules: Mapping[str, Rule] = RULES
) -> Step:
    """Build forward and backward of a net without a train section.

    What is differentiated is the sum of every float output times an input `weigh.NAME` of its shape.
    """
    g = Builder(training=True, sizes=sizes)
    inputs = _TrainInputs(g, network)
    environment = lower(g, network, network.outputs.values(), inputs.bound)
    products = []
    for name, value in network.outputs.items():
        if value.type.dtype.is_float:
            weights = g.input(f"weigh.{name}", value.type.bind(sizes))
            products.append(g.ReduceSum(g.Mul(environment[value], weights), keepdims=0))
    loss = losses.total(g, products)
    step = Step(
        g.graph, environment, _gradients(g, loss, environment, network, rules, everything=True)
    )
    g.output("loss", loss)
    _expose(g, step)
    inputs.drop_unused()
    return step


def eval_graph(network: Network) -> ir.Graph:
    """Build the graph that adds one batch of any size to the losses and metrics of a data set."""
    training = _training(network)
    g = Builder(training=False)
    wanted = losses.wanted(training)
    bound = _inputs(g, network, wanted)
    environment = lower(g, network, wanted, bound)
    sums, figures = losses.accumulate(g, network, environment)
    for name, value in figures.items():
        g.output(name, value)
    for total in sums:
        g.output(f"{total.name}.next", total.next)
    return g.graph


def inference_graph(network: Network, weights: Mapping[str, Array] | None) -> ir.Graph:
    """Build the network itself: closed over `weights` (by parameter name), or open with parameters as inputs."""
    g = Builder(training=False)
    bound = _inputs(g, network, network.outputs.values(), weights)
    environment = lower(g, network, network.outputs.values(), bound)
    for name, value in network.outputs.items():
        g.output(name, environment[value])
    return g.graph


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
        with g.at("random"):
            g.step_key = random.step_key(g, self.supplied["seed"], self.supplied["step"])

    def schedule_state(self) -> dict[str, ir.Value]:
        return {
            s.name.removeprefix("schedule."): self.current[s.name]
            for s in self.states
            if s.kind == "schedule"
        }

    def drop_unused(self) -> None:
        """Take away inputs that no output depends on (the dead nodes of an unused random key go first)."""
        alive: set[ir.Value] = set(self.graph.outputs)
        for node in reversed(self.graph):
            if not alive.isdisjoint(node.outputs):
                alive.update(value for value in node.inputs if value is not None)
        kept = [value for value in self.graph.inputs if value in alive]
        dead = [node for node in self.graph if alive.isdisjoint(node.outputs)]
        self.graph.remove(dead, safe=False)
        self.graph.inputs[:] = kept


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
        used.update((*call.inputs, *call.parameters))
    bound: dict[Value, ir.Value] = {}
    for parameter in network.parameters:
        if parameter in used:
            bound[parameter] = _parameter(g, parameter, weights)
    targets = network.training.targets if network.training else ()
    data: tuple[Input | Target, ...] = (*network.inputs, *targets)
    for value in data:
        if value in used:
            bound[value] = g.input(value.name, value.type, value.doc)
    return bound


def _parameter(g: Builder, parameter: Parameter, weights: Mapping[str, Array] | None) -> ir.Value:
    if weights is None:
        return g.input(parameter.name, parameter.type)
    return g.initializer(parameter.name, weights[parameter.name])


def _gradients(
    g: Builder,
    loss: ir.Value,
    environment: Environment,
    network: Network,
    rules: Mapping[str, Rule],
    *,
    everything: bool,
) -> dict[Value, ir.Value]:
    """Differentiate the loss by the parameters that training changes, or by every value of the network."""
    training = network.training
    trained: Iterable[Value] = training.optimizers if training else network.parameters
    wrt = [
        value
        for value in (environment if everything else trained)
        if value in environment and value.type.dtype.is_float and not isinstance(value, Constant)
    ]
    found = differentiate(g, loss, [environment[value] for value in wrt], rules=rules)
    return {value: found[environment[value]] for value in wrt if environment[value] in found}


def _following(
    g: Builder, network: Network, step: Step, inputs: _TrainInputs
) -> dict[str, ir.Value]:
    """Return the next value of every state that this step changes."""
    training = _training(network)
    gradients = {p: step.gradients[p] for p in training.optimizers if p in step.gradients}
    gradients = clip(g, training, gradients)
    factor, schedule = advance_schedule(g, training, inputs.supplied, inputs.schedule_state())
    following = update(g, training, gradients, inputs.current, factor, inputs.supplied["step"])
    for parameter in network.parameters:
        if step.environment[parameter] is not inputs.current[parameter.name]:
            following[parameter.name] = step.environment[parameter]
    following.update({f"schedule.{name}": value for name, value in schedule.items()})
    return following


def _expose(g: Builder, step: Step) -> None:
    for value, lowered in step.environment.items():
        if not isinstance(value, (Input, Target, Parameter, Constant)):
            g.output(f"value.{value.name}", g.Identity(lowered))
    for value, gradient in step.gradients.items():
        g.output(f"grad.{value.name}", g.Identity(gradient))


def _initial(g: Builder, state: State, key: ir.Value) -> ir.Value:
    shape = state.type.sizes
    if state.parameter is None or state.kind == "slot":
        start = g.constant(state.start, state.type.dtype)
        return g.expand(start, shape) if shape else start
    stream = np.uint64(2 * random.stream_of(f"init:{state.name}") % 2**64)
    return state.parameter.initializer.lower(g, shape, g.Add(key, stream))
