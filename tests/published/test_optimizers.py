"""ONNX's published cases of its training operators hold for the optimizers that have the same formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dslc.optimizers.adagrad import Adagrad
from dslc.optimizers.adam import Adam
from dslc.optimizers.base import Optimizer
from dslc.optimizers.sgd import SGD
from tests.published.cases import Published, published
from tests.random.session import Array, run

LATE = 100_000
"""A step at which the running means of Adam need no correction: ONNX's case leaves it out at the first step."""


def adagrad(a: dict[str, Any], step: int) -> tuple[Optimizer, int]:
    decays = {"lr_decay": a["decay_factor"], "weight_decay": a["norm_coefficient"]}
    return Adagrad(0.1, eps=a["epsilon"], **decays), step


def adam(a: dict[str, Any], step: int) -> tuple[Optimizer, int]:
    assert step == 0 and not a.get("norm_coefficient_post")
    betas = (a["alpha"], a["beta"])
    return Adam(0.1, betas=betas, eps=a["epsilon"], weight_decay=a["norm_coefficient"]), LATE


def momentum(a: dict[str, Any], step: int) -> tuple[Optimizer, int]:
    """At the first step ONNX takes the whole gradient, whatever `beta` is, and the momentum that is given."""
    dampening = 0.0 if step == 0 else 1 - a["beta"]
    nesterov = a["mode"] == "nesterov"
    settings = {"weight_decay": a["norm_coefficient"], "nesterov": nesterov}
    return SGD(0.1, momentum=a["alpha"], dampening=dampening, **settings), max(step, 1)


MAPS = {"Adagrad": adagrad, "Adam": adam, "Momentum": momentum}
CASES = [case for case in published() if case.node.op_type in MAPS]


def test_every_published_case_is_here() -> None:
    assert len(CASES) >= 7


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_optimizers_take_the_published_step(case: Published) -> None:
    rate, step, *rest = (array for array in case.inputs if array is not None)
    optimizer, at = MAPS[case.node.op_type](case.attributes, int(step))
    kinds = 2 + len(optimizer.slots)  # parameters, gradients, slots: first all of one kind
    count = len(rest) // kinds
    for i in range(count):
        parameter, gradient, *slots = rest[i::count]
        expected = case.outputs[i::count]
        _takes_the_step(optimizer, at, float(rate), (parameter, gradient, *slots), expected)


def _takes_the_step(
    optimizer: Optimizer,
    step: int,
    rate: float,
    state: tuple[Array, ...],
    expected: tuple[Array, ...],
) -> None:
    parameter, gradient, *slots = state
    wide = tuple(slot.astype(np.float64) for slot in slots)
    new, after = optimizer.reference(
        parameter.astype(np.float64), gradient.astype(np.float64), wide, rate, step
    )
    for found, wanted in zip((new, *after), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)

    feeds = {f"v{i}": array for i, array in enumerate(state)}
    feeds |= {"lr": np.array(rate, np.float32), "step": np.array(step)}

    def build(g: Any, x: Any) -> dict[str, Any]:
        given = [x[f"v{i}"] for i in range(len(state))]
        changed, following = optimizer.lower(
            g, given[0], given[1], tuple(given[2:]), x["lr"], x["step"]
        )
        return {f"y{i}": value for i, value in enumerate((changed, *following))}

    results = run(build, feeds)
    for i, wanted in enumerate(expected):
        np.testing.assert_allclose(results[f"y{i}"], wanted, rtol=1e-5)
