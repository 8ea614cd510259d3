"""Rows for the recurrent layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from dslc.layers.recurrent import GRU, LSTM, RNN, Recurrent
from dslc.types import float32, int64
from tests.operations.harness import Array, Case, N, T, WrongCall, below, normal

_x = float32(N, T, 5)
_lengths = int64(N)

ORDERS = {"RNN": (0,), "LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2)}
"""Which gate of ours stands at each place of PyTorch's rows."""


def _torch(layer: Recurrent) -> Any:
    """Return PyTorch's module of the same settings, called with our values and weights."""
    kind = type(layer).__name__

    def call(t: Any, x: Any, *rest: Any) -> Any:
        initial, lengths, weights = (
            rest[: layer.states],
            rest[layer.states],
            rest[layer.states + 1 :],
        )
        more = {"nonlinearity": layer.nonlinearity} if isinstance(layer, RNN) else {}
        module = getattr(t.nn, kind)(
            x.shape[2],
            layer.units,
            layer.layers,
            bias=layer.bias,
            batch_first=True,
            bidirectional=layer.bidirectional,
            dtype=x.dtype,
            **more,
        )
        names = [name for name, _ in module.named_parameters()]
        ours = {
            name: t.cat([w.chunk(len(ORDERS[kind]))[gate] for gate in ORDERS[kind]])
            for name, w in zip(names, weights, strict=True)
        }
        state = _state_to_torch(t, layer, x, initial)
        values = x if lengths is None else _packed(t, x, lengths)
        y, last = t.func.functional_call(module, ours, (values, state))
        if lengths is not None:
            y, _ = t.nn.utils.rnn.pad_packed_sequence(y, True, total_length=x.shape[1])
        ends = [_state_from_torch(layer, s) for s in (last if kind == "LSTM" else (last,))]
        if not layer.return_sequence:
            top = ends[0][:, -1] if layer.layers > 1 else ends[0]
            return (top, *ends) if layer.return_state else top
        return (y, *ends) if layer.return_state else y

    return call


def _packed(t: Any, x: Any, lengths: Any) -> Any:
    return t.nn.utils.rnn.pack_padded_sequence(x, lengths, True, enforce_sorted=False)


def _state_to_torch(t: Any, layer: Recurrent, x: Any, initial: tuple[Any, ...]) -> Any:
    count = layer.layers * layer.directions
    zeros = t.zeros(len(x), count, layer.units, dtype=x.dtype)
    states = [
        (zeros if s is None else s.reshape(zeros.shape)).transpose(0, 1).contiguous()
        for s in initial
    ]
    return tuple(states) if len(states) > 1 else states[0]


def _state_from_torch(layer: Recurrent, state: Any) -> Any:
    return state.transpose(0, 1).reshape(layer.state_shape(state.shape[1]))


