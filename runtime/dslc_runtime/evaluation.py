"""Losses and metrics of trained weights on data: what is behind `dslc eval`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dslc_runtime.data import open_for
from dslc_runtime.evaluator import Evaluator, Figures
from dslc_runtime.session import CPU, Report, choose_device, place
from dslc_runtime.state import check_values
from dslc_runtime.trainer import find_net, sections_in, to_stderr
from dslc_runtime.weights import WEIGHTS, read_weights

Array = np.ndarray[Any, Any]


def evaluate(
    folder: Path | str,
    data: Path | str,
    *,
    net: str | None = None,
    weights: Path | str | Mapping[str, Array] | None = None,
    mapping: Mapping[str, str] | None = None,
    device: str = "auto",
    threads: int | None = None,
    report: Report = to_stderr,
) -> Figures:
    """Return losses and metrics on data, with the weights of the run in `folder` or others.

    Errors: UserFault, FileFault, LimitFault, DeviceFault.
    """
    folder = Path(folder)
    chosen = choose_device(device, report)
    name = find_net(folder, net)
    sections = sections_in(folder, name)
    fronts = [f"{section}." for section in sections] or [""]
    evaluators = {
        front: Evaluator(folder / f"{name}.{front}eval.onnx", chosen, threads) for front in fronts
    }
    dataset = open_for([one.metadata for one in evaluators.values()], data, mapping)
    source = folder / WEIGHTS if weights is None else weights
    found = source if isinstance(source, Mapping) else read_weights(source)
    figures: Figures = {}
    for front, evaluator in evaluators.items():
        taken = evaluator.weights
        given = {state.name: found[state.name] for state in taken if state.name in found}
        check_values(taken, given, str(folder if isinstance(source, Mapping) else source))
        values = {n: place(np.asarray(v, order="C"), "cpu", CPU) for n, v in given.items()}
        training = evaluator.metadata.training
        batches = dataset.batches(training.batch if training else 64)
        figures |= {f"{front}{n}": value for n, value in evaluator.run(values, batches).items()}
    return figures
