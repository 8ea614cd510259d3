"""A body that is being written: the values that rows may use, and calls drawn so that their conditions hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dslc import dims, registry
from dslc.errors import RuleError
from dslc.types import DType, TensorType, float32
from tests.generate.dice import Dice
from tests.generate.text import call_text, subscript

MOST_ELEMENTS = 1500
LARGEST = 50.0
"""Operands with larger elements are squeezed first, so that nothing overflows on the way."""

Settings = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A value that rows may use.

    `size` bounds its elements, roughly; `classes` whole numbers (None: the use of an input decides).
    `learned` tells that a gradient flows from it to a parameter.
    """

    text: str
    type: TensorType
    size: float = 4.0
    positive: bool = False
    classes: int | None = None
    learned: bool = False
    rounds: bool = False
    """Whether its name is that of a loop: an index behind it would choose a round."""
    behind: frozenset[str] = frozenset()
    """The values it is computed from, by calls that have a derivative."""

    @property
    def smooth_in(self) -> frozenset[str]:
        """The values it has a derivative by, itself among them."""
        return self.behind | {self.text}


@dataclass(frozen=True)
class Need:
    """What an operand must be, given those before it; `make` declares one where none is at hand."""

    test: Callable[[Scope, TensorType, tuple[TensorType, ...]], bool]
    make: Callable[[Scope, tuple[TensorType, ...]], Item | None] | None = None
    other: bool = False
    """Whether no operand before it may depend on it: the distance of a value to itself is rounding alone."""
    below: Callable[[tuple[TensorType, ...]], int] | None = None
    """For indices: what they must stay below."""


@dataclass(frozen=True)
class Entry:
    """How to draw calls of one operation.

    `settings` draws them for values of given types (None: these values do not do). `domain` is what float operands
    must be: squeezed to `largest`, for "positive" at least 0.1, for "shifted" not 0 in many places. `result` bounds
    the results by the operands.
    """

    values: tuple[Need, ...]
    settings: Callable[..., Settings | None] = lambda scope, *types: {}
    largest: float = LARGEST
    domain: Literal["any", "positive", "shifted"] = "any"
    result: Callable[..., float] = max
    positive: bool = False
    classes: Callable[..., int | None] = lambda settings, *types: None
    double: bool = False
    """Whether the operation is drawn on float64 too."""
    cancels: Callable[..., float] | None = None
    """The size of what the operation subtracts from something nearly as large: its errors are measured by that."""
    bends: bool = False
    """Whether its slope is a difference from 1: its errors are measured by that, too."""
    kernel: float = 0.0
    """How far the function inside an operator of onnxruntime may be off, relative to its result."""
    resting: float = 0.0
    """How far an operator that is the whole call in inference may be off, whatever its result."""
    spelled: Callable[[Sequence[str], Settings], str] | None = None
    excused: str = ""


