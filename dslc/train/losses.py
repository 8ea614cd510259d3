"""The losses and metrics of a train section, lowered: what a batch gives, and what a data set adds up to."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from dslc import dims
from dslc.graph.builder import Builder, type_of
from dslc.losses.base import Loss
from dslc.lower import Environment, doc_of, typed
from dslc.network.network import Measure, Network, Term, Training, Value
from dslc.types import DType, TensorType


def wanted(training: Training) -> list[Value]:
    """Return the values of the network that losses and metrics look at."""
    terms = [term.value for term in training.terms]
    weighing = [v for t in training.terms if t.weighing for v in t.weighing.inputs if v is not None]
    return [
        *terms,
        *weighing,
        *(value for measure in training.measures for value in measure.inputs),
    ]


def total(g: Builder, terms: list[ir.Value], doc: str) -> ir.Value:
    """Return the sum of the loss lines: the scalar that is minimised, float32. `doc` is that of its nodes."""
    with g.at("loss", doc):
        result, *others = (g.cast(term, DType.FLOAT32) for term in terms)
        for term in others:
            result = g.Add(result, term)
    return result


def batch_figures(g: Builder, network: Network, environment: Environment) -> dict[str, ir.Value]:
    """Return `metric.NAME` of this batch alone, of the metrics that are numbers."""
    assert network.training is not None
    figures = {}
    for measure in network.training.measures:
        if measure.metric.table:
            continue
        with g.at(f"metric.{measure.name}", doc_of(measure.span)):
            sums = _batch_sums(g, measure, environment)
            figures[f"metric.{measure.name}"] = measure.metric.lower_value(g, *sums)
    return figures


@dataclass(frozen=True, slots=True)
class Accumulator:
    """A sum over the data set: its name, its type, and the sum with this batch added."""

    name: str
    type: TensorType
    next: ir.Value


def accumulate(
    g: Builder, network: Network, environment: Environment
) -> tuple[list[Accumulator], dict[str, ir.Value]]:
    """Add this batch to the sums; return them and the figures so far (`loss`, `loss.NAME`, `metric.NAME`)."""
    assert network.training is not None
    sums: list[Accumulator] = []
    figures: dict[str, ir.Value] = {}
    lines = [
        _accumulate_term(g, network, term, environment, sums) for term in network.training.terms
    ]
    figures["loss"] = total(g, lines, doc_of(network.training.span))
    for term, line in zip(network.training.terms, lines, strict=True):
        figures[f"loss.{term.name}"] = line
    for measure in network.training.measures:
        with g.at(f"metric.{measure.name}", doc_of(measure.span)):
            added = [
                _add(g, f"metric.{measure.name}.{name}", batch, sums)
                for name, batch in zip(
                    measure.metric.accumulators, _batch_sums(g, measure, environment), strict=True
                )
            ]
            figures[f"metric.{measure.name}"] = measure.metric.lower_value(g, *added)
    return sums, figures


def _accumulate_term(
    g: Builder, network: Network, term: Term, environment: Environment, sums: list[Accumulator]
) -> ir.Value:
    """A batch's mean loss counts as often as it has labels, so a short last batch weighs less; sums add up."""
    with g.at(f"loss.{term.name}", doc_of(term.span)):
        value = g.cast(environment[term.value], DType.FLOAT64)
        if is_sum(term):
            return g.cast(_add(g, f"loss.{term.name}.sum", value, sums), DType.FLOAT32)
        weight = g.cast(_weight(g, network, term, environment), DType.FLOAT64)
        all_values = _add(g, f"loss.{term.name}.sum", g.Mul(value, weight), sums)
        all_weights = _add(g, f"loss.{term.name}.weight", weight, sums)
        return g.cast(g.Div(all_values, all_weights), DType.FLOAT32)


def is_sum(term: Term) -> bool:
    """Tell whether a loss line adds its labels up (`reduction=sum`) instead of averaging them."""
    loss = term.weighing.operation if term.weighing is not None else None
    return isinstance(loss, Loss) and loss.reduction == "sum"


def _weight(g: Builder, network: Network, term: Term, environment: Environment) -> ir.Value:
    if term.weighing is not None:
        operands = [environment[v] for v in term.weighing.inputs if v is not None]
        loss = term.weighing.operation
        assert isinstance(loss, Loss)
        weight: ir.Value = loss.lower_weight(g, *operands)
        return weight
    if network.batch_name is None:
        return g.constant(1.0)
    size: ir.Value = g.Squeeze(g.extent(dims.free(network.batch_name)), g.axes(0))
    return size


def _batch_sums(g: Builder, measure: Measure, environment: Environment) -> tuple[ir.Value, ...]:
    operands = (typed(g, value, environment[value]) for value in measure.inputs)
    sums = measure.metric.lower(g, *operands)
    return sums if isinstance(sums, tuple) else (sums,)


def _add(g: Builder, name: str, batch: ir.Value, sums: list[Accumulator]) -> ir.Value:
    before = g.input(f"accumulator.{name}", type_of(batch))
    after: ir.Value = g.Add(before, batch)
    sums.append(Accumulator(f"accumulator.{name}", type_of(batch), after))
    return after
