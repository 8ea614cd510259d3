"""Finds what the language can call, by walking the packages that define it.

A class belongs to a registry when a module of the package defines it and it is concrete: it has the
methods of its family. So a new layer is one new class; nothing has to be listed.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from abc import ABC
from collections.abc import Iterator, Mapping
from functools import cache
from inspect import isabstract
from types import MappingProxyType, ModuleType
from typing import Any

from dslc.errors import InternalError
from dslc.initializers.base import Initializer
from dslc.metrics.base import Metric
from dslc.operation import Operation
from dslc.optimizers.base import Optimizer
from dslc.schedules.base import Schedule


@cache
def operations() -> Mapping[str, type[Operation]]:
    """Return the layers, functions, losses and augmentations by their names in the language."""
    packages = ("dslc.layers", "dslc.losses", "dslc.augmentations")
    found: dict[type[Any], str] = {}
    for package in packages:
        found |= _found(package, Operation)
    return _named(found)


@cache
def augmentations() -> Mapping[str, type[Operation]]:
    """Return the augmentations by their names in the language."""
    return _named(_found("dslc.augmentations", Operation))


@cache
def losses() -> Mapping[str, type[Operation]]:
    """Return the losses by their names in the language."""
    return _named(_found("dslc.losses", Operation))


@cache
def metrics() -> Mapping[str, type[Metric]]:
    """Return the metrics by their names in the language."""
    return _named(_found("dslc.metrics", Metric))


@cache
def initializers() -> Mapping[str, type[Initializer]]:
    """Return the initializers by their names in the language."""
    return _named(_found("dslc.initializers", Initializer))


@cache
def optimizers() -> Mapping[str, type[Optimizer]]:
    """Return the optimizers by their names in the language."""
    return _named(_found("dslc.optimizers", Optimizer))


@cache
def schedules() -> Mapping[str, type[Schedule]]:
    """Return the schedules by their names in the language."""
    return _named(_found("dslc.schedules", Schedule))


def snake_case(name: str) -> str:
    """Return `MaxPool` as `max_pool`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _found(package: str, family: type[Any]) -> dict[type[Any], str]:
    """Return the concrete classes of `family` that `package` defines, with their names."""
    return {
        found: _language_name(found)
        for module in _modules(package)
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, family)
        and found.__module__ == module.__name__
        and _is_concrete(found)
    }


def _modules(package: str) -> Iterator[ModuleType]:
    for item in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        yield importlib.import_module(item.name)


def _is_concrete(found: type) -> bool:
    """Tell whether a class can be called: it is not private, and no method is missing."""
    if found.__name__.startswith("_") or isabstract(found) or ABC in found.__bases__:
        return False
    return not issubclass(found, Operation) or all(
        hasattr(found, method) for method in ("infer", "lower", "reference")
    )


def _language_name(found: type) -> str:
    if issubclass(found, Operation):
        return found.language_name()
    spelling: str | None = getattr(found, "spelling", None)
    if spelling is not None:
        return spelling
    return found.__name__ if issubclass(found, Optimizer) else snake_case(found.__name__)


def _named(found: Mapping[type[Any], str]) -> Mapping[str, type[Any]]:
    """Turn the table round and refuse names that two classes claim."""
    named: dict[str, type[Any]] = {}
    for item, name in sorted(found.items(), key=lambda pair: pair[1]):
        if name in named:
            one, other = (f"{c.__module__}.{c.__qualname__}" for c in (named[name], item))
            raise InternalError("registry", f"`{name}` is both {one} and {other}")
        named[name] = item
    return MappingProxyType(named)
