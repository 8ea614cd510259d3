"""Optimizers: a table, held against PyTorch and against onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from dslc.errors import RuleError
from dslc.graph.builder import type_of
from dslc.optimizers.adagrad import Adadelta, Adagrad
from dslc.optimizers.adam import Adam, AdamW
from dslc.optimizers.base import Optimizer
from dslc.optimizers.lion import Lion
from dslc.optimizers.rmsprop import RMSprop
from dslc.optimizers.sgd import SGD
from dslc.registry import optimizers
from tests.random.session import Array, Program

STEPS = 10
SHAPE = (6, 50)

SHARP = {"rtol": 0.0, "ulps": 2.0}
DIVIDED = {"rtol": 4e-6, "ulps": 2.0}


@dataclass(frozen=True)
class Case:
    """An optimizer, what PyTorch calls its settings, and how many passes over a tensor it makes.

    PyTorch's settings are None where it has no such optimizer.

    The error of an update may be `rtol` of it, and `ulps` of the sizes of what is added up.
    """

    optimizer: Optimizer
    torch: Mapping[str, Any] | None
    passes: int
    tolerance: Mapping[str, float] = field(default_factory=lambda: SHARP)

    def __str__(self) -> str:
        return str(self.optimizer)


CASES = (
    Case(SGD(0.1), {}, 2),
    Case(SGD(0.1, weight_decay=0.02), {"weight_decay": 0.02}, 4),
    Case(SGD(0.1, momentum=0.9), {"momentum": 0.9}, 4),
    Case(
        SGD(0.1, momentum=0.8, dampening=0.3, weight_decay=0.05),
        {"momentum": 0.8, "dampening": 0.3, "weight_decay": 0.05},
        7,
    ),
    Case(
        SGD(0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
        {"momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
        8,
    ),
    Case(Adam(), {}, 12, DIVIDED),
    Case(
        Adam(0.05, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1),
        {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1},
        14,
        DIVIDED,
    ),
    Case(AdamW(), {}, 13, DIVIDED),
    Case(AdamW(0.02, betas=(0.0, 0.99)), {"betas": (0.0, 0.99)}, 13, DIVIDED),
    Case(RMSprop(), {}, 9, DIVIDED),
    Case(RMSprop(2.5e-4, alpha=0.95, eps=0.01), {"alpha": 0.95, "eps": 0.01}, 9, DIVIDED),
    Case(
        RMSprop(0.01, momentum=0.9, weight_decay=0.1, centered=True, eps=1e-2),
        {"momentum": 0.9, "weight_decay": 0.1, "centered": True, "eps": 1e-2},
        18,
        DIVIDED,
    ),
    Case(Adagrad(), {}, 7, DIVIDED),
    Case(
        Adagrad(0.1, lr_decay=0.3, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-3),
        {"lr_decay": 0.3, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3},
        10,
        DIVIDED,
    ),
    Case(Adadelta(), {}, 15, DIVIDED),
    Case(
        Adadelta(0.5, rho=0.5, eps=1e-3, weight_decay=0.1),
        {"rho": 0.5, "eps": 1e-3, "weight_decay": 0.1},
        17,
        DIVIDED,
    ),
    Case(Lion(), None, 9),
    Case(Lion(0.01, betas=(0.5, 0.0), weight_decay=0.1), None, 10),
)

REFUSED = (
    lambda: SGD(0.1, nesterov=True),
    lambda: SGD(0.1, momentum=0.9, dampening=0.1, nesterov=True),
    lambda: Adam(betas=(0.9, 1.0)),
    lambda: Adam(betas=(-0.1, 0.9)),
    lambda: Lion(betas=(0.9, 1.5)),
    lambda: AdamW(betas=(0.9,)),  # type: ignore[arg-type]  # what a spec may say
)


def gradients(seed: int = 0) -> Array:
    """Ten gradients, some of them small, some exactly 0."""
    generator = np.random.default_rng(seed)
    drawn = generator.standard_normal((STEPS, *SHAPE)) * 10 ** generator.uniform(-4, 1, SHAPE)
    drawn[:, 0, :5] = 0
    return drawn


def start(seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal(SHAPE)


def whole_step(
    optimizer: Optimizer, state: Sequence[Array], gradient: Array, lr: float, step: int
) -> tuple[Array, ...]:
    parameter, *slots = state
    new, after = optimizer.reference(parameter, gradient, tuple(slots), lr, step)
    return new, *after


def program_of(optimizer: Optimizer) -> Program:
    names = ("parameter", "gradient", *optimizer.slots)
    example: dict[str, Array] = {name: np.zeros(SHAPE, np.float32) for name in names}
    example.update(lr=np.array(0, np.float32), step=np.array(0))

    def build(g: Any, x: Any) -> dict[str, Any]:
        slots = tuple(x[slot] for slot in optimizer.slots)
        new, after = optimizer.lower(g, x["parameter"], x["gradient"], slots, x["lr"], x["step"])
        named = {f"{slot}.next": value for slot, value in zip(optimizer.slots, after, strict=True)}
        return {"parameter.next": new, **named}

    return Program(build, example)


def test_every_optimizer_has_a_row() -> None:
    assert {type(case.optimizer) for case in CASES} == set(optimizers().values())


@pytest.mark.parametrize("case", [case for case in CASES if case.torch is not None], ids=str)
def test_ten_steps_are_those_of_pytorch(case: Case) -> None:
    assert case.torch is not None
    torch = pytest.importorskip("torch", reason="PyTorch is only installed for comparisons")
    theirs = torch.tensor(start(), requires_grad=True)
    make = getattr(torch.optim, type(case.optimizer).__name__)
    optimizer = make([theirs], lr=case.optimizer.lr, **case.torch)
    ours = start()
    slots: tuple[Array, ...] = tuple(np.zeros(SHAPE) for _ in case.optimizer.slots)
    for step, gradient in enumerate(gradients()):
        theirs.grad = torch.tensor(gradient)
        optimizer.step()
        ours, slots = case.optimizer.reference(ours, gradient, slots, case.optimizer.lr, step)
        assert np.allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_onnxruntime_makes_the_same_step(case: Case) -> None:
    """Every step starts from onnxruntime's own state, so errors do not add up."""
    program, names = program_of(case.optimizer), ("parameter", *case.optimizer.slots)
    state = {name: np.zeros(SHAPE, np.float32) for name in names}
    state["parameter"] = start().astype(np.float32)
    rate = np.float32(case.optimizer.lr * 0.7)
    for step, gradient in enumerate(gradients().astype(np.float32)):
        feeds = {**state, "gradient": gradient, "lr": np.array(rate), "step": np.array(step)}
        found = program(feeds)
        old = [state[name].astype(np.float64) for name in names]
        new = whole_step(case.optimizer, old, gradient.astype(np.float64), float(rate), step)
        # The sum of the sizes of what is added up: the same step without signs, uphill.
        sizes = whole_step(
            case.optimizer, [np.abs(array) for array in old], np.abs(gradient), -float(rate), step
        )
        for name, before, expected, size in zip(names, old, new, sizes, strict=True):
            after = found[f"{name}.next"]
            bound = case.tolerance["rtol"] * np.abs(expected - before)
            bound += case.tolerance["ulps"] * np.spacing(size.astype(np.float32))
            assert np.all(np.abs(after - expected) <= bound), (name, step)
            state[name] = after


