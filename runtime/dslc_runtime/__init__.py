"""Train and run what dslc compiled, with a stock onnxruntime.

`train` and `evaluate` work on a folder of compiled files, `run` on a closed model; `Trainer` makes
single steps, for any loop. Nothing of the compiler is needed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dslc_runtime.evaluation import evaluate
    from dslc_runtime.loop import train
    from dslc_runtime.predict import run
    from dslc_runtime.trainer import Trainer

__all__ = ["Trainer", "evaluate", "run", "train"]

_HOMES = {"Trainer": "trainer", "evaluate": "evaluation", "run": "predict", "train": "loop"}


def __getattr__(name: str) -> Any:
    """Import on first use: `import dslc_runtime.counter` alone is to stay cheap."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"dslc_runtime.{_HOMES[name]}"), name)
