"""`dslc check` passes where everything is right, and fails and names the layer where one rule is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

import onnx_ir as ir
import pytest
from dslc_runtime.once import run_once
from dslc_runtime.session import CPU

from dslc.artifact import graphs
from dslc.artifact.artifact import serialize
from dslc.checking.check import check
from dslc.checking.report import verdict
from dslc.checking.situation import Situation
from dslc.compile import Options, network_of
from dslc.gradient.registry import RULES
from dslc.gradient.rule import Rule
from dslc.network.network import Call, Network
from dslc.operation import Array
from dslc.source import Source
from tests.checking.specs import SPECS

NOT_EMITTED = frozenset(
    [
        "Acos",
        "Acosh",
        "Asin",
        "Asinh",
        "Atan",
        "Atanh",
        "CastLike",
        "Cosh",
        "DepthToSpace",
        "Flatten",
        "GatherND",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "InstanceNormalization",
        "LpNormalization",
        "Mean",
        "Mish",
        "Mod",
        "ReduceL1",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceSumSquare",
        "Resize",
        "ReverseSequence",
        "ScatterElements",
        "ScatterND",
        "Shrink",
        "Sinh",
        "SpaceToDepth",
        "Sum",
        "Tan",
        "ThresholdedRelu",
        "Trilu",
    ]
)
"""Operators that no operation of the language lowers to on a gradient's way yet.

Their rules serve graphs that came from elsewhere, and gradients of gradients; tests/gradient breaks them one by one.
"""


def execute(model: ir.Model, feeds: Mapping[str, Array]) -> dict[str, Array]:
    return run_once(serialize(model), feeds, CPU)


@cache
def networks(name: str) -> tuple[Network, Network]:
    source, options = Source(f"{name}.net", SPECS[name]), Options({})
    return network_of(source, options), network_of(source, options, training=False)


def situation(name: str, rules: Mapping[str, Rule] = RULES) -> Situation:
    learning, resting = networks(name)
    return Situation(learning.fed, resting, execute, rules)


@cache
def operators(name: str) -> Mapping[str, set[str]]:
    """Return the operators whose rules the gradient of a spec's calls uses, each with the names of its nodes."""
    used: dict[str, set[str]] = defaultdict(set)
    prefixes = tuple(prefix(call) for call in networks(name)[0].calls)

    def noting(operator: str, rule: Rule) -> Rule:
        def noted(g: Any, node: Any, *cotangents: Any) -> Any:
            if node.name.startswith(prefixes):
                used[operator].add(node.name)
            return rule(g, node, *cotangents)

        return noted

    _exposed(situation(name, {name: noting(name, rule) for name, rule in RULES.items()}))
    return dict(used)


def prefix(call: Call) -> str:
    """Return how the names of the nodes of a call begin."""
    return f"/{call.name.replace('.', '/')}/"


def _exposed(at: Situation) -> graphs.Step:
    return graphs.probe_graph(at.learning, at.sizes, rules=at.rules)


@pytest.mark.parametrize("name", SPECS)
def test_check_passes(name: str) -> None:
    report = check(situation(name))
    failed = [finding for finding in report.findings if not finding.passed]
    assert not failed, verdict(report)
    assert {"forward", "gradient", "difference", "output"} <= {f.kind for f in report.findings}


def test_a_net_of_whole_numbers_is_checked_without_gradients() -> None:
    source = Source("places.net", "net A { input x: float32[N, 5]\noutput y: Linear(3) -> argmax }")
    learning, resting = (network_of(source, Options({}), training=mode) for mode in (True, False))
    report = check(Situation(learning, resting, execute))
    assert report.passed
    assert {finding.kind for finding in report.findings} == {"initial", "forward", "output"}


def test_a_net_that_computes_nothing_is_checked() -> None:
    source = Source("same.net", "net A { input x: uint8[N, 5]\noutput y = x }")
    learning, resting = (network_of(source, Options({}), training=mode) for mode in (True, False))
    report = check(Situation(learning, resting, execute))
    assert report.passed
    assert {finding.kind for finding in report.findings} == {"output"}


@pytest.mark.parametrize("operator", [rule for rule in RULES if rule not in NOT_EMITTED])
def test_a_wrong_rule_is_found_and_its_layer_named(operator: str) -> None:
    name = next((name for name in SPECS if operator in operators(name)), None)
    assert name is not None, f"no spec uses the rule of {operator}: add one to specs.py"
    wrong = {**RULES, operator: enlarged(RULES[operator])}
    report = check(situation(name, wrong), with_differences=False)
    assert not report.passed
    assert report.culprits
    culprits = tuple(prefix(call) for call in report.culprits)
    assert any(maker.startswith(culprits) for maker in operators(name)[operator])


def enlarged(rule: Rule) -> Rule:
    """Return a rule that gives every gradient one percent too large."""

    def wrong(g: Any, node: Any, *cotangents: Any) -> Any:
        larger = [None if dy is None else g.Mul(dy, 1.01) for dy in cotangents]
        return rule(g, node, *larger)

    return wrong


def test_the_specs_need_no_exception_list_that_is_out_of_date() -> None:
    emitted = {operator for name in SPECS for operator in operators(name)}
    assert not emitted & set(NOT_EMITTED)
    assert set(NOT_EMITTED) <= set(RULES)


def test_small_states_of_a_recurrent_layer_are_as_exact_as_their_kernel() -> None:
    """The tanh of onnxruntime's RNN is a difference from 1; the networks around it are judged by that."""
    text = (
        "net Quiet {\n  input x: float32[N, 5, 3]\n  output y: mul(0.001) -> RNN(4, bias=false)\n}"
    )
    source, options = Source("quiet.net", text), Options({})
    resting = network_of(source, options, training=False)
    report = check(Situation(network_of(source, options), resting, execute))
    (closed,) = [finding for finding in report.findings if finding.kind == "output"]
    assert report.passed
    assert 1e-6 < closed.error < closed.bound < 1e-2