@pytest.mark.parametrize("case", CASES, ids=str)
def test_passes_over_the_tensor(case: Case) -> None:
    graph = program_of(case.optimizer).graph
    wide = [node for node in graph if type_of(node.outputs[0]).shape == SHAPE]
    assert len([node for node in wide if node.op_type != "Identity"]) == case.passes


@pytest.mark.parametrize("case", CASES, ids=str)
def test_float32_stays_float32(case: Case) -> None:
    slots = tuple(np.zeros(SHAPE, np.float32) for _ in case.optimizer.slots)
    half = start().astype(np.float32)
    new, after = case.optimizer.reference(half, half, slots, 0.1, 3)
    assert {array.dtype for array in (new, *after)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("make", REFUSED)
def test_settings_that_are_refused(make: Any) -> None:
    with pytest.raises(RuleError) as found:
        make()
    assert found.value.code == "E0406"


def test_lion_moves_every_weight_by_the_same_amount() -> None:
    """Its paper's program, written out once more: PyTorch does not have it."""
    optimizer, mean, w = Lion(0.01, betas=(0.9, 0.99), weight_decay=0.2), np.zeros(SHAPE), start()
    for step, gradient in enumerate(gradients()):
        update = np.sign(0.9 * mean + 0.1 * gradient)
        expected = w - 0.01 * (update + 0.2 * w)
        w, (mean,) = optimizer.reference(w, gradient, (mean,), 0.01, step)
        assert np.allclose(w, expected, rtol=1e-15)
        assert np.array_equal(np.abs(update[:, 5:]), np.ones_like(update[:, 5:]))


def test_nothing_moves_where_the_gradient_is_zero() -> None:
    zero = np.zeros(SHAPE)
    for case in CASES:
        if getattr(case.optimizer, "weight_decay", 0) == 0:
            slots = tuple(zero for _ in case.optimizer.slots)
            new, _ = case.optimizer.reference(start(), zero, slots, 0.1, 0)
            assert np.array_equal(new, start())
