"""`--shapes`: checked shapes are written at the ends of rows, and brought up to date everywhere.

A row of a block gets one only where its shape is the same for every call. A dimension that follows a hyper-parameter is
written by its name, or as `_` where it has none; an item of a check that is right stays as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from dslc.dims import Expression
from dslc.elaborate.scope import Result
from dslc.format.edits import Edit, apply
from dslc.format.observe import Run, last_net, observe
from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse
from dslc.types import Shape

Dim = int | Expression
Definition = tree.Net | tree.Block
BLANK = "_"


def write_shapes(source: Source, load: Callable[[str, str], Source]) -> str:
    """Return the text with its checks. `load(path, importer)` reads imported files.

    Errors: CompileError where the file has mistakes other than in its checks.
    """
    file = parse(source)
    if last_net(file) is None:
        return source.text
    definitions = [item for item in file.items if isinstance(item, tree.Net | tree.Block)]
    nodes = [node for one in definitions for node in _questions(one)]
    runs = observe(file, nodes, lambda path, importer: parse(load(path, importer)))
    edits = [edit for one in definitions for edit in _Shapes(one, runs).edits()]
    return apply(source.text, edits)


def _questions(definition: Definition) -> Iterator[tree.Node]:
    """Yield the nodes whose worth must be known."""
    yield from definition.parameters
    yield from _rows(definition.body)
    for check in _checks(definition.body):
        yield check
        yield from check.items


def _rows(body: tree.Body) -> Iterator[tree.Row | tree.Output]:
    """Yield the rows below a body that end without a check: the statements that are noted."""
    pending: list[tree.Node] = [*body.statements]
    while pending:
        node = pending.pop()
        if isinstance(node, tree.Row | tree.Output) and _wants_check(_row(node)):
            yield node
        inner = node.definition if isinstance(node, tree.Output) else node
        pending += inner.children() if inner is not None else ()


def _row(statement: tree.Row | tree.Output) -> tree.Row | tree.Bind | None:
    return statement.definition if isinstance(statement, tree.Output) else statement


def _wants_check(row: tree.Row | tree.Bind | None) -> bool:
    """Tell whether a check can be added: not beside the stack, and not behind an `if` around `check` lines."""
    if not isinstance(row, tree.Row):
        return False
    if isinstance(row.value, tree.Pipe):
        return not isinstance(row.value.stages[-1], tree.List)
    if isinstance(row.value, tree.If):
        return not all(isinstance(one, tree.Check) for one in row.value.body.statements)
    return True


def _checks(body: tree.Body) -> Iterator[tree.List]:
    """Yield the checked shapes below a body."""
    pending: list[tree.Node] = [body]
    while pending:
        node = pending.pop()
        pending += node.children()
        if isinstance(node, tree.Pipe):
            yield from (stage for stage in node.stages[1:] if isinstance(stage, tree.List))


@dataclass(frozen=True)
class _Shapes:
    """The checks of one net or block; the first run is that with the defaults."""

    definition: Definition
    runs: Sequence[Run]

    def edits(self) -> Iterator[Edit]:
        """Yield what is to be changed."""
        for statement in _rows(self.definition.body):
            row = _row(statement)
            shapes = self._one_each(statement)
            if shapes and row is not None:
                end = row.value.span.end
                yield Edit(end, end, f" -> {self._text(shapes)}")
        for check in _checks(self.definition.body):
            yield from self._updated(check)

    def _one_each(self, statement: tree.Node) -> list[Shape]:
        """Return the shape of a row in every run; none where it has several."""
        found = []
        for run in self.runs:
            shapes = run.shapes(statement)
            if any(shape != shapes[0] for shape in shapes):
                return []
            found += shapes[:1]
        same_rank = len({len(shape) for shape in found}) == 1
        return found if same_rank and self.runs[0].shapes(statement) else []

    def _text(self, shapes: Sequence[Shape]) -> str:
        dims = (self._dim([shape[place] for shape in shapes]) for place in range(len(shapes[0])))
        return f"[{', '.join(dims)}]"

    # ---- checks that are there

    def _updated(self, check: tree.List) -> Iterator[Edit]:
        """Yield the changes of a check: only of what is wrong."""
        by_run = [run.shapes(check) for run in self.runs]
        shapes = [shape for found in by_run for shape in found]
        ranks = {len(shape) for shape in shapes}
        if len(ranks) != 1 or not by_run[0]:
            return
        if ranks != {len(check.items)}:
            yield Edit(check.span.start, check.span.end, self._text(shapes))
            return
        for place, item in enumerate(check.items):
            if not self._holds(item, place, check):
                text = self._dim([shape[place] for shape in shapes])
                yield Edit(item.span.start, item.span.end, text)

    def _holds(self, item: tree.Expression, place: int, check: tree.List) -> bool:
        """Tell whether an item is right every time, with the defaults."""
        if isinstance(item, tree.Name) and item.text == BLANK:
            return True
        usual = self.runs[0]
        return usual.entities(item) == [shape[place] for shape in usual.shapes(check)]

    # ---- dimensions

    def _dim(self, sizes: Sequence[Dim]) -> str:
        """Return the text of a dimension that has these sizes."""
        first = sizes[0]
        is_known = isinstance(first, int) or isinstance(self.definition, tree.Net)
        if is_known and all(size == first for size in sizes):
            return str(first)
        return next(self._names(sizes), BLANK)

    def _names(self, sizes: Sequence[Dim]) -> Iterator[str]:
        """Yield the names in the header, and their multiples, that have these sizes."""
        for name, values in self._named():
            if values == [*sizes]:
                yield name
        for name, values in self._named():
            yield from _multiple(name, values, sizes)

    def _named(self) -> Iterator[tuple[str, list[Dim]]]:
        """Yield the hyper-parameters and dimensions of the header with their size in every run, if it is one."""
        for parameter in self.definition.parameters:
            if parameter.type is None:
                yield parameter.name.text, self._sizes(parameter, lambda entity: entity)
                continue
            for place, dim in enumerate(parameter.type.dims):
                if isinstance(dim, tree.Name):
                    yield dim.text, self._sizes(parameter, _dimension(place))

    def _sizes(
        self, parameter: tree.HeaderParameter, read: Callable[[object], object]
    ) -> list[Dim]:
        """Return what `read` makes of a parameter, for every run in which that is always the same."""
        found: list[Dim] = []
        for run in self.runs:
            sizes = [read(entity) for entity in run.entities(parameter)]
            same = [size for size in sizes if _is_dim(size) and size == sizes[0]]
            found += same[:1] if len(same) == len(sizes) else []
        return found


def _dimension(place: int) -> Callable[[object], object]:
    """Return what reads one dimension of a value."""
    return lambda entity: entity.value.type.shape[place] if isinstance(entity, Result) else None


def _is_dim(size: object) -> TypeGuard[Dim]:
    return isinstance(size, int | Expression) and not isinstance(size, bool)


def _multiple(name: str, values: Sequence[Dim], sizes: Sequence[Dim]) -> Iterator[str]:
    """Yield `4*width` where every size is four times the value."""
    first = values[0] if values else 0
    if not isinstance(first, int) or not isinstance(sizes[0], int) or first == 0:
        return
    factor = sizes[0] // first
    if factor > 1 and len(values) == len(sizes) and [factor * one for one in values] == [*sizes]:
        yield f"{factor}*{name}"
