"""Columns within a paragraph, from blank line to blank line.

Always aligned are what stands behind labels and declared names, and the checked shapes at the ends of rows. Other
columns are kept where somebody has begun one by hand, with a space more than needed: plain arguments of neighbouring
calls, the dimensions of neighbouring checks, inner arrows, `=` and the weights of losses. A begun column that would
make a row too long is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from dslc.format.elements import Atom, Braces, Element, Round, Stack, flat
from dslc.format.rows import DECLARATIONS, LEAST, Row, paragraphs, row_of
from dslc.format.write import STEP, WIDTH

T = TypeVar("T")
FARTHEST = 20
"""A column of checks that stands no farther than this behind the longest row is kept."""
NUMBERS = frozenset({"INTEGER", "FLOAT", "SIZE", "NAME"})


def align(stack: Stack, indent: int = 0) -> None:
    """Align the paragraphs of a stack, and those of the stacks in it."""
    for statement in stack.statements():
        for inner, step in _inner(statement.elements):
            align(inner, indent + step)
    for paragraph in paragraphs(stack):
        rows = [row_of(statement) for statement in paragraph]
        _align_heads(rows)
        _align_begun(rows, indent)
        _align_checks(rows, indent)


def _inner(elements: Iterable[Element]) -> Iterator[tuple[Stack, int]]:
    """Yield the stacks inside of elements, with how much farther right they begin."""
    for element in elements:
        if isinstance(element, Braces):
            step = STEP if isinstance(element.content, Stack) else 2 * STEP
            yield from ((stack, step) for stack in element.stacks())
        elif isinstance(element, Round):
            for item in element.items:
                yield from _inner(item.elements)


# ---- labels and declared names


def _align_heads(rows: Sequence[Row]) -> None:
    """Align what stands behind the labels of a paragraph, and behind the names of neighbouring declarations."""
    labelled = [row for row in rows if row.sign == ":" and not row.statement.kind]
    for names in {_names(row) for row in labelled}:
        _align_behind([row for row in labelled if _names(row) == names])
    for run in _runs(rows, lambda row: row.sign == ":" and (_group(row), _names(row))):
        if run[0].statement.kind:
            _align_behind(run)


def _names(row: Row) -> int:
    """Count the names of a row."""
    return sum(isinstance(e, Atom) and e.kind == "NAME" for e in row.elements[: row.head])


def _group(row: Row) -> str:
    kind = row.statement.kind
    return "declaration" if kind in DECLARATIONS else kind


def _align_behind(rows: Sequence[Row]) -> None:
    """Make what stands behind the head of each row begin at the same column."""
    widths = [_head_width(row) for row in rows]
    for row, width in zip(rows, widths, strict=True):
        _behind_head(row).gap = 1 + max(widths) - width


def _head_width(row: Row) -> int:
    assert row.head is not None
    return len(flat(row.elements[: row.head + 1]))


def _behind_head(row: Row) -> Atom:
    assert row.head is not None
    return row.elements[row.head + 1].first()


# ---- columns begun by hand


def _align_begun(rows: Sequence[Row], indent: int) -> None:
    """Align the columns that somebody has begun; where a row becomes too long for that, none of them."""
    gaps = [(atom, atom.gap) for row in rows for atom in _atoms(row.elements)]
    whole = [row for row in rows if row.fits(indent)]
    for run in _runs(rows, lambda row: row.fits(indent)):
        _align_run(run)
    _align_dimensions([row for row in whole if row.check])
    if not all(row.fits(indent) for row in whole):
        for atom, gap in gaps:
            atom.gap = gap


def _align_run(run: Sequence[Row]) -> None:
    """Align the columns of neighbouring rows that each stand on one line."""
    for equals in _runs(run, lambda row: _has_equals(row) and (row.statement.kind,)):
        signs = [_equals(row) for row in equals]
        if any(_is_begun(sign) for sign in signs):
            _align_at(equals, signs)
    for losses in _runs(run, lambda row: row.statement.kind == "LOSS" and (row.head is None,)):
        _align_weights(losses)
    _align_stages([(row, row.stages()) for row in run], 0)


def _align_stages(rows: Sequence[tuple[Row, list[list[Element]]]], stage: int) -> None:
    """Align the arguments of neighbouring calls of the same name, and the arrows behind them; then what follows."""
    for run in _runs(rows, lambda row: _callee(row[1], stage)):
        calls = [stages[stage][-1] for _, stages in run]
        _align_cells([call for call in calls if isinstance(call, Round)])
        going_on = [(row, stages) for row, stages in run if len(stages) > stage + 1]
        arrows = [stages[stage + 1][0].first() for _, stages in going_on]
        if any(_is_begun(arrow) for arrow in arrows):
            _align_at([row for row, _ in going_on], arrows)
        _align_stages(going_on, stage + 1)


def _callee(stages: Sequence[Sequence[Element]], stage: int) -> str | None:
    """Return what a stage calls: the text in front of its brackets."""
    if stage >= len(stages) or len(stages[stage]) < 2 or not isinstance(stages[stage][-1], Round):
        return None
    return flat([*stages[stage][:-1]])


def _align_dimensions(rows: Sequence[Row]) -> None:
    """Align the dimensions of neighbouring checks with equally many of them."""
    shapes = [shape for row in rows if isinstance(shape := row.elements[-1], Round)]
    for run in _runs(shapes, lambda shape: (len(shape.items),)):
        _align_cells(run)


def _align_cells(lists: Sequence[Round]) -> None:
    """Align the plain items at each place of some lists to the right, where a column of them is begun."""
    for place in range(max((len(one.items) for one in lists), default=0)):
        cells = [
            atom
            for one in lists
            if place < len(one.items) and (atom := _cell(one.items[place].elements)) is not None
        ]
        least = 1 if place else 0
        if any(cell.apart is not None and cell.apart > least for cell in cells):
            width = max(len(cell.text) for cell in cells)
            for cell in cells:
                cell.gap = least + width - len(cell.text)


def _cell(elements: Sequence[Element]) -> Atom | None:
    """Return an item that is one number or name."""
    first = elements[0]
    if len(elements) == 1 and isinstance(first, Atom) and first.kind in NUMBERS:
        return first
    return None


def _has_equals(row: Row) -> bool:
    is_declaration = row.statement.kind in DECLARATIONS
    return row.sign == "=" or (is_declaration and _position(row) is not None)


def _position(row: Row) -> int | None:
    texts = [element.text if isinstance(element, Atom) else "" for element in row.elements]
    return texts.index("=") if "=" in texts else None


def _equals(row: Row) -> Atom:
    position = _position(row)
    assert position is not None
    return row.elements[position].first()


def _align_weights(losses: Sequence[Row]) -> None:
    """Leave room for the weight of a loss, `0.3 *`, in those without one."""
    begins = [0 if row.head is None else row.head for row in losses]
    firsts = [row.elements[begin + 1].first() for row, begin in zip(losses, begins, strict=True)]
    if not any(_is_begun(first) for first in firsts):
        return
    if losses[0].head is not None:
        _align_at(losses, [_equals(row) for row in losses])
    widths = [_weight(row.elements[begin + 1 :]) for row, begin in zip(losses, begins, strict=True)]
    for first, width in zip(firsts, widths, strict=True):
        first.gap = 1 + max(widths) - width


def _weight(elements: Sequence[Element]) -> int:
    texts = [element.text if isinstance(element, Atom) else "" for element in elements[:2]]
    is_number = isinstance(elements[0], Atom) and elements[0].kind in ("INTEGER", "FLOAT")
    return len(texts[0]) + 3 if is_number and texts[1:] == ["*"] else 0


def _align_at(rows: Sequence[Row], atoms: Sequence[Atom]) -> None:
    """Make one atom of each row begin at the same column."""
    for atom in atoms:
        atom.gap = 1
    columns = [_column(row, atom) for row, atom in zip(rows, atoms, strict=True)]
    for atom, column in zip(atoms, columns, strict=True):
        atom.gap = 1 + max(columns) - column


def _column(row: Row, atom: Atom) -> int:
    return len(flat(row.elements[: row.elements.index(atom)]))


def _is_begun(atom: Atom) -> bool:
    return atom.apart is not None and atom.apart > 1


def _runs(items: Iterable[T], key: Callable[[T], Hashable]) -> Iterator[list[T]]:
    """Yield the neighbours with the same key, where it is not empty."""
    for value, run in groupby(items, key):
        if value:
            yield [*run]


def _atoms(elements: Iterable[Element]) -> Iterator[Atom]:
    for element in elements:
        if isinstance(element, Round):
            yield element.open
            for item in element.items:
                yield from _atoms(item.elements)
        else:
            yield element.first()


# ---- checked shapes


def _align_checks(rows: Sequence[Row], indent: int) -> None:
    """Align the checks of the rows that stand on one line."""
    checked = [row for row in rows if row.check and row.fits(indent)]
    if not checked:
        return
    longest = max(len(flat(row.elements[-2:])) for row in checked)
    for row in checked:
        assert row.check is not None
        row.check.gap = LEAST
    near = [row for row in checked if indent + row.width() + LEAST + longest <= WIDTH]
    if not near:
        return
    column = _kept_column(near, indent, longest) or max(row.width() for row in near) + LEAST
    for row in near:
        assert row.check is not None
        row.check.gap = column - row.width()


def _kept_column(rows: Sequence[Row], indent: int, longest: int) -> int | None:
    """Return the column at which the checks of the source stand, where it can stay.

    A check that follows after one space has not been put in a column yet.
    """
    found = [
        row.check.start - row.elements[0].first().start
        for row in rows
        if row.check is not None and row.check.apart != 1
    ]
    if len(found) < 2 or any(column != found[0] for column in found):
        return None
    column = found[0]
    widest = max(row.width() for row in rows)
    fits = indent + column + longest <= WIDTH
    return column if fits and LEAST - 1 <= column - widest <= FARTHEST else None
