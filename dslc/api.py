"""The commands as functions: what the command line does, for Python.

    from dslc import api

    net = api.load("specs/lenet5.net", classes=10)           # a Network: calls, values with their types, parameters
    api.compile("specs/lenet5.net", "build")                 # the four files
    assert api.check("specs/lenet5.net").passed
    api.train("specs/lenet5.net", "runs/lenet5", **{"train.epochs": 3})

Keyword arguments are hyper-parameters and training settings, as `--set` takes them. Mistakes in a spec raise
`CompileError`, whose `diagnostics` are data; faults at run time are those of `dslc_runtime.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dslc.errors import CompileError, Diagnostic, DslcError, LimitError
from dslc.network.network import Network
from dslc.tasks.reading import Spec, open_spec

if TYPE_CHECKING:
    from dslc.checking.check import Report
    from dslc.network.summary import Summary
    from dslc.operation import Array

__all__ = [
    "CompileError",
    "Diagnostic",
    "DslcError",
    "LimitError",
    "Network",
    "check",
    "compile",
    "load",
    "summarize",
    "train",
]


def load(path: str | Path, *, net: str | None = None, **settings: object) -> Network:
    """Parse and elaborate a spec: names, blocks, hyper-parameters and every shape resolved, for training.

    Errors: CompileError with every mistake of the file; LimitError where it asks for too much.
    """
    return _spec(path, net, settings).sections()[0].learning


def compile(
    path: str | Path,
    output: str | Path,
    *,
    net: str | None = None,
    weights: Mapping[str, Array] | None = None,
    open: bool = False,
    **settings: object,
) -> list[Path]:
    """Write the graphs of a spec into the folder `output`; return the files.

    `weights` (parameter name -> float32 array of the parameter's shape) go into the network itself, by default the
    initial ones of the seed; with `open` its parameters stay inputs.

    Errors: CompileError, LimitError; dslc_runtime.errors.FileFault, LimitFault.
    """
    from dslc.tasks.building import build

    return [file for file, _ in build(_spec(path, net, settings), Path(output), weights, open)]


def check(
    path: str | Path, *, net: str | None = None, device: str = "cpu", **settings: object
) -> Report:
    """Compare the NumPy interpreter, onnxruntime and finite differences; `passed` and `findings` of the result tell.

    Errors: CompileError; dslc_runtime.errors.DeviceFault where the device is not there.
    """
    from dslc.tasks.checking import run_check

    return run_check(_spec(path, net, settings), device, lambda line: None)


def train(
    path: str | Path,
    output: str | Path,
    *,
    net: str | None = None,
    data: str | Path | None = None,
    resume: bool = False,
    device: str = "auto",
    **settings: object,
) -> Path:
    """Train a spec into the folder `output`: graphs, trained weights, history.csv, checkpoints.

    Returns the file of the trained network.

    Errors: CompileError; dslc_runtime.errors: UserFault (data), LimitFault (memory), DivergedFault, DeviceFault,
    Interrupted.
    """
    from dslc.tasks.training import run_training

    return run_training(
        _spec(path, net, settings),
        Path(output),
        device=device,
        data=None if data is None else str(data),
        mapping=None,
        resume=resume,
    )


def summarize(network: Network) -> Summary:
    """Return rows, shapes, parameters and multiply-adds of a network; nothing is allocated."""
    from dslc.network.summary import summarize

    return summarize(network)


def _spec(path: str | Path, net: str | None, settings: Mapping[str, Any]) -> Spec:
    return open_spec(str(path), tuple(f"{name}={_text(v)}" for name, v in settings.items()), net)


def _text(value: object) -> str:
    """Write a value as the language does."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_text(item) for item in value)}]"
    return str(value)
