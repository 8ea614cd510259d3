"""The table of a network: rows with shapes, weights and multiply-adds. Counting never allocates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dslc import dims
from dslc.dims import Expression
from dslc.network.network import Call, Network, Parameter
from dslc.types import shape_text

COLUMNS = ("row", "operation", "output shape", "parameters", "multiply-adds", "line")

Count = int | Expression


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One call. `parameters` are counted where they are first used; `multiply_adds` are those of one sample."""

    name: str
    operation: str
    shape: str
    parameters: int
    multiply_adds: Count
    place: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a network consists of, as far as its outputs, losses and metrics need it."""

    net: str
    rows: tuple[SummaryRow, ...]
    parameters: int
    multiply_adds: Count

    def text(self) -> str:
        """Return the table with aligned columns and the totals below."""
        body = [
            (r.name, r.operation, r.shape, _amount(r.parameters), _amount(r.multiply_adds), r.place)
            for r in self.rows
        ]
        total = ("total", "", "", _amount(self.parameters), _amount(self.multiply_adds), "")
        return "\n".join([self.net, *_table([COLUMNS, *body, total])]) + "\n"

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain data; a count that depends on a free dimension is a string."""
        return {
            "net": self.net,
            "parameters": self.parameters,
            "multiply_adds": _plain(self.multiply_adds),
            "rows": [
                {
                    "row": row.name,
                    "operation": row.operation,
                    "shape": row.shape,
                    "parameters": row.parameters,
                    "multiply_adds": _plain(row.multiply_adds),
                    "line": row.place,
                }
                for row in self.rows
            ],
        }


def summarize(network: Network, sizes: Mapping[str, int] | None = None) -> Summary:
    """Count the weights and multiply-adds of a network's own rows, those of losses left out.

    `sizes` fixes free dimensions in the shapes. Multiply-adds are per sample: the batch counts 1, whatever `sizes`
    says. Running statistics are no weights.
    """
    known = dict(sizes or {})
    batch = network.batch_name
    single = {**known, **({batch: 1} if batch else {})}
    seen: set[Parameter] = set()
    rows = [
        _row(call, known, single, seen)
        for call in network.calls
        if not call.name.startswith(("loss.", "metric."))
    ]
    rows = _raw(network, seen) + rows
    total: Count = 0
    for row in rows:
        total = total + row.multiply_adds
    parameters = sum(_size(p) for p in network.parameters if not p.statistic)
    return Summary(network.name, tuple(rows), parameters, total)


def _row(
    call: Call, sizes: Mapping[str, int], single: Mapping[str, int], seen: set[Parameter]
) -> SummaryRow:
    new = [p for p in call.parameters if p not in seen and not p.statistic]
    seen.update(new)
    inputs = tuple(value.type.bind(single) for value in call.inputs if value is not None)
    outputs = tuple(value.type.bind(single) for value in call.outputs)
    return SummaryRow(
        call.name,
        call.operation.language_name(),
        ", ".join(shape_text(value.type.bind(sizes).shape) for value in call.outputs),
        sum(_size(parameter) for parameter in new),
        dims.bind(call.operation.multiply_adds(inputs, outputs), single),
        f"{call.span.source.path}:{call.span.line}",
    )


def _raw(network: Network, seen: set[Parameter]) -> list[SummaryRow]:
    """Return rows for the weights that no call owns: `param W: ...`."""
    owned = {parameter for call in network.calls for parameter in call.parameters}
    rows = []
    for parameter in network.parameters:
        if parameter not in owned:
            seen.add(parameter)
            place = f"{parameter.span.source.path}:{parameter.span.line}"
            shape = shape_text(parameter.type.shape)
            rows.append(SummaryRow(parameter.name, "param", shape, _size(parameter), 0, place))
    return rows


def _size(parameter: Parameter) -> int:
    return dims.count(parameter.type.shape)


def _amount(count: Count) -> str:
    return f"{count:,}" if isinstance(count, int) else str(count)


def _plain(count: Count) -> int | str:
    return count if isinstance(count, int) else str(count)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns: numbers to the right, words to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = (3, 4)
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
