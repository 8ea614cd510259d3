"""Loss scaling: what a step makes of the scale and of everything else, as a table, on onnxruntime and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime import Trainer
from dslc_runtime.errors import DivergedFault

from dslc import api
from dslc.artifact.state import states
from dslc.compile import Options, network_of
from dslc.network.network import Network
from dslc.network.precision import PATIENCE
from dslc.reference.scaling import reference_scale
from dslc.reference.update import reference_update
from dslc.source import Source
from tests.train.test_recipes import Graphs

Array = np.ndarray[Any, Any]

SPEC = """
net Scaled {
  input x: float32[N, 3]
  Linear(4, bias=false) -> BatchNorm -> tanh
  output y: Linear(2)
}

train {
  target t: float32[N, 2]
  loss mean(t * t * y)
  optimizer = SGD(lr=0.1, momentum=0.9)
  batch = 5
  epochs = 4
  precision = float16
}
"""

SCALE, GOOD = "loss_scale", "loss_scale.good_updates"
HUGE = 1e30
"""A target at which gradients are infinite in float32, and so in halves: on the CPU these may be left out."""

ACCUMULATED = {"accumulate": "2"}


@dataclass(frozen=True)
class Step:
    """One step: scale and good updates before it and after it, and what else changes."""

    name: str
    before: tuple[float, int]
    after: tuple[float, int]
    counts: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    number: int = 0
    """Of the step; with `accumulate` an update may not be due."""
    due: bool = True
    sums: float = 0.0
    """What the gradients accumulated before it are filled with."""
    t: float = 1.0
    finite: bool = True

    def __str__(self) -> str:
        return self.name


STEPS = (
    Step("counts", (2.0**16, 0), (2.0**16, 1)),
    Step("counts again", (2.0**10, 1998), (2.0**10, 1999)),
    Step("is the last before the scale grows", (2.0**16, 1999), (2.0**17, 0)),
    Step("finds the scale at its largest", (2.0**24, 1999), (2.0**24, 0)),
    Step("overflows", (2.0**16, 7), (2.0**15, 0), False, t=HUGE),
    Step("overflows by its scale", (2.0**127, 7), (2.0**126, 0), False, t=100),
    Step("overflows where the scale would grow", (2.0**16, 1999), (2.0**15, 0), False, t=HUGE),
    Step("overflows, clipped", (2.0**16, 7), (2.0**15, 0), False, {"clip_grad_norm": "1"}, t=HUGE),
    Step("overflows, cut", (2.0**16, 7), (2.0**15, 0), False, {"clip_grad_value": "1"}, t=HUGE),
    Step("overflows, with averages", (2.0**16, 7), (2.0**15, 0), False, {"ema": "0.5"}, t=HUGE),
    Step("overflows with Adam", (2.0**16, 7), (2.0**15, 0), False, {"optimizer": "Adam(lr=0.1)"}, t=HUGE),
    Step("overflows at a scale of 2", (2.0, 7), (1.0, 0), False, t=HUGE),
    Step("overflows at a scale of 1", (1.0, 7), (0.5, 0), False, t=HUGE, finite=False),
    Step("gathers", (2.0**16, 3), (2.0**16, 3), settings=ACCUMULATED, due=False),
    Step("gathers and updates", (2.0**16, 3), (2.0**16, 4), settings=ACCUMULATED, number=1),
    Step("gathers an overflow", (2.0**16, 3), (2.0**16, 3), False, ACCUMULATED, due=False, t=HUGE),
    Step("updates by an overflow", (2.0**16, 3), (2.0**15, 0), False, ACCUMULATED, number=1, t=HUGE),
    Step("has gathered an overflow", (2.0**16, 3), (2.0**15, 0), False, ACCUMULATED, number=1, sums=np.inf),
)  # fmt: skip


@cache
def compiled(settings: tuple[tuple[str, str], ...]) -> tuple[Network, Graphs]:
    given = {f"train.{name}": value for name, value in settings}
    net = network_of(Source("scaled.net", SPEC), Options(given))
    return net, Graphs(net)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_step(step: Step) -> None:
    net, graphs = compiled(tuple(step.settings.items()))
    state = graphs.start()
    assert (state[SCALE], state[GOOD]) == (2.0**16, 0)
    state = {**state, SCALE: np.float32(step.before[0]), GOOD: np.int64(step.before[1])}
    for name in state:
        if name.endswith("accumulated"):
            state[name] = np.full_like(state[name], step.sums)
    feeds = {**state, **_batch(step.t), "seed": 0, "step": step.number, "steps_per_epoch": 9}
    found = graphs.step({**feeds, "validation": 0.0})
    assert (found[f"{SCALE}.next"], found[f"{GOOD}.next"]) == step.after
    assert bool(found["finite"]) is step.finite
    for one in states(net):
        changed = not np.array_equal(found[one.next_name], state[one.name])
        if one.kind == "statistic":
            assert changed is step.counts, one.name
        elif one.kind != "scale" and not one.name.endswith("accumulated"):
            assert changed is (step.counts and step.due), one.name
        elif one.name.endswith("accumulated") and step.due:
            assert not found[one.next_name].any()
        assert (
            one.kind == "scale" or step.counts or not step.due or _is_finite(found[one.next_name])
        )


def _batch(size: float) -> dict[str, Array]:
    generator = np.random.default_rng(3)
    x = generator.standard_normal((5, 3)).astype(np.float32)
    t = generator.uniform(1, 2, (5, 2)).astype(np.float32) * np.float32(size)
    return {"x": x, "t": t}


def _is_finite(array: Array) -> bool:
    return bool(np.isfinite(array).all())


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_the_interpreter_says_the_same(step: Step) -> None:
    """Of the same gradients: finite, or infinite where the graph's overflow."""
    net, graphs = compiled(tuple(step.settings.items()))
    assert net.training is not None
    scale = {SCALE: np.asarray(step.before[0]), GOOD: np.asarray(step.before[1])}
    state = {**graphs.start(), **scale}
    overflows = not step.counts
    gradients = {
        p: np.full(state[p.name].shape, np.inf if overflows else 0.5)
        for p in net.training.optimizers
    }
    found = reference_update(net.training, gradients, state, step.number, 9, 0.0)
    assert (found[SCALE], found[GOOD]) == step.after
    for p in net.training.optimizers:
        changed = not np.array_equal(found[p.name], state[p.name])
        assert changed is (step.counts and step.due)
    for name in found.keys() - {SCALE, GOOD}:
        assert _is_finite(found[name]) or (overflows and not step.due)


