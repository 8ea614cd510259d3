"""Is a spec compiled right? Interpreter, onnxruntime and finite differences compared, by the rules of `dslc check`.

The graph of forward and backward is judged twice, call by call: as it was built, run without onnxruntime's
optimizations, and simplified, run with all of them. The closed network is run both ways, end to end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime as ort

from dslc.artifact.artifact import serialize
from dslc.checking import shipped
from dslc.checking.calls import CallCheck, Exposed, blame, expose, simplified
from dslc.checking.check import finite_differences
from dslc.checking.figures import SMALL, Batch, loss_over
from dslc.checking.measure import YARDSTICK, Finding, distance, rms
from dslc.checking.situation import (
    SEED,
    STEP,
    STEPS_PER_EPOCH,
    VALIDATION,
    Execute,
    Situation,
)
from dslc.compile import Options, network_of
from dslc.errors import CompileError
from dslc.network.network import Network, Training, Value
from dslc.operation import Array
from dslc.reference.interpreter import Evaluation, Interpreter
from dslc.reference.update import reference_update
from dslc.source import Source
from dslc.train import losses
from tests.generate.rounding import DRAWS, Point, certain_differences

PLAIN = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
OPTIMIZED = ort.GraphOptimizationLevel.ORT_ENABLE_ALL


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a spec: a signature that stays while the spec is made smaller, and the details."""

    signature: str = ""
    details: str = ""

    def __bool__(self) -> bool:
        """Tell whether something is wrong."""
        return bool(self.signature)


def judge(text: str) -> Verdict:
    """Judge the text of a spec. Nothing is raised: a fault of the compiler is a verdict too."""
    try:
        network = network_of(Source("drawn.net", text), Options({}))
    except CompileError as error:
        codes = ", ".join(sorted({d.code for d in error.diagnostics}))
        return Verdict(f"refused {codes}", str(error))
    except Exception as error:
        return _fault("elaborate", error)
    try:
        return _compared(network)
    except Exception as error:
        return _fault("compile", error)


def _fault(where: str, error: Exception) -> Verdict:
    first = str(error).splitlines()[0] if str(error) else ""
    return Verdict(f"{where} {type(error).__name__}: {_without_numbers(first)}", str(error))


def _without_numbers(text: str) -> str:
    return "".join("0" if c.isdigit() else c for c in text)[:80]


