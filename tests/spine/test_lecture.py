"""The numbers of a first lecture on networks, from the interpreter and from the compiled graphs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime.once import run_once
from dslc_runtime.session import CPU

from dslc.artifact import graphs
from dslc.artifact.artifact import finish, serialize
from dslc.network.network import Network
from dslc.reference.interpreter import Interpreter
from tests.network.reading import network_of
from tests.spine.command import SPECS, done

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]

W = np.array([[0.1, 0.5], [-0.3, 0.8]])
X = np.array([0.2, 0.4])
Q = W @ X
TABLE = np.array(
    [[1, 3, 2, 7, 2], [5, 1, 3, 0, 5], [4, 8, 5, 0, 6], [3, 2, 6, 0, 8], [0, 7, 4, 6, 9]], float
)
POOLED = np.array([[8, 7], [8, 9]], float)
FROM = np.array(
    # the 8 is the maximum of two windows
    [[0, 0, 0, 1, 0], [0, 0, 0, 0, 0], [0, 2, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]],
    float,
)

NEURON = 1 / (1 + np.exp(-1.0))
SLOPE = np.array(NEURON * (1 - NEURON))

ROWS = [
    # spec, values given, outputs, gradients of the sum of the outputs
    pytest.param(
        "graph_xyz",
        {"x": np.array(-3.0), "y": np.array(5.0), "z": np.array(z)},
        {"f": np.array(-15.0 + z)},
        {"x": np.array(5.0), "y": np.array(-3.0), "z": np.array(1.0)},
        id=f"xyz, z = {z}",
    )
    for z in (-4.0, 0.0, 2.5)
] + [
    pytest.param(
        "graph_norm",
        {"W": W, "x": X},
        {"f": np.array(0.116)},
        {"W": 2 * np.outer(Q, X), "x": np.array([sum(2 * Q * W[:, i]) for i in range(2)])},
        id="norm",
    ),
    pytest.param(
        "graph_sigmoid",
        {"x": np.array([[-1.0, -2.0]]), "w": np.array([2.0, -3.0]), "b": np.array(-3.0)},
        {"y": np.array([NEURON])},
        {"x": SLOPE * np.array([[2.0, -3.0]]), "w": SLOPE * np.array([-1.0, -2.0]), "b": SLOPE},
        id="sigmoid neuron",
    ),
    pytest.param(
        "graph_l2",
        {"x": np.array(3.0), "y": np.array(5.0)},
        {"f": np.array(4.0)},
        {"x": np.array(-4.0), "y": np.array(4.0)},
        id="L2 loss",
    ),
    pytest.param(
        # q = x + y branches into q^2 and q z: its gradient is 2q + z = 2
        "graph_branches",
        {"x": np.array(2.0), "y": np.array(1.0), "z": np.array(-4.0)},
        {"f": np.array(9.0), "g": np.array(-12.0)},
        {"x": np.array(2.0), "y": np.array(2.0), "z": np.array(3.0)},
        id="two outputs",
    ),
    pytest.param(
        "pooling",
        {"x": TABLE[None, None]},
        {"y": POOLED[None, None]},
        {"x": FROM[None, None]},
        id="pooling",
    ),
]


def net_of(name: str) -> Network:
    """Return the net of a spec without its train section, so that its outputs are what is differentiated."""
    return network_of((SPECS / f"{name}.net").read_text().partition("\ntrain ")[0])


def sizes(network: Network) -> dict[str, int]:
    return {network.batch_name: 1} if network.batch_name else {}


def interpreted(network: Network, given: Arrays) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return outputs and gradients of the interpreter."""
    values = {v.name: v for v in (*network.inputs, *network.parameters)}
    interpreter = Interpreter(network, training=True, sizes=sizes(network))
    wanted = list(network.outputs.values())
    point = interpreter.forward({values[name]: array for name, array in given.items()}, wanted)
    ones = {value: np.ones_like(point.arrays[value]) for value in wanted}
    found = interpreter.backward(point, ones)
    outputs = {name: point.arrays[value] for name, value in network.outputs.items()}
    return outputs, {name: found[values[name]] for name in given}


