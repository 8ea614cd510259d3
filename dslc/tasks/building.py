"""`dslc compile` and `dslc export`: from a spec to files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dslc_runtime import files, memory
from dslc_runtime.errors import LimitFault, size_text
from dslc_runtime.weights import read_weights

from dslc.artifact.artifact import Artifact, write_model
from dslc.artifact.memory import estimate, with_lines
from dslc.compile import compile_sections, inference_model
from dslc.network.network import Network
from dslc.operation import Array
from dslc.tasks.reading import Spec


def build(
    spec: Spec, folder: Path, weights: Mapping[str, Array] | None = None, is_open: bool = False
) -> list[tuple[Path, int]]:
    """Compile a spec into `folder`; return each file with its size.

    Errors: LimitFault (exit 3) where the weights alone would not fit into memory, before any of it is allocated.
    """
    sections = spec.sections()
    if not is_open:
        require_memory(sections[0].resting)
    artifact = compile_sections(sections, name=spec.name, weights=weights, closed=not is_open)
    return write_artifact(artifact, folder)


def write_artifact(artifact: Artifact, folder: Path) -> list[tuple[Path, int]]:
    """Write every model of an artifact into `folder`; return each file with its size."""
    files.make_folder(folder)
    return [
        (folder / name, write_model(artifact.models[kind], folder / name, files.write))
        for kind, name in artifact.file_names().items()
    ]


def export_network(spec: Spec, target: Path, weights: Path) -> int:
    """Write the closed network with weights from a file; return its size."""
    resting = spec.sections()[0].resting
    model = inference_model(resting, read_weights(weights))
    files.make_folder(target.parent)
    return write_model(model, target, files.write)


def require_memory(network: Network) -> None:
    """Refuse a net whose parameters would not fit into memory, naming the largest of them."""
    needed, free = estimate(network), memory.free_memory()
    if free is not None and needed.weights > memory.SHARE * free:
        raise LimitFault(
            f"the parameters of {network.name} take {size_text(needed.weights)}, "
            f"and {size_text(free)} of memory are free",
            facts=[
                f"{name}: {size_text(size)}" for name, size in with_lines(needed.largest, network)
            ],
        )
