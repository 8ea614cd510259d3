"""Every spec of the gallery compiles to valid, self-describing graphs, and to the same bytes every time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any

import onnx
import pytest

from dslc import api
from dslc.network.network import Network, with_held
from dslc.tasks.reading import open_spec
from tests.spine.command import PATIENCE, ROOT, SPECS, start

SETTINGS: dict[str, dict[str, Any]] = {
    "characters": {"characters": 10, "hidden": 8},
    "fully_connected": {"units": 40},
    "locally_connected": {"size": 20},
    "lstm": {"vocab": 50, "dim": 8},
    "rnn": {"vocab": 10, "hidden": 8},
}
"""What is made smaller here; all else is compiled as it ships. `open` graphs hold no weights."""

KINDS = {
    "graph_branches": ("inference",),
    "graph_l2": ("inference",),
    "graph_xyz": ("inference",),
    "pooling": ("inference",),
    "graph_norm": ("init", "inference"),
    "gan": (
        "init", "judging.train", "judging.eval", "making.train", "making.eval", "inference",
    ),
    "dcgan": (
        "init", "judging.train", "judging.eval", "making.train", "making.eval", "inference",
    ),
}  # fmt: skip
"""Which graphs a spec has: without a train section there is none for training, without parameters no init.

Of several train sections each has graphs of its own.
"""

ALL_KINDS = ("init", "train", "eval", "inference")
PARTS = 8
"""Into how many processes the gallery is cut to be compiled a second time."""

NAMES = sorted(path.stem for path in SPECS.glob("*.net"))
ROWS = [(name, kind) for name in NAMES for kind in KINDS.get(name, ALL_KINDS)]

RESERVED = {
    # what the loop has to supply: the step and its epoch for schedules, the seed for Dropout
    "lenet5": ["step", "steps_per_epoch"],
    "lenet5_augmented": ["seed", "step", "steps_per_epoch"],
    "alexnet": ["seed", "step", "steps_per_epoch"],
    "autoencoder": ["step", "steps_per_epoch"],
    "convolutional": [],
    "deconvnet": ["step", "steps_per_epoch", "validation"],
    "deconvnet_digits": ["step", "steps_per_epoch"],
    "deepface": ["seed", "step", "steps_per_epoch", "validation"],
    "farabet": [],
    "fcn": ["seed", "step"],
    "lenet1989": [],
    "maxout": ["seed", "step", "steps_per_epoch"],
    "mlp": ["seed", "step", "steps_per_epoch"],
    "neocognitron": ["step", "steps_per_epoch"],
    "perceptron": ["step"],
    "resnet_cifar": ["seed", "step"],
    "resnet_digits": ["seed", "step", "steps_per_epoch"],
    "zfnet": ["seed", "step", "steps_per_epoch", "validation"],
    "googlenet": ["seed", "step", "steps_per_epoch"],
    "squeezenet": ["seed", "step"],
    "squeezenet11": ["seed", "step"],
    "densenet121": ["step", "steps_per_epoch"],
    "mobilenetv2": ["seed", "step", "steps_per_epoch"],
    "convnext": ["seed", "step", "steps_per_epoch"],
    "unet": ["seed", "step"],
    "unet_digits": ["seed", "step", "steps_per_epoch"],
    "atari": [],
    "dqn": [],
    "memory_network": ["step", "steps_per_epoch"],
    "style_transfer": ["step"],
    "vae": ["seed", "step"],
    "resnet18": ["step", "steps_per_epoch"],
    "resnet50": ["step", "steps_per_epoch"],
    "vgg": ["seed", "step", "steps_per_epoch", "validation"],
    "graph_sigmoid": [],
    "fully_connected": [],
    "locally_connected": [],
    "gradient_penalty": ["step"],
    "heat": ["step", "steps_per_epoch"],
    "characters": ["step", "steps_per_epoch"],
    "lstm": ["seed", "step", "steps_per_epoch"],
    "rnn": [],
}

FOLDERS = {"specs": SPECS, "std": ROOT / "dslc" / "std"}
"""Where the lines stand that a node leads back to."""

FROZEN = {"dqn": "older.", "style_transfer": "vgg."}
"""How the names of what stays as it is begin."""

KINDS_OF_STATE = {"parameter", "statistic", "slot", "average", "schedule"}

OF_THE_STEP = (
    "clip_grad_norm",
    "finite",
    "init",
    "loss",
    "metric",
    "random",
    "rate",
    "schedule",
    "update",
)
"""First parts of the names of nodes that belong to no call of the network."""

COMPILING = """
import json, sys
from dslc import api
settings = json.loads(sys.argv[2])
for name in sys.argv[3:]:
    api.compile(f"specs/{name}.net", f"{sys.argv[1]}/{name}", open=True, **settings.get(name, {}))
