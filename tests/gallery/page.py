"""`docs/gallery.md`: the table of the gallery with what was counted and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.gallery.counting import lines_of, summary_of
from tests.gallery.facts import GALLERY, Row
from tests.gallery.light import PAIRS
from tests.gallery.measuring import Measured

HEAD = """# The gallery

Made by `python -m tests.gallery` from the table in `tests/gallery/facts.py`; `python -m tests.gallery lenet5` measures
a network anew, `--all` every one. Lines are those of the whole file, training recipe included, without empty lines and
comments. Multiply-adds are of one sample. A published figure stands as its source prints it, and the suite holds ours
against it.

`dslc check` compares NumPy interpreter, onnxruntime and finite differences; the worst errors of all values and of all
gradients are given (root mean square, relative), at a size that takes seconds: smaller pictures, batches, vocabularies,
fewer channels or blocks.

Nodes are those of the four graphs: start, training step, evaluation, network. What is not on CUDA was asked of
onnxruntime ([cuda.md](cuda.md)) for the same graphs: a dash for a graph whose session could not be made.
"""

TRAINED = """
## What was trained

By the command beside it, with seed 0, as every spec has it. Digits are the 10,000 of `specs/data/mnist10k.npz`, whose
last 2,000 are held back; figures are those of the last epoch on what is held back. Time is that of one processor core.
"""

LIGHT = """
## Beside the models of others

The `onnx` package brings models for testing, exported from Caffe2. `tests/gallery/light.py` compares the sequence of
convolutions, pools, response normalisations, concatenations and matrix products, each with its kernel, its stride, its
groups and the shape of its result. `-` stands only there, `+` only here.
"""

COUNTED = ("network", "spec", "lines", "parameters", "multiply-adds", "published", "by")
MEASURED = ("network", "comparisons", "values", "gradients", "nodes", "not on CUDA")


def page(measured: Mapping[str, Measured]) -> str:
    return "\n".join(
        [
            HEAD,
            "## What they are\n",
            *table(COUNTED, [_counted(row) for row in GALLERY]),
            "\n## What was checked\n",
            *table(MEASURED, [_measured(row, measured.get(row.key)) for row in GALLERY]),
            TRAINED,
            *table(("network", "result", "time", "command"), _trained()),
            LIGHT,
            *table(("network", "their model", "what differs", "why"), _beside()),
            "",
        ]
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _counted(row: Row) -> list[str]:
    found = summary_of(row)
    work = found.multiply_adds
    published = [row.parameters] if row.parameters else []
    published += [f"{row.multiply_adds} multiply-adds"] if row.multiply_adds else []
    settings = "".join(f" `{setting}`" for setting in row.settings)
    return [
        row.title,
        f"[{row.spec}](../specs/{row.spec}.net){settings}",
        str(lines_of(row)),
        f"{found.parameters:,}",
        f"{work:,}" if isinstance(work, int) else f"`{work}`",
        "; ".join(published) or "–",
        row.source or "–",
    ]


def _measured(row: Row, found: Measured | None) -> list[str]:
    if found is None:
        return [row.title, *("–" for _ in MEASURED[1:])]
    check = found["check"]
    return [
        row.title,
        f"{check['comparisons']} {'passed' if check['passed'] else 'FAILED'}",
        *("–" if check[kind] is None else f"{check[kind]:.1e}" for kind in ("forward", "gradient")),
        ", ".join(str(count) for count in found["nodes"].values()),
        _elsewhere(found["not_on_cuda"]),
    ]


def _elsewhere(placed: Mapping[str, Mapping[str, int] | None] | None) -> str:
    if placed is None:
        return "–"
    parts = []
    for kind, nodes in placed.items():
        if nodes is None:
            parts.append(f"{kind}: –")
        elif nodes:
            found = ", ".join(f"{count} {operator}" for operator, count in nodes.items())
            parts.append(f"{kind}: {found}")
    return "; ".join(parts) or "none"


def _trained() -> list[list[str]]:
    found = [(row.title, row.trained) for row in GALLERY if row.trained]
    return [[title, one.result, one.time, f"`{one.command}`"] for title, one in found]


def _beside() -> list[list[str]]:
    titles = {row.key: row.title for row in GALLERY}
    return [
        [
            titles[pair.key],
            f"`{pair.light}.onnx`",
            "<br>".join(pair.differs) or "nothing",
            pair.why or "–",
        ]
        for pair in PAIRS
    ]
