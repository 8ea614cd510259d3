"""Recipes of train sections: every step on onnxruntime, from its own state, is the interpreter's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
import pytest

from dslc.artifact.state import states
from dslc.compile import Options, Section, network_of, training_models
from dslc.graph.builder import type_of
from dslc.network.network import Network
from dslc.reference.interpreter import Interpreter
from dslc.reference.update import reference_update
from dslc.source import Source

Array = np.ndarray[Any, Any]

SPEC = """
net Small {
  input x: float32[N, 3]
  hidden: Linear(4) -> tanh
  output y: Linear(2)
}

train {
  target t: float32[N, 2]
  loss mse(y, t)
  optimizer = SGD(lr=0.1)
  batch = 5
  epochs = 4
}
"""

STEPS, PER_EPOCH = 14, 5


@dataclass(frozen=True)
class Recipe:
    """Training settings, and after which of the 14 steps the weights change."""

    settings: Mapping[str, str]
    moves: tuple[int, ...] = tuple(range(STEPS))

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.settings.items())


SGD, ADAM = "SGD(lr=0.1, momentum=0.9)", "Adam(lr=0.01)"
THIRD = (2, 5, 8, 11)

RECIPES = (
    Recipe({"optimizer": SGD}),
    Recipe({"optimizer": "SGD(lr=0.1, l1=0.05)"}),
    Recipe({"optimizer": "AdamW(lr=0.1, l1=1e-2)", "clip_grad_norm": "0.1"}),
    Recipe({"optimizer": "Lion(lr=0.01)", "schedule": "one_cycle"}),
    Recipe({"optimizer": "Adagrad(lr=0.1)", "schedule": "poly(power=2)"}),
    Recipe({"optimizer": "Adadelta()", "schedule": "cosine(restart=1 epochs, growth=2)"}),
    Recipe({"optimizer": SGD, "accumulate": "3"}, THIRD),
    Recipe({"optimizer": ADAM, "accumulate": "3", "schedule": "cosine"}, THIRD),
    Recipe({"optimizer": SGD, "accumulate": "3", "schedule": "step(every=1 epochs)"}, THIRD),
    Recipe({"optimizer": SGD, "accumulate": "2", "schedule": "exponential(0.5, 1 steps)"}, range(1, 14, 2)),
    Recipe({"optimizer": SGD, "accumulate": "3", "clip_grad_norm": "0.2", "ema": "0.5"}, THIRD),
    Recipe(
        {"optimizer": SGD, "accumulate": "3", "validation": "0.2", "schedule": "plateau(patience=0 epochs)"},
        THIRD,
    ),
    Recipe({"optimizer": ADAM, "ema": "0.9"}),
    Recipe({"optimizer": SGD, "validation": "0.2", "schedule": "plateau(patience=0 epochs)"}),
)  # fmt: skip

every_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=str)


@cache
def network(recipe: str) -> Network:
    settings = dict(pair.partition("=")[::2] for pair in recipe.split("\n"))
    return network_of(Source("small.net", SPEC), Options(settings))


def network_with(recipe: Recipe) -> Network:
    return network("\n".join(f"train.{name}={value}" for name, value in recipe.settings.items()))


class Graphs:
    """The init and the train graph of a recipe on onnxruntime."""

    def __init__(self, net: Network) -> None:
        self.net = net
        models = training_models([Section(net, net)])
        self.inputs = {str(v.name): type_of(v).dtype.numpy for v in models["train"].graph.inputs}
        self.init, self.train = (self._session(models[name]) for name in ("init", "train"))

    @staticmethod
    def _session(model: Any) -> onnxruntime.InferenceSession:
        import onnx_ir as ir

        return onnxruntime.InferenceSession(
            ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"]
        )

    def start(self) -> dict[str, Array]:
        names = [output.name for output in self.init.get_outputs()]
        return dict(zip(names, self.init.run(names, {"seed": np.array(0)}), strict=True))

    def step(self, feeds: Mapping[str, Any]) -> dict[str, Array]:
        names = [output.name for output in self.train.get_outputs()]
        given = {name: np.asarray(feeds[name], dtype) for name, dtype in self.inputs.items()}
        return dict(zip(names, self.train.run(names, given), strict=True))


def validation_after(step: int) -> float:
    """A figure that gets better once, and then no more."""
    return (np.nan, 1.0, 0.5, 0.6)[step // PER_EPOCH]


@every_recipe
def test_every_step_is_that_of_the_interpreter(recipe: Recipe) -> None:
    net = network_with(recipe)
    graphs, generator = Graphs(net), np.random.default_rng(5)
    state = graphs.start()
    assert net.training is not None
    x, t = net.inputs[0], net.training.targets[0]
    moved = []
    for step in range(STEPS):
        data = {
            x: generator.standard_normal((5, 3)).astype(np.float32),
            t: generator.standard_normal((5, 2)).astype(np.float32),
        }
        numbers = {"seed": 0, "step": step, "steps_per_epoch": PER_EPOCH}
        validation = np.float32(validation_after(step))
        named = {value.name: array for value, array in data.items()}
        found = graphs.step({**state, **named, **numbers, "validation": validation})
        weights = {p: state[p.name] for p in net.parameters}
        run = Interpreter(net, True, {"N": 5}, step=step)
        done = run.forward({**data, **weights}, [net.training.terms[0].value])
        gradients = run.backward(done, {net.training.terms[0].value: np.ones(())})
        expected = reference_update(
            net.training,
            {p: gradients[p] for p in net.training.optimizers},
            state,
            step,
            PER_EPOCH,
            float(validation),
        )
        following = {s.name: found[s.next_name] for s in states(net)}
        assert following.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(following[name], value, rtol=2e-5, atol=2e-7, err_msg=name)
        if any((following[p.name] != state[p.name]).any() for p in net.parameters):
            moved.append(step)
        state = following
    assert moved == list(recipe.moves)


def test_accumulated_batches_are_one_large_batch() -> None:
    """Three batches of five, their mean gradient: the same update as one batch of fifteen."""
    small = network_with(Recipe({"optimizer": SGD, "accumulate": "3"}))
    large = network_with(Recipe({"optimizer": SGD, "batch": "15"}))
    generator = np.random.default_rng(1)
    graphs = Graphs(small), Graphs(large)
    states_ = [each.start() for each in graphs]
    numbers = {"seed": 0, "steps_per_epoch": PER_EPOCH, "validation": 0.0}
    for update in range(4):
        x = generator.standard_normal((15, 3)).astype(np.float32)
        t = generator.standard_normal((15, 2)).astype(np.float32)
        for part in range(3):
            rows = slice(5 * part, 5 * part + 5)
            feeds = {"x": x[rows], "t": t[rows], "step": 3 * update + part}
            found = graphs[0].step({**states_[0], **feeds, **numbers})
            states_[0] = {name: found[f"{name}.next"] for name in states_[0]}
        found = graphs[1].step({**states_[1], "x": x, "t": t, "step": update, **numbers})
        states_[1] = {name: found[f"{name}.next"] for name in states_[1]}
        for name, value in states_[1].items():
            np.testing.assert_allclose(states_[0][name], value, rtol=1e-5, atol=1e-6)


def test_averages_start_as_the_weights_and_follow_them() -> None:
    net = network_with(Recipe({"optimizer": ADAM, "ema": "0.9"}))
    graphs = Graphs(net)
    state = graphs.start()
    for p in net.parameters:
        assert np.array_equal(state[p.name], state[f"{p.name}.ema"])
    kinds = {s.name: s.kind for s in states(net)}
    assert kinds["y.weight.ema"] == "average" and kinds["y.weight.mean"] == "slot"
