"""What names stand for, and where an expression stands.

`Work` is the one elaboration under way, `Module` a file, `Scope` the names of a body, `Frame` the place and the value
flowing when a statement is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from dslc.elaborate.places import Place
from dslc.errors import CompileError, Diagnostic, Label, LimitError, Severity
from dslc.initializers.base import Initializer
from dslc.metrics.base import Metric
from dslc.network.network import Call, Parameter, Value
from dslc.network.unrolled import MOST_OPERATIONS
from dslc.operation import Operation, ParameterSpec
from dslc.optimizers.base import Optimizer
from dslc.schedules.base import Schedule
from dslc.source import Span
from dslc.syntax import tree

if TYPE_CHECKING:
    from dslc.elaborate.notes import Notes

Entity = Any
"""A static value, or one of the classes below."""

CALL_LIMIT = MOST_OPERATIONS
DEPTH_LIMIT = 64
MISTAKE_LIMIT = 100
"""Reading stops after so many mistakes; a person reads the first few."""


@dataclass(frozen=True)
class Poison:
    """What a mistake leaves behind: everything computed from it is silent."""


POISON = Poison()


@dataclass(frozen=True)
class LeftOut:
    """What an input of a block is where a call leaves it out, and what the word `none` means."""


NONE = LeftOut()


class MistakeError(Exception):
    """A mistake of the user's, on its way to the statement that holds it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class PoisonedError(Exception):
    """Something depends on a value that already failed; nothing more is to be said."""


@dataclass(frozen=True, eq=False)
class Result:
    """Tensors: what a call, a row or a round gives. The first one flows on; `.name` looks into `place`."""

    values: tuple[Value, ...]
    place: Place | None = None

    @property
    def value(self) -> Value:
        return self.values[0]


@dataclass(frozen=True, eq=False)
class Results:
    """A list of results: `l[:]`, `l[:].x`."""

    items: tuple[Result, ...]


@dataclass(frozen=True)
class Operator:
    """An operation that can be called."""

    operation: type[Operation]

    @property
    def name(self) -> str:
        return self.operation.language_name()


@dataclass(frozen=True)
class Recipe:
    """An initializer by name: `xavier_uniform`, which stands only where initial values are asked for."""

    name: str
    initializer: type[Initializer]


@dataclass(frozen=True, eq=False)
class Definition:
    """A block or net that can be called, with the file it is written in."""

    node: tree.Block | tree.Net
    module: Module

    @property
    def name(self) -> str:
        return self.node.name.text


@dataclass(frozen=True)
class Builtin:
    """A function of static values: `range`, `reversed`."""

    name: str


class Maker(Protocol):
    """Makes the weights of a call, or returns those of an earlier call of the same shared layer."""

    def make(
        self, specs: tuple[ParameterSpec, ...], span: Span, chain: Chain
    ) -> tuple[Parameter, ...]: ...


@dataclass(eq=False)
class SharedLayer:
    """`layer x = ...`: one set of weights, made by the first call. `settings` are the arguments of its line, bound."""

    name: str
    target: Operator | Definition
    settings: Any
    place: Place
    maker: Any
    failed: bool = False


Chain = tuple[tuple[str, Span], ...]


@dataclass(frozen=True)
class BlockOutput:
    """A further output that one call of a block gave; `span` is where the block names it."""

    block: str
    name: str
    span: Span
    value: Value


@dataclass(frozen=True)
class Library:
    """Everything the language can name, by name."""

    operations: Mapping[str, type[Operation]]
    initializers: Mapping[str, type[Initializer]]
    metrics: Mapping[str, type[Metric]]
    optimizers: Mapping[str, type[Optimizer]]
    schedules: Mapping[str, type[Schedule]]
    merges: Mapping[str, type[Operation]]
    """What merges in a group of branches, and where a call of the same name has two values: `max(x, y)`."""


@dataclass(eq=False)
class Module:
    """One file: its blocks and nets (its own and imported ones) and its defaults."""

    file: tree.File
    path: str
    """Relative to the folder of the spec, with `/`."""
    definitions: dict[str, Definition | Poison] = field(default_factory=dict)
    defaults: dict[str, list[tree.Argument]] = field(default_factory=dict)


@dataclass(eq=False)
class Scope:
    """The names of a body; a round of a loop sees those of the body around it."""

    module: Module
    parent: Scope | None = None
    names: dict[str, Entity] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)

    def find(self, name: str) -> Entity | None:
        if name in self.names:
            return self.names[name]
        return self.parent.find(name) if self.parent else None

    def span_of(self, name: str) -> Span | None:
        if name in self.spans:
            return self.spans[name]
        return self.parent.span_of(name) if self.parent else None

    def visible(self) -> dict[str, Entity]:
        """Return every name that can be used here."""
        return {**(self.parent.visible() if self.parent else {}), **self.names}

    def values(self) -> tuple[str, ...]:
        """Return the names of tensors that can be used here."""
        return tuple(name for name, entity in self.visible().items() if isinstance(entity, Result))


