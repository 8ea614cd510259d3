"""Recurrent layers: RNN, LSTM and GRU over a sequence [N, T, features].

What they own and give stands here; `recurrent_graph` spells them in ONNX operators, `recurrent_reference` in NumPy.

A state is [N, units], [N, 2 * units] where there are two directions (side by side, as in the result), and with several
layers [N, layers, ...]: so `h` goes into a Linear as it is, and `h[:, -1]` is that of the last layer.

PyTorch keeps the same matrices with the gates in another order. Rows of `units` each: its LSTM has i, f, g, o, ONNX
and this file i, o, f, c (g is c); its GRU has r, z, n, here z, r, h (n is h). An RNN is the same.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.initializers.base import Initializer
from dslc.initializers.uniform import Uniform
from dslc.layers import recurrent_graph, recurrent_reference
from dslc.layers.rules import need_float, need_index, same_dtype
from dslc.layers.windows import known_size
from dslc.operation import Array, Layer, ParameterSpec, Reference, Types, setting
from dslc.reference.run import Run
from dslc.types import Shape, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


NODES = 10
"""About how many operators one step of one layer is."""


@dataclass(frozen=True)
class Recurrent(Layer, ABC):
    """What the recurrent layers have in common: the settings, the shapes, the weights."""

    precision = "half"

    random: ClassVar[bool] = True
    gates: ClassVar[int]
    states: ClassVar[int] = 1

    units: int = setting(minimum=1)
    # Second stands what takes no number: `LSTM(28, 128)`, as PyTorch writes it, must not mean 128 layers.
    return_sequence: bool = True
    return_state: bool = False
    layers: int = setting(1, minimum=1)
    bidirectional: bool = False
    dropout: float = setting(0.0, minimum=0.0, maximum=1.0)
    bias: bool = True
    init: Initializer | None = None
    recurrent_init: Initializer | None = None
    bias_init: Initializer | None = None
    trainable: bool = True

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    def state_shape(self, batch: int | Expression) -> Shape:
        """Return the shape of a state for so many samples."""
        features = self.directions * self.units
        return (batch, features) if self.layers == 1 else (batch, self.layers, features)

    def infer_with(
        self, x: TensorType, initial: Sequence[TensorType | None], lengths: TensorType | None
    ) -> Types:
        name = self.language_name()
        _check_sequence(name, x)
        known_size(name, x, 2, "features")
        batch, steps, _ = x.shape
        state = x.with_shape(self.state_shape(batch))
        for position, given in enumerate(initial, start=1):
            self._check_state(position, given, state)
        if lengths is not None:
            need_index(name, lengths, len(initial) + 1)
            _check_lengths(name, lengths, batch, len(initial) + 1)
        features = self.directions * self.units
        y = x.with_shape((batch, steps, features) if self.return_sequence else (batch, features))
        return (y, *[state] * self.states) if self.return_state else y

    def _check_state(self, position: int, given: TensorType | None, state: TensorType) -> None:
        if given is None:
            return
        name = self.language_name()
        need_float(name, given, position)
        same_dtype(name, (state, given))
        if given.shape != state.shape:
            raise RuleError(
                "E0330",
                f"the initial state of this `{name}` is {shape_text(state.shape)}",
                about=position,
                text=f"this is {shape_text(given.shape)}",
                facts=(self._state_fact(),),
            )

    def _state_fact(self) -> str:
        sides = "2 * units" if self.bidirectional else "units"
        return (
            f"a state is [N, {sides}]"
            if self.layers == 1
            else f"with several layers a state is [N, layers, {sides}]"
        )

    def parameters(self, *types: TensorType | None) -> tuple[ParameterSpec, ...]:
        x = types[0]
        assert x is not None
        features = known_size(self.language_name(), x, 2, "features")
        specs: list[ParameterSpec] = []
        for layer in range(self.layers):
            for direction in range(self.directions):
                specs += self._owned(x, features, self._suffix(layer, direction))
            features = self.directions * self.units
        return tuple(specs)

    def _owned(self, x: TensorType, features: int, suffix: str) -> list[ParameterSpec]:
        """Return the weights of one layer in one direction, with PyTorch's initial values."""
        rows = self.gates * self.units
        usual = Uniform(-1 / math.sqrt(self.units), 1 / math.sqrt(self.units))
        weight = self.init or usual
        recurrent = self.recurrent_init or weight
        bias = self.bias_init or usual
        found: list[tuple[str, tuple[int, ...], Initializer]] = [
            ("weight_ih", (rows, features), weight),
            ("weight_hh", (rows, self.units), recurrent),
        ]
        if self.bias:
            found += [("bias_ih", (rows,), bias), ("bias_hh", (rows,), bias)]
        return [
            ParameterSpec(name + suffix, x.with_shape(shape), initializer, self.trainable)
            for name, shape, initializer in found
        ]

    def _suffix(self, layer: int, direction: int) -> str:
        number = f"_l{layer}" if self.layers > 1 else ""
        return f"{number}_reverse" if direction else number

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {self.states + 1: types[0].shape[1] + 1}

    def steps(self, inputs: tuple[TensorType | None, ...]) -> int | Expression:
        x = inputs[0]
        assert x is not None
        return x.shape[1] * (self.layers * self.directions * NODES)

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        batch, steps, features = inputs[0].shape
        total: int | Expression = 0
        for _ in range(self.layers):
            total = total + self.directions * self.gates * self.units * (features + self.units)
            features = self.directions * self.units
        return batch * steps * total


