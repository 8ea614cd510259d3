"""The recurrent layers in ONNX operators: unrolled where a gradient is taken, else as ONNX's own operators.

Unrolled, everything is a matrix of rows [T * N, features], step after step: what the inputs contribute to all steps is
one product, a step is a Gemm and its gates, and the results joined again are the rows of the next layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

from dslc import dims
from dslc.layers.dropout import Dropout
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.dims import Expression
    from dslc.graph.builder import Builder
    from dslc.layers.recurrent import Recurrent

Values = tuple["ir.Value", ...]

Optional = Sequence["ir.Value | None"]


class Weights(NamedTuple):
    """What one layer owns in one direction."""

    ih: ir.Value
    hh: ir.Value
    bias_ih: ir.Value | None = None
    bias_hh: ir.Value | None = None


class Cell(Protocol):
    """One kind of recurrent layer: ONNX's operator, and its arithmetic."""

    @property
    def operator(self) -> str:
        """The name of ONNX's operator."""

    @property
    def activations(self) -> tuple[str, ...] | None:
        """Its activations, where they are not the usual ones."""

    def products(self, g: Builder, rows: ir.Value, weights: Weights) -> Values:
        """Return what the inputs of all steps contribute, each [T * N, ...]."""

    def step(self, g: Builder, products: Values, states: Values, weights: Weights) -> Values:
        """Return the states after one step; the first of them is its result."""


@dataclass(frozen=True)
class RNNCell:
    """The layer of Elman."""

    nonlinearity: Literal["tanh", "relu"]
    operator = "RNN"

    @property
    def activations(self) -> tuple[str, ...]:
        return ("Relu" if self.nonlinearity == "relu" else "Tanh",)

    def products(self, g: Builder, rows: ir.Value, weights: Weights) -> Values:
        return (_with_both_biases(g, rows, weights),)

    def step(self, g: Builder, products: Values, states: Values, weights: Weights) -> Values:
        total = g.Gemm(states[0], weights.hh, *products, transB=1)
        return (g.Relu(total) if self.nonlinearity == "relu" else g.Tanh(total),)


@dataclass(frozen=True)
class LSTMCell:
    """Long short-term memory: gates i, o, f and the candidate c."""

    operator = "LSTM"
    activations = None

    def products(self, g: Builder, rows: ir.Value, weights: Weights) -> Values:
        return (_with_both_biases(g, rows, weights),)

    def step(self, g: Builder, products: Values, states: Values, weights: Weights) -> Values:
        h, c = states
        units = _units(g, weights)
        total = g.Gemm(h, weights.hh, *products, transB=1)
        gates, candidate = g.Split(total, g.axes(3 * units, units), axis=1)
        i, o, f = g.Split(g.Sigmoid(gates), g.axes(units, units, units), axis=1)
        c = g.Add(g.Mul(f, c), g.Mul(i, g.Tanh(candidate)))
        return g.Mul(o, g.Tanh(c)), c


@dataclass(frozen=True)
class GRUCell:
    """Gated recurrent units: gates z, r and the candidate h, with the reset behind the matrix."""

    operator = "GRU"
    activations = None

    def products(self, g: Builder, rows: ir.Value, weights: Weights) -> Values:
        return self._parts(g, _product(g, rows, weights.ih, weights.bias_ih), weights)

    def step(self, g: Builder, products: Values, states: Values, weights: Weights) -> Values:
        (h,) = states
        units = _units(g, weights)
        gates, candidate = self._parts(g, _product(g, h, weights.hh, weights.bias_hh), weights)
        z, r = g.Split(g.Sigmoid(g.Add(products[0], gates)), g.axes(units, units), axis=1)
        n = g.Tanh(g.Add(products[1], g.Mul(r, candidate)))
        return (g.Add(n, g.Mul(z, g.Sub(h, n))),)

    def _parts(self, g: Builder, total: ir.Value, weights: Weights) -> Values:
        units = _units(g, weights)
        parts: Values = g.Split(total, g.axes(2 * units, units), axis=1)
        return parts


def _with_both_biases(g: Builder, rows: ir.Value, weights: Weights) -> ir.Value:
    bias = None if weights.bias_hh is None else g.Add(weights.bias_ih, weights.bias_hh)
    return _product(g, rows, weights.ih, bias)


def _product(g: Builder, rows: ir.Value, weight: ir.Value, bias: ir.Value | None) -> ir.Value:
    operands = (rows, weight) if bias is None else (rows, weight, bias)
    result: ir.Value = g.Gemm(*operands, transB=1)
    return result


def _units(g: Builder, weights: Weights) -> int:
    (units,) = dims.known(g.shape_of(weights.hh)[1:]) or (0,)
    return units


