"""A random spec by seed: rows, branches, repeats, blocks, shared layers, and now and then a train section."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dslc.types import DType, TensorType, shape_text
from tests.generate.dice import Dice
from tests.generate.needs import new_type
from tests.generate.scope import Drawn, Item, Scope
from tests.generate.table import TABLE
from tests.generate.training import train_section

TRIES = 12
FEWEST_NAMES = 12


@dataclass(frozen=True)
class Spec:
    """The text of a seed, and what the operations refused on the way (each a gap in a condition of the table)."""

    seed: int
    text: str
    operations: frozenset[str]
    refused: tuple[str, ...]


def generate(seed: int) -> Spec:
    return Writer(Dice(seed)).write(seed)


class Writer:
    """Writes one spec."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        drawn = [name for name, entry in TABLE.items() if not entry.excused]
        count = dice.randint(FEWEST_NAMES, len(drawn))
        self.names = dice.sample(drawn, count)
        self.trains = dice.chance(0.3)
        self.sizes = {"N": dice.one((1, 2, 3)) if self.trains else 3} if dice.chance(0.8) else {}
        self.scope = Scope(dice, TABLE, self.names, self.sizes)
        self.operations: set[str] = set()
        self.blocks: list[str] = []

    def write(self, seed: int) -> Spec:
        scope, dice = self.scope, self.dice
        flow = scope.input(new_type(scope, dice.randint(1, 4)))
        assert flow is not None
        first = flow
        for _ in range(dice.randint(2, 8)):
            flow = self._statement(scope, flow)
        outputs = self._outputs(scope, first)
        training = train_section(self, scope, outputs) if self.trains else ""
        body = "\n".join(f"  {line}" for line in scope.lines)
        text = "\n".join([*self.blocks, f"net Drawn {{\n{body}\n}}", training]).strip() + "\n"
        return Spec(seed, text, frozenset(self.operations), tuple(scope.refused))

    # ---- statements

    def _statement(self, scope: Scope, flow: Item) -> Item:
        """Write one statement; return the value that flows behind it."""
        forms = [self._beside] * 4 + [self._row] * 4
        forms += [self._merge, self._repeat, self._shared, self._block]
        return self.dice.one(forms)(scope, flow)

    def _beside(self, scope: Scope, flow: Item) -> Item:
        """`name = call`: beside the stack."""
        drawn = self._draw(scope)
        if drawn is not None:
            names = [scope.fresh("v") for _ in drawn.results]
            behind = drawn.flows and self.dice.chance(0.4)
            text = (
                f"{drawn.operands[0].text} -> {drawn.text(flow=True)}" if behind else drawn.text()
            )
            scope.lines.append(f"{', '.join(names)} = {text}")
            self._note(scope, names, drawn.results)
        return flow

    def _row(self, scope: Scope, flow: Item) -> Item:
        """`label: value -> call -> call -> [shape]`."""
        chain, last = self._chain(scope, flow, self.dice.randint(1, 3))
        return self._write_row(scope, flow, " -> ".join(chain), last) if chain else flow

    def _merge(self, scope: Scope, flow: Item) -> Item:
        """`add { | branch | branch }`."""
        name = self.dice.one(("add", "mul", "max", "concat"))
        outside = 1 if name == "concat" and flow.type.rank > 1 else None
        if (
            (name == "concat" and outside is None)
            or flow.size > 10
            or flow.type.dtype is not DType.FLOAT32
        ):
            return flow
        results, branches = [flow], ["|"]
        for _ in range(self.dice.randint(1, 2)):
            chain, last = self._steady(scope, flow, outside)
            branches.append("| " + " -> ".join(chain) if chain else "|")
            results.append(last)
        joined = self._merged(name, results)
        if joined is None:
            return flow
        self.dice.shuffle(branches)
        return self._write_row(scope, flow, f"{name} {{ {' '.join(branches)} }}", joined)

    def _merged(self, name: str, results: list[Item]) -> Item | None:
        type, size = results[0].type, sum(item.size for item in results)
        if name == "mul":
            size = max(item.size for item in results) ** len(results)
        if name == "concat":
            channels = [item.type.shape[1] for item in results]
            if not all(isinstance(c, int) for c in channels):
                return None
            type = type.with_axis(1, sum(c for c in channels if isinstance(c, int)))
        return Item("", type, size, learned=any(item.learned for item in results))

    def _repeat(self, scope: Scope, flow: Item) -> Item:
        """`repeat 2 { chain }`, or `for` over sizes."""
        if flow.size > 5 or not flow.type.dtype.is_float:
            return flow
        chain, last = self._steady(scope, flow, None)
        if not chain or last.size > max(
            2 * flow.size, 5
        ):  # three times over it would grow too large
            return flow
        head = self.dice.one(("repeat 2", "repeat 3", "for k in [1, 2]"))
        text = f"{head} {{ {' -> '.join(chain)} }}"
        return self._write_row(
            scope, flow, text, replace(last, size=last.size**2 + 10, rounds=True)
        )

    def _shared(self, scope: Scope, flow: Item) -> Item:
        """`layer name = Layer(...)`, called twice."""
        layers = [
            n
            for n in self.names
            if n[0].isupper() and n in ("Linear", "Conv", "PReLU", "LayerNorm")
        ]
        if not layers or flow.type.dtype is not DType.FLOAT32:
            return flow
        drawn = scope.call(self.dice.one(layers), flow)
        if drawn is None or drawn.operands[0].text != flow.text:
            return flow
        self.operations.add(drawn.name)
        name = scope.fresh("s")
        scope.lines.append(f"layer {name} = {drawn.text(flow=True)}")
        text = f"{name} -> {name}" if drawn.results[0].type == flow.type else name
        text = f"add {{ | {text} | tanh -> {name} }}" if self.dice.chance(0.5) else text
        return self._write_row(scope, flow, text, replace(drawn.results[0], size=300.0))

    def _block(self, scope: Scope, flow: Item) -> Item:
        """A block of a few rows on a value, called once or, where it keeps the type, twice."""
        plain = all(isinstance(size, int) or str(size) in self.sizes for size in flow.type.shape)
        if scope.prefix or not flow.type.rank or flow.type.dtype is not DType.FLOAT32 or not plain:
            return flow
        name = f"Block{len(self.blocks) + 1}"
        inner = Scope(self.dice, TABLE, self.names, self.sizes, prefix="b", declares=False)
        start = replace(flow, text="b", size=4.0)
        inner.items.append(start)
        last = start
        for _ in range(self.dice.randint(1, 3)):
            last = self._statement(inner, last)
        if not last.type.dtype.is_float:
            return flow
        scope.refused += inner.refused
        letters = [
            f"D{axis}" if isinstance(size, int) else str(size)
            for axis, size in enumerate(flow.type.shape)
        ]
        lines = [*inner.lines, f"{last.text} -> identity" if last.text else "identity"]
        body = "\n".join(f"  {line}" for line in lines)
        self.blocks.append(f"block {name}(b: [{', '.join(letters)}]) {{\n{body}\n}}")
        twice = last.type == flow.type and self.dice.chance(0.5)
        small = f"{4.0 / flow.size:.6f} * {flow.text}" if flow.size > 4 and flow.text else ""
        begin = replace(flow, text=f"({small})") if small else flow
        text = f"{name} -> tanh -> {name}" if twice else name
        return self._write_row(scope, begin, text, last)

    # ---- parts of statements

    def _draw(
        self, scope: Scope, first: Item | None = None, *, flows: bool = False
    ) -> Drawn | None:
        for _ in range(TRIES):
            drawn = scope.call(self.dice.one(self.names), first)
            if drawn is not None and (not flows or self._in_flow(drawn, first)):
                self.operations.add(drawn.name)
                return drawn
        return None

    def _in_flow(self, drawn: Drawn, first: Item | None) -> bool:
        """Tell whether the call can take the flow: it stands behind an arrow, and the flow needs no squeezing."""
        return drawn.flows and first is not None and drawn.operands[0].text == first.text

    def _chain(self, scope: Scope, flow: Item, length: int) -> tuple[list[str], Item]:
        texts: list[str] = []
        item = flow
        for _ in range(length):
            drawn = self._draw(scope, item, flows=True)
            if drawn is None:
                break
            texts.append(drawn.text(flow=True))
            item = replace(drawn.results[0], text="(flow)")
        return texts, item

    def _steady(self, scope: Scope, flow: Item, outside: int | None) -> tuple[list[str], Item]:
        """Draw a chain that keeps the type, all of it or outside one dimension."""
        for _ in range(TRIES):
            before = list(scope.lines), list(scope.items)
            chain, last = self._chain(scope, flow, self.dice.randint(1, 2))
            if chain and _alike(last.type, flow.type, outside):
                return chain, last
            scope.lines, scope.items = before
        return [], flow

    def _write_row(self, scope: Scope, flow: Item, text: str, result: Item) -> Item:
        label = scope.fresh("r")
        check = (
            f" -> {shape_text(result.type.shape)}"
            if self.dice.chance(0.2) and not scope.prefix
            else ""
        )
        scope.lines.append(f"{label}: {flow.text} -> {text}{check}")
        self._note(scope, [label], (result,))
        return scope.items[-1]

    def _note(self, scope: Scope, names: list[str], results: tuple[Item, ...]) -> None:
        scope.items += [replace(item, text=name) for name, item in zip(names, results, strict=True)]

    def _outputs(self, scope: Scope, first: Item) -> list[Item]:
        """Make an output of every value that nothing uses, and see that a gradient flows."""
        text = "\n".join(scope.lines)
        outputs = [
            item for item in scope.items if item.text[0] in "vr" and _uses(text, item.text) == 1
        ]
        if not any(item.type.dtype.is_float for item in outputs):
            scope.lines.append(f"v0 = tanh({first.text})")
            outputs.append(replace(first, text="v0"))
        for item in outputs:
            scope.lines.append(f"output {item.text}")
        return outputs


def _alike(one: TensorType, other: TensorType, outside: int | None) -> bool:
    if outside is None or one.rank != other.rank or not one.rank:
        return one == other
    return one.with_axis(outside, 1) == other.with_axis(outside, 1)


def _uses(text: str, name: str) -> int:
    return len(re.findall(rf"\b{name}\b", text))