@dataclass(frozen=True)
class _OneState(Recurrent, ABC):
    """A recurrent layer whose only state is what it shows: it says what one step does."""

    @abstractmethod
    def cell(self) -> recurrent_graph.Cell:
        """Return one step, in ONNX operators."""

    @abstractmethod
    def reference_cell(self, run: Run) -> recurrent_reference.Cell:
        """Return one step, in NumPy."""

    def infer(
        self,
        x: TensorType,
        initial_h: TensorType | None = None,
        lengths: TensorType | None = None,
    ) -> Types:
        return self.infer_with(x, (initial_h,), lengths)

    def lower(
        self,
        g: Builder,
        x: ir.Value,
        initial_h: ir.Value | None,
        lengths: ir.Value | None,
        *weights: ir.Value,
    ) -> ir.Value | tuple[ir.Value, ...]:
        cell = self.cell()
        return recurrent_graph.lower(g, self, cell, x, (initial_h,), lengths, weights)

    def reference(
        self,
        run: Run,
        x: Array,
        initial_h: Array | None,
        lengths: Array | None,
        *weights: Array,
    ) -> Reference:
        cell = self.reference_cell(run)
        return recurrent_reference.recurrent(run, self, cell, x, (initial_h,), lengths, weights)


@dataclass(frozen=True)
class RNN(_OneState):
    """Run the network of Elman over a sequence: the state is a layer of the input and the state before.

    `init` fills both matrices, unless `recurrent_init` is there for weight_hh; without them the initial values are
    PyTorch's. With `lengths` sample n ends after lengths[n] steps: its result is zero from there on, and its last state
    is that of its last step; the reverse direction begins at its last step. `return_sequence=false` gives the result of
    the last step alone (of the reverse direction: of step 0), and `return_state` the last state behind the result.
    `dropout` works on what one layer hands to the next, in training. With `nonlinearity=relu` onnxruntime has no
    kernel on CUDA: inference computes the layer on the CPU.

    Shapes: x [N, T, features], initial_h [N, units], lengths int64[N] -> [N, T, units], with
        `return_sequence=false` [N, units]; two directions give 2 * units, and with several layers a state is
        [N, layers, units]. For each layer (`_l0`, `_l1`, ... where there are several) and direction (`_reverse`):
        weight_ih [units, features], weight_hh [units, units], bias_ih and bias_hh [units]
    Formula: h[t] = tanh(x[t] @ weight_ih^T + bias_ih + h[t-1] @ weight_hh^T + bias_hh)
    Errors: E0303 not a sequence, E0401 numbers of words, E0330 a state or lengths of another shape
    Kinks: the derivative of relu at 0 is 0
    Source: Elman, "Finding structure in time" (1990)

    Example:
        input x: float32[N, T, 8]
        output h: RNN(16, return_sequence=false)
    """

    gates: ClassVar[int] = 1

    nonlinearity: Literal["tanh", "relu"] = "tanh"

    def cell(self) -> recurrent_graph.Cell:
        return recurrent_graph.RNNCell(self.nonlinearity)

    def reference_cell(self, run: Run) -> recurrent_reference.Cell:
        return recurrent_reference.rnn_cell(run, self.nonlinearity)


