"""Ways to train, each written twice: as settings of the train section, and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, optim
from torch.optim import lr_scheduler as rates

MakeOptimizer = Callable[[Sequence[Tensor]], optim.Optimizer]
MakeSchedule = Callable[[optim.Optimizer], rates.LRScheduler]

STEPS = 10


@dataclass(frozen=True)
class Recipe:
    """Settings of the train section without their `train.`, and what PyTorch calls the same.

    PyTorch's schedule moves on after each step.
    """

    name: str
    optimizer: str
    make_optimizer: MakeOptimizer
    schedule: str = "constant"
    make_schedule: MakeSchedule | None = None
    clip_grad_norm: float | None = None
    steps_per_epoch: int = 1

    @property
    def settings(self) -> Mapping[str, object]:
        chosen = {"train.optimizer": self.optimizer, "train.schedule": self.schedule}
        if self.clip_grad_norm is None:
            return chosen
        return chosen | {"train.clip_grad_norm": self.clip_grad_norm}


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("plain", "SGD(lr=0.1)", lambda weights: optim.SGD(weights, 0.1)),
        Recipe(
            "momentum",
            "SGD(lr=0.02, momentum=0.9)",
            lambda weights: optim.SGD(weights, 0.02, momentum=0.9),
        ),
        Recipe(
            "decay_step",
            "SGD(lr=0.05, momentum=0.9, weight_decay=1e-2)",
            lambda weights: optim.SGD(weights, 0.05, momentum=0.9, weight_decay=1e-2),
            "step(every=3 steps, gamma=0.5)",
            lambda optimizer: rates.StepLR(optimizer, 3, 0.5),
        ),
        Recipe(
            "nesterov_cosine",
            "SGD(lr=0.05, momentum=0.9, nesterov=true, weight_decay=1e-3)",
            lambda weights: optim.SGD(
                weights, 0.05, momentum=0.9, nesterov=True, weight_decay=1e-3
            ),
            "cosine",
            lambda optimizer: rates.CosineAnnealingLR(optimizer, STEPS),
        ),
        Recipe(
            "dampening_exponential",
            "SGD(lr=0.1, momentum=0.8, dampening=0.3)",
            lambda weights: optim.SGD(weights, 0.1, momentum=0.8, dampening=0.3),
            "exponential(gamma=0.7)",
            lambda optimizer: rates.MultiStepLR(optimizer, [4, 8], 0.7),
            steps_per_epoch=4,
        ),
        Recipe(
            "clip_multistep",
            "SGD(lr=0.1, momentum=0.9)",
            lambda weights: optim.SGD(weights, 0.1, momentum=0.9),
            "multistep(at=[2 steps, 7 steps], gamma=0.5)",
            lambda optimizer: rates.MultiStepLR(optimizer, [2, 7], 0.5),
            clip_grad_norm=0.25,
        ),
        Recipe("adam", "Adam(lr=2e-3)", lambda weights: optim.Adam(weights, 2e-3)),
        Recipe(
            "adam_decay_cosine",
            "Adam(lr=2e-3, betas=[0.8, 0.99], eps=1e-6, weight_decay=1e-2)",
            lambda weights: optim.Adam(weights, 2e-3, (0.8, 0.99), 1e-6, 1e-2),
            "cosine(final=0.1)",
            lambda optimizer: rates.CosineAnnealingLR(optimizer, STEPS, 2e-4),
        ),
        Recipe(
            "adamw_clip",
            "AdamW(lr=2e-3, weight_decay=0.1)",
            lambda weights: optim.AdamW(weights, 2e-3, weight_decay=0.1),
            clip_grad_norm=0.2,
        ),
        Recipe(
            "rmsprop",
            "RMSprop(lr=1e-4, momentum=0.9, centered=true)",
            lambda weights: optim.RMSprop(weights, 1e-4, momentum=0.9, centered=True),
        ),
    )
}
