"""The recurrent layers in ONNX operators: unrolled where a gradient is taken, else as ONNX's own operators.

Unrolled, everything is a matrix of columns [features, T * N], step after step: what the inputs contribute to all steps
is one product for each gate, a step is a Gemm for each gate and its arithmetic, and the results side by side are the
columns of the next layer. A weight is then the left operand of every product, which is read as it lies; the right one
is copied into another order first, and a state is small.
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


Gates = Sequence[Weights]
"""The weights by gate: matrices [units, features], biases [units, 1]."""


class Cell(Protocol):
    """One kind of recurrent layer: ONNX's operator, and its arithmetic by gates."""

    @property
    def operator(self) -> str:
        """The name of ONNX's operator."""

    @property
    def activations(self) -> tuple[str, ...] | None:
        """Its activations, where they are not the usual ones."""

    def products(self, g: Builder, columns: ir.Value, gates: Gates) -> Values:
        """Return what the inputs of all steps contribute to each gate, [units, T * N]."""

    def step(self, g: Builder, products: Values, states: Values, gates: Gates) -> Values:
        """Return the states [units, N] after one step; the first of them is its result."""


@dataclass(frozen=True)
class RNNCell:
    """The layer of Elman."""

    nonlinearity: Literal["tanh", "relu"]
    operator = "RNN"

    @property
    def activations(self) -> tuple[str, ...]:
        return ("Relu" if self.nonlinearity == "relu" else "Tanh",)

    def products(self, g: Builder, columns: ir.Value, gates: Gates) -> Values:
        return _with_both_biases(g, columns, gates)

    def step(self, g: Builder, products: Values, states: Values, gates: Gates) -> Values:
        (total,) = _totals(g, states[0], products, gates)
        return (g.Relu(total) if self.nonlinearity == "relu" else g.Tanh(total),)


@dataclass(frozen=True)
class LSTMCell:
    """Long short-term memory: gates i, o, f and the candidate c."""

    operator = "LSTM"
    activations = None

    def products(self, g: Builder, columns: ir.Value, gates: Gates) -> Values:
        return _with_both_biases(g, columns, gates)

    def step(self, g: Builder, products: Values, states: Values, gates: Gates) -> Values:
        h, c = states
        *totals, candidate = _totals(g, h, products, gates)
        i, o, f = (g.Sigmoid(total) for total in totals)
        c = g.Add(g.Mul(f, c), g.Mul(i, g.Tanh(candidate)))
        return g.Mul(o, g.Tanh(c)), c


@dataclass(frozen=True)
class GRUCell:
    """Gated recurrent units: gates z, r and the candidate h, with the reset behind the matrix."""

    operator = "GRU"
    activations = None

    def products(self, g: Builder, columns: ir.Value, gates: Gates) -> Values:
        candidate = gates[2]
        own = _product(g, candidate.ih, columns, candidate.bias_ih)
        return *_with_both_biases(g, columns, gates[:2]), own

    def step(self, g: Builder, products: Values, states: Values, gates: Gates) -> Values:
        (h,) = states
        z, r = (g.Sigmoid(total) for total in _totals(g, h, products[:2], gates[:2]))
        candidate = _product(g, gates[2].hh, h, gates[2].bias_hh)
        n = g.Tanh(g.Add(products[2], g.Mul(r, candidate)))
        return (g.Add(n, g.Mul(z, g.Sub(h, n))),)


def _with_both_biases(g: Builder, columns: ir.Value, gates: Gates) -> Values:
    return tuple(
        _product(g, gate.ih, columns, gate.bias_ih and g.Add(gate.bias_ih, gate.bias_hh))
        for gate in gates
    )


def _totals(g: Builder, h: ir.Value, products: Values, gates: Gates) -> Values:
    return tuple(g.Gemm(gate.hh, h, own) for gate, own in zip(gates, products, strict=True))