@dataclass(eq=False)
class Work:
    """One elaboration: what it knows, what it has made so far, what it has found wrong."""

    library: Library
    training: bool
    evaluate: Callable[[tree.Expression, Frame], Entity]
    run: Callable[[tuple[tree.Statement, ...], Frame], Entity | None]
    calls: list[Call] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    block_outputs: list[BlockOutput] = field(default_factory=list)
    """The second and further outputs of every call of a block so far."""
    steps: int = 0
    """Calls and rounds so far, for the limit."""
    told: set[tuple[object, ...]] = field(default_factory=set, init=False)
    """Code and place of every diagnostic."""
    notes: Notes | None = None
    """Where to write down what each node is worth, for editors."""
    sections: tuple[str, ...] = ()
    """The names of the train sections, where several take turns."""
    checks: bool = True
    """Whether checked shapes and `check` lines are held against the net."""

    def report(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless the same was said of the same place (a block is expanded many times).

        Errors: CompileError with every mistake so far, when there are too many.
        """
        span = diagnostic.primary.span
        place = (diagnostic.code, span.source, span.start, span.end)
        if place in self.told:
            return
        self.told.add(place)
        self.diagnostics.append(diagnostic)
        if diagnostic.severity is Severity.ERROR:
            errors = [one for one in self.diagnostics if one.severity is Severity.ERROR]
            if len(errors) >= MISTAKE_LIMIT:
                raise CompileError(errors)

    def count(self, span: Span, steps: int = 1) -> None:
        """Count expansion; LimitError (E0901) beyond the limit."""
        self.steps += steps
        if self.steps > CALL_LIMIT:
            raise LimitError([too_many(self.steps, span)])


def too_many(steps: int, span: Span) -> Diagnostic:
    """Return the diagnostic for a spec that expands to more than the limit."""
    about = f"{steps:,}" if steps < 10**12 else f"about 10**{len(str(steps)) - 1}"
    return Diagnostic(
        "E0901",
        f"this net would have more than {CALL_LIMIT:,} operations",
        Label(span, f"expanding this gives at least {about} operations"),
        helps=("make the repeats smaller",),
    )


@dataclass(eq=False)
class Frame:
    """Where a statement stands, and what flows into it."""

    work: Work
    scope: Scope
    place: Place
    maker: Maker
    chain: Chain = ()
    hyper: str = ""
    """The hyper-parameters of the block, for messages: `width = 64, stride = 1`."""
    flow: Entity | None = None
    starts: tuple[tuple[str, Span], ...] = ()
    """The inputs, where there are several and the first row must say which it begins with."""
    line: str = ""
    """`loss` or `metric` in a train section."""
    expression: tree.Expression | None = None
    """What stands in that line, or in the row."""
    bind: tree.Bind | None = None
    """The `name = ...` that the expression belongs to."""
    stack: tuple[Definition, ...] = ()
    """The blocks and nets around, outermost first."""
    label: str = ""
    """The label of the row, for the chain of blocks in messages."""
    segment: str = ""
    """The outermost block around that is computed again in the backward pass, "" for none."""
    checks: list[tree.Check] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Result] | None = None
    """Of a net that is called as a layer: what its `input` lines get. None: they make inputs."""
    made: dict[str, Value] = field(default_factory=dict)
    """What the `input` lines read so far stand for."""

    @property
    def module(self) -> Module:
        return self.scope.module

    def at(self, place: Place) -> Frame:
        return replace(self, place=place)

    def mistake(
        self,
        code: str,
        message: str,
        span: Span,
        text: str = "",
        *,
        others: Iterable[Label] = (),
        facts: Iterable[str] = (),
        helps: Iterable[str] = (),
    ) -> MistakeError:
        """Return the mistake to raise; the chain of blocks becomes its last fact."""
        return MistakeError(
            Diagnostic(
                code,
                message,
                Label(span, text),
                tuple(others),
                (*facts, *self.origin()),
                tuple(helps),
            )
        )

    def origin(self) -> tuple[str, ...]:
        """Say how one gets here: `width = 64, reached from stage1: Stage(64, 3) at resnet50.net:26 -> ...`."""
        if not self.chain:
            return ()
        way = " -> ".join(f"{text} at {span.source.path}:{span.line}" for text, span in self.chain)
        return (f"{self.hyper}, reached from  {way}" if self.hyper else f"reached from  {way}",)
