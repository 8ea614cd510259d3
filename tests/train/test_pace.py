"""Schedules where an update takes several batches: the rates of the updates, as one counts them by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from dslc.compile import Options, Section, network_of, training_models
from dslc.source import Source

SPEC = """
net Pace {
  input x: float32[N, 1]
  param v: float32[1] = zeros
  output y: x * v
}

train first {
  loss sum(y)
  optimizer = SGD(lr=1)
  batch = 1
  LENGTH
}

train second {
  loss sum(y)
  optimizer = SGD(lr=1)
  LINES
}
"""


@dataclass(frozen=True)
class Paced:
    """Lines of the second section, batches in an epoch, and the rates of its first updates."""

    length: str
    lines: tuple[str, ...]
    per_epoch: int
    rates: tuple[float, ...]

    def __str__(self) -> str:
        return " ".join((self.length, *self.lines))


COSINE = tuple((1 + np.cos(np.pi * i / 10)) / 2 for i in range(10))

PACED = (
    # Every tenth of 100 batches: ten updates, one whole cosine.
    Paced("steps = 100", ("every = 10 steps", "schedule = cosine"), 10, COSINE),
    Paced("epochs = 10", ("every = 10 steps", "schedule = cosine"), 10, COSINE),
    # Two batches an epoch, of which every fifth counts: batches 0, 5, 10 and 15 of 20.
    Paced("epochs = 10", ("every = 5 steps", "schedule = poly"), 2, (1, 0.75, 0.5, 0.25)),
    # Updates at batches 2, 5, 8, 11, 14, 17, 20: the third epoch begins with batch 10, the fifth with batch 20.
    Paced(
        "epochs = 6",
        ("accumulate = 3", "schedule = step(every=2 epochs, gamma=0.5)"),
        5,
        (1, 1, 1, 0.5, 0.5, 0.5, 0.25),
    ),
    Paced(
        "epochs = 6",
        ("accumulate = 3", "schedule = multistep(at=[2 epochs], gamma=0.5)"),
        5,
        (1, 1, 1, 0.5, 0.5),
    ),
    Paced(
        "epochs = 6",
        ("accumulate = 3", "schedule = constant(warmup=2 epochs)"),
        5,
        (1 / 3, 2 / 3, 1, 1),
    ),
    # Updates at batches 15, 31, 47, 63, 79, 95, 111 of epochs of 10: the tenth epoch ends before the sixth.
    Paced(
        "epochs = 20",
        ("accumulate = 16", "schedule = step(every=10 epochs, gamma=0)"),
        10,
        (1, 1, 1, 1, 1, 1, 0),
    ),
    Paced("epochs = 20", ("accumulate = 16", "schedule = exponential(0.5)"), 10, (0.5, 1 / 8, 1 / 16)),
    # Steps of the section are at batches 0, 3, 6, 9, ...; two of them are an update: at batches 3, 9, 15, 21.
    Paced(
        "epochs = 6",
        ("every = 3 steps", "accumulate = 2", "schedule = step(every=2 epochs, gamma=0.5)"),
        5,
        (1, 1, 0.5, 0.25),
    ),
    # A duration in steps counts updates.
    Paced(
        "epochs = 6",
        ("accumulate = 2", "schedule = step(every=2 steps, gamma=0.5, start=2 epochs)"),
        5,
        (1, 1, 1, 1, 1, 0.5, 0.5, 0.25),
    ),
    # Cycles of one epoch of five batches: updates at batches 1, 3, 5, 7, 9, 11.
    Paced(
        "epochs = 6",
        ("accumulate = 2", "schedule = cosine(restart=1 epochs)"),
        5,
        tuple((1 + np.cos(np.pi * (b % 5) / 5)) / 2 for b in (1, 3, 5, 7, 9, 11)),
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", PACED, ids=str)
def test_rates_are_those_of_the_time_that_has_passed(case: Paced) -> None:
    text = SPEC.replace("LENGTH", case.length).replace("LINES", "\n  ".join(case.lines))
    net = network_of(Source("pace.net", text), Options({}), section="second")
    assert net.training is not None
    models = training_models([Section(net, net)])
    (name,) = (name for name in models if name.endswith("train"))
    session = onnxruntime.InferenceSession(
        ir.to_proto(models[name]).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    asked = {value.name for value in session.get_inputs()}
    kept = {
        name.removesuffix(".next"): np.zeros(1, np.float32)
        for name in names
        if name.endswith(".next")
    }
    rates = []
    for step in range(net.training.accumulate * len(case.rates)):
        given = {
            "x": np.ones((1, 1), np.float32),
            "step": np.int64(step),
            "validation": np.float32(0),
        }
        feeds = {**given, "seed": np.int64(0), "steps_per_epoch": np.int64(case.per_epoch), **kept}
        feeds = {name: np.asarray(value) for name, value in feeds.items() if name in asked}
        found = dict(zip(names, session.run(names, feeds), strict=True))
        before, kept = kept, {name: found[f"{name}.next"] for name in kept}
        if step % net.training.accumulate == net.training.accumulate - 1:
            rates.append(float((before["v"] - kept["v"])[0]))
    assert rates == pytest.approx(case.rates, abs=1e-6)