def _from_one(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Lengths of 1 to T = 4 steps, the longest and the shortest among them."""
    return np.array([4, 1, *below(5, 1)(rng, shape)])[: shape[0]]


def _from_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.array([0, 4, *below(5)(rng, shape)])[: shape[0]]


def _case(
    name: str,
    layer: Recurrent,
    *,
    x: Any = _x,
    initial: bool | tuple[bool, ...] = False,
    lengths: Any = None,
    torch: bool = True,
    **more: Any,
) -> Case:
    """Return a row; `initial` says which states are given, `lengths` how they are drawn."""
    given = (initial,) * layer.states if isinstance(initial, bool) else initial
    state = x.with_shape(layer.state_shape(x.shape[0]))
    states = tuple(state if there else None for there in given)
    inputs = (x, *states, int64(x.shape[0]) if lengths else None)
    domains = (*(normal,) * (layer.states + 1), lengths)
    call = _torch(layer) if torch else None
    return Case(name, layer, inputs, domains, torch=call, **more)


def _family(kind: type[Recurrent]) -> tuple[Case, ...]:
    """Return the rows that every kind has."""
    name = kind.__name__.lower()
    return (
        _case(name, kind(3)),
        _case(f"{name}, no bias", kind(3, bias=False)),
        _case(f"{name}, last result", kind(3, return_sequence=False)),
        _case(f"{name}, last state", kind(3, return_state=True)),
        _case(f"{name}, initial state", kind(3, return_state=True), initial=True),
        _case(f"{name}, two directions", kind(3, bidirectional=True, return_state=True)),
        _case(
            f"{name}, two directions, last result",
            kind(3, bidirectional=True, return_sequence=False),
        ),
        _case(f"{name}, three layers", kind(3, layers=3, return_state=True), initial=True),
        _case(
            f"{name}, two layers in two directions without bias",
            kind(2, layers=2, bidirectional=True, return_state=True, bias=False),
            initial=True,
        ),
        _case(f"{name}, lengths", kind(3, return_state=True), lengths=_from_one),
        _case(
            f"{name}, lengths of zero",
            kind(3, return_state=True),
            lengths=_from_zero,
            initial=True,
            torch=False,
        ),
        _case(
            f"{name}, lengths, two layers, two directions, initial state",
            kind(3, layers=2, bidirectional=True, return_state=True),
            lengths=_from_one,
            initial=True,
        ),
        _case(
            f"{name}, lengths, last result of two directions",
            kind(3, bidirectional=True, return_sequence=False),
            lengths=_from_one,
        ),
        _case(f"{name}, one sample, one step", kind(3), x=float32(1, 1, 2)),
        _case(
            f"{name}, one step of two directions",
            kind(1, bidirectional=True, return_state=True),
            x=float32(N, 1, 1),
            initial=True,
        ),
        _case(
            f"{name}, one unit, long",
            kind(1, layers=2, return_state=True),
            x=float32(1, T, 1),
            sizes={"T": 17},
        ),
        _case(
            f"{name}, dropout between layers",
            kind(3, layers=3, dropout=0.4, return_state=True),
            torch=False,
        ),
        _case(f"{name}, dropout of everything", kind(3, layers=2, dropout=1.0), torch=False),
        _case(f"{name}, dropout of a single layer", kind(3, dropout=0.5)),
    )


CASES = (
    *_family(LSTM),
    *_family(GRU),
    *_family(RNN),
    _case("rnn, relu", RNN(3, nonlinearity="relu", return_state=True)),
    _case(
        "rnn, relu, two layers, two directions, lengths",
        RNN(3, layers=2, bidirectional=True, return_state=True, nonlinearity="relu"),
        lengths=_from_one,
        initial=True,
    ),
    _case("lstm, initial cell alone", LSTM(3, return_state=True), initial=(False, True)),
    _case("lstm, wide", LSTM(9), x=float32(2, 3, 7)),
)

WRONG_CALLS = (
    WrongCall(
        "lstm: features",
        LSTM(8),
        (float32(N, 5), None, None, None),
        "E0303",
        ("[N, T, features]", "reshape([N, 5, 1]) -> {call}"),
    ),
    WrongCall(
        "lstm: image",
        LSTM(8),
        (float32(N, 1, 28, 28), None, None, None),
        "E0303",
        ("to read an image row by row", "reshape([N, 28, 28]) -> {call}"),
    ),
    WrongCall(
        "gru: colour image",
        GRU(8),
        (float32(N, 3, 32, 32), None, None),
        "E0303",
        ("transpose([0, 2, 1, 3]) -> reshape([N, 32, 96]) -> {call}",),
    ),
    WrongCall("rnn: free features", RNN(8), (float32(N, 5, T), None, None), "E0303", ("features",)),
    WrongCall(
        "lstm: words",
        LSTM(8),
        (int64(N, T), None, None, None),
        "E0401",
        ("numbers of words", "Embedding(1000, 64) -> {call}"),
    ),
    WrongCall("rnn: whole numbers", RNN(8), (int64(N, T, 5), None, None), "E0401"),
    WrongCall(
        "lstm: state of other units",
        LSTM(8),
        (_x, float32(N, 4), None, None),
        "E0330",
        ("the initial state of this `LSTM` is [N, 8]", "this is [N, 4]"),
    ),
    WrongCall(
        "gru: PyTorch's state",
        GRU(8, layers=2, bidirectional=True),
        (_x, float32(4, N, 8), None),
        "E0330",
        ("[N, 2, 16]", "a state is [N, layers, 2 * units]"),
    ),
    WrongCall("lstm: whole numbers as state", LSTM(8), (_x, int64(N, 8), None, None), "E0401"),
    WrongCall(
        "rnn: mask instead of lengths",
        RNN(8),
        (_x, None, int64(N, T)),
        "E0330",
        ("one whole number for each sample", "int64[N]"),
    ),
    WrongCall("rnn: lengths in floats", RNN(8), (_x, None, float32(N)), "E0401"),
)
