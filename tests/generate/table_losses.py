"""Entries for losses. In a net they are functions like others; a train section takes its loss lines from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dslc.types import TensorType
from tests.generate.needs import (
    ANOTHER,
    FLOAT,
    LABEL_FLAGS,
    ROW_INDEX,
    fitting_axes,
    floats,
    known,
)
from tests.generate.scope import Entry, Scope, Settings


def _reduction(scope: Scope) -> Settings:
    return {"reduction": scope.dice.one(("sum", None))} if scope.dice.chance(0.3) else {}


def _pair(**options: tuple[Any, ...]) -> Entry:
    def settings(scope: Scope, x: TensorType, y: TensorType) -> Settings:
        chosen = {k: scope.dice.one(v) for k, v in options.items() if scope.dice.chance(0.5)}
        return chosen | _reduction(scope)

    return Entry((FLOAT, ANOTHER), settings, largest=20.0, result=lambda x, y: x * y + 1)


def _labelled(**options: tuple[Any, ...]) -> Entry:
    def settings(scope: Scope, x: TensorType, index: TensorType) -> Settings:
        axis = scope.dice.one(fitting_axes(x, index))
        chosen = {k: scope.dice.one(v) for k, v in options.items() if scope.dice.chance(0.4)}
        size = x.shape[axis]
        if scope.dice.chance(0.3) and isinstance(size, int):
            chosen["weight"] = tuple(scope.dice.one((0.5, 1.0, 2.0)) for _ in range(size))
        return (
            {"axis": axis if scope.dice.chance(0.5) else axis - x.rank} | chosen | _reduction(scope)
        )

    return Entry((floats(2), ROW_INDEX), settings, result=lambda x, y: 2 * x + 10)


def _rows(**options: tuple[Any, ...]) -> Any:
    def settings(scope: Scope, *types: TensorType) -> Settings:
        chosen = {k: scope.dice.one(v) for k, v in options.items() if scope.dice.chance(0.5)}
        return chosen | _reduction(scope)

    return settings


def _along(scope: Scope, x: TensorType, y: TensorType) -> Settings:
    return {"axis": scope.dice.axis(x.rank)} | _reduction(scope)


SAMPLES = floats(2, 2, test=lambda scope, x: known(x, 1) and x.shape[1] != 1)
"""Of vectors with one element angles and slopes of distances are 1 or -1: sums of them are rounding alone."""
AT_LEAST_ONE_AXIS = floats(1)

ENTRIES: Mapping[str, Entry] = {
    "bce_with_logits": _pair(),
    "contrastive": Entry((SAMPLES, ANOTHER, LABEL_FLAGS), _rows(margin=(0.5, 5.0)), largest=10.0),
    "cosine": Entry(
        (SAMPLES, ANOTHER),
        _rows(),
        domain="shifted",
        result=lambda x, y: 2.0,
        cancels=lambda x, y: 1.0,
    ),
    "cross_entropy": _labelled(label_smoothing=(0.1,), ignore_index=(0,)),
    "dice": Entry((SAMPLES, ANOTHER), _rows(), domain="positive", result=lambda x, y: 2.0),
    "hinge": _labelled(margin=(0.5,), p=(2,)),
    "huber": _pair(delta=(0.5, 2.0)),
    "kl_div": Entry(
        (AT_LEAST_ONE_AXIS, ANOTHER),
        _along,
        domain="positive",
        largest=10.0,
        result=lambda x, y: 100.0,
    ),
    "l1": _pair(),
    "mse": _pair(),
    "nll": _labelled(),
    "smooth_l1": _pair(beta=(0.5, 2.0)),
    "triplet": Entry(
        (SAMPLES, ANOTHER, ANOTHER),
        _rows(margin=(0.5,), swap=(True,)),
        largest=10.0,
        result=lambda x, y, z: 30.0,
    ),
}
