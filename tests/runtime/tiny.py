"""Tiny compiled files, made with onnx.helper: y = x w + b, cross-entropy on 3 classes, momentum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEATURES, CLASSES, BATCH = 4, 3, 8
SETTINGS = {
    "graph_optimization_level": "disable",
    "execution_order": "priority",
    "enable_mem_pattern": False,
}
TRAINING = {
    "batch": BATCH,
    "epochs": 4,
    "steps": None,
    "seed": 5,
    "data": None,
    "validation": 0.25,
    "monitor": {"name": "loss", "mode": "min"},
}
SHAPES = {"fc.weight": [FEATURES, CLASSES], "fc.bias": [CLASSES], "scale": []}
SLOTS = {"fc.weight.momentum": SHAPES["fc.weight"], "fc.bias.momentum": SHAPES["fc.bias"]}
ELEMENTS = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "bool": TensorProto.BOOL}
ELEMENTS |= {"float64": TensorProto.DOUBLE}


def state() -> list[dict[str, Any]]:
    rows = [("fc.weight", "parameter"), ("fc.bias", "parameter"), ("scale", "parameter")]
    rows += [(name, "slot") for name in SLOTS]
    return [
        {
            "name": name,
            "next": None if name == "scale" else f"{name}.next",
            "kind": kind,
            "dtype": "float32",
            "shape": (SHAPES | SLOTS)[name],
        }
        for name, kind in rows
    ]


def metadata(graph: str, training: dict[str, Any], **other: Any) -> str:
    entry = {
        "format": 1,
        "net": "Tiny",
        "graph": graph,
        "spec": "tiny.net",
        "spec_sha256": "0" * 64,
        "versions": {"dslc": "0"},
        "state": state(),
        "inputs": [{"name": "x", "dtype": "float32", "shape": ["N", FEATURES]}],
        "targets": [{"name": "label", "dtype": "int64", "shape": ["N"]}],
        "outputs": [{"name": "y", "dtype": "float32", "shape": ["N", CLASSES]}],
        "reserved": ["seed", "step", "validation"] if graph == "train" else [],
        "losses": ["loss"],
        "metrics": [{"name": "metric.accuracy", "better": "max"}],
        "finite": "finite",
        "accumulators": [
            {
                "name": f"accumulator.{name}",
                "next": f"accumulator.{name}.next",
                "dtype": "float64",
                "shape": [],
            }
            for name in ("loss", "accuracy", "count")
        ],
        "training": training,
        "classes": {"label": CLASSES},
        "memory": {"estimate_bytes": 1000, "largest": [["fc.weight", 48]]},
        "session_options": SETTINGS,
    }
    return json.dumps(entry | other)


class Graph:
    """Collects nodes; every value gets a type, every node a name and a line of the spec."""

    def __init__(self, batch: int | str) -> None:
        self.batch = batch
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.constants: list[onnx.TensorProto] = []

    def take(self, name: str, dtype: str, shape: list[int | str]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, ELEMENTS[dtype], shape))
        return name

    def give(self, name: str, dtype: str, shape: list[int | str]) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, ELEMENTS[dtype], shape))

    def add(self, operator: str, *values: str, to: str = "", **attributes: Any) -> str:
        result = to or f"v{len(self.nodes)}"
        node = helper.make_node(
            operator, list(values), [result], name=f"fc/{operator} @{len(self.nodes)}", **attributes
        )
        node.doc_string = f"tiny.net:{len(self.nodes) + 1}: {operator}"
        self.nodes.append(node)
        return result

    def constant(self, value: Any, dtype: str = "float32") -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def save(self, path: Path, entry: str) -> None:
        graph = helper.make_graph(
            self.nodes, "tiny", self.inputs, self.outputs, initializer=self.constants
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        helper.set_model_props(model, {"dslc": entry})
        onnx.save(model, str(path))


def forward(g: Graph) -> tuple[str, str, str, str]:
    """Return logits, log probabilities, one-hot labels, and the correct predictions."""
    g.take("x", "float32", [g.batch, FEATURES])
    product = g.add("MatMul", "x", "fc.weight")
    y = g.add("Add", g.add("Mul", product, "scale"), "fc.bias", to="y")
    log_p = g.add("LogSoftmax", y, axis=-1)
    g.take("label", "int64", [g.batch])
    hot = g.add("OneHot", "label", g.constant(CLASSES, "int64"), g.constant([0.0, 1.0]))
    right = g.add("Equal", g.add("ArgMax", y, axis=1, keepdims=0), "label")
    return y, log_p, hot, right


def write_init(path: Path, training: dict[str, Any]) -> None:
    g = Graph(BATCH)
    g.take("seed", "int64", [])
    g.nodes.append(helper.make_node("Cast", ["seed"], ["s"], to=TensorProto.FLOAT))
    for name, shape in {**SHAPES, **SLOTS}.items():
        rng = np.random.default_rng(len(name))
        base = np.zeros(shape) if "momentum" in name else rng.normal(size=shape) * 0.3
        factor = 0.0 if "momentum" in name or name == "scale" else 0.01
        base = np.ones(shape) if name == "scale" else base
        g.add("Add", g.add("Mul", "s", g.constant(factor)), g.constant(base), to=name)
        g.give(name, "float32", shape)
    g.save(path, metadata("init", training))


def write_train(path: Path, training: dict[str, Any], rate: float, bad_step: int | None) -> None:
    g = Graph(BATCH)
    for name, shape in {**SHAPES, **SLOTS}.items():
        g.take(name, "float32", shape)
    for name, dtype in (("seed", "int64"), ("step", "int64"), ("validation", "float32")):
        g.take(name, dtype, [])
    _, log_p, hot, right = forward(g)
    picked = g.add("ReduceSum", g.add("Mul", log_p, hot), keepdims=0)
    loss = g.add("Neg", g.add("Div", picked, g.constant(BATCH)))
    if bad_step is not None:
        left = g.add("Sub", g.constant(bad_step, "int64"), "step")
        nodes_cast = helper.make_node("Cast", [left], ["left"], to=TensorProto.FLOAT)
        g.nodes.append(nodes_cast)
        loss = g.add("Add", loss, g.add("Mul", g.add("Log", "left"), g.constant(0.0)))
    g.nodes.append(helper.make_node("Identity", [loss], ["loss"]))
    g.nodes.append(helper.make_node("Cast", [right], ["hits"], to=TensorProto.FLOAT))
    g.add("ReduceMean", "hits", to="metric.accuracy", keepdims=0)
    grad_y = g.add("Div", g.add("Sub", g.add("Exp", log_p), hot), g.constant(BATCH))
    grads = {
        "fc.weight": g.add("MatMul", g.add("Transpose", "x", perm=[1, 0]), grad_y),
        "fc.bias": g.add("ReduceSum", grad_y, g.constant([0], "int64"), keepdims=0),
    }
    total = "loss"
    for name, grad in grads.items():
        slot = g.add(
            "Add", g.add("Mul", f"{name}.momentum", g.constant(0.9)), grad,
            to=f"{name}.momentum.next",
        )  # fmt: skip
        new = g.add("Sub", name, g.add("Mul", slot, g.constant(rate)), to=f"{name}.next")
        total = g.add("Add", total, g.add("ReduceSum", g.add("Mul", new, new), keepdims=0))
        g.give(f"{name}.next", "float32", SHAPES[name])
        g.give(f"{name}.momentum.next", "float32", SHAPES[name])
    zero = g.add("Sub", total, total)
    g.add("Equal", zero, g.constant(0.0), to="finite")
    g.give("loss", "float32", [])
    g.give("metric.accuracy", "float32", [])
    g.give("finite", "bool", [])
    g.save(path, metadata("train", training))


def write_eval(path: Path, training: dict[str, Any]) -> None:
    g = Graph("N")
    for name, shape in SHAPES.items():
        g.take(name, "float32", shape)
    for name in ("loss", "accuracy", "count"):
        g.take(f"accumulator.{name}", "float64", [])
    _, log_p, hot, right = forward(g)
    sums = {
        "loss": g.add("Neg", g.add("ReduceSum", g.add("Mul", log_p, hot), keepdims=0)),
        "accuracy": right,
        "count": g.add("ReduceSum", hot, keepdims=0),
    }
    for name, value in sums.items():
        g.nodes.append(helper.make_node("Cast", [value], [f"d.{name}"], to=TensorProto.DOUBLE))
        part = g.add("ReduceSum", f"d.{name}", keepdims=0)
        g.add("Add", f"accumulator.{name}", part, to=f"accumulator.{name}.next")
        g.give(f"accumulator.{name}.next", "float64", [])
    for name, figure in (("loss", "loss"), ("accuracy", "metric.accuracy")):
        mean = g.add("Div", f"accumulator.{name}.next", "accumulator.count.next")
        g.nodes.append(helper.make_node("Cast", [mean], [figure], to=TensorProto.FLOAT))
        g.give(figure, "float32", [])
    g.save(path, metadata("eval", training))


def write_inference(path: Path, training: dict[str, Any]) -> None:
    g = Graph("N")
    for name, shape in SHAPES.items():
        g.constants.append(numpy_helper.from_array(np.ones(shape, np.float32), name))
    y, *_ = forward(g)
    g.inputs = g.inputs[:1]
    g.nodes = g.nodes[:3]
    g.give(y, "float32", ["N", CLASSES])
    g.save(path, metadata("inference", training))


def compile_tiny(
    folder: Path, *, rate: float = 0.1, bad_step: int | None = None, **training: Any
) -> Path:
    """Write the four files; `bad_step` makes the loss NaN after that step. Return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = TRAINING | training
    write_init(folder / "tiny.init.onnx", settings)
    write_train(folder / "tiny.train.onnx", settings, rate, bad_step)
    write_eval(folder / "tiny.eval.onnx", settings)
    write_inference(folder / "tiny.onnx", settings)
    return folder


def samples(count: int = 100, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    """Return data in which the largest of the first three features tells the class."""
    x = np.random.default_rng(seed).normal(size=(count, FEATURES)).astype(np.float32)
    return {"x": x, "label": x[:, :CLASSES].argmax(1)}


def save_samples(path: Path, count: int = 100) -> Path:
    np.savez(path, **samples(count))
    return path