def _product(g: Builder, weight: ir.Value, columns: ir.Value, bias: ir.Value | None) -> ir.Value:
    operands = (weight, columns) if bias is None else (weight, columns, bias)
    result: ir.Value = g.Gemm(*operands)
    return result


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
        starts = list(zip(*(self._starts(value) for value in initial), strict=True))
        valid = None if lengths is None else self._valid(lengths)
        factors = self._dropout(x)
        columns = self._columns(x)
        results: list[Values] = []
        ends: list[Values] = []
        for index in range(layer.layers):
            if index:
                columns = self._joined([self._joined(steps, axis=1) for steps in results])
                columns = g.Mul(columns, factors[index - 1]) if factors else columns
            results.clear()
            for direction in range(layer.directions):
                position = len(ends)
                steps, end = self._sweep(
                    columns, starts[position], valid, self.owned[position], reverse=direction == 1
                )
                results.append(steps)
                ends.append(end)
        return self._sequence(results, ends), tuple(self._state(s) for s in zip(*ends, strict=True))

    def _sweep(
        self,
        columns: ir.Value,
        states: Values,
        valid: Values | None,
        weights: Weights,
        *,
        reverse: bool,
    ) -> tuple[Values, Values]:
        """Run one layer in one direction; return the results of all steps, and the last states."""
        g = self.g
        gates = self._gates(weights)
        products = [self._by_step(p) for p in self.cell.products(g, columns, gates)]
        results: dict[int, ir.Value] = {}
        for t in self._order(reverse):
            after = self.cell.step(g, tuple(p[t] for p in products), states, gates)
            if valid is not None:
                pairs = zip(after, states, strict=True)
                after = tuple(g.Where(valid[t], new, old) for new, old in pairs)
            states = after
            results[t] = after[0] if valid is None else g.Where(valid[t], after[0], 0.0)
        return tuple(results[t] for t in sorted(results)), states

    def _gates(self, weights: Weights) -> Gates:
        """Cut the weights of a layer into those of its gates."""
        units = self.layer.units
        (rows,) = dims.known(self.g.shape_of(weights.hh)[:1]) or (units,)
        biases = [None if bias is None else self.g.reshape(bias, (rows, 1)) for bias in weights[2:]]
        parts = [
            (None,) * (rows // units)
            if whole is None
            else self._parts(whole, rows // units, units, axis=0)
            for whole in (*weights[:2], *biases)
        ]
        return [Weights(*gate) for gate in zip(*parts, strict=True)]

    def _order(self, reverse: bool) -> Iterator[int]:
        steps = range(dims.count((self.steps,)))
        return reversed(steps) if reverse else iter(steps)

    def _columns(self, x: ir.Value) -> ir.Value:
        """Return x [N, T, features] as columns [features, T * N]: two transposes that move rows are quick."""
        g, features = self.g, self.shape[2]
        turned = g.Transpose(g.reshape(x, (self.batch, self.steps * features)), perm=[1, 0])
        by_step = g.reshape(turned, (self.steps, features, self.batch))
        return g.reshape(g.Transpose(by_step, perm=[1, 0, 2]), (features, self.steps * self.batch))

    def _by_step(self, columns: ir.Value) -> Values:
        """Cut columns [..., T * N] into T times [..., N]."""
        steps, batch = dims.count((self.steps,)), dims.count((self.batch,))
        return self._parts(columns, steps, batch, axis=1)

    def _parts(self, x: ir.Value, count: int, size: int, axis: int) -> Values:
        if count == 1:
            return (x,)
        parts: Values = self.g.Split(x, self.g.axes(*[size] * count), axis=axis)
        return parts

    def _joined(self, parts: Sequence[ir.Value], axis: int = 0) -> ir.Value:
        whole: ir.Value = parts[0] if len(parts) == 1 else self.g.Concat(*parts, axis=axis)
        return whole

    def _starts(self, initial: ir.Value | None) -> Values:
        """Return a state for each layer and direction, in the order of the weights."""
        g, count, units = self.g, len(self.owned), self.layer.units
        if initial is None:
            zero = g.constant(0.0, g.dtype_of(self.owned[0].hh))
            return (g.expand(zero, (units, self.batch)),) * count
        rows = g.reshape(initial, (self.batch, count * units))
        return self._parts(g.Transpose(rows, perm=[1, 0]), count, units, axis=0)

    def _state(self, ends: Values) -> ir.Value:
        """Put the last states of layers and directions side by side."""
        return self.g.reshape(self._rows(ends), self.layer.state_shape(self.batch))

    def _rows(self, states: Sequence[ir.Value]) -> ir.Value:
        """Return states [units, N] side by side: [N, units of all]."""
        turned: ir.Value = self.g.Transpose(self._joined(states), perm=[1, 0])
        return turned

    def _sequence(self, results: Sequence[Values], ends: Sequence[Values]) -> ir.Value:
        layer = self.layer
        if not layer.return_sequence:
            return self._rows([end[0] for end in ends[-layer.directions :]])
        each = [state for step in zip(*results, strict=True) for state in step]
        features = layer.directions * layer.units
        return self.g.reshape(self._rows(each), (self.batch, self.steps, features))

    def _valid(self, lengths: ir.Value) -> Values:
        """Return for each step which samples have it, [1, N]."""
        g, steps = self.g, dims.count((self.steps,))
        numbers = g.constant(np.arange(steps)[:, None], g.dtype_of(lengths))
        return self._parts(g.Less(numbers, g.reshape(lengths, (1, self.batch))), steps, 1, axis=0)

    def _dropout(self, x: ir.Value) -> Values:
        """Return what the columns between two layers are multiplied by: one draw, [layers - 1, T, N, features]."""
        g, layer = self.g, self.layer
        between = layer.layers - 1
        if not (between and layer.dropout and g.training):
            return ()
        rows, features = dims.count((self.steps, self.batch)), layer.directions * layer.units
        factor = Dropout(layer.dropout).factor(g, (between * rows, features), g.dtype_of(x))
        return tuple(
            g.Transpose(part, perm=[1, 0]) for part in self._parts(factor, between, rows, axis=0)
        )


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
