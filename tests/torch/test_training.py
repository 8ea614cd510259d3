"""Whole trainings, compiled and in PyTorch: the same weights, the same batches, the same numbers.

PyTorch computes in float64, so only one side rounds to float32.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dslc_runtime
import numpy as np
import pytest
import torch
from dslc_runtime import Trainer
from torch import Tensor

from dslc import api
from dslc.reference.initial import initial_weights
from tests.torch.nets import NETS, SPECS, Batch, Net, Weights
from tests.torch.recipes import RECIPES, STEPS, Recipe

torch.set_num_threads(1)  # nets so small are slower on several

Arrays = dict[str, np.ndarray[Any, Any]]

OUTPUTS = 1e-5
"""Of the largest output."""

GRADIENTS = 1e-5
"""Of a gradient's norm."""

LOSSES = 1e-5
"""Of the loss, over the first ten steps."""

WEIGHTS = 5e-4
"""Of the way that a weight went in ten steps, by the norm."""

TRAININGS = [
    *(("lenet5", recipe) for recipe in RECIPES if recipe != "momentum"),
    ("alexnet", "decay_step"),
    ("alexnet", "adam"),
    ("resnet", "nesterov_cosine"),
    ("resnet", "adam_decay_cosine"),
    ("resnet", "clip_multistep"),
    ("vgg11", "momentum"),
    # Many of its weights have a gradient of exactly 0, where Winograd's sums leave a rounding: with eps=1e-8
    # Adam would make a step of that.
    ("vgg11", "adam_decay_cosine"),
    ("segmenting", "momentum"),
    ("segmenting", "adam_decay_cosine"),
    ("lstm", "nesterov_cosine"),
    ("lstm", "adam"),
    ("attention", "momentum"),
    ("attention", "adam"),
    ("inception", "momentum"),
    ("inception", "adamw_clip"),
]


@dataclass(frozen=True)
class Pair:
    """A compiled training and the weights of its twin in PyTorch, both at the same point."""

    net: Net
    trainer: Trainer
    weights: Weights
    rng: np.random.Generator

    def trained(self) -> dict[str, Tensor]:
        return {name: weight for name, weight in self.weights.items() if weight.requires_grad}

    def draw(self) -> Batch:
        return self.net.draw(self.rng, self.net.batch)


def pair_of(net: Net, recipe: Recipe, folder: Path) -> Pair:
    """Compile a net with weights of which none is special, and give PyTorch the same."""
    rng = np.random.default_rng(len(net.name))
    settings: dict[str, Any] = {**net.settings, **recipe.settings}
    spec = write_spec(net, folder)
    network = api.load(spec, **settings)
    start = {name: shaken(rng, name, w) for name, w in initial_weights(network).items()}
    api.compile(spec, folder / "build", weights=start, **settings)
    trainer = Trainer(folder / "build", device="cpu", threads=1)
    trainer.state.load({**trainer.state.numpy(), **start})
    trainer.steps_per_epoch = recipe.steps_per_epoch
    weights = Weights()
    for parameter in network.parameters:
        weights[parameter.name] = torch.tensor(
            start[parameter.name], dtype=torch.float64, requires_grad=parameter.trained
        )
    return Pair(net, trainer, weights, rng)


def write_spec(net: Net, folder: Path) -> Path:
    """Write the spec beside those that ship, whose blocks it may import."""
    for shipped in SPECS.glob("*.net"):
        shutil.copy(shipped, folder)
    path = folder / f"{net.name}.net"
    if net.spec:
        path.write_text(net.spec)
    return path


def shaken(rng: np.random.Generator, name: str, weight: Any) -> Any:
    """Move zeros and ones (biases, the weights and statistics of a normalisation) off their place."""
    if name.endswith(("running_var", "batchnorm1.weight")):
        weight = weight * rng.uniform(0.5, 1.5, weight.shape)
    elif weight.ndim == 1:
        weight = weight + rng.normal(scale=0.1, size=weight.shape)
    return weight.astype(np.float32)


