"""The compiled files of a net: up to four ONNX models, each carrying the metadata that a loop needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir as ir

from dslc.artifact.metadata import KEY, describe
from dslc.artifact.state import State, states
from dslc.collector import paused
from dslc.graph.builder import IR_VERSION
from dslc.graph.verify import verify
from dslc.network.network import Network
from dslc.simplify import simplify

EXTERNAL_DATA_ABOVE = 1 << 30
"""Bytes of weights above which they go to a file of their own (protobuf ends at 2 GiB)."""


@dataclass(frozen=True)
class Artifact:
    """The models of one net by their kind: `init`, `train`, `eval`, `inference`; `NAME.train` of a section."""

    name: str
    models: Mapping[str, ir.Model]

    def file_names(self) -> dict[str, str]:
        """Return the file each model goes to: `lenet5.train.onnx`, the network itself `lenet5.onnx`."""
        return {
            kind: f"{self.name}.onnx" if kind == "inference" else f"{self.name}.{kind}.onnx"
            for kind in self.models
        }


def finish(
    network: Network, kind: str, graph: ir.Graph, kept: Sequence[State] | None = None
) -> ir.Model:
    """Simplify and verify a graph and wrap it as a model with its metadata; `kept` is its state, else the net's."""
    simplify(graph)
    verify(graph)
    graph.name = network.name
    graph.doc_string = network.doc or None
    return ir.Model(
        graph,
        ir_version=IR_VERSION,
        producer_name="dslc",
        metadata_props={KEY: describe(network, kind, graph, kept or states(network))},
    )


@paused()
def write_model(model: ir.Model, path: Path, write: Callable[[Path, bytes], None]) -> int:
    """Write a model with `write(path, bytes)`; return the bytes written.

    Above 1 GiB of weights they stand in a file beside it, called after its contents: the model is written last, so it
    never names a file that is not there yet.
    """
    weights = [
        v.const_value for v in model.graph.initializers.values() if v.const_value is not None
    ]
    beside = 0
    if sum(tensor.nbytes for tensor in weights) > EXTERNAL_DATA_ABOVE:
        name = f"{path.stem}.{_digest(weights)}.data"
        ir.external_data.unload_from_model(model, path.parent, name)
        beside = (path.parent / name).stat().st_size
    data = serialize(model)
    write(path, data)
    return beside + len(data)


def serialize(model: ir.Model) -> bytes:
    """Return the bytes of an ONNX file; the same model gives the same bytes."""
    return bytes(ir.to_proto(model).SerializeToString(deterministic=True))


def _digest(tensors: Iterable[ir.TensorProtocol]) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(np.ascontiguousarray(tensor.numpy()).data)
    return digest.hexdigest()[:16]
