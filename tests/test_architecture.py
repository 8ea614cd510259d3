"""Imports go one way, and the two derivations of every number stay apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FORBIDDEN = {
    # part of the compiler: what it may not import
    "dslc/syntax": [
        "dslc.network",
        "dslc.layers",
        "dslc.graph",
        "dslc.cli",
        "onnx",
        "onnx_ir",
        "lark.tree",
    ],
    "dslc/elaborate": [
        "dslc.graph",
        "dslc.gradient",
        "dslc.artifact",
        "dslc.cli",
        "onnx",
        "onnx_ir",
    ],
    "dslc/network": [
        "dslc.elaborate",
        "dslc.graph",
        "dslc.gradient",
        "dslc.artifact",
        "dslc.cli",
        "onnx",
        "onnx_ir",
    ],
    "dslc/format": [
        "dslc.graph",
        "dslc.gradient",
        "dslc.artifact",
        "dslc.cli",
        "dslc.lsp",
        "onnx",
        "onnx_ir",
    ],
    "dslc/layers": ["dslc.network", "dslc.gradient", "dslc.syntax", "dslc.cli"],
    "dslc/losses": ["dslc.network", "dslc.gradient", "dslc.syntax", "dslc.cli"],
    "dslc/metrics": ["dslc.network", "dslc.gradient", "dslc.syntax", "dslc.cli"],
    "dslc/augmentations": ["dslc.network", "dslc.gradient", "dslc.syntax", "dslc.cli"],
    "dslc/drawn.py": ["dslc.network", "dslc.gradient", "dslc.syntax", "dslc.cli"],
    "dslc/reference": [
        "dslc.graph",
        "dslc.gradient",
        "dslc.lower",
        "dslc.train",
        "dslc.simplify",
        "onnx",
        "onnx_ir",
    ],
    "dslc/graph": [
        "dslc.network",
        "dslc.layers",
        "dslc.syntax",
        "dslc.gradient",
        "dslc.simplify",
        "dslc.cli",
    ],
    "dslc/gradient": ["dslc.network", "dslc.layers", "dslc.syntax", "dslc.reference", "dslc.cli"],
    "dslc/simplify": ["dslc.network", "dslc.layers", "dslc.syntax", "dslc.reference", "dslc.cli"],
    "dslc/lower.py": ["dslc.reference", "dslc.gradient", "dslc.cli"],
    "dslc/train": ["dslc.reference", "dslc.cli", "dslc.checking"],
    "dslc/artifact": ["dslc.reference", "dslc.cli", "dslc.checking"],
    "dslc/checking": ["dslc.cli", "dslc.tasks"],
    "dslc/tasks": ["dslc.cli", "click"],
    "dslc/api.py": ["dslc.cli", "click"],
    "runtime/dslc_runtime": ["dslc"],
}


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports when it runs (not those for type checking alone)."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(part: str) -> list[Path]:
    place = ROOT / part
    return [place] if place.suffix == ".py" else sorted(place.rglob("*.py"))


@pytest.mark.parametrize("part", FORBIDDEN)
def test_imports_go_one_way(part: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(part)
        for name in imports(path)
        for forbidden in FORBIDDEN[part]
        if name == forbidden or name.startswith(f"{forbidden}.")
    ]
    assert files(part)
    assert not wrong


def test_the_compiler_knows_no_runtime() -> None:
    allowed = {"dslc_runtime.counter", "dslc_runtime.counter.stream_of"}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("dslc")
        if not {"cli", "tasks", "lsp"} & set(path.parts)
        for name in imports(path)
        if name.split(".")[0] == "onnxruntime"
        or (name.startswith("dslc_runtime.") and not name.startswith(tuple(allowed)))
    ]
    assert not wrong


def test_no_code_of_a_file_is_ever_run() -> None:
    banned = {"eval", "exec", "compile", "__import__"}
    modules = {"pickle", "marshal", "shelve", "yaml", "tarfile"}
    wrong = []
    for path in [*files("dslc"), *files("runtime/dslc_runtime")]:
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id in banned:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} calls {node.func.id}")
        wrong += [f"{path.name} imports {name}" for name in imports(path) if name in modules]
    assert not wrong


def test_functions_are_short() -> None:
    """Fifty lines is the most; most have six."""
    long = []
    for path in [*files("dslc"), *files("runtime/dslc_runtime")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                doc = len((ast.get_docstring(node) or "").splitlines())
                if lines - doc > 50:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines}")
    assert not long
