"""Schedules: a table of factors, held against PyTorch and against onnxruntime."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dslc.errors import RuleError
from dslc.registry import schedules
from dslc.schedules.base import Schedule
from dslc.schedules.clock import Clock
from dslc.schedules.cosine import Cosine
from dslc.schedules.curves import Inv, Poly, Sigmoid
from dslc.schedules.one_cycle import OneCycle
from dslc.schedules.plateau import Plateau
from dslc.schedules.staircase import Exponential, Multistep, Step
from dslc.schedules.steady import Constant
from dslc.types import Duration
from tests.random.session import Array, Program

PER_EPOCH = 5
TOTAL = 60


def epochs(amount: float) -> Duration:
    return Duration(amount, "epochs")


def steps(amount: float) -> Duration:
    return Duration(amount, "steps")


@dataclass(frozen=True)
class Case:
    """A schedule, factors at some steps, and PyTorch's schedule with how often it is advanced."""

    schedule: Schedule
    factors: Mapping[int, float]
    torch: Callable[[Any, Any], Any] | None = None
    every: int = 1

    def __str__(self) -> str:
        return str(self.schedule)


def inv(step: int, gamma: float) -> float:
    return float((1 + gamma * step) ** -0.75)


CASES = (
    Case(Constant(), {0: 1.0, 59: 1.0}),
    Case(Constant(warmup=steps(4)), {0: 0.25, 1: 0.5, 2: 0.75, 3: 1.0, 4: 1.0}),
    Case(Constant(warmup=epochs(2)), {0: 0.1, 4: 0.5, 9: 1.0, 10: 1.0}),
    Case(Constant(warmup=epochs(0.5)), {0: 0.5, 1: 1.0}),
    Case(
        Step(epochs(3)),
        {14: 1.0, 15: 0.1, 29: 0.1, 30: 0.01},
        lambda s, o: s.StepLR(o, 3),
        PER_EPOCH,
    ),
    Case(Step(steps(7), gamma=0.5), {6: 1.0, 7: 0.5, 14: 0.25}, lambda s, o: s.StepLR(o, 7, 0.5)),
    Case(
        Step(epochs(1), gamma=0.8, start=epochs(6)),
        {0: 1.0, 29: 1.0, 30: 0.8, 34: 0.8, 35: 0.64, 59: 0.8**6},
    ),
    Case(Step(epochs(4), start=steps(3)), {2: 1.0, 3: 0.1, 22: 0.1, 23: 0.01}),
    Case(Step(steps(10), gamma=0.5, warmup=steps(20)), {0: 0.05, 9: 0.5, 10: 0.275, 20: 0.25}),
    Case(
        Multistep((epochs(2), epochs(5), steps(40)), gamma=0.5),
        {9: 1.0, 10: 0.5, 24: 0.5, 25: 0.25, 40: 0.125},
        lambda s, o: s.MultiStepLR(o, [10, 25, 40], 0.5),
    ),
    Case(
        Exponential(0.9),
        {4: 1.0, 5: 0.9, 59: 0.9**11},
        lambda s, o: s.ExponentialLR(o, 0.9),
        PER_EPOCH,
    ),
    Case(Exponential(0.99, every=steps(1)), {1: 0.99}, lambda s, o: s.ExponentialLR(o, 0.99)),
    Case(Cosine(), {0: 1.0, 30: 0.5, 60: 0.0}, lambda s, o: s.CosineAnnealingLR(o, TOTAL)),
    Case(
        Cosine(final=0.1),
        {0: 1.0, 30: 0.55},
        lambda s, o: s.CosineAnnealingLR(o, TOTAL, eta_min=0.1),
    ),
    Case(Cosine(warmup=epochs(4)), {0: 0.05, 19: 1.0, 20: 1.0, 40: 0.5, 60: 0.0}),
    Case(Cosine(warmup=epochs(99), final=0.5), {0: 1 / 495, 59: 60 / 495}),
    Case(
        Cosine(restart=steps(7)),
        {0: 1.0, 7: 1.0, 14: 1.0, 6: 0.5 + 0.5 * math.cos(6 * math.pi / 7)},
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 7),
    ),
    Case(
        Cosine(final=0.2, restart=epochs(1), growth=2),
        {0: 1.0, 5: 1.0, 10: 0.6, 15: 1.0, 25: 0.6, 35: 1.0},
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, 2, 0.2),
    ),
    Case(Cosine(restart=steps(1), growth=1000), {0: 1.0, 1: 1.0}),
    Case(Cosine(restart=steps(10), warmup=steps(5)), {0: 0.2, 4: 1.0, 5: 1.0, 10: 0.5, 15: 1.0}),
    Case(Inv(), {0: 1.0, 59: 1.0059**-0.75}, lambda s, o: s.LambdaLR(o, lambda i: inv(i, 1e-4))),
    Case(Inv(gamma=0.1, power=2.0), {10: 0.25, 20: 1 / 9}),
    Case(Poly(), {0: 1.0, 30: 0.5, 60: 0.0, 62: 0.0}, lambda s, o: s.PolynomialLR(o, TOTAL)),
    Case(Poly(power=2.0), {30: 0.25}, lambda s, o: s.PolynomialLR(o, TOTAL, 2.0)),
    Case(Sigmoid(steps(30), gamma=0.2), {30: 0.5, 0: 1 / (1 + math.exp(-6))}),
    Case(Sigmoid(epochs(2), gamma=1.0), {10: 0.5, 11: 1 / (1 + math.e)}),
    Case(OneCycle(), {0: 0.04, 17: 1.0, 59: 4e-6}, lambda s, o: s.OneCycleLR(o, 1.0, TOTAL)),
    Case(
        OneCycle(pct_start=0.5, div_factor=10.0, final_div_factor=100.0, warmup=steps(1)),
        {29: 1.0, 59: 1e-3},
        lambda s, o: s.OneCycleLR(
            o, 1.0, TOTAL, pct_start=0.5, div_factor=10, final_div_factor=100
        ),
    ),
    Case(Plateau(), {0: 1.0, 59: 1.0}),
)

