"""Normalisation."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.graph.operators.call import Call, Rule
from dslc.types import Shape


def _batch_normalization(call: Call) -> list[Shape]:
    """Normalise by given statistics. The training form has no kernel on CUDA and is refused."""
    if call.flag("training_mode"):
        raise call.fault("training_mode is not supported: write the statistics out")
    channels = _channels(call)
    for operand in (1, 2, 3, 4):
        call.expect(operand, channels)
    return [call.shape(0)]


def _instance_normalization(call: Call) -> list[Shape]:
    call.expect_rank(0, 3)
    channels = _channels(call)
    call.expect(1, channels)
    call.expect(2, channels)
    return [call.shape(0)]


def _layer_normalization(call: Call) -> list[Shape]:
    """Normalise over the axes from `axis` on.

    Further results are the mean and 1 / standard deviation.
    """
    shape = call.shape(0)
    axis = call.axis(call.attribute("axis"), len(shape))
    for operand in (1, 2):
        if call.has(operand):
            call.stretches(call.shape(operand), shape[axis:])
    statistic = (*shape[:axis], *[1] * (len(shape) - axis))
    return [shape, statistic, statistic]


def _lrn(call: Call) -> list[Shape]:
    call.expect_rank(0, 2)
    if call.attribute("size") < 1:
        raise call.fault("size is less than 1")
    return [call.shape(0)]


def _channels(call: Call) -> Shape:
    call.expect_rank(0, 2)
    return (call.shape(0)[1],)


RULES: Mapping[str, Rule] = {
    "BatchNormalization": _batch_normalization,
    "InstanceNormalization": _instance_normalization,
    "LRN": _lrn,
    "LayerNormalization": _layer_normalization,
}
