"""The gradient rules, and the operators that have none because nothing flows through them.

A rule is found by standing in a module of `dslc/gradient/rules`: there is no other list of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from dslc.errors import InternalError
from dslc.gradient import rules
from dslc.gradient.rule import Rule

NOT_DIFFERENTIABLE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(["Floor", "Ceil", "Round", "Sign"], "flat between its steps"),
        **dict.fromkeys(
            ["ArgMax", "ArgMin", "NonZero", "Shape", "Size"], "its result is whole numbers"
        ),
        **dict.fromkeys(
            ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "IsInf", "IsNaN"],
            "its result is true or false",
        ),
        **dict.fromkeys(["And", "Or", "Xor", "Not"], "its operands are true or false"),
        **dict.fromkeys(
            ["Constant", "ConstantOfShape", "EyeLike", "Range"],
            "its result depends on no float value",
        ),
        **dict.fromkeys(
            ["OneHot"], "its indices are whole numbers, and its two values are constants"
        ),
        **dict.fromkeys(["Hardmax"], "flat between its steps"),
    }
)
"""Operators that pass no gradient, each with the reason. A path that meets one ends there."""


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(rules.__path__):
        yield importlib.import_module(f"{rules.__name__}.{found.name}")


def collect() -> Mapping[str, Rule]:
    """Return every rule of the package `rules` by its operator; two rules for one are refused."""
    found: dict[str, Rule] = {}
    for module in _modules():
        for function in vars(module).values():
            if getattr(function, "__module__", None) != module.__name__:
                continue
            for operator in getattr(function, "operators", ()):
                if operator in found or operator in NOT_DIFFERENTIABLE:
                    raise InternalError("gradient", f"{operator} has two gradient rules")
                found[operator] = function
    return MappingProxyType(dict(sorted(found.items())))


RULES: Mapping[str, Rule] = collect()
"""One gradient rule per ONNX operator."""