@dataclass
class Scope:
    """One body: its rows so far, and the values they made."""

    dice: Dice
    table: Mapping[str, Entry]
    names: Sequence[str]
    """The operations of this spec (a random part of all: some faults only show where others are absent)."""
    sizes: Mapping[str, int]
    prefix: str = ""
    declares: bool = True
    """Whether inputs may be declared here."""
    lines: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    count: int = 0
    refused: list[str] = field(default_factory=list)

    # ---- declarations

    def fresh(self, kind: str) -> str:
        self.count += 1
        return f"{self.prefix}{kind}{self.count}"

    def input(self, type: TensorType, classes: int | None = None) -> Item | None:
        plain = all(isinstance(size, int) or str(size) in self.sizes for size in type.shape)
        if not self.declares or not plain:
            return None
        item = Item(self.fresh("x"), type, size=4.0 if type.dtype.is_float else 255.0)
        self.lines.insert(0, f"input {item.text}: {type}")
        self.items.append(item)
        return item

    def param(self, shape: Sequence[int], initial: str = "normal(std=0.5)") -> Item:
        item = Item(self.fresh("w"), float32(*shape), size=2.0, learned=True)
        self.lines.append(f"param {item.text}: {item.type} = {initial}")
        self.items.append(item)
        return item

    def supply(self, type: TensorType) -> Item | None:
        """Declare a value of a type: an input or, where its shape is known, a parameter."""
        plain = dims.known(type.shape)
        if plain is not None and type.dtype is DType.FLOAT32 and self.dice.chance(0.5):
            return self.param(plain)
        return self.input(type)

    # ---- calls

    def count_of(self, type: TensorType) -> int:
        return int(dims.product(type.bind(self.sizes).sizes))

    def pick(self, need: Need, operands: list[Item]) -> Item | None:
        before = tuple(item.type for item in operands)
        fitting = [item for item in self.items if self.fits(need, item, before)]
        if need.other:
            taken = frozenset[str]().union(*(operand.smooth_in for operand in operands))
            fitting = [item for item in fitting if item.text not in taken]
        if fitting and (need.make is None or self.dice.chance(0.7)):
            recent = fitting[-4:]
            return self.dice.one(recent if self.dice.chance(0.6) else fitting)
        return need.make(self, before) if need.make is not None else None

    def fits(self, need: Need, item: Item, before: tuple[TensorType, ...]) -> bool:
        if not need.test(self, item.type, before):
            return False
        if need.below is None:
            return True
        undecided = item.classes is None and item.text.startswith("x")
        return undecided or (item.classes is not None and item.classes <= need.below(before))

    def call(self, name: str, first: Item | None = None) -> Drawn | None:
        """Draw a call of an operation, on `first` where it is given; None where its conditions do not hold."""
        entry = self.table[name]
        operands: list[Item] = []
        for position, need in enumerate(entry.values):
            if position == 0 and first is not None:
                item = first if self.fits(need, first, ()) else None
            else:
                item = self.pick(need, operands)
            if item is None or (item.type.dtype is DType.FLOAT64 and not entry.double):
                return None
            operands.append(item)
        types = tuple(item.type for item in operands)
        settings = entry.settings(self, *types)
        if settings is None:
            return None
        return self._drawn(name, entry, [self._tamed(entry, item) for item in operands], settings)

    def _tamed(self, entry: Entry, item: Item) -> Item:
        """Bring an operand into the domain of an operation."""
        text, size = item.text, item.size
        if entry.spelled is subscript and item.rounds:
            text = f"identity({text})"
        if not item.type.dtype.is_float:
            return replace(item, text=text)
        if entry.domain == "positive" and not item.positive:
            text, size = f"softplus({text}) + 0.1", size + 1
        if entry.domain == "shifted":
            text, size = f"{text} + 0.1", size + 1
        if size > entry.largest:
            text, size = (f"{entry.largest / size:.6f} * ({text})", entry.largest)
        if size == item.size:
            return replace(item, text=text)
        return replace(item, text=f"({text})", size=size)

    def _drawn(
        self, name: str, entry: Entry, operands: list[Item], settings: Settings
    ) -> Drawn | None:
        operation = registry.operations()[name]
        made = operation(**{k: v for k, v in settings.items() if not k.startswith("init")})
        types = [item.type for item in operands]
        try:
            results = made.infer(*types)
            owned = made.parameters(*types)
        except RuleError as error:
            self.refused.append(f"{name}: {error.code} {error.message}")
            return None
        results = results if isinstance(results, tuple) else (results,)
        if any(self.count_of(type) > MOST_ELEMENTS for type in results):
            return None
        sizes = [item.size for item in operands]
        learned = operation.differentiable and (
            any(item.learned for item in operands) or any(spec.trained for spec in owned)
        )
        behind = frozenset[str]()
        if operation.differentiable and name != "stop_gradient":
            behind = behind.union(*(i.smooth_in for i in operands if i.type.dtype.is_float))
        return Drawn(
            name,
            operands,
            settings,
            tuple(
                Item(
                    "",
                    type,
                    float(entry.result(*sizes)) if len(sizes) > 1 else _only(entry, sizes),
                    entry.positive,
                    entry.classes(settings, *types) if type.dtype.is_integer else None,
                    learned and type.dtype.is_float,
                    behind=behind,
                )
                for type in results
            ),
            entry,
        )


def _only(entry: Entry, sizes: list[float]) -> float:
    if entry.result is max:
        return sizes[0] if sizes else 1.0
    return float(entry.result(*sizes))


@dataclass(frozen=True)
class Drawn:
    """A call that holds, not yet written."""

    name: str
    operands: list[Item]
    settings: Settings
    results: tuple[Item, ...]
    entry: Entry

    def text(self, *, flow: bool = False) -> str:
        """Return the call as text; with `flow` without its first value, to stand behind an arrow."""
        values = [item.text for item in self.operands]
        return call_text(self.name, self.entry.spelled, values, self.settings, flow=flow)

    @property
    def flows(self) -> bool:
        """Whether the call can stand behind an arrow."""
        return self.entry.spelled is None and bool(self.operands)
