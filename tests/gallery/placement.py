"""Ask onnxruntime which nodes of a graph would not run on CUDA: `placement.py FILE.onnx` prints JSON.

A process of its own, because a CUDA library that is there but useless may end it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

PATIENCE = 600


def elsewhere(path: str) -> dict[str, int]:
    """Return the operators that are placed on the CPU, with how many nodes of each."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(path, options, providers=providers)
    if session.get_providers()[0] != "CUDAExecutionProvider":
        raise SystemExit("no CUDA")
    parts = session.get_provider_graph_assignment_info()
    nodes = [node for part in parts if "CPU" in part.ep_name for node in part.get_nodes()]
    return dict(sorted(Counter(node.op_type for node in nodes).items()))


def ask(path: Path) -> dict[str, int] | None:
    """Return what of a graph is not on CUDA; None where there is no CUDA, or none that can make the session."""
    command = [sys.executable, __file__, str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    found: dict[str, int] | None = json.loads(answer.stdout) if answer.returncode == 0 else None
    return found


if __name__ == "__main__":
    print(json.dumps(elsewhere(sys.argv[1])), flush=True)
    os._exit(0)
