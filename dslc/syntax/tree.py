"""The tree of a `.net` file: what was written, every node with its span, nothing resolved.

Spans and comments take no part in comparison, so `parse(print(tree)) == tree` can be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cache

from dslc.source import Source, Span


@dataclass(frozen=True, slots=True)
class Node:
    """What every piece of a tree is: something with a place."""

    span: Span = field(compare=False, repr=False)

    def children(self) -> Iterator[Node]:
        """Yield the nodes directly below this one, in the order they are written."""
        kind: type = type(self)
        for name in _fields_of(kind):
            value = getattr(self, name)
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, Node):
                    yield part


@cache
def _fields_of(kind: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


@dataclass(frozen=True, slots=True)
class Identifier(Node):
    """A name where it is declared or used as a word: labels, arguments, imported names."""

    text: str


# ---- expressions


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name used as a value: `x`, `Conv`, `relu`, `float32`."""

    text: str


@dataclass(frozen=True, slots=True)
class Number(Node):
    """`3`, `0.5`, `1e-4`: the value, and how it was written."""

    value: int | float
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Quantity(Node):
    """A duration: `30 epochs`, `500 steps`."""

    value: int | float
    unit: str


@dataclass(frozen=True, slots=True)
class Size(Node):
    """`3x3`, `2x2x2`."""

    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class String(Node):
    """`"data.npz"`, without the quotation marks."""

    value: str


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Dots(Node):
    """`...` in an index."""


@dataclass(frozen=True, slots=True)
class List(Node):
    """`[2, 2, 4]`; right of `->` a checked shape."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x` or `not x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands: `+ - * / // % @ ** == != < <= > >= and or`. `operator_span` is the sign alone."""

    operator: str
    left: Expression
    right: Expression
    operator_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """`value` or `name=value`."""

    name: Identifier | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)`."""

    function: Expression
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`value.name`."""

    value: Expression
    name: Identifier


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`lower:upper` in an index; either may be missing."""

    lower: Expression | None
    upper: Expression | None


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`value[items]`."""

    value: Expression
    items: tuple[Expression | Slice, ...]


@dataclass(frozen=True, slots=True)
class Pipe(Node):
    """`stage -> stage -> stage`, at least two; a `List` beyond the first is a checked shape."""

    stages: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Branch(Node):
    """One `| ...` of a merge group: a small stack; without statements it is the identity."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Merge(Node):
    """`add { | ... | ... }`; `function` is the name in front of the brace (or a call of it)."""

    function: Expression
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Body(Node):
    """`{ ... }`: a stack of statements."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Repeat(Node):
    """`repeat count { ... }`."""

    count: Expression
    body: Body


@dataclass(frozen=True, slots=True)
class For(Node):
    """`for variable in iterable { ... }`."""

    variable: Identifier
    iterable: Expression
    body: Body


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if condition { ... } else { ... }`."""

    condition: Expression
    body: Body
    otherwise: Body | If | None


@dataclass(frozen=True, slots=True)
class Carry(Node):
    """`h = zeros([N, H])` in the head of a scan."""

    name: Identifier
    value: Expression


@dataclass(frozen=True, slots=True)
class Scan(Node):
    """`scan x in xs, h = start { ... }`."""

    variable: Identifier
    sequence: Expression
    carries: tuple[Carry, ...]
    body: Body


Expression = (
    Name
    | Number
    | Quantity
    | Size
    | String
    | Boolean
    | Dots
    | List
    | Unary
    | Binary
    | Call
    | Attribute
    | Index
    | Pipe
    | Merge
    | Repeat
    | For
    | If
    | Scan
)


# ---- statements of a stack


@dataclass(frozen=True, slots=True)
class Type(Node):
    """`float32[N, 784]`; a block's data input may leave the element type out."""

    dtype: Identifier | None
    dims: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Row(Node):
    """`label: value`, `a, b: value`, or a row without a label."""

    labels: tuple[Identifier, ...]
    value: Expression
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Bind(Node):
    """`name = value`: beside the stack."""

    names: tuple[Identifier, ...]
    value: Expression
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Output(Node):
    """`output names`, or an `output` in front of a row or a bind (`definition`)."""

    names: tuple[Identifier, ...]
    definition: Row | Bind | None
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Input(Node):
    """`input image: float32[N, 3, 224, 224]`; several names may share a type."""

    names: tuple[Identifier, ...]
    type: Type
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """`param W: float32[2, 2] = xavier_uniform`."""

    name: Identifier
    type: Type
    value: Expression
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Layer(Node):
    """`layer embed = Embedding(1000, 64)`."""

    name: Identifier
    value: Expression
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Check(Node):
    """`check parameters == 25557032`."""

    condition: Expression


Statement = Row | Bind | Output | Input | Parameter | Layer | Check


# ---- statements of a train section


@dataclass(frozen=True, slots=True)
class Target(Node):
    """`target label: int64[N]`: what the data set supplies for training only."""

    names: tuple[Identifier, ...]
    type: Type
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Loss(Node):
    """`loss name = value`: all loss lines are added."""

    name: Identifier | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Metric(Node):
    """`metric name = value`."""

    name: Identifier | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`backbone.stage1.conv[0]`: names and whole numbers."""

    parts: tuple[str | int, ...]

    def __str__(self) -> str:
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.parts)
        return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Freeze(Node):
    """`freeze backbone.stem (statistics=true)`."""

    paths: tuple[Path, ...]
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Group(Node):
    """`group backbone (lr=1e-4)`."""

    paths: tuple[Path, ...]
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Augment(Node):
    """`augment image: type = pipeline`: what training does to a picture."""

    name: Identifier
    type: Type
    value: Expression


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """`batch = 128`: one setting of a train section."""

    name: Identifier
    value: Expression


TrainStatement = Target | Loss | Metric | Freeze | Group | Augment | Setting


# ---- the file


@dataclass(frozen=True, slots=True)
class Import(Node):
    """`import Bottleneck, Stage from "resnet50.net"`."""

    names: tuple[Identifier, ...]
    path: String


@dataclass(frozen=True, slots=True)
class Default(Node):
    """`default Conv(bias=false)`."""

    name: Identifier
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class HeaderParameter(Node):
    """A data input (`x: [N, C]`), one that may be left out (`mask: [N] = none`), or a hyper-parameter (`stride=1`)."""

    name: Identifier
    type: Type | None
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`block Name(parameters) { ... }`."""

    name: Identifier
    parameters: tuple[HeaderParameter, ...]
    body: Body
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Net(Node):
    """`net Name(parameters) { ... }`."""

    name: Identifier
    parameters: tuple[HeaderParameter, ...]
    body: Body
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Train(Node):
    """`train { ... }`, or `train NAME { ... }`."""

    name: Identifier | None
    statements: tuple[TrainStatement, ...]
    doc: str = field(default="", compare=False)


Item = Import | Default | Block | Net | Train


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """`# ...` or `## ...`, kept for the formatter; `own_line` tells it from one behind code."""

    text: str
    own_line: bool


@dataclass(frozen=True, slots=True)
class File(Node):
    """`doc` is the documentation at the head of the file, which is also that of the first item."""

    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
    doc: str = field(default="", compare=False)

    @property
    def source(self) -> Source:
        return self.span.source