"""

Entry = dict[str, Any]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder into which a spec is compiled where its files are asked for."""
    return tmp_path_factory.mktemp("compiled")


@cache
def files_of(folder: Path, name: str) -> frozenset[Path]:
    """Compile a spec of the gallery; return its files."""
    with chdir(ROOT):
        settings = SETTINGS.get(name, {})
        return frozenset(api.compile(f"specs/{name}.net", folder / name, open=True, **settings))


def file_of(folder: Path, name: str, kind: str) -> Path:
    ending = "onnx" if kind == "inference" else f"{kind}.onnx"
    files_of(folder, name)
    return folder / name / f"{name}.{ending}"


@cache
def load(folder: Path, name: str, kind: str) -> onnx.ModelProto:
    return onnx.load(str(file_of(folder, name, kind)))


def nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Yield every node, those of branches and loop bodies too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from nodes(attribute.g)


@cache
def network_of(name: str, kind: str) -> Network:
    """Return the net that a graph was compiled from, as it is fed there."""
    settings = SETTINGS.get(name, {})
    given = tuple(f"{setting}={value}" for setting, value in settings.items())
    sections = open_spec(str(SPECS / f"{name}.net"), given, None).sections()
    section = kind.rpartition(".")[0]
    for found in sections:
        if found.learning.training is not None and found.learning.training.name == section:
            return found.learning.fed
    return sections[0].learning.fed


def entry_of(model: onnx.ModelProto) -> Entry:
    assert [prop.key for prop in model.metadata_props] == ["dslc"]
    entry: Entry = json.loads(model.metadata_props[0].value)
    return entry


def place_of(node: str) -> str:
    """Return the call that a node is part of: `c1` for `/c1/Conv` and `/grad/c1/Conv/ConvTranspose`.

    Below a call of `grad` stand the nodes that go back through other calls: `/slope/grad/grad/c1/Conv/ConvTranspose`.
    """
    parts = [part for part in node.strip("/").split("/") if not part[0].isupper()]
    own = parts[:-1] if parts[-1:] == ["grad"] else parts
    behind = len(own) - own[::-1].index("grad") if "grad" in own[:-1] else 0
    return "/".join(own[behind:])


def port(value: onnx.ValueInfoProto) -> Entry:
    """Describe an input or output as the metadata do."""
    its_type = value.type.tensor_type
    shape = [d.dim_param or d.dim_value for d in its_type.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(its_type.elem_type).name
    return {"name": value.name, "dtype": dtype, "shape": shape}


@pytest.mark.parametrize("names", [NAMES[i::PARTS] for i in range(PARTS)])
def test_compiling_twice_gives_the_same_bytes(
    names: list[str], compiled: Path, tmp_path: Path
) -> None:
    """Once here, and once in a process that hashes strings differently."""
    process = start(COMPILING, tmp_path, json.dumps(SETTINGS), *names, PYTHONHASHSEED="1")
    here = {path for name in names for path in files_of(compiled, name)}
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    there = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path) for path in there} == {
        path.relative_to(compiled) for path in here
    }
    for path in here:
        assert path.read_bytes() == (tmp_path / path.relative_to(compiled)).read_bytes(), path.name


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_those_that_the_spec_asks_for(name: str, compiled: Path) -> None:
    expected = {file_of(compiled, name, kind) for kind in KINDS.get(name, ALL_KINDS)}
    assert files_of(compiled, name) == set((compiled / name).iterdir()) == expected


@pytest.mark.parametrize(("name", "kind"), ROWS)
def test_a_graph_is_valid_standard_onnx(name: str, kind: str, compiled: Path) -> None:
    onnx.checker.check_model(str(file_of(compiled, name, kind)), full_check=True)
    model = load(compiled, name, kind)
    assert model.ir_version == 10
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 18)]
    assert {node.domain for node in nodes(model.graph)} == {""}
    assert not model.functions


@pytest.mark.parametrize(("name", "kind"), ROWS)
def test_every_node_leads_back_to_its_line(name: str, kind: str, compiled: Path) -> None:
    network = network_of(name, kind)
    calls = {call.name.replace(".", "/"): call.span for call in with_held(network.calls)}
    found = list(nodes(load(compiled, name, kind).graph))
    assert len({node.name for node in found}) == len(found)
    for node in found:
        match = re.fullmatch(r"(specs|std)/(\w+\.net):(\d+)  (.+)", node.doc_string)
        assert match is not None, f"{node.name}: {node.doc_string!r}"
        folder, file, number, text = match.groups()
        assert (FOLDERS[folder] / file).read_text().splitlines()[int(number) - 1].strip() == text
        place = place_of(node.name)
        assert place in calls or place.split("/")[0] in OF_THE_STEP, node.name
        if place in calls:
            assert int(number) == calls[place].line