def torch_losses(pair: Pair, recipe: Recipe, batches: list[Batch]) -> list[float]:
    weights = list(pair.trained().values())
    optimizer = recipe.make_optimizer(weights)
    schedule = recipe.make_schedule(optimizer) if recipe.make_schedule else None
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        loss = pair.net.loss(pair.weights, batch)
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's has no annotations
        if recipe.clip_grad_norm is not None:
            norm = torch.nn.utils.clip_grad_norm_(weights, recipe.clip_grad_norm)
            assert norm > recipe.clip_grad_norm, "a clipping that does nothing tests nothing"
        optimizer.step()
        if schedule:
            schedule.step()
        losses.append(loss.item())
    return losses


def assert_near(name: str, got: Any, want: Any, bound: float, scale: float) -> None:
    error = np.linalg.norm(got - want)
    assert error <= bound * scale, f"{name}: {error / scale:.2e} > {bound:.0e}"


@pytest.mark.parametrize("name", NETS)
def test_outputs_and_gradients(name: str, tmp_path: Path) -> None:
    pair = pair_of(NETS[name], RECIPES["momentum"], tmp_path)
    batch = pair.draw()
    check_outputs(pair, batch, tmp_path / "build" / f"{name}.onnx")
    check_gradients(pair, batch)


def check_outputs(pair: Pair, batch: Batch, model: Path) -> None:
    """Compare the network itself, in inference mode."""
    pair.weights.training = False
    with torch.no_grad():
        want = pair.net.forward(pair.weights, pair.net.given(batch))[0].numpy()
    given = {pair.net.input: batch[pair.net.input]}
    got = dslc_runtime.run(model, given, device="cpu")["logits"]
    assert np.abs(got - want).max() <= OUTPUTS * np.abs(want).max()


def check_gradients(pair: Pair, batch: Batch) -> None:
    """Compare what the slots hold after one step of SGD: the gradients."""
    pair.weights.training = True
    loss = pair.net.loss(pair.weights, batch)
    loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's has no annotations
    assert pair.trainer.step(batch)["loss"] == pytest.approx(loss.item(), rel=GRADIENTS)
    slots = pair.trainer.state.numpy()
    for weight, value in pair.trained().items():
        assert value.grad is not None
        want = value.grad.numpy()
        scale = float(np.linalg.norm(want))
        if not pair.net.counts(weight):
            assert max(scale, np.linalg.norm(slots[f"{weight}.momentum"])) < 1e-7
            continue
        assert scale > 0, f"{weight}: a gradient of zeros tests nothing"
        assert_near(weight, slots[f"{weight}.momentum"], want, GRADIENTS, scale)


@pytest.mark.parametrize(("name", "recipe"), TRAININGS)
def test_ten_steps(name: str, recipe: str, tmp_path: Path) -> None:
    pair = pair_of(NETS[name], RECIPES[recipe], tmp_path)
    start = pair.trainer.weights()
    batches = [pair.draw() for _ in range(STEPS)]
    want = torch_losses(pair, RECIPES[recipe], batches)
    got = [pair.trainer.step(batch)["loss"] for batch in batches]
    assert got == pytest.approx(want, rel=LOSSES)
    assert pair.trainer.weights().keys() == pair.weights.keys()
    counted = {name: w for name, w in pair.weights.items() if pair.net.counts(name)}
    assert_same_weights(start, pair.trainer.weights(), counted)
    pair.weights.training = False
    held_back = pair.draw()
    with torch.no_grad():
        loss = pair.net.loss(pair.weights, held_back).item()
    assert pair.trainer.evaluate(held_back)["loss"] == pytest.approx(loss, rel=LOSSES)


def assert_same_weights(start: Arrays, got: Arrays, want: Mapping[str, Tensor]) -> None:
    """Compare weights and running statistics by how far they have come."""
    for name, value in want.items():
        end = value.detach().numpy()
        way = float(np.linalg.norm(end - start[name]))
        assert way > 0, f"{name} has not moved"
        assert_near(name, got[name], end, WEIGHTS, way)
