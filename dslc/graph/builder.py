"""The one way a node gets into a graph.

`g.Add(x, y)` appends an ONNX node and returns its result, with type and shape from the operator's
type rule (`dslc.graph.operators`). Plain numbers become constants of the type of the operand they
go with; attributes are keyword arguments:

    y = g.Conv(x, weight, pads=[1, 1, 1, 1])
    mean = g.ReduceMean(x, [0, 2, 3], keepdims=1)

Layers lower, gradient rules and optimisers update with the same few methods, so what they make is
ordinary graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np
import onnx_ir as ir

from dslc import dims
from dslc.dims import Expression
from dslc.errors import InternalError
from dslc.graph import loops
from dslc.graph.attributes import attribute_of
from dslc.graph.operands import operand_dtypes
from dslc.graph.operators import OPSET, Inference, ShapeNotKnownError, signature_of
from dslc.graph.operators.signature import Signature
from dslc.graph.random import stream_of, words
from dslc.graph.shapes import computed_extent, reshape_sizes
from dslc.graph.values import constant_of, dtype_of, is_value, set_type, type_of
from dslc.types import DType, Shape, TensorType

__all__ = ["IR_VERSION", "OPSET", "Builder", "constant_of", "dtype_of", "set_type", "type_of"]

IR_VERSION = 10

_SHARED = 64
"""Elements up to which equal constants are one value."""

_STRAIGHT = {DType.FLOAT16: 10.0, DType.FLOAT64: 40.0}
"""Where softplus(x) is x for elements of this type, and exp(x) not yet too large."""

_Key = tuple[str, tuple[int, ...], bytes]


class FreeExtentError(InternalError):
    """A size is needed while the graph runs that none of its inputs tells."""


class Builder:
    """Appends nodes to a graph.

    `training` is the mode operations lower for; `differentiated` says that gradients are taken in
    this graph, whatever the mode of one operation: every operator needs a gradient rule. `sizes`
    are the free dimensions that are bound in this graph; `differentiate` is how a value of the net
    that is a gradient is made.
    `segment` is the part of the net that is lowered, if that is computed again in the backward pass (`gradient/again`);
    `entering` are the values that such a part takes.
    `make_key` appends the key of all random numbers, where the first one is drawn.
    """

    def __init__(
        self,
        graph: ir.Graph | None = None,
        *,
        training: bool = False,
        sizes: Mapping[str, int] | None = None,
    ) -> None:
        if graph is None:
            graph = ir.Graph([], [], nodes=[], opset_imports={"": OPSET}, name="graph")
        self.graph = graph
        self.training = self.differentiated = training
        self.sizes: Mapping[str, int] = dict(sizes or {})
        self.updates: dict[str, ir.Value] = {}
        self._home = graph
        self._infer = Inference()
        self._held: Callable[..., tuple[ir.Value, ...]] | None = None
        self.segment = ""
        self.entering: dict[str, set[ir.Value]] = {}
        self.step_key: ir.Value | None = None
        self.make_key: Callable[[], ir.Value] | None = None
        self.differentiate: Callable[[Builder, ir.Value, ir.Value], ir.Value] | None = None
        self._stream = ""
        self._rounds = ""
        self._scope = ""
        self._doc = ""
        self._used: dict[str, int] = {}
        self._constants: dict[_Key, ir.Value] = {}
        self._axes: dict[tuple[int, ...], ir.Value] = {}
        self._extents: dict[str, tuple[ir.Value, int]] = {}
        self._take_over(graph)

    def _take_over(self, graph: ir.Graph) -> None:
        """Know the names and the free dimensions of what the graph holds already."""
        for value in graph.inputs:
            self._take(value.name)
            self._note_extents(value, type_of(value))
        for name, value in graph.initializers.items():
            self._used.setdefault(name, 1)
            self._remember(value)
        for node in loops.every_node(graph):
            self._used[node.name or ""] = 1
            for value in node.outputs:
                self._used[value.name or ""] = 1

    # ---- values that come from outside

    def input(self, name: str, type: TensorType, doc: str = "") -> ir.Value:
        """Add a graph input. Its free dimensions can be read from it in this graph."""
        self._take(name)
        value = ir.Value(name=name, doc_string=doc or None)
        set_type(value, type)
        self.graph.inputs.append(value)
        self._note_extents(value, type)
        return value

    def _note_extents(self, value: ir.Value, type: TensorType) -> None:
        for axis, dim in enumerate(type.shape):
            if isinstance(dim, Expression):
                self._extents.setdefault(str(dim), (value, axis))

    def _take(self, name: str | None) -> None:
        """Reserve a name that others go by."""
        if name is None or name in self._used:
            raise InternalError("graph", f"two values are called {name}")
        self._used[name] = 1

    def output(self, name: str, value: ir.Value) -> ir.Value:
        """Make `value` a graph output called `name`. An input or initializer of that name is the output itself."""
        outside = value.is_graph_input() or value.is_initializer()
        if outside and value.name == name:
            self.graph.outputs.append(value)
            return value
        if outside or value.is_graph_output():
            value = self.Identity(value)
        if value.name != name:
            self._take(name)
            value.name = name
        self.graph.outputs.append(value)
        return value

    def constant(self, array: object, dtype: DType | None = None) -> ir.Value:
        """Return a constant; equal small ones are the same value.

        Numbers are int64, float32 or bool unless `dtype` says otherwise: float64 has to be asked
        for.
        """
        data = np.asarray(array, dtype=dtype.numpy if dtype else None)
        if dtype is None and data.dtype == np.float64:
            data = data.astype(np.float32)
        known = self._constants.get(_key(data)) if data.size <= _SHARED else None
        if known is not None:
            return known
        name = f"const.{data.dtype}" if data.ndim else f"const.{data.dtype}.{data}"
        value = self._hold(self.fresh(name), data)
        self._remember(value)
        return value

    def _remember(self, value: ir.Value) -> None:
        """Let a small constant stand for every equal one."""
        if type_of(value).size in range(_SHARED + 1) and not value.meta.get("named"):
            data = constant_of(value)
            if data is not None:
                self._constants.setdefault(_key(data), value)

    def initializer(self, name: str, array: np.ndarray[Any, Any]) -> ir.Value:
        """Add a constant that goes by a name of its own: a weight inside a closed network."""
        self._take(name)
        value = self._hold(name, array)
        value.meta["named"] = True
        return value

    def _hold(self, name: str, array: np.ndarray[Any, Any]) -> ir.Value:
        """Put a constant into the graph."""
        value = ir.Value(name=name, const_value=ir.Tensor(array, name=name))
        set_type(value, TensorType(DType(str(array.dtype)), array.shape))
        self._home.register_initializer(value)
        return value

    def axes(self, *axes: int) -> ir.Value:
        """Return axes (or any short list of whole numbers) as an int64 tensor."""
        known = self._axes.get(axes)
        if known is None or not known.is_initializer():
            known = self._axes[axes] = self.constant(np.asarray(axes, dtype=np.int64))
        return known

    # ---- nodes

    def __getattr__(self, operator: str) -> Callable[..., Any]:
        if not operator[0].isupper():
            raise AttributeError(operator)

        def emit(
            *operands: Any,
            outputs: int | None = None,
            type: TensorType | None = None,
            **attributes: Any,
        ) -> Any:
            return self.node(operator, operands, attributes, type=type, outputs=outputs)

        return emit

    def node(
        self,
        operator: str,
        inputs: Sequence[Any],
        attributes: Mapping[str, Any] | None = None,
        *,
        type: TensorType | None = None,
        outputs: int | None = None,
    ) -> Any:
        """Append a node; return its result, or a tuple where the operator has several.

        `type` is given where the type rule cannot know it (the result of a Reshape whose shape is
        computed). A node has the results that ONNX does not call optional (LSTM, GRU, RNN: all);
        `outputs` says otherwise: `g.MaxPool(x, kernel_shape=[2, 2], outputs=2)` gives the maxima
        and where they were. Split always gives a tuple. Operands and attributes that are None are
        left out.
        """
        signature = signature_of(operator)
        values = self._operands(signature, inputs)
        attrs = {
            name: attribute_of(signature, name, value)
            for name, value in (attributes or {}).items()
            if value is not None
        }
        plain = {name: attribute.value for name, attribute in attrs.items()}
        types = self._types(signature, values, plain, type)
        types = types[: outputs if outputs is not None else signature.usual_results]
        name = self.fresh(f"{self._scope}/{operator}")
        results = [ir.Value(name=f"{name}:{i}" if i else name) for i in range(len(types))]
        for value, its_type in zip(results, types, strict=True):
            set_type(value, its_type)
        node = ir.Node(
            "",
            operator,
            values,
            attrs.values(),
            outputs=results,
            name=name,
            doc_string=self._doc or None,
        )
        if self.segment:
            node.metadata_props["segment"] = self.segment
        self._place(node)
        many = len(results) > 1 or signature.variadic_result
        return tuple(results) if many else results[0]

    def _place(self, node: ir.Node) -> None:
        """Put a new node into the graph: at the end."""
        self.graph.append(node)

    def _types(
        self,
        signature: Signature,
        values: Sequence[ir.Value | None],
        attributes: Mapping[str, Any],
        given: TensorType | None,
    ) -> tuple[TensorType, ...]:
        """Return the types of the results; where the rule knows them, `given` must be the same."""
        try:
            types = self._infer(signature.operator, values, attributes)
        except ShapeNotKnownError:
            if given is None:
                raise
            return (given,)
        if given is not None and given != types[0]:
            raise signature.fault(f"the result is {types[0]}, not {given}")
        return types

    @contextmanager
    def at(self, scope: str, doc: str = "") -> Iterator[None]:
        """Name the nodes made inside `/scope/Operator`; `doc` leads back to a line of the spec."""
        saved = self._scope, self._doc, self._stream
        path = scope.replace(".", "/").strip("/")
        self._scope, self._doc = f"/{path}" if path else "", doc
        self._stream = scope + self._rounds
        try:
            yield
        finally:
            self._scope, self._doc, self._stream = saved

    @property
    def scope(self) -> str:
        """Where nodes are made: their names begin with it."""
        return self._scope

    @property
    def rounds(self) -> str:
        """In which round of each recurrence around nodes are made: `[3]`."""
        return self._rounds

    @property
    def doc(self) -> str:
        """The line of the spec that nodes lead back to."""
        return self._doc

    @contextmanager
    def holding(self, body: Callable[..., tuple[ir.Value, ...]] | None) -> Iterator[None]:
        """Let `inside` append `body`: the calls that the one being lowered holds."""
        saved, self._held = self._held, body
        try:
            yield
        finally:
            self._held = saved

    def inside(self, *values: ir.Value, round: int | None = None) -> tuple[ir.Value, ...]:
        """Append the body of the call that is being lowered, on values for its inputs.

        Where it is appended once for each of several rounds, its calls draw other numbers in each.
        """
        if self._held is None:
            raise InternalError("lower", "this call has no body")
        saved = self._rounds
        self._rounds += "" if round is None else f"[{round}]"
        try:
            return self._held(self, *values)
        finally:
            self._rounds = saved

    def scan(
        self, xs: ir.Value, starts: Sequence[ir.Value], step: Callable[..., Sequence[ir.Value]]
    ) -> tuple[ir.Value, ...]:
        """Append a Scan over dimension 1; return the results of all steps, stacked along dimension 1.

        `step` appends one step, with a builder of its own, to one step of `xs` and the carries; its
        first results are the carries of the next step.
        """
        return loops.scan(self, xs, starts, step)

    def each(self, columns: Sequence[ir.Value], row: Callable[..., ir.Value]) -> ir.Value:
        """Append a Scan over dimension 0 of several values of equally many rows; return what it gives, stacked there.

        `row` appends what is done with one row of each, with a builder of its own.
        """
        return loops.each(self, columns, row)

    def nested(self, name: str) -> Builder:
        """Return a builder for a graph inside a node of this one, whose values it can read.

        Constants are kept in the outermost graph, and names are unique in all of it.
        """
        inner = copy(self)
        inner.graph = ir.Graph([], [], nodes=[], name=self.fresh(name))
        return inner

    def argument(self, name: str, type: TensorType) -> ir.Value:
        """Add an input to a graph that stands inside a node."""
        value = ir.Value(name=self.fresh(name))
        set_type(value, type)
        self.graph.inputs.append(value)
        return value

    def update(self, name: str, value: ir.Value) -> None:
        """Set the next value of the running statistic `name` of the call that is being lowered."""
        self.updates[name] = value

    def random_words(self, count: int) -> ir.Value:
        """Return `count` random uint64 words of the stream of the call that is being lowered."""
        return words(self, self.stream_key(), count)

    def stream_key(self) -> ir.Value:
        """Return the key of that stream: a uint64 scalar."""
        if self.step_key is None and self.make_key is not None:
            self.step_key = self.make_key()
        if self.step_key is None:
            raise InternalError("lower", "this graph has no random numbers")
        key: ir.Value = self.Add(self.step_key, np.uint64(2 * stream_of(self._stream) % 2**64))
        return key

    def _operands(self, signature: Signature, inputs: Sequence[Any]) -> list[ir.Value | None]:
        """Make constants of plain numbers, of the type of the operand they must agree with."""
        if all(value is None or is_value(value) for value in inputs):
            return list(inputs)
        dtypes = operand_dtypes(signature, inputs)
        return [
            value if value is None or is_value(value) else self._number(signature, value, dtype)
            for value, dtype in zip(inputs, dtypes, strict=True)
        ]

    def _number(self, signature: Signature, number: object, dtype: DType | None) -> ir.Value:
        value = self.constant(number, dtype)
        if isinstance(number, float) and type_of(value).dtype.is_integer and number % 1:
            raise signature.fault(f"an operand cannot be {number}: it is a whole number")
        return value

    def fresh(self, wanted: str) -> str:
        """Return `wanted`, with a number behind it from the second time on."""
        count = self._used.get(wanted, 0)
        name = f"{wanted}_{count}" if count else wanted
        while count and name in self._used:
            count += 1
            name = f"{wanted}_{count}"
        self._used[wanted] = count + 1
        return name

    # ---- shapes

    def shape_of(self, value: ir.Value) -> Shape:
        return type_of(value).shape

    def dtype_of(self, value: ir.Value) -> DType:
        return type_of(value).dtype

    def bound(self, shape: Sequence[int | Expression]) -> Shape:
        """Put the sizes of this graph into a shape."""
        return tuple(dims.bind(dim, self.sizes) for dim in shape)

    def reshape(self, x: ir.Value, shape: Sequence[int | Expression]) -> ir.Value:
        """Give `x` another shape of the same number of elements.

        A kept leading free dimension is written 0, one further free dimension -1; anything else is
        computed.
        """
        old, new = type_of(x), self.bound(shape)
        if old.shape == new:
            return x
        target = reshape_sizes(old.shape, new)
        sizes = self.axes(*target) if target is not None else self.shape_tensor(new)
        result: ir.Value = self.node("Reshape", [x, sizes], type=old.with_shape(new))
        return result

    def shape_tensor(self, shape: Sequence[int | Expression]) -> ir.Value:
        """Return a shape as an int64 tensor: read from the inputs where it is not known."""
        new = self.bound(shape)
        plain = dims.known(new)
        if plain is not None:
            return self.constant(np.asarray(plain, np.int64))
        parts = [self.extent(dim) for dim in new]
        result: ir.Value = parts[0] if len(parts) == 1 else self.Concat(*parts, axis=0)
        return result

    def extent(self, dim: int | Expression) -> ir.Value:
        """Return a dimension as an int64 tensor of shape [1]."""
        dim = dims.bind(dim, self.sizes)
        if isinstance(dim, int):
            return self.axes(dim)
        if str(dim) in self._extents:
            value, axis = self._extents[str(dim)]
            read: ir.Value = self.Shape(value, start=axis, end=axis + 1)
            return read
        if dim == dims.free(str(dim)):
            raise FreeExtentError("lower", f"no input tells the size of {dim}")
        return computed_extent(self, dim)

    def count(self, shape: Sequence[int | Expression], dtype: DType) -> ir.Value:
        """Return the number of elements of a shape, as a scalar."""
        size = dims.product(self.bound(shape))
        if isinstance(size, int):
            return self.constant(size, dtype)
        result: ir.Value = self.Squeeze(self.cast(self.extent(size), dtype), self.axes(0))
        return result

    def expand(self, x: ir.Value, shape: Sequence[int | Expression]) -> ir.Value:
        """Broadcast `x` to `shape`."""
        new = self.bound(shape)
        if type_of(x).shape == new:
            return x
        result: ir.Value = self.node(
            "Expand", [x, self.shape_tensor(new)], type=type_of(x).with_shape(new)
        )
        return result

    def gradient(self, of: ir.Value, by: ir.Value) -> ir.Value:
        """Return the gradient of the sum of `of`, through the nodes that are there."""
        if self.differentiate is None:
            raise InternalError("lower", "this graph has no gradients")
        return self.differentiate(self, of, by)

    def stop_gradient(self, x: ir.Value) -> ir.Value:
        """Return `x` as a value that no gradient flows through."""
        result: ir.Value = self.Identity(x)
        node = result.producer()
        assert node is not None
        node.metadata_props["stop_gradient"] = "true"
        return result

    def cast(self, x: ir.Value, dtype: DType) -> ir.Value:
        """Convert the elements of `x`."""
        if type_of(x).dtype is dtype:
            return x
        result: ir.Value = self.Cast(x, to=dtype)
        return result

    # ---- what onnxruntime's kernels do not do for every element type

    def scatter_add(
        self, data: ir.Value, places: ir.Value, updates: ir.Value, axis: int
    ) -> ir.Value:
        """Add elements up at places along an axis; halves, for which there is no kernel, as float32."""
        dtype = type_of(data).dtype
        wide = DType.FLOAT32 if dtype is DType.FLOAT16 else dtype
        added = self.ScatterElements(
            self.cast(data, wide), places, self.cast(updates, wide), axis=axis, reduction="add"
        )
        return self.cast(added, dtype)

    def softplus(self, x: ir.Value) -> ir.Value:
        """Return log(1 + exp(x)); the kernels for float16 and float64 let exp overflow.

        Beyond the limit the result is x to the last bit, and stays below x nowhere.
        """
        limit = _STRAIGHT.get(type_of(x).dtype)
        bend: ir.Value = self.Softplus(x if limit is None else self.Min(x, limit))
        result: ir.Value = bend if limit is None else self.Max(x, bend)
        return result


def is_stopped(node: ir.Node) -> bool:
    """Tell whether no gradient flows through a node (`Builder.stop_gradient`)."""
    return "stop_gradient" in node.metadata_props


def _key(data: np.ndarray[Any, Any]) -> _Key:
    return data.dtype.char, data.shape, data.tobytes()
