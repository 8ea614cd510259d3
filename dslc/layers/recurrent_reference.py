"""The recurrent layers in NumPy: step by step, and back through time.

A cell takes the input, the states and the weights of one step; it returns the next states and the backward pass of the
step, which turns their cotangents into those of input, states and weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dslc.layers.dropout import Dropout
from dslc.operation import Array, Backward, Reference
from dslc.reference.run import Run

if TYPE_CHECKING:
    from dslc.layers.recurrent import Recurrent

Arrays = tuple[Array, ...]


class Weights(NamedTuple):
    """What one layer owns in one direction, zeros where it has no biases."""

    ih: Array
    hh: Array
    bias_ih: Array
    bias_hh: Array


StepBackward = Callable[[Arrays], tuple[Array, Arrays, Weights]]

Cell = Callable[[Array, Arrays, Weights], tuple[Arrays, StepBackward]]


def rnn_cell(run: Run, nonlinearity: str) -> Cell:
    """Return the cell h' = tanh(a) or relu(a), a = x W^T + b + h R^T + c."""

    def cell(x: Array, states: Arrays, w: Weights) -> tuple[Arrays, StepBackward]:
        (h,) = states
        total = _total(x, h, w)
        if nonlinearity == "relu":
            slope = run.decide(total > 0).astype(total.dtype)
            y = total * slope
        else:
            y = np.tanh(total)
            slope = 1 - y * y

        def backward(dstates: Arrays) -> tuple[Array, Arrays, Weights]:
            dtotal = dstates[0] * slope
            dx, dh, dw = _linear_backward(dtotal, dtotal, x, h, w)
            return dx, (dh,), dw

        return (y,), backward

    return cell


def lstm_cell(x: Array, states: Arrays, w: Weights) -> tuple[Arrays, StepBackward]:
    """Return c' = f c + i g and h' = o tanh(c')."""
    h, c = states
    a_i, a_o, a_f, a_g = np.split(_total(x, h, w), 4, axis=1)
    i, o, f, g = _sigmoid(a_i), _sigmoid(a_o), _sigmoid(a_f), np.tanh(a_g)
    after = f * c + i * g
    shown = np.tanh(after)

    def backward(dstates: Arrays) -> tuple[Array, Arrays, Weights]:
        dh, dc = dstates
        dc = dc + dh * o * (1 - shown * shown)
        parts = (
            dc * g * i * (1 - i),
            dh * shown * o * (1 - o),
            dc * c * f * (1 - f),
            dc * i * (1 - g * g),
        )
        dtotal = np.concatenate(parts, axis=1)
        dx, dh_before, dw = _linear_backward(dtotal, dtotal, x, h, w)
        return dx, (dh_before, dc * f), dw

    return (o * shown, after), backward


def gru_cell(x: Array, states: Arrays, w: Weights) -> tuple[Arrays, StepBackward]:
    """Return h' = (1 - z) n + z h with n = tanh(x part + r (h part))."""
    (h,) = states
    from_x, from_h = x @ w.ih.T + w.bias_ih, h @ w.hh.T + w.bias_hh
    (x_z, x_r, x_n), (h_z, h_r, h_n) = np.split(from_x, 3, axis=1), np.split(from_h, 3, axis=1)
    z, r = _sigmoid(x_z + h_z), _sigmoid(x_r + h_r)
    n = np.tanh(x_n + r * h_n)

    def backward(dstates: Arrays) -> tuple[Array, Arrays, Weights]:
        (dy,) = dstates
        dn = dy * (1 - z) * (1 - n * n)
        dz = dy * (h - n) * z * (1 - z)
        dr = dn * h_n * r * (1 - r)
        dfrom_x = np.concatenate((dz, dr, dn), axis=1)
        dfrom_h = np.concatenate((dz, dr, dn * r), axis=1)
        dx, dh, dw = _linear_backward(dfrom_x, dfrom_h, x, h, w)
        return dx, (dh + dy * z,), dw

    return ((1 - z) * n + z * h,), backward


def _total(x: Array, h: Array, w: Weights) -> Array:
    total: Array = x @ w.ih.T + w.bias_ih + h @ w.hh.T + w.bias_hh
    return total


def _linear_backward(
    dfrom_x: Array, dfrom_h: Array, x: Array, h: Array, w: Weights
) -> tuple[Array, Array, Weights]:
    """Return the cotangents of x, h and the weights from those of both products."""
    dw = Weights(dfrom_x.T @ x, dfrom_h.T @ h, dfrom_x.sum(axis=0), dfrom_h.sum(axis=0))
    return dfrom_x @ w.ih, dfrom_h @ w.hh, dw


def _sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


@dataclass(frozen=True)
class _Sweep:
    """One layer in one direction over xs [T, N, features]: its results, last states, and the backward pass.

    `backward` takes the cotangents of both and returns those of xs, of the first states and of the weights.
    """

    ys: Array
    ends: Arrays
    backward: Callable[[Array, Arrays], tuple[Array, Arrays, Weights]]