def lower(
    g: Builder,
    layer: Recurrent,
    cell: Cell,
    x: ir.Value,
    initial: Optional,
    lengths: ir.Value | None,
    weights: Sequence[ir.Value],
) -> ir.Value | Values:
    """Append a recurrent layer; `initial` holds its states, `weights` all it owns, in order."""
    each = 4 if layer.bias else 2
    owned = [Weights(*weights[i : i + each]) for i in range(0, len(weights), each)]
    shape = g.bound(g.shape_of(x))
    form = _Unrolled if g.differentiated else _Operators
    call = form(g, layer, cell, shape, owned)
    sequence, states = call.run(x, initial, lengths)
    if not layer.return_state:
        return sequence
    return sequence, *states


@dataclass(frozen=True)
class _Form:
    """A layer on values of a certain shape [N, T, features]."""

    g: Builder
    layer: Recurrent
    cell: Cell
    shape: tuple[int | Expression, ...]
    owned: Sequence[Weights]

    @property
    def batch(self) -> int | Expression:
        return self.shape[0]

    @property
    def steps(self) -> int | Expression:
        return self.shape[1]

    def time_major(self, x: ir.Value) -> ir.Value:
        turned: ir.Value = self.g.Transpose(x, perm=[1, 0, 2])
        return turned


class _Unrolled(_Form):
    """Every step written out: each operator has a gradient rule."""

    def run(
        self, x: ir.Value, initial: Optional, lengths: ir.Value | None
    ) -> tuple[ir.Value, Values]:
        g, layer = self.g, self.layer
        rows = g.reshape(self.time_major(x), (self.batch * self.steps, self.shape[2]))
        starts = list(zip(*(self._starts(value) for value in initial), strict=True))
        valid = None if lengths is None else self._valid(lengths)
        factors = self._dropout(x)
        ends: list[Values] = []
        for index in range(layer.layers):
            if index and factors:
                rows = g.Mul(rows, factors[index - 1])
            results = []
            for direction in range(layer.directions):
                position = len(ends)
                result, end = self._sweep(
                    rows, starts[position], valid, self.owned[position], reverse=direction == 1
                )
                results.append(result)
                ends.append(end)
            rows = self._joined(results)
        return self._sequence(rows, ends), tuple(self._state(s) for s in zip(*ends, strict=True))

    def _sweep(
        self,
        rows: ir.Value,
        states: Values,
        valid: ir.Value | None,
        weights: Weights,
        *,
        reverse: bool,
    ) -> tuple[ir.Value, Values]:
        """Run one layer in one direction; return its results as rows, and the last states."""
        g = self.g
        products = [self._by_step(p) for p in self.cell.products(g, rows, weights)]
        masks = None if valid is None else self._by_step(valid)
        results: dict[int, ir.Value] = {}
        for t in self._order(reverse):
            after = self.cell.step(g, tuple(p[t] for p in products), states, weights)
            if masks is not None:
                pairs = zip(after, states, strict=True)
                after = tuple(g.Where(masks[t], new, old) for new, old in pairs)
            states = after
            results[t] = after[0]
        joined = self._joined([results[t] for t in sorted(results)], axis=0)
        return (joined if valid is None else g.Where(valid, joined, 0.0)), states

    def _order(self, reverse: bool) -> Iterator[int]:
        steps = range(dims.count((self.steps,)))
        return reversed(steps) if reverse else iter(steps)

    def _by_step(self, rows: ir.Value) -> Values:
        """Cut rows [T * N, ...] into T times [N, ...]."""
        steps, batch = dims.count((self.steps,)), dims.count((self.batch,))
        return self._parts(rows, steps, batch, axis=0)

    def _parts(self, x: ir.Value, count: int, size: int, axis: int) -> Values:
        if count == 1:
            return (x,)
        parts: Values = self.g.Split(x, self.g.axes(*[size] * count), axis=axis)
        return parts

    def _joined(self, parts: Sequence[ir.Value], axis: int = 1) -> ir.Value:
        whole: ir.Value = parts[0] if len(parts) == 1 else self.g.Concat(*parts, axis=axis)
        return whole

    def _starts(self, initial: ir.Value | None) -> Values:
        """Return a state for each layer and direction, in the order of the weights."""
        g, count, units = self.g, len(self.owned), self.layer.units
        if initial is None:
            return (g.expand(g.constant(0.0), (self.batch, units)),) * count
        rows = g.reshape(initial, (self.batch, count * units))
        return self._parts(rows, count, units, axis=1)

    def _state(self, ends: Values) -> ir.Value:
        """Put the last states of layers and directions side by side."""
        return self.g.reshape(self._joined(ends), self.layer.state_shape(self.batch))

    def _sequence(self, rows: ir.Value, ends: Sequence[Values]) -> ir.Value:
        if not self.layer.return_sequence:
            return self._joined([end[0] for end in ends[-self.layer.directions :]])
        features = self.g.shape_of(rows)[1]
        return self.time_major(self.g.reshape(rows, (self.steps, self.batch, features)))

    def _valid(self, lengths: ir.Value) -> ir.Value:
        """Return which rows belong to a step that their sample has, [T * N, 1]."""
        g, steps = self.g, dims.count((self.steps,))
        numbers = g.constant(np.arange(steps)[:, None], g.dtype_of(lengths))
        return g.reshape(g.Less(numbers, lengths), (steps * self.batch, 1))

    def _dropout(self, x: ir.Value) -> Values:
        """Return what the rows between two layers are multiplied by: one draw, [layers - 1, T, N, features]."""
        g, layer = self.g, self.layer
        between = layer.layers - 1
        if not (between and layer.dropout and g.training):
            return ()
        rows, features = dims.count((self.steps, self.batch)), layer.directions * layer.units
        factor = Dropout(layer.dropout).factor(g, (between * rows, features), g.dtype_of(x))
        return self._parts(factor, between, rows, axis=0)


