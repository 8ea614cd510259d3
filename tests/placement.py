"""Write the train, eval and inference graphs of every example of the reference into a folder: `placement.py DIR`.

`placement.py DIR float16` writes train graphs that compute in halves. What runs on CUDA is then asked of onnxruntime,
graph by graph (docs/cuda.md). Here the gradient goes through the example: its float inputs are scaled by a weight, and
its float outputs make the loss. What an augmentation gives is scaled by one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dslc_runtime import files

from dslc.artifact.artifact import write_model
from dslc.compile import Options, inference_model, network_of, sections_of, training_models
from dslc.help.entry import Entry, everything
from dslc.help.examples import is_training, sizes_of, spec_of, whole
from dslc.network.network import Network
from dslc.source import Source

KINDS = ("train", "eval", "inference")


def learned(entry: Entry) -> str:
    """Return a spec that trains through the example of an entry; a line of training is trained as it is."""
    lines = entry.example
    augmented = [line.split(":")[0].split()[1] for line in lines if line.startswith("augment ")]
    if augmented:
        return whole((*lines, *_seeing(augmented[0])))
    if any(is_training(line) for line in lines) or not any("input " in line for line in lines):
        return spec_of(entry)
    body = "".join(f"  {line}\n" for line in lines)
    net = f"{entry.imported}\nnet Example {{\n{body}}}\n"
    network = network_of(Source(f"{entry.name}.net", net), Options({}), training=False)
    floats = [
        f"out{i}" for i, one in enumerate(network.outputs.values()) if one.type.dtype.is_float
    ]
    return spec_of(entry) if not floats else net + _around(network, floats, sizes_of(lines))


def _seeing(image: str) -> tuple[str, ...]:
    """Return lines that bring an augmented input into the loss, without which nothing of it would be computed."""
    return (
        "param scale: float32[] = constant(0.5)",
        f"output seen = cast({image}, float32) * scale",
        "loss mean(seen * seen)",
    )


def _around(network: Network, floats: list[str], sizes: list[str]) -> str:
    """Return the net that calls the example, and its train section."""
    inputs = network.inputs
    given = [f"{one.name} * scale" if one.type.dtype.is_float else one.name for one in inputs]
    names = ", ".join(f"out{i}" for i in range(len(network.outputs)))
    rows = [
        *(f"input {one.name}: {one.type}" for one in inputs),
        "param scale: float32[] = constant(0.5)",
        f"{names}: Example({', '.join(given)})",
        f"output {names}",
    ]
    squares = " + ".join(f"mean({name} * {name})" for name in floats)
    recipe = [
        f"loss {squares} + scale * scale",  # the last where no gradient flows through it
        "optimizer = SGD(lr=0.1)",
        "batch = 4",
        "epochs = 3",
        *sizes,
    ]
    sections = (("net Learned", rows), ("train", recipe))
    return "".join(
        f"{head} {{\n" + "".join(f"  {r}\n" for r in body) + "}\n" for head, body in sections
    )


def write(entry: Entry, folder: Path, precision: str) -> None:
    """Write the graphs of one example: `KIND-NAME.train.onnx`, ..."""
    source = Source(f"{entry.name}.net", learned(entry))
    sections = sections_of(source, Options({"train.precision": precision}))
    models = {**training_models(sections), "inference": inference_model(sections[0].resting, None)}
    for kind in KINDS:
        write_model(models[kind], folder / f"{entry.kind}-{entry.name}.{kind}.onnx", files.write)


def main(folder: Path, precision: str = "float32") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in everything():
        write(entry, folder, precision)
    print(f"{len(list(folder.glob('*.onnx')))} graphs in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
