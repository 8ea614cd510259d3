"""`dslc train`, `dslc eval` and `dslc run`: the runtime, fed by the compiler."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import dslc_runtime
import numpy as np
from dslc_runtime import files, memory
from dslc_runtime.errors import UserFault
from dslc_runtime.evaluator import Figures
from dslc_runtime.metadata import Memory, read
from dslc_runtime.npy import Npz, open_npy
from dslc_runtime.weights import read_weights, write_weights

from dslc.artifact.artifact import Artifact, write_model
from dslc.artifact.memory import estimate, with_lines
from dslc.compile import inference_model, training_models
from dslc.network.network import Network
from dslc.reference.initial import initial_weights
from dslc.tasks.building import build, require_memory, write_artifact
from dslc.tasks.reading import Spec, open_spec


def run_training(
    spec: Spec,
    folder: Path,
    *,
    device: str,
    threads: int | None = None,
    cuda_graph: bool = False,
    data: str | None,
    mapping: str | None,
    resume: bool,
) -> Path:
    """Train a spec, and leave its graphs, with the trained weights in the network, in `folder`; return that file.

    Nothing in `folder` changes before the data was opened and the folder is ours.

    Errors: LimitFault before anything is allocated; what `dslc_runtime.train` raises.
    """
    sections = spec.sections()
    learning, resting = sections[0].learning, sections[0].resting
    if learning.training is None:
        raise UserFault(f"{spec.path}: there is no train section, so there is nothing to train")
    for section in sections:
        require_step_memory(section.learning)
    graphs = Artifact(spec.name, training_models(sections))
    with tempfile.TemporaryDirectory() as built:
        write_artifact(graphs, Path(built))
        result = dslc_runtime.train(
            built,
            _data_path(spec, learning, data),
            net=spec.name,
            validation=_validation(spec, learning),
            mapping=parse_mapping(mapping),
            run=folder,
            started=lambda: write_artifact(graphs, folder),
            resume=resume,
            device=device,
            threads=threads,
            cuda_graph=cuda_graph,
        )
    trained = {
        p.name: result.weights[p.name] for p in resting.parameters if p.name in result.weights
    }
    weights = {**initial_weights(resting, known=trained), **trained}
    target = folder / f"{spec.name}.onnx"
    write_model(inference_model(resting, weights), target, files.write)
    return target


def run_evaluation(
    spec: str,
    settings: tuple[str, ...],
    net: str | None,
    device: str,
    data: str | None,
    mapping: str | None,
    weights: str | None,
) -> Figures:
    """Return losses and metrics of a run's folder, or of a spec with weights, on data."""
    path = Path(spec)
    if path.is_dir():
        if data is None:
            raise UserFault(f"{path}: say on which data, with --data FILE")
        return dslc_runtime.evaluate(
            path, data, weights=weights, mapping=parse_mapping(mapping), device=device
        )
    opened = open_spec(spec, settings, net)
    learning = opened.sections()[0].learning
    if learning.training is None:
        raise UserFault(f"{path}: there is no train section, so there are no losses or metrics")
    where = _data_path(opened, learning, data)
    if where is None:
        raise UserFault(f"{path}: say on which data, with --data FILE")
    with tempfile.TemporaryDirectory() as folder:
        build(opened, Path(folder))
        values = read_weights(weights) if weights else initial_weights(learning)
        return dslc_runtime.evaluate(
            folder, where, weights=values, mapping=parse_mapping(mapping), device=device
        )


def run_model(model: Path, source: Path, device: str, output: Path | None) -> Iterator[str]:
    """Run a closed model on arrays from a file; write every output, or yield it as text."""
    outputs = dslc_runtime.run(model, _arrays(model, source), device=device)
    if output is not None:
        write_weights(output, outputs)
        yield from (f"{name} {list(array.shape)} -> {output}" for name, array in outputs.items())
        return
    for name, array in outputs.items():
        yield f"{name} {array.dtype}{list(array.shape)}"
        yield np.array2string(array, precision=6, threshold=1000, edgeitems=5)


def _arrays(model: Path, source: Path) -> object:
    """Read what a model takes: one array from an .npy file, arrays by name from an .npz file."""
    if source.suffix == ".npy":
        return open_npy(source)
    found = Npz(source)
    names = [port.name for port in read(model).inputs]
    for name in names:
        if name not in found:
            other = next((held for held in found if held not in names), "array")
            raise UserFault(
                f"{source}: there is no array `{name}`, which {model.name} takes",
                facts=(f"it holds {', '.join(found) or 'no arrays'}",),
                helps=(f'save it under that name:  np.savez("{source.name}", {name}={other})',),
            )
    return {name: found[name] for name in names}


def require_step_memory(network: Network) -> None:
    """Refuse a training whose step would not fit into memory, before compiling it."""
    require_memory(network)
    needed = estimate(network)
    memory.check_step(Memory(needed.total, with_lines(needed.largest, network)))


def parse_mapping(text: str | None) -> Mapping[str, str] | None:
    """Take `image=x,digit=y` apart."""
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(sign and name.strip() and array.strip() for name, sign, array in pairs):
        raise UserFault(f"--map {text}: write it as name=array,name=array")
    return {name.strip(): array.strip() for name, _, array in pairs}


def _data_path(spec: Spec, network: Network, data: str | None) -> Path | None:
    """A path in the spec is relative to the spec; one on the command line to where one stands."""
    if data is not None:
        return Path(data)
    named = network.training.data if network.training else None
    return None if named is None else spec.path.parent / named


def _validation(spec: Spec, network: Network) -> float | Path | None:
    held = network.training.validation if network.training else None
    return spec.path.parent / held if isinstance(held, str) else held
