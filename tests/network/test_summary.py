from __future__ import annotations

import json
from pathlib import Path

from dslc import api
from dslc.network.network import Network
from dslc.network.printer import print_network
from dslc.network.summary import summarize
from tests.network.reading import network_of

SPECS = Path(__file__).parents[2] / "specs"


def spec(name: str) -> Network:
    return api.load(SPECS / f"{name}.net")


def test_counting_does_not_allocate() -> None:
    text = (
        "net Net {\n  input x: float32[N, 1, 200, 200]\n  flatten -> Linear(40000, bias=false)\n}"
    )
    summary = summarize(network_of(text))
    assert (summary.parameters, summary.multiply_adds) == (1_600_000_000, 1_600_000_000)


def test_a_shared_layer_counts_its_weights_once_and_its_work_each_time() -> None:
    text = "net Net {\n  input x: float32[N, 4]\n  layer l = Linear(4)\n  l -> l\n}"
    summary = summarize(network_of(text))
    assert (summary.parameters, summary.multiply_adds) == (20, 32)


def test_the_table_has_aligned_columns_and_a_total() -> None:
    lines = summarize(spec("lenet5")).text().splitlines()
    assert lines[0] == "LeNet5"
    assert lines[1].split("  ")[0] == "row" and lines[1].endswith("line")
    first = next(line for line in lines if "[N, 6" in line)
    columns = {line.index(word) for line, word in ((lines[1], "output shape"), (first, "[N, 6"))}
    assert len(columns) == 1
    assert lines[-1].split() == ["total", "61,706", "416,520"]


def test_the_summary_as_plain_data() -> None:
    data = json.loads(json.dumps(summarize(spec("graph_norm")).to_json()))
    assert (data["net"], data["parameters"]) == ("SquaredNorm", 4)
    assert [row["row"] for row in data["rows"]] == ["W", "q.matmul", "f.mul", "f.sum"]
    assert data["rows"][1]["shape"] == "[2]"


def test_a_network_as_text() -> None:
    text = (
        "net Net(width=3) {\n  input x: float32[N, 4]\n  a: Linear(width, init=normal(std=0.5)) -> relu\n"
        "  output y = a * 2\n}\ntrain {\n  target t: float32[N, 3]\n  loss mse(y, t)\n"
        "  optimizer = SGD(lr=0.5)\n  batch = 2\n}"
    )
    printed = print_network(network_of(text)).splitlines()
    for line in (
        "net Net(width=3)",
        "input x: float32[N, 4]",
        "a: Linear(units=3, init=normal(std=0.5)) on x with a.weight, a.bias -> a.linear: float32[N, 3]",
        "a.relu: relu() on a.linear -> a: float32[N, 3]",
        "y.mul: mul() on a, 2 -> y: float32[N, 3]",
        "output y: float32[N, 3]",
        "  loss mse = loss.mse",
        "  optimizer SGD(lr=0.5)",
        "  sizes N = 2",
    ):
        assert line in printed
