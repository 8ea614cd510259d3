"""The examples of the reference as whole specs: what an example leaves out is put around it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dslc.help.entry import Entry

_WORDS = ("target ", "metric ", "loss ", "augment ", "freeze ", "group ")
_SETTING = re.compile(r"(optimizer|schedule|batch|epochs|steps|validation|seed|ema|accumulate) =")
_FREE = re.compile(r"(?<=[\[ ])[A-Z]\w*(?=[],])")
_INPUTS = re.compile(r"^input ([\w, ]+):", re.MULTILINE)

SIZE = 5
"""The size of free dimensions in training, but for the batch."""


def spec_of(entry: Entry) -> str:
    """Return the example of an entry as a spec that compiles, with a train section."""
    imports = f"{entry.imported}\n\n" if entry.imported else ""
    return imports + whole(entry.example)


def whole(lines: Sequence[str]) -> str:
    """Return lines of a net and of a train section as a spec that compiles."""
    inside = [line for line in lines if not is_training(line)]
    training = [line for line in lines if is_training(line)]
    return f"{_net(inside)}\n\n{_train(lines, training)}\n"


def is_training(line: str) -> bool:
    """Tell whether a line belongs into a train section."""
    return line.startswith(_WORDS) or _SETTING.match(line) is not None


def _net(lines: Sequence[str]) -> str:
    """Return a net with a weight of its own, so that there is something to learn."""
    body = list(lines)
    if not any(line.startswith("input ") for line in body):
        body.insert(0, "input example_input: float32[N, 4]")
    body.append("param example_weight: float32[] = constant(0.5)")
    body.append("output example_output = 2 * example_weight")
    return "net Example {\n" + "".join(f"  {line}\n" for line in body) + "}"


def _train(lines: Sequence[str], training: Sequence[str]) -> str:
    body = list(training)
    given = {line.split(" ")[0] for line in body}
    defaults = {
        "loss": "loss example_weight * example_weight",
        "optimizer": "optimizer = SGD(lr=0.1)",
        "batch": "batch = 4",
        "epochs": "epochs = 3",
        "validation": "validation = 0.5",
    }
    body += [line for word, line in defaults.items() if word not in given]
    body += sizes_of(lines)
    return "train {\n" + "".join(f"  {line}\n" for line in body) + "}"


def sizes_of(lines: Sequence[str]) -> list[str]:
    """Return the settings that give free dimensions a size in training; the batch has one of its own."""
    declared = " ".join(line for line in lines if line.startswith(("input ", "target ")))
    free = dict.fromkeys(name for name in _FREE.findall(declared) if name != "N")
    return [f"{name} = {SIZE}" for name in free]
