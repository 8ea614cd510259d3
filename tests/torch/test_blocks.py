"""The blocks of the standard library against PyTorch: outputs and gradients, with the same weights.

PyTorch computes in float64, so only one side rounds to float32.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dslc_runtime import Trainer

from dslc import api
from dslc.network.network import Input, Network
from dslc.reference.initial import initial_weights
from dslc.types import DType
from tests.std.cases import CASES, Case
from tests.torch.blocks import TWINS

Arrays = dict[str, np.ndarray[Any, Any]]

BOUND = 1e-5
"""Of the loss, of the largest output, of a gradient's norm."""


def test_every_row_has_a_twin() -> None:
    assert TWINS.keys() == {name for name, case in CASES.items() if case.twin}


def drawn(case: Case, given: Input, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Draw a value for an input: a mask in which every query may look somewhere, lengths of at least one."""
    shape = [{"N": 3, **case.sizes}.get(str(dim), dim) for dim in given.type.shape]
    if given.type.dtype is DType.BOOL:
        mask = rng.random(shape) < 0.5
        mask[..., 0] = True
        return mask
    if given.type.dtype is DType.INT64:
        return rng.integers(1, 5, shape)
    return rng.normal(size=shape).astype(np.float32)


def shaken(network: Network, rng: np.random.Generator) -> Arrays:
    """Return the initial weights, zeros and ones moved off their place."""
    return {
        name: (w + rng.normal(scale=0.2, size=w.shape)).astype(np.float32)
        for name, w in initial_weights(network).items()
    }


@pytest.mark.parametrize("name", TWINS)
def test_outputs_and_gradients(name: str, tmp_path: Path) -> None:
    case, rng = CASES[name], np.random.default_rng(len(name))
    spec = tmp_path / "case.net"
    spec.write_text(case.spec)
    network = api.load(spec)
    start = shaken(network, rng)
    api.compile(spec, tmp_path / "build", weights=start)
    trainer = Trainer(tmp_path / "build", device="cpu", threads=1)
    trainer.state.load({**trainer.state.numpy(), **start})
    batch = {given.name: drawn(case, given, rng) for given in network.inputs}

    weights = {
        p.name: torch.tensor(start[p.name], dtype=torch.float64, requires_grad=p.trained)
        for p in network.parameters
        if not p.statistic
    }
    inputs = {n: torch.from_numpy(a) for n, a in batch.items()}
    inputs = {n: x.double() if x.is_floating_point() else x for n, x in inputs.items()}
    y = TWINS[name]({n.removeprefix("y."): w for n, w in weights.items()}, inputs)
    loss = (y**4).mean()
    loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's has no annotations

    assert trainer.step(batch)["loss"] == pytest.approx(loss.item(), rel=BOUND)
    slots = trainer.state.numpy()
    largest = max(float(w.grad.norm()) for w in weights.values() if w.grad is not None)
    for weight, value in weights.items():
        assert value.grad is not None
        want = value.grad.numpy()
        error = np.linalg.norm(slots[f"{weight}.momentum"] - want)
        scale = float(np.linalg.norm(want))
        if weight.endswith("k_proj.bias"):  # what all keys have in common cancels: it is 0
            assert scale <= BOUND * largest
            scale = largest
        assert error <= BOUND * scale, f"{weight}: {error / scale:.2e}"