@pytest.mark.parametrize(("name", "kind"), ROWS)
def test_the_metadata_describe_every_input_and_output(name: str, kind: str, compiled: Path) -> None:
    model = load(compiled, name, kind)
    entry = entry_of(model)
    training = network_of(name, kind).training
    sizes = training.sizes if training is not None and kind.endswith("train") else {}

    def described(parts: list[Entry]) -> list[Entry]:
        shapes = [[sizes.get(d, d) for d in part["shape"]] for part in parts]
        return [
            {"name": part["name"], "dtype": part["dtype"], "shape": shape}
            for part, shape in zip(parts, shapes, strict=True)
        ]

    inputs = [port(value) for value in model.graph.input]
    outputs = [port(value) for value in model.graph.output]
    if kind == "init":
        assert [value["name"] for value in inputs] == ["seed"] == entry["reserved"]
        assert outputs == described(entry["state"])
        return
    reserved = [value for value in inputs if value["name"] in entry["reserved"]]
    parts = [entry[part] for part in ("state", "inputs", "targets", "accumulators")]
    taken = [value for part in parts for value in described(part)]
    assert sorted(inputs, key=str) == sorted([*taken, *reserved], key=str)
    given = [*entry["losses"], *(metric["name"] for metric in entry["metrics"])]
    given += [entry["finite"]] if entry["finite"] else []
    given += [value["name"] for value in entry["outputs"]]
    given += [part["next"] for part in (*entry["state"], *entry["accumulators"]) if part["next"]]
    assert sorted(value["name"] for value in outputs) == sorted(given)


@pytest.mark.parametrize("name", RESERVED)
def test_the_train_graph_pairs_every_state_with_its_next(name: str, compiled: Path) -> None:
    train, init = load(compiled, name, "train"), load(compiled, name, "init")
    entry = entry_of(train)
    outputs = {value["name"]: value for value in map(port, train.graph.output)}
    moving = [state for state in entry["state"] if state["next"] is not None]
    frozen = [state for state in entry["state"] if state["next"] is None]
    assert moving
    assert {state["kind"] for state in frozen} <= {"parameter"}
    fixed = {one.name for one in network_of(name, "train").parameters if not one.trained}
    held = {state["name"] for state in frozen} - fixed
    assert all(one.startswith(FROZEN.get(name, ())) for one in held)
    for state in moving:
        assert state["next"] == f"{state['name']}.next"
        following = outputs[state["next"]]
        assert (following["dtype"], following["shape"]) == (state["dtype"], state["shape"])
    assert entry["spec_sha256"] == entry_of(init)["spec_sha256"]
    assert [s["name"] for s in entry["state"]] == [s["name"] for s in entry_of(init)["state"]]
    assert {s["kind"] for s in entry["state"]} <= KINDS_OF_STATE
    assert entry["reserved"] == RESERVED[name]
    assert entry["finite"] == "finite" and entry["losses"][0] == "loss"


@pytest.mark.parametrize(("name", "kind"), ROWS)
def test_the_metadata_say_where_a_file_comes_from(name: str, kind: str, compiled: Path) -> None:
    entry = entry_of(load(compiled, name, kind))
    assert (entry["graph"], entry["spec"]) == (kind.rpartition(".")[2], f"{name}.net")
    assert re.fullmatch(r"[0-9a-f]{64}", entry["spec_sha256"])
    assert entry["versions"].keys() == {"dslc", "onnx", "onnx-ir"}
    assert entry["session_options"].keys() == {
        "graph_optimization_level",
        "execution_order",
        "enable_mem_pattern",
    }
    kinds = KINDS.get(name, ALL_KINDS)
    assert (entry["training"] is None) == all(not kind.endswith("train") for kind in kinds)
    assert entry["memory"]["estimate_bytes"] > 0


def test_a_closed_network_holds_its_weights(tmp_path: Path) -> None:
    api.compile(SPECS / "lenet5.net", tmp_path)
    model = onnx.load(str(tmp_path / "lenet5.onnx"))
    onnx.checker.check_model(model, full_check=True)
    assert [value.name for value in model.graph.input] == ["image"]
    held = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    assert held["c1.weight"] == [6, 1, 5, 5]
    assert entry_of(model)["state"] == []