@dataclass(frozen=True)
class LSTM(Recurrent):
    """Run a long short-term memory over a sequence: gates decide what its cell keeps, takes in and shows.

    The rows of the weights are those of the gates i, o, f (input, output, forget) and of the candidate c, in ONNX's
    order. `init` fills both matrices, unless `recurrent_init` is there for weight_hh; without them the initial values
    are PyTorch's. With `lengths` sample n ends after lengths[n] steps: its result is zero from there on, and its last
    state is that of its last step; the reverse direction begins at its last step. `return_sequence=false` gives the
    result of the last step alone (of the reverse direction: of step 0), and `return_state` the last state and cell
    behind the result: `y, h, c: LSTM(128, return_state=true)`. `dropout` works on what one layer hands to the next, in
    training.

    Shapes: x [N, T, features], initial_h and initial_c [N, units], lengths int64[N] -> [N, T, units], with
        `return_sequence=false` [N, units]; two directions give 2 * units, and with several layers a state is
        [N, layers, units]. For each layer (`_l0`, `_l1`, ... where there are several) and direction (`_reverse`):
        weight_ih [4 * units, features], weight_hh [4 * units, units], bias_ih and bias_hh [4 * units]
    Formula: i, o, f = sigmoid(x[t] @ weight_ih^T + bias_ih + h[t-1] @ weight_hh^T + bias_hh), each with its rows;
        c[t] = f * c[t-1] + i * tanh(the same with the rows of c); h[t] = o * tanh(c[t])
    Errors: E0303 not a sequence, E0401 numbers of words, E0330 a state or lengths of another shape
    Source: Hochreiter and Schmidhuber, "Long short-term memory" (1997); Gers, Schmidhuber and Cummins,
        "Learning to forget" (2000), section 3

    Example:
        input x: float32[N, T, 8]
        output y: LSTM(16, layers=2, dropout=0.3, bidirectional=true)
    """

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    def infer(
        self,
        x: TensorType,
        initial_h: TensorType | None = None,
        initial_c: TensorType | None = None,
        lengths: TensorType | None = None,
    ) -> Types:
        return self.infer_with(x, (initial_h, initial_c), lengths)

    def lower(
        self,
        g: Builder,
        x: ir.Value,
        initial_h: ir.Value | None,
        initial_c: ir.Value | None,
        lengths: ir.Value | None,
        *weights: ir.Value,
    ) -> ir.Value | tuple[ir.Value, ...]:
        cell, initial = recurrent_graph.LSTMCell(), (initial_h, initial_c)
        return recurrent_graph.lower(g, self, cell, x, initial, lengths, weights)

    def reference(
        self,
        run: Run,
        x: Array,
        initial_h: Array | None,
        initial_c: Array | None,
        lengths: Array | None,
        *weights: Array,
    ) -> Reference:
        cell, initial = recurrent_reference.lstm_cell, (initial_h, initial_c)
        return recurrent_reference.recurrent(run, self, cell, x, initial, lengths, weights)


