"""Turn a failure inside onnxruntime into a sentence about the spec.

The compiler names every node and writes the spec's line into its documentation; onnxruntime's
message names the node.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dslc_runtime.errors import DeviceFault, FileFault, LimitFault, RuntimeFault, size_text

if TYPE_CHECKING:
    from onnx import NodeProto

    from dslc_runtime.metadata import Memory

_NODE_NAME = re.compile(r"[Nn]ame: ?'([^']+)'|[Nn]ode ?\(([^)]+)\)")
_MEMORY = re.compile(r"allocate memory|out of memory|bad_alloc|ALLOC_FAILED", re.IGNORECASE)
_GPU = re.compile(r"CUDA (error|failure)|CUDNN|CUBLAS", re.IGNORECASE)


def explain(
    error: Exception, path: Path, device: str = "cpu", memory: Memory | None = None
) -> RuntimeFault:
    """Return the fault that `error`, raised by onnxruntime for the model at `path`, stands for."""
    if isinstance(error, RuntimeFault):
        return error
    text = str(error).strip()
    facts = [line for line in (_place(text, path), f"onnxruntime: {_shorten(text)}") if line]
    if isinstance(error, MemoryError) or _MEMORY.search(text):
        kind = DeviceFault if device == "cuda" else LimitFault
        return kind(
            f"{path}: the memory of the {'GPU' if device == 'cuda' else 'machine'} is used up",
            facts=[*facts, *memory_facts(memory)],
            helps=("use a smaller batch: `--set train.batch=...`",),
        )
    if _GPU.search(text):
        return DeviceFault(f"{path}: the GPU failed", facts=facts)
    if not path.is_file():
        return FileFault(f"{path}: there is no such file")
    return RuntimeFault(f"{path}: onnxruntime cannot run it", facts=facts)


def memory_facts(memory: Memory | None) -> list[str]:
    """Return the estimate and its largest contributors, a line each."""
    if memory is None:
        return []
    largest = [f"{name}: {size_text(size)}" for name, size in memory.largest[:5]]
    return [f"a step takes about {size_text(memory.estimate_bytes)}", *largest]


def _place(text: str, path: Path) -> str | None:
    match = _NODE_NAME.search(text)
    if match is None:
        return None
    name = match[1] or match[2]
    node = find_node(path, name)
    return describe(node) if node else f"node {name}"


def find_node(path: Path, name: str) -> NodeProto | None:
    """Return the node called `name` of the model at `path`."""
    import onnx

    try:
        model = onnx.load(str(path), load_external_data=False)
    except (
        Exception
    ):  # a file that onnx cannot read either: there is nothing to add to what was said
        return None
    return next((node for node in model.graph.node if node.name == name), None)


def describe(node: NodeProto) -> str:
    """Return which node it is, and the line of the spec that it comes from."""
    place = f": {node.doc_string}" if node.doc_string else ""
    return f"{node.op_type} `{node.name}`{place}"


def _shorten(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 400 else f"{one_line[:400]}..."