class _Operators(_Form):
    """ONNX's own operators, which take any number of samples and steps."""

    def run(
        self, x: ir.Value, initial: Optional, lengths: ir.Value | None
    ) -> tuple[ir.Value, Values]:
        g, layer = self.g, self.layer
        x = self.time_major(x)
        starts = list(zip(*(self._starts(value) for value in initial), strict=True))
        sizes = None if lengths is None else g.cast(lengths, DType.INT32)
        ends: list[Values] = []
        for index in range(layer.layers):
            owned = self.owned[index * layer.directions : (index + 1) * layer.directions]
            every, *end = self._operator(x, starts[index], sizes, owned)
            x = self._joined(every)
            ends.append(self._from_start(end, starts[index], lengths))
        states = tuple(self._state(parts) for parts in zip(*ends, strict=True))
        return (self.time_major(x) if layer.return_sequence else self._last(ends[-1][0])), states

    def _operator(
        self,
        x: ir.Value,
        initial: Optional,
        lengths: ir.Value | None,
        owned: Sequence[Weights],
    ) -> Sequence[ir.Value]:
        g, layer = self.g, self.layer
        bias = self._stacked([self._bias(weights) for weights in owned]) if layer.bias else None
        operands = [
            x,
            self._stacked([weights.ih for weights in owned]),
            self._stacked([weights.hh for weights in owned]),
            bias,
            lengths,
            *initial,
        ]
        attributes = {
            "hidden_size": layer.units,
            "direction": "bidirectional" if layer.bidirectional else "forward",
            "linear_before_reset": 1 if self.cell.operator == "GRU" else None,
            "activations": self.cell.activations and self.cell.activations * layer.directions,
        }
        while operands[-1] is None:
            operands.pop()
        found: Sequence[ir.Value] = g.node(self.cell.operator, operands, attributes)
        return found

    def _from_start(
        self, ends: Sequence[ir.Value], starts: Optional, lengths: ir.Value | None
    ) -> Values:
        """Keep the first state of samples without steps, where the operators give zero."""
        g = self.g
        if lengths is None or all(start is None for start in starts):
            return tuple(ends)
        runs = g.reshape(g.Greater(lengths, 0), (self.batch, 1))
        return tuple(
            end if start is None else g.Where(runs, end, start)
            for end, start in zip(ends, starts, strict=True)
        )

    def _bias(self, weights: Weights) -> ir.Value:
        bias: ir.Value = self.g.Concat(weights.bias_ih, weights.bias_hh, axis=0)
        return bias

    def _stacked(self, parts: Sequence[ir.Value]) -> ir.Value:
        """Put the weights of the directions into one, along a new dimension 0."""
        whole = parts[0] if len(parts) == 1 else self.g.Concat(*parts, axis=0)
        rows, *rest = self.g.shape_of(parts[0])
        return self.g.reshape(whole, (len(parts), rows, *rest))

    def _joined(self, every: ir.Value) -> ir.Value:
        """Put the results [T, directions, N, units] of both directions side by side."""
        g = self.g
        if not self.layer.bidirectional:
            squeezed: ir.Value = g.Squeeze(every, g.axes(1))
            return squeezed
        turned = g.Transpose(every, perm=[0, 2, 1, 3])
        return g.reshape(turned, (self.steps, self.batch, 2 * self.layer.units))

    def _starts(self, initial: ir.Value | None) -> Optional:
        """Return the states [directions, N, units] of each layer."""
        g, layer = self.g, self.layer
        if initial is None:
            return (None,) * layer.layers
        rows = g.reshape(initial, (self.batch, len(self.owned), layer.units))
        states = g.Transpose(rows, perm=[1, 0, 2])
        if layer.layers == 1:
            return (states,)
        parts: Values = g.Split(states, g.axes(*[layer.directions] * layer.layers), axis=0)
        return parts

    def _last(self, state: ir.Value) -> ir.Value:
        """Return the state [directions, N, units] of a layer as [N, directions * units]."""
        features = self.layer.directions * self.layer.units
        return self.g.reshape(self.time_major(state), (self.batch, features))

    def _state(self, ends: Values) -> ir.Value:
        whole = ends[0] if len(ends) == 1 else self.g.Concat(*ends, axis=0)
        return self.g.reshape(self.time_major(whole), self.layer.state_shape(self.batch))