PLATEAUS = (
    Plateau(patience=epochs(2)),
    Plateau(factor=0.5, patience=epochs(0), threshold=0.05, min_factor=0.2),
    Plateau(patience=epochs(1), cooldown=epochs(3), factor=0.3),
    Plateau(on="accuracy", mode="max", patience=epochs(1), factor=0.5),
    Plateau(mode="max", patience=epochs(0), cooldown=epochs(1), threshold=0.1, factor=0.9),
)

REFUSED = (
    lambda: Multistep(()),
    lambda: Plateau(patience=steps(100)),
    lambda: Plateau(patience=epochs(1.5)),
    lambda: Plateau(cooldown=steps(1)),
)


FEEDS = {
    "step": np.int64,
    "batches_per_epoch": np.int64,
    "total_steps": np.int64,
    "validation": np.float32,
    "epoch_begins": np.bool_,
}


class Lowered:
    """A schedule on onnxruntime, with its state."""

    def __init__(self, schedule: Schedule) -> None:
        self.state: dict[str, Array] = {
            name: np.array(value, np.float32) for name, value in schedule.state.items()
        }
        example = {**self._feeds(Clock(0, 1, 1, 0.0)), **self.state}

        def build(g: Any, x: Any) -> dict[str, Any]:
            clock = Clock(**{name: x[name] for name in FEEDS})
            factor, after = schedule.lower(g, clock, {name: x[name] for name in self.state})
            return {"rate": factor, **{f"{name}.next": value for name, value in after.items()}}

        self._program = Program(build, example)

    def __call__(self, clock: Clock[float]) -> Array:
        found = self._program({**self._feeds(clock), **self.state})
        self.state = {name: found[f"{name}.next"] for name in self.state}
        return found["rate"]

    def _feeds(self, clock: Clock[float]) -> dict[str, Array]:
        return {name: np.array(getattr(clock, name), dtype) for name, dtype in FEEDS.items()}


def clock_at(step: int, validation: float = math.nan) -> Clock[float]:
    return Clock(step, PER_EPOCH, TOTAL, validation, step > 0 and step % PER_EPOCH == 0)


def initial(schedule: Schedule) -> dict[str, Array]:
    return {name: np.asarray(value) for name, value in schedule.state.items()}