def _sweep(
    cell: Cell, xs: Array, starts: Arrays, valid: Array, w: Weights, *, reverse: bool
) -> _Sweep:
    """Run over the steps; where a step is not valid the state stays and the result is zero."""
    order = range(len(xs))[::-1] if reverse else range(len(xs))
    ys = np.zeros((*xs.shape[:2], w.hh.shape[1]), xs.dtype)
    states, steps = starts, {}
    for t in order:
        after, steps[t] = cell(xs[t], states, w)
        states = tuple(np.where(valid[t], a, b) for a, b in zip(after, states, strict=True))
        ys[t] = np.where(valid[t], after[0], 0)

    def backward(dys: Array, dends: Arrays) -> tuple[Array, Arrays, Weights]:
        dxs, dw, dstates = np.zeros_like(xs), Weights(*map(np.zeros_like, w)), dends
        for t in reversed(order):
            dresult = dstates[0] + dys[t]
            dafter = tuple(np.where(valid[t], d, 0) for d in (dresult, *dstates[1:]))
            stayed = [np.where(valid[t], 0, d) for d in dstates]
            dxs[t], dbefore, dw_here = steps[t](dafter)
            dw = Weights(*(a + b for a, b in zip(dw, dw_here, strict=True)))
            dstates = tuple(a + b for a, b in zip(dbefore, stayed, strict=True))
        return dxs, dstates, dw

    return _Sweep(ys, states, backward)


def recurrent(
    run: Run,
    layer: Recurrent,
    cell: Cell,
    x: Array,
    initial: Sequence[Array | None],
    lengths: Array | None,
    weights: Sequence[Array],
) -> Reference:
    """Evaluate a recurrent layer, and return its backward pass."""
    batch, steps, _ = x.shape
    each = 4 if layer.bias else 2
    owned = [_with_zeros(weights[i : i + each]) for i in range(0, len(weights), each)]
    starts = [_states(h, batch, len(owned), layer.units, x.dtype.type) for h in initial]
    ends = np.full(batch, steps) if lengths is None else lengths
    valid = (np.arange(steps)[:, None] < ends)[:, :, None]
    factors = _dropout(run, layer, (steps, batch))
    xs, sweeps = np.moveaxis(x, 0, 1), []
    for index in range(layer.layers):
        if index:
            xs = xs * factors[index - 1]
        for direction in range(layer.directions):
            k = index * layer.directions + direction
            given = tuple(start[:, k] for start in starts)
            sweeps.append(_sweep(cell, xs, given, valid, owned[k], reverse=direction == 1))
        xs = np.concatenate([sweep.ys for sweep in sweeps[-layer.directions :]], axis=2)
    last = [
        np.stack(parts, axis=1).reshape(run.shape(layer.state_shape(batch)))
        for parts in zip(*(sweep.ends for sweep in sweeps), strict=True)
    ]
    top = [sweep.ends[0] for sweep in sweeps[-layer.directions :]]
    y = np.moveaxis(xs, 0, 1) if layer.return_sequence else np.concatenate(top, axis=1)
    backward = _through_layers(layer, sweeps, factors, initial, lengths)
    return ((y, *last) if layer.return_state else y), backward


def _through_layers(
    layer: Recurrent,
    sweeps: Sequence[_Sweep],
    factors: Array,
    initial: Sequence[Array | None],
    lengths: Array | None,
) -> Backward:
    def backward(dy: Array, *dlast: Array) -> tuple[Array | None, ...]:
        count, units = len(sweeps), layer.units
        steps, batch, _ = sweeps[0].ys.shape
        dends = np.zeros((len(sweeps[0].ends), count, batch, units), dy.dtype)
        for state, cotangent in enumerate(dlast):
            dends[state] += np.moveaxis(cotangent.reshape(batch, count, units), 1, 0)
        dys = np.zeros((steps, batch, layer.directions * units), dy.dtype)
        if layer.return_sequence:
            dys += np.moveaxis(dy, 0, 1)
        else:
            parts = dy.reshape(batch, layer.directions, units)
            dends[0, count - layer.directions :] += np.moveaxis(parts, 1, 0)
        dweights: list[Array] = []
        dstarts = np.zeros_like(dends)
        for index in reversed(range(layer.layers)):
            dxs: Array | float = 0.0
            here: list[Array] = []
            for direction, part in enumerate(np.split(dys, layer.directions, axis=2)):
                k = index * layer.directions + direction
                dx, before, dw = sweeps[k].backward(part, tuple(dends[:, k]))
                dxs = dxs + dx
                dstarts[:, k] = before
                here += dw[: 4 if layer.bias else 2]
            dweights = here + dweights
            dys = np.asarray(dxs * factors[index - 1] if index else dxs)
        by_start = [
            None if given is None else np.moveaxis(d, 0, 1).reshape(given.shape)
            for given, d in zip(initial, dstarts, strict=True)
        ]
        return np.moveaxis(dys, 0, 1), *by_start, None, *dweights

    return backward


def _with_zeros(weights: Sequence[Array]) -> Weights:
    zeros = np.zeros(len(weights[0]), weights[0].dtype)
    ih, hh, bias_ih, bias_hh = (*weights, zeros, zeros)[:4]
    return Weights(ih, hh, bias_ih, bias_hh)


def _states(given: Array | None, batch: int, count: int, units: int, dtype: type) -> Array:
    """Return a state of each layer and direction, [N, count, units]."""
    if given is None:
        return np.zeros((batch, count, units), dtype)
    return given.reshape(batch, count, units)


def _dropout(run: Run, layer: Recurrent, places: tuple[int, int]) -> Array:
    """Return what goes from one layer to the next is multiplied by, [layers - 1, T, N, features]."""
    shape = (layer.layers - 1, *places, layer.directions * layer.units)
    if not (shape[0] and layer.dropout and run.training):
        return np.ones((shape[0], 1, 1, 1), run.dtype)
    return Dropout(layer.dropout).drawn(run, shape, run.dtype)