@dataclass(frozen=True)
class GRU(_OneState):
    """Run gated recurrent units over a sequence: one gate resets the state, one keeps it.

    This is the form of PyTorch and cuDNN, where the reset gate works behind the matrix (ONNX's linear_before_reset).
    The rows of the weights are those of the gates z, r (update, reset) and of the candidate h, in ONNX's order. `init`
    fills both matrices, unless `recurrent_init` is there for weight_hh; without them the initial values are PyTorch's.
    With `lengths` sample n ends after lengths[n] steps: its result is zero from there on, and its last state is that of
    its last step; the reverse direction begins at its last step. `return_sequence=false` gives the result of the last
    step alone (of the reverse direction: of step 0), and `return_state` the last state behind the result. `dropout`
    works on what one layer hands to the next, in training.

    Shapes: x [N, T, features], initial_h [N, units], lengths int64[N] -> [N, T, units], with
        `return_sequence=false` [N, units]; two directions give 2 * units, and with several layers a state is
        [N, layers, units]. For each layer (`_l0`, `_l1`, ... where there are several) and direction (`_reverse`):
        weight_ih [3 * units, features], weight_hh [3 * units, units], bias_ih and bias_hh [3 * units]
    Formula: z, r = sigmoid(x[t] @ weight_ih^T + bias_ih + h[t-1] @ weight_hh^T + bias_hh), each with its rows; with the
        rows of h, n = tanh(x[t] @ weight_ih^T + bias_ih + r * (h[t-1] @ weight_hh^T + bias_hh));
        h[t] = (1 - z) * n + z * h[t-1]
    Errors: E0303 not a sequence, E0401 numbers of words, E0330 a state or lengths of another shape
    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
        translation" (2014), equations 5 to 8

    Example:
        input x: float32[N, T, 8]
        input steps: int64[N]
        y, h: x -> GRU(16, lengths=steps, return_state=true)
        output y, h
    """

    gates: ClassVar[int] = 3

    def cell(self) -> recurrent_graph.Cell:
        return recurrent_graph.GRUCell()

    def reference_cell(self, run: Run) -> recurrent_reference.Cell:
        return recurrent_reference.gru_cell


def _check_sequence(name: str, x: TensorType) -> None:
    """Refuse what is not [N, T, features] in floating point, with the edit that makes it so."""
    if x.rank == 2 and not x.dtype.is_float:
        raise RuleError(
            "E0401",
            f"`{name}` needs floating-point features, and these are numbers of words",
            about=0,
            text=f"this is {x}",
            edits=(
                Edit(
                    "turn every number into a vector first; here for 1000 words:",
                    "Embedding(1000, 64) -> {call}",
                ),
            ),
        )
    need_float(name, x)
    if x.rank != 3:
        raise RuleError(
            "E0303",
            f"`{name}` works on a sequence [N, T, features]; the value is {shape_text(x.shape)}",
            about=0,
            text=f"this is {shape_text(x.shape)}",
            facts=("dimension 1 counts the steps, and every step is a vector of features",),
            edits=_as_sequence(x),
        )


def _as_sequence(x: TensorType) -> tuple[Edit, ...]:
    if x.rank == 2 and isinstance(x.shape[1], int):
        edit = f"reshape([{x.shape[0]}, {x.shape[1]}, 1]) -> {{call}}"
        return (Edit("where the numbers are the steps, one feature each:", edit),)
    if x.rank == 4 and all(isinstance(size, int) for size in x.shape[1:]):
        channels, rows, columns = x.shape[1:]
        turn = "" if channels == 1 else "transpose([0, 2, 1, 3]) -> "
        edit = f"{turn}reshape([{x.shape[0]}, {rows}, {columns * channels}]) -> {{call}}"
        return (Edit("to read an image row by row:", edit),)
    return ()


def _check_lengths(name: str, lengths: TensorType, batch: int | Expression, position: int) -> None:
    if lengths.shape != (batch,):
        raise RuleError(
            "E0330",
            f"the lengths of `{name}` are one whole number for each sample",
            about=position,
            text=f"this is {shape_text(lengths.shape)}, not {shape_text((batch,))}",
            edits=(Edit("declare it so:", str(lengths.with_shape((batch,))), position),),
        )