def execute(
    level: ort.GraphOptimizationLevel,
) -> Callable[[ir.Model, Mapping[str, Array]], dict[str, Array]]:
    """Return a function that runs a model on one thread with some of onnxruntime's optimizations."""

    def run(model: ir.Model, feeds: Mapping[str, Array]) -> dict[str, Array]:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        options.graph_optimization_level = level
        session = ort.InferenceSession(serialize(model), options, ["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        arrays: dict[str, Any] = {name: np.asarray(array) for name, array in feeds.items()}
        return dict(zip(names, session.run(names, arrays), strict=True))

    return run


def _compared(network: Network) -> Verdict:
    situation = Situation(network, network, execute(PLAIN))
    closed = shipped.closed_network(situation)
    exposed = expose(situation)
    verdict = _calls(situation, exposed, "plain") or _inference(situation, closed, PLAIN)
    if verdict:
        return verdict
    situation.execute = execute(OPTIMIZED)
    exposed = simplified(situation, exposed)
    verdict = _calls(situation, exposed, "simplified") or _inference(situation, closed, OPTIMIZED)
    if verdict:
        return verdict
    if _failed(finite_differences(situation)):
        failed = _failed(certain_differences(situation))
        if failed:
            return _verdict(failed, "")
    if network.training is not None:
        return _shipped(situation, network, exposed)
    return Verdict()


def _calls(situation: Situation, exposed: Exposed, form: str) -> Verdict:
    calls = CallCheck(situation, exposed)
    forward, backward = calls.forward(), calls.backward()
    if all(finding.passed for finding in (*forward.values(), *backward.values())):
        return Verdict()
    forward, backward = _reconsidered(calls, forward, backward)
    failed = _failed([*forward.values(), *backward.values()])
    if not failed:
        return Verdict()
    culprits = blame(situation.learning.calls, forward, backward)
    names = sorted({call.operation.language_name() for call in culprits})
    return _verdict(failed, f"{form} {', '.join(names)}")


Findings = dict[Value, Finding]


def _reconsidered(
    calls: CallCheck, forward: Findings, backward: Findings
) -> tuple[Findings, Findings]:
    """Judge what failed by several draws of rounding."""
    results, slopes = _rounding(calls, list(forward), list(backward))
    return _eased(forward, results), _eased(backward, slopes)


def _rounding(
    calls: CallCheck, forward: list[Value], backward: list[Value]
) -> tuple[dict[Value, float], dict[Value, float]]:
    """Return how far rounding may put what calls give, and gradients: the most of several draws."""
    situation, exact = calls.situation, calls.point
    feeds = {**situation.data, **situation.weights_of(situation.learning, np.float32)}
    point = Point(
        situation.learning, True, situation.sizes, SEED, STEP, feeds, situation.wanted, exact
    )
    results: dict[Value, float] = {}
    slopes: dict[Value, float] = {}
    for shaken, done in point.draws():
        gradients = shaken.backward(done, situation.cotangents)
        for value in forward:
            off = distance(done.computed[value], exact.computed[value])
            results[value] = _worse(off, results.get(value, 0.0))
        for value in backward:
            off = distance(gradients[value], calls.gradients[value], calls.floor(value))
            slopes[value] = _worse(off, slopes.get(value, 0.0))
    return results, slopes


def _worse(one: float, other: float) -> float:
    """Return the larger one; a NaN, where float32 overflows, is larger than any."""
    return float(np.maximum(one, other))


def _eased(findings: Findings, rounding: Mapping[Value, float]) -> Findings:
    return {
        value: replace(finding, bound=max(finding.bound, YARDSTICK * rounding[value]))
        for value, finding in findings.items()
        if np.isfinite(rounding[value])  # else float32 overflows on the way
    }


def _inference(
    situation: Situation,
    closed: Callable[[Execute], list[Finding]],
    level: ort.GraphOptimizationLevel,
) -> Verdict:
    """Judge the closed network end to end: what fails, by several draws of rounding and of jumps at it."""
    failed = _failed(closed(execute(level)))
    if not failed:
        return Verdict()
    network = situation.resting
    sizes, data = shipped.two_batches(network, situation.sizes)[1]
    wanted = list(network.outputs.values())
    weights = {p: situation.state[p.name] for p in network.parameters}
    exact = Interpreter(network, False, sizes).forward({**data, **weights}, wanted)
    point = Point(network, False, sizes, 0, 0, {**data, **weights}, wanted, exact)
    worst: dict[str, float] = {}
    for done in point.free_draws():
        for name, value in network.outputs.items():
            off = distance(done.arrays[value], exact.arrays[value])
            worst[name] = max(off, worst.get(name, 0.0))
    failed = _failed([replace(f, bound=max(f.bound, YARDSTICK * worst[f.tensor])) for f in failed])
    return _verdict(failed, "inference") if failed else Verdict()


def _shipped(situation: Situation, network: Network, exposed: Exposed) -> Verdict:
    assert network.training is not None
    calls = CallCheck(situation, exposed)
    trained = _failed(shipped.train(situation, network.training, calls.update_point({})))
    evaluated = _failed(shipped.evaluate(situation, network.training))
    failed = _failed(
        [
            *_eased_step(trained, calls, network.training),
            *_eased_sums(evaluated, situation, network.training),
        ]
    )
    return _verdict(failed, "shipped") if failed else Verdict()


def _eased_step(failed: list[Finding], calls: CallCheck, training: Training) -> list[Finding]:
    """Judge losses and updates of one step by several draws of rounding."""
    if not failed:
        return []
    situation = calls.situation
    batch = Batch(situation.whole, situation.rounded, training.batch)
    feeds = {**situation.data, **situation.weights_of(situation.learning, np.float32)}
    values = [term.value for term in training.terms]
    point = Point(
        situation.learning, True, situation.sizes, SEED, STEP, feeds, values, situation.whole
    )
    drawn = [done for _, done in point.draws()]
    draws = [[replace(batch, rounded=done)] for done in drawn]
    noise = _noise(calls, training)
    eased = [_eased_loss(f, training, draws) for f in failed if f.tensor not in noise]
    rounding = _updates(calls, training) | _statistics(situation, drawn)
    return [
        replace(f, bound=f.bound + YARDSTICK * rounding[f.tensor])
        if f.kind == "update" and f.tensor in rounding
        else f
        for f in eased
    ]


def _updates(calls: CallCheck, training: Training) -> dict[str, float]:
    """Return how far rounded gradients may put the next states, as shares of their update: the most of the draws.

    An optimizer may make more of it: in Adam's moments a gradient may cancel what they remember.
    """
    situation = calls.situation
    feeds = {**situation.data, **situation.weights_of(situation.learning, np.float32)}
    point = Point(
        situation.learning, True, situation.sizes, SEED, STEP, feeds, situation.wanted, calls.point
    )

    def following(gradients: Mapping[Value, Array]) -> dict[str, Array]:
        own = {p: gradients[p] for p in training.optimizers if p in gradients}
        return reference_update(training, own, situation.state, STEP, STEPS_PER_EPOCH, VALIDATION)

    exact = following(calls.gradients)
    sizes = {name: rms(array - situation.state[name]) or 1.0 for name, array in exact.items()}
    worst = dict.fromkeys(exact, 0.0)
    for shaken, done in point.draws():
        found = following(shaken.backward(done, situation.cotangents))
        for name, array in exact.items():
            worst[name] = _worse(rms(found[name] - array) / sizes[name], worst[name])
    return worst


def _statistics(situation: Situation, drawn: Sequence[Evaluation]) -> dict[str, float]:
    """Return how far rounding may put the next running statistics, as shares of their update: the most of the draws."""
    exact = situation.whole.state
    updates = {p: rms(array - situation.state[p.name]) or 1.0 for p, array in exact.items()}
    return {
        p.name: max(rms(done.state[p] - array) for done in drawn) / updates[p]
        for p, array in exact.items()
    }


def _eased_sums(failed: list[Finding], situation: Situation, training: Training) -> list[Finding]:
    """Judge losses over several batches by several draws of rounding."""
    if not failed:
        return []
    network = situation.resting
    wanted = losses.wanted(training)
    weights = {p: situation.state[p.name] for p in network.parameters}
    draws: list[list[Batch]] = [[] for _ in range(DRAWS)]
    for sizes, data in shipped.two_batches(network, situation.sizes):
        feeds = {**data, **weights}
        exact = Interpreter(network, False, sizes).forward(feeds, wanted)
        samples = sizes.get(network.batch_name or "", 1)
        point = Point(network, False, sizes, 0, 0, feeds, wanted, exact)
        for batches, done in zip(draws, point.free_draws(), strict=True):
            batches.append(Batch(exact, done, samples))
    return [_eased_loss(finding, training, draws) for finding in failed]


def _eased_loss(finding: Finding, training: Training, draws: Sequence[Sequence[Batch]]) -> Finding:
    """Judge a loss, the sum of its lines or one of them, by draws of the batches."""
    if finding.kind != "loss":
        return finding
    terms = [t for t in training.terms if finding.tensor in ("loss", f"loss.{t.name}")]
    worst = 0.0
    for batches in draws:
        samples = [batch.samples for batch in batches]
        exact, rounded = (
            sum(loss_over(term, runs, samples) for term in terms)
            for runs in ([one.exact for one in batches], [one.rounded for one in batches])
        )
        worst = _worse(abs(rounded - exact) / max(abs(exact), SMALL), worst)
    return replace(finding, bound=max(finding.bound, YARDSTICK * worst))


def _noise(calls: CallCheck, training: Training) -> set[str]:
    """Return the states of parameters whose gradient is 0 but for rounding: an update may make much of either sign."""
    found = set()
    for parameter in calls.situation.learning.parameters:
        gradient = calls.gradients.get(parameter)
        if gradient is not None and rms(gradient) < calls.floor(parameter):
            slots = training.optimizers
            found.add(parameter.name)
            if parameter in slots:
                found.update(f"{parameter.name}.{slot}" for slot in slots[parameter].slots)
    return found


def _failed(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.passed]


def _verdict(failed: list[Finding], where: str) -> Verdict:
    lines = [f"{f.kind} {f.tensor}: error {f.error:.3e}, bound {f.bound:.3e}" for f in failed]
    return Verdict(f"{failed[0].kind} {where}".strip(), "\n".join(lines[:8]))