def test_every_schedule_has_a_row() -> None:
    assert {type(case.schedule) for case in CASES} == set(schedules().values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_factors(case: Case) -> None:
    for step, expected in case.factors.items():
        factor, _ = case.schedule.reference(clock_at(step), initial(case.schedule))
        assert factor == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_onnxruntime_gives_the_same_factors(case: Case) -> None:
    lowered = Lowered(case.schedule)
    for step in range(TOTAL + 3):
        factor, _ = case.schedule.reference(clock_at(step), initial(case.schedule))
        found = lowered(clock_at(step))
        assert found.dtype == np.float32 and found.shape == ()
        assert abs(found - factor) <= 6e-8 * factor


@pytest.mark.parametrize("case", [case for case in CASES if case.torch], ids=str)
def test_factors_are_those_of_pytorch(case: Case) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is only installed for comparisons")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    assert case.torch is not None
    scheduler = case.torch(torch.optim.lr_scheduler, optimizer)
    for step in range(TOTAL):
        factor, _ = case.schedule.reference(clock_at(step), {})
        assert factor == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-12)
        optimizer.step()
        if step % case.every == case.every - 1:
            scheduler.step()


@pytest.mark.parametrize("make", REFUSED)
def test_settings_that_are_refused(make: Any) -> None:
    with pytest.raises(RuleError) as found:
        make()
    assert found.value.code == "E0406"


def figures(mode: str) -> list[float]:
    """Validation figures of 40 epochs: progress, then noise around a plateau, then progress."""
    generator = np.random.default_rng(3)
    course = np.concatenate([np.linspace(2, 1, 10), np.full(22, 1.0), np.linspace(0.9, 0.5, 8)])
    noisy = (course + 0.02 * generator.standard_normal(40)).astype(np.float32)
    return [float(value) for value in (noisy if mode == "min" else 3 - noisy)]


def follow(
    schedule: Plateau, advance: Callable[[Clock[float]], float], validations: list[float]
) -> list[float]:
    """Return the factor of every epoch, NaN before the first figure, several steps an epoch."""
    seen = []
    for epoch, figure in enumerate([math.nan, *validations]):
        factors = [advance(clock_at(epoch * PER_EPOCH + step, figure)) for step in range(PER_EPOCH)]
        assert len(set(factors)) == 1, "a figure counts once, in the first step of the epoch"
        seen.append(factors[0])
    return seen


def by_reference(schedule: Plateau, validations: list[float]) -> list[float]:
    state: Mapping[str, Array] = initial(schedule)

    def advance(clock: Clock[float]) -> float:
        nonlocal state
        factor, state = schedule.reference(clock, state)
        return factor

    return follow(schedule, advance, validations)


@pytest.mark.parametrize("schedule", PLATEAUS, ids=str)
def test_plateau_is_that_of_pytorch(schedule: Plateau) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is only installed for comparisons")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode=schedule.mode or "min",
        factor=schedule.factor,
        patience=int(schedule.patience.amount),
        threshold=schedule.threshold,
        cooldown=int(schedule.cooldown.amount),
        min_lr=schedule.min_factor,
        eps=0.0,
    )
    expected = [1.0]
    for figure in figures(schedule.mode):
        scheduler.step(figure)
        expected.append(optimizer.param_groups[0]["lr"])
    assert by_reference(schedule, figures(schedule.mode)) == pytest.approx(expected, rel=1e-12)
    assert min(expected) < 1


@pytest.mark.parametrize("schedule", PLATEAUS, ids=str)
def test_plateau_on_onnxruntime(schedule: Plateau) -> None:
    lowered = Lowered(schedule)
    found = follow(schedule, lambda clock: float(lowered(clock)), figures(schedule.mode))
    assert found == pytest.approx(by_reference(schedule, figures(schedule.mode)), rel=1e-6)


@pytest.mark.parametrize("schedule", PLATEAUS, ids=str)
def test_plateau_passes_over_missing_figures(schedule: Plateau) -> None:
    known = figures(schedule.mode)[:15]
    gaps = [value for figure in known for value in (figure, math.nan)]
    expected = by_reference(schedule, known)
    assert by_reference(schedule, gaps)[2::2] == expected[1:]
    lowered = Lowered(schedule)
    found = follow(schedule, lambda clock: float(lowered(clock)), gaps)
    assert found[2::2] == pytest.approx(expected[1:], rel=1e-6)


def test_an_epoch_of_no_steps_does_not_end_the_process() -> None:
    """onnxruntime divides whole numbers by 0 with a signal."""
    for schedule in (
        Step(epochs(3)),
        Exponential(0.5),
        Plateau(),
        Cosine(warmup=epochs(1)),
        Cosine(restart=epochs(1)),
        Poly(),
        OneCycle(),
    ):
        assert Lowered(schedule)(Clock(5, 0, 0, 1.0)).shape == ()
