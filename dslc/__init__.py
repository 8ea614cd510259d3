"""A language of layer stacks, compiled to ONNX: the network, and a whole training step as one graph.

`dslc.load`, `compile`, `check`, `train` and `summarize` do what the commands of the same names do; see `dslc.api`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


_LIBRARY = frozenset(
    {
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
    }
)


def __getattr__(name: str) -> Any:
    """Import the library only when it is used, so that `dslc --help` answers at once.

    Names of submodules are no concern of it: `from dslc import dims` must not import everything.
    """
    if name not in _LIBRARY:
        raise AttributeError(f"module 'dslc' has no attribute {name!r}")
    return getattr(import_module("dslc.api"), name)