def test_the_scale_goes_on_as_that_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is only installed for comparisons")
    training = compiled(())[0].training
    assert training is not None
    state: dict[str, Array] = {SCALE: np.asarray(2.0**16), GOOD: np.asarray(PATIENCE - 2)}
    scaler = torch.amp.GradScaler("cpu")
    scaler.load_state_dict({**scaler.state_dict(), "_growth_tracker": PATIENCE - 2})
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for counted in (True, True, True, False, True, False, False, True):
        scaler.scale(weight.sum())
        weight.grad = torch.full((1,), 1.0 if counted else np.inf)
        before = weight.item()
        scaler.step(optimizer)
        scaler.update()
        state = reference_scale(training, counted, state)
        assert (weight.item() != before) is counted
        assert scaler.get_scale() == state[SCALE]
        assert scaler.state_dict()["_growth_tracker"] == state[GOOD]


def test_a_scale_changes_no_gradient() -> None:
    """Powers of two are exact: another scale, the same step, as long as nothing overflows or vanishes."""
    _, graphs = compiled(())
    state = graphs.start()
    numbers = {"seed": 0, "step": 0, "steps_per_epoch": 9, "validation": 0.0}
    steps = [
        graphs.step({**state, SCALE: np.float32(scale), **_batch(1.0), **numbers})
        for scale in (2.0**8, 2.0**12)
    ]
    for name in state:
        if name != SCALE:
            np.testing.assert_allclose(
                steps[0][f"{name}.next"], steps[1][f"{name}.next"], rtol=1e-4, err_msg=name
            )


def test_sections_have_scales_of_their_own() -> None:
    text = SPEC.replace("train {", "train first {")
    second = "\ntrain second {\n  loss mean(y * y)\n  optimizer = SGD(lr=0.1)\n}\n"
    names = [
        {
            s.name
            for s in states(network_of(Source("two.net", text + second), Options({}), section=one))
        }
        for one in ("first", "second")
    ]
    assert {"loss_scale.first", "loss_scale.first.good_updates"} <= names[0]
    assert not any(name.startswith("loss_scale") for name in names[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scaled")
    (folder / "scaled.net").write_text(SPEC)
    api.compile(folder / "scaled.net", folder)
    return folder


def test_a_step_that_does_not_count_is_no_divergence(folder: Path) -> None:
    """Sixteen in a row take the scale from 65536 to 1; the next one is told, with the value that overflows."""
    trainer = Trainer(folder, device="cpu")
    before = trainer.weights()
    for _ in range(16):
        trainer.step(_batch(HUGE))
    state = trainer.state.numpy()
    assert (state[SCALE], state[GOOD]) == (1.0, 0)
    after = trainer.weights()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    with pytest.raises(DivergedFault) as caught:
        trainer.step(_batch(HUGE))
    assert "diverged at step 16" in str(caught.value)
    assert "the loss scale has fallen to 1" in "\n".join(caught.value.facts)
    assert any("precision = float32" in help_ for help_ in caught.value.helps)
    trainer.step(_batch(1.0))
    assert not np.array_equal(trainer.weights()["y.weight"], before["y.weight"])