def compiled(network: Network, given: Arrays) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return outputs and gradients of the graph in which every gradient is exposed."""
    step = graphs.probe_graph(network, sizes(network))
    outputs = {name: value.type.bind(sizes(network)) for name, value in network.outputs.items()}
    feeds = {name: array.astype(np.float32) for name, array in given.items()}
    feeds |= {f"weigh/{name}": np.ones(t.sizes, np.float32) for name, t in outputs.items()}
    found = run_once(serialize(finish(network, "train", step.graph)), feeds, CPU)
    return (
        {name: found[f"value/{name}"] for name in outputs},
        {name: found[f"grad/{name}"] for name in given},
    )


@pytest.mark.parametrize(("name", "given", "outputs", "gradients"), ROWS)
@pytest.mark.parametrize(("way", "tolerance"), [(interpreted, 1e-15), (compiled, 2e-7)])
def test_values_and_gradients(
    name: str, given: Arrays, outputs: Arrays, gradients: Arrays, way: Any, tolerance: float
) -> None:
    found = way(net_of(name), given)
    for expected, computed in zip((outputs, gradients), found, strict=True):
        assert computed.keys() == expected.keys()
        for key, array in expected.items():
            np.testing.assert_allclose(computed[key], array, rtol=4 * tolerance, atol=tolerance)


def test_the_rounded_numbers_of_the_norm() -> None:
    for way in (interpreted, compiled):
        _, gradients = way(net_of("graph_norm"), {"W": W, "x": X})
        printed = {name: np.char.mod("%.3f", array).tolist() for name, array in gradients.items()}
        assert printed == {"W": [["0.088", "0.176"], ["0.104", "0.208"]], "x": ["-0.112", "0.636"]}


SHIPPED = [
    # spec, values given, what the closed network gives
    ("graph_xyz", {"x": -3.0, "y": 5.0, "z": -4.0}, {"f": -19.0}),
    ("graph_norm", {"x": X}, {"f": 0.116}),
    ("graph_branches", {"x": 2.0, "y": 1.0, "z": -4.0}, {"f": 9.0, "g": -12.0}),
    ("pooling", {"x": TABLE[None, None]}, {"y": POOLED[None, None]}),
]


@pytest.mark.parametrize(("name", "given", "outputs"), SHIPPED)
def test_the_files_give_them_too(
    name: str, given: dict[str, Any], outputs: dict[str, Any], tmp_path: Path
) -> None:
    done("compile", SPECS / f"{name}.net", "-o", tmp_path)
    arrays: dict[str, Any] = {key: np.float32(value) for key, value in given.items()}
    np.savez(tmp_path / "in.npz", **arrays)
    target = tmp_path / "out.npz"
    done("run", tmp_path / f"{name}.onnx", tmp_path / "in.npz", "-o", target, "--device", "cpu")
    found = np.load(target)
    assert set(found.files) == outputs.keys()
    for key, value in outputs.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-6)


def test_four_filters_of_5x5x3_on_32x32x3(tmp_path: Path) -> None:
    spec = tmp_path / "filters.net"
    spec.write_text(
        "net Filters {\n  input image: float32[N, 3, 32, 32]\n  output maps: Conv(4, 5x5)\n}\n"
    )
    (row,) = json.loads(done("summary", spec, "--json"))["rows"]
    assert (row["shape"], row["parameters"]) == ("[N, 4, 28, 28]", 4 * (5 * 5 * 3 + 1))
    assert row["multiply_adds"] == 28 * 28 * 4 * 5 * 5 * 3
    done("compile", spec, "-o", tmp_path)
    np.save(tmp_path / "image.npy", np.ones((2, 3, 32, 32), np.float32))
    printed = done("run", tmp_path / "filters.onnx", tmp_path / "image.npy", "--device", "cpu")
    assert printed.startswith("maps float32[2, 4, 28, 28]")
