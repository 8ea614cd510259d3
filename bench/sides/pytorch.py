"""PyTorch, eager: forward, backward and update of the twin, or its forward pass alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn, optim


class Side:
    """A twin with its weights, and where it trains their optimizer."""

    def __init__(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        self.recipe = json.loads((folder / "recipe.json").read_text())
        self.twin: nn.Module = torch.load(folder / "twin.pt", weights_only=False)
        with np.load(folder / "feeds.npz") as file:
            self.feeds = {name: torch.from_numpy(array) for name, array in file.items()}

    def start(self) -> Any:
        self.function = self.compiled(self.twin)
        if self.recipe["batch"] is None:
            self.weights = list(self.twin.parameters())
            self.optimizer = self._optimizer()
        return self.step()

    def compiled(self, twin: nn.Module) -> Callable[..., torch.Tensor]:
        return twin

    def step(self) -> Any:
        if self.recipe["batch"] is not None:
            with torch.inference_mode():
                return self.function(**self.feeds).numpy()
        self.optimizer.zero_grad()
        loss = self.function(**self.feeds)
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's has no annotations
        if self.recipe["clip_grad_norm"] is not None:
            nn.utils.clip_grad_norm_(self.weights, self.recipe["clip_grad_norm"])
        self.optimizer.step()
        return loss.item()

    def _optimizer(self) -> optim.Optimizer:
        """Return the optimizer in PyTorch's fastest form: one kernel over all weights."""
        settings = dict(self.recipe["settings"])
        settings.pop("l1")
        kind: Any = getattr(optim, self.recipe["optimizer"])
        optimizer: optim.Optimizer = kind(self.weights, **settings, fused=True)
        return optimizer
