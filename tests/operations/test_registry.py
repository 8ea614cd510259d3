"""The registries: what they find, how it is called, what they refuse."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dslc import registry
from dslc.errors import InternalError
from dslc.layers.conv import Conv, ConvFunction
from dslc.layers.pool import MaxPool
from dslc.operation import Function


def test_names_follow_from_classes() -> None:
    found = registry.operations()
    assert found["Conv"] is Conv
    assert found["conv"] is ConvFunction
    assert found["max_pool"] is MaxPool
    assert registry.initializers()["kaiming_uniform"].__name__ == "KaimingUniform"
    assert registry.optimizers()["SGD"].__name__ == "SGD"


@pytest.mark.parametrize(
    "find",
    [
        registry.operations,
        registry.losses,
        registry.metrics,
        registry.initializers,
        registry.optimizers,
        registry.schedules,
    ],
    ids=lambda find: find.__name__,
)
def test_registries_are_full_and_frozen(find: object) -> None:
    assert callable(find)
    found = find()
    assert found and find() is found
    with pytest.raises(TypeError):
        found["more"] = Conv


def test_losses_are_operations() -> None:
    assert set(registry.losses()) < set(registry.operations())


def test_abstract_bases_are_left_out() -> None:
    @dataclass(frozen=True)
    class Unfinished(Function):
        """A function without a reference."""

    assert not registry._is_concrete(Unfinished)
    assert not registry._is_concrete(Function)
    assert registry._is_concrete(MaxPool)


def test_a_name_belongs_to_one_class() -> None:
    with pytest.raises(InternalError, match="`conv` is both"):
        registry._named({ConvFunction: "conv", MaxPool: "conv"})
