"""Train sections by chance: losses on outputs, an optimizer, a schedule, limits of the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dslc.types import DType, TensorType
from tests.generate.scope import Item, Scope

if TYPE_CHECKING:
    from tests.generate.spec import Writer

OPTIMIZERS = {
    "SGD": (
        "lr=0.1",
        "lr=0.1, momentum=0.9",
        "lr=0.1, momentum=0.9, nesterov=true, weight_decay=0.01",
    ),
    "Adam": ("lr=0.01", "lr=0.01, betas=[0.8, 0.9], weight_decay=0.01"),
    "AdamW": ("lr=0.01", "lr=0.01, weight_decay=0.1"),
    "RMSprop": ("lr=0.01", "lr=0.01, momentum=0.9, centered=true"),
    "Adagrad": ("lr=0.01", "lr=0.01, lr_decay=0.1"),
    "Adadelta": ("lr=1.0", "lr=0.5, rho=0.8"),
    "Lion": ("lr=0.001",),
}
SCHEDULES = (
    "constant",
    "cosine",
    "cosine(warmup=4 steps)",
    "step(every=2 epochs, gamma=0.5)",
    "exponential(gamma=0.9)",
    "multistep(at=[1 epochs, 2 epochs])",
    "plateau(factor=0.5, patience=1 epochs)",
)


def train_section(writer: Writer, scope: Scope, outputs: list[Item]) -> str:
    """Return the text of a train section; none where no output depends on a parameter."""
    dice = writer.dice
    learned = [item for item in outputs if item.learned and item.type.dtype is DType.FLOAT32]
    if not learned:
        return ""
    targets: list[str] = []
    lines: list[str] = []
    for item in learned[:2]:
        lines.append(f"loss {_loss(writer, item, targets)}")
    name = dice.one(sorted(OPTIMIZERS))
    lines.append(f"optimizer = {name}({dice.one(OPTIMIZERS[name])})")
    schedule = dice.one(SCHEDULES)
    lines.append(f"schedule = {schedule}")
    if schedule.startswith("plateau"):
        lines.append("validation = 0.2")
    if dice.chance(0.2):
        lines.append(dice.one(("clip_grad_norm = 0.5", "clip_grad_value = 0.1")))
    lines += [f"batch = {scope.sizes.get('N', 2)}", "epochs = 3"]
    return "train {\n" + "\n".join(f"  {line}" for line in (*targets, *lines)) + "\n}"


def _loss(writer: Writer, item: Item, targets: list[str]) -> str:
    """Return a loss of an output, with a target of its own."""
    dice, type = writer.dice, item.type
    if type.rank >= 2 and isinstance(type.shape[-1], int) and dice.chance(0.4):
        name = _target(targets, TensorType(DType.INT64, type.shape[:-1]))
        return f"cross_entropy({item.text}, {name})"
    kind = dice.one(("mse", "l1", "huber", "bce_with_logits", "mean"))
    if kind == "mean":
        return f"{dice.one((0.1, 1.0))} * mean(softsign({item.text}) ** 2)"
    return f"{kind}({item.text}, {_target(targets, type)})"


def _target(targets: list[str], type: TensorType) -> str:
    name = f"t{len(targets) + 1}"
    targets.append(f"target {name}: {type}")
    return name
