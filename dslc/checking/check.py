"""`dslc check`: interpreter against compiled graphs against finite differences.

Three questions, each answered by numbers: is every call right (`calls`), is the whole right as shipped (`shipped`), and
is the judge right (`differences`). The graphs are run by a function that is handed in: nothing here knows a runtime.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dslc.checking import shipped
from dslc.checking.calls import CallCheck, blame, expose, simplified, unchanged
from dslc.checking.differences import Probe, differences
from dslc.checking.measure import Finding
from dslc.checking.situation import SEED, Situation
from dslc.network.network import Call


@dataclass(frozen=True)
class Report:
    """What a check found, and the calls at fault where a train graph is wrong."""

    findings: tuple[Finding, ...]
    culprits: tuple[Call, ...] = ()

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)


def check(situation: Situation, *, with_differences: bool = True) -> Report:
    """Answer the three questions."""
    findings = list(shipped.initial(situation))
    learned, culprits = _learning(situation)
    findings += learned
    if situation.resting.training is not None:
        findings += shipped.evaluate(situation, situation.resting.training)
    findings += shipped.inference(situation)
    if with_differences:
        findings += finite_differences(situation)
    return Report(tuple(findings), culprits)


def _learning(situation: Situation) -> tuple[list[Finding], tuple[Call, ...]]:
    """Judge the train graph, call by call and as shipped; what one look needs is freed before the next."""
    calls = CallCheck(situation, expose(situation))
    forward, backward = calls.forward(), calls.backward()
    culprits = blame(situation.learning.calls, forward, backward)
    raw, point = calls.exposed, calls.update_point(backward)
    del calls
    findings = [*forward.values(), *backward.values()]
    findings += unchanged(raw, simplified(situation, raw), backward, situation.least_learning)
    if situation.learning.training is not None:
        findings += shipped.train(situation, situation.learning.training, point)
    return findings, culprits


def finite_differences(situation: Situation) -> list[Finding]:
    """The interpreter's backward pass is the derivative of its forward pass."""
    interpreter = situation.interpreter()
    found = interpreter.backward(situation.whole, situation.cotangents)
    leaves = (*situation.learning.parameters, *situation.learning.inputs)
    gradients = {v: found[v] for v in leaves if v in found and v.type.dtype.is_float}
    probe = Probe(interpreter, situation.whole, list(situation.cotangents.items()))
    return differences(probe, gradients, np.random.default_rng(SEED + 3))
