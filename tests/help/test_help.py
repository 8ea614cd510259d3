"""The reference: complete, up to date, and every example in it compiles."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from dslc.compile import Options, compile_sections, sections_of, training_models
from dslc.elaborate.library import standard_library
from dslc.help import terminal
from dslc.help.entry import Entry, described, everything
from dslc.help.examples import spec_of
from dslc.help.printing import page
from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse
from tests.placement import learned
from tests.spine.command import done, dslc

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"
ENTRIES = {f"{entry.kind} {entry.name}": entry for entry in everything()}

every_entry = pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)


@every_entry
def test_an_entry_is_complete(entry: Entry) -> None:
    assert entry.sentence.endswith("."), entry.sentence
    assert entry.example, "its docstring has no `Example:`"
    if entry.kind in ("layer", "function", "loss", "metric", "augmentation", "block"):
        assert entry.fields.get("Shapes"), "its docstring has no `Shapes:`"
    assert any(entry.name in line for line in entry.example) or entry.name in INFIX


INFIX = {
    *("add", "sub", "mul", "div", "floordiv", "mod", "pow", "neg", "matmul", "index"),
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
    *("logical_and", "logical_or", "logical_not", "literal", "maximum", "minimum"),
}
"""What may be written by a sign or a brace, or goes by a shorter name: `max(x, y)`."""


@every_entry
def test_an_example_compiles(entry: Entry) -> None:
    text = spec_of(entry)
    sections = sections_of(Source(f"{entry.name}.net", text), Options({}))
    models = compile_sections(sections, name="example").models
    assert models.keys() == {"init", "train", "eval", "inference"}


AUGMENTATIONS = [entry for entry in ENTRIES.values() if entry.kind == "augmentation"]


@pytest.mark.parametrize("entry", AUGMENTATIONS, ids=lambda entry: entry.name)
def test_an_augmentation_is_in_the_graph_whose_placement_is_asked(entry: Entry) -> None:
    sections = sections_of(Source(f"{entry.name}.net", learned(entry)), Options({}))
    nodes = training_models(sections)["train"].graph
    assert any(f"/{entry.name}/" in (node.name or "") for node in nodes)


@every_entry
def test_a_default_is_written_as_the_language_reads_it(entry: Entry) -> None:
    settings = map(described, entry.settings)
    given = ", ".join(f"{one.name}={one.default}" for one in settings if one.default)
    file = parse(Source("a.net", f"default Any({given or 0})\n"))
    written = [argument.value for item in file.items for argument in item.arguments]
    called = {node.function.text for node in written if isinstance(node, tree.Call)}
    assert called <= {*standard_library().initializers}


def test_the_page_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(), "run:  python -m dslc.help > docs/reference.md"


def test_everything_has_an_entry() -> None:
    library = standard_library()
    known = {entry.name for entry in ENTRIES.values()}
    for names in (library.operations, library.metrics, library.optimizers, library.schedules):
        assert set(names) <= known
    assert set(library.initializers) <= known


def test_help_of_a_name() -> None:
    said = done("help", "Conv")
    assert said.startswith("Conv(x, channels, kernel, stride=1")
    assert "channels   takes a whole number; at least 1; required" in said
    assert "Formula" in said and "Example" in said


@pytest.mark.parametrize(
    ("word", "says", "signatures"),
    [
        ("@", "`a @ b` is `matmul(a, b)`", ["matmul("]),
        ("-", "`-a` is `neg(a)`", ["sub(", "neg("]),
        ("not", "`not a` is `logical_not(a)`", ["logical_not("]),
        ("x[...]", "slices", ["index("]),
        ("->", "a new line", []),
        ("max", "merges their results by `maximum`", ["max(", "maximum("]),
        ("Conv2d", "`Conv2d` is `Conv` here", ["Conv("]),
        ("std/", "come with dslc", []),
        (
            "MultiheadAttention",
            'import MultiheadAttention from "std/attention.net"',
            ["MultiheadAttention("],
        ),
        ("none", "where a call leaves it out", []),
        ("repeat", "each time with new weights", []),
        ("clip_grad_norm", "A setting of the train section", []),
        ("scan", "The i-th `output` of the body is the next value of the i-th carry", []),
        ("freeze", "also keeps its running statistics", []),
        ("group", "`freeze` beats all", []),
        ("augment", "the type that the net takes", []),
        ("every", "`every = 5 steps`", []),
        ("accumulate", "`step` counts batches", []),
        ("weights", ".safetensors", []),
        ("training", "false in evaluation", []),
        ("trainable", "`trainable` is a setting of Conv, ", []),
        ("step", "", ["step(", "step("]),
        ("conv", "", ["conv("]),
    ],
)
def test_help_of_signs_and_words(word: str, says: str, signatures: list[str]) -> None:
    said = done("help", word)
    assert says.lower() in said.lower()
    titles = [line for line in said.splitlines() if re.match(r"[A-Za-z_]\w*\(.*\)$", line)]
    assert [title.partition("(")[0] + "(" for title in titles] == signatures


def test_a_terminal_gets_tables() -> None:
    """The same words as plain text has, with the settings in a table."""
    console = Console(width=140, record=True, file=io.StringIO())
    entry = ENTRIES["layer Linear"]
    terminal.print_entry(entry, console)
    terminal.print_overview(everything(), console)
    shown = console.export_text()
    assert "│ units" in shown and "required" in shown
    for text in (entry.signature.text, *entry.example, *entry.fields["Formula"].splitlines()):
        assert text in shown
    assert all(f"  {one.name} " in shown for one in everything())


def test_all_names_are_listed() -> None:
    said = done("help")
    for name in ("Conv", "cross_entropy", "accuracy", "SGD", "cosine", "kaiming_normal", "cutout"):
        assert f"  {name} " in said


def test_help_as_data() -> None:
    (word,) = json.loads(done("help", "->", "--json"))
    assert word["kind"] == "word" and "new line" in word["summary"]
    (entry,) = json.loads(done("help", "lrn", "--json"))
    assert entry["kind"] == "function" and entry["settings"][0]["name"] == "size"


def test_an_unknown_name_names_near_ones() -> None:
    outcome = dslc("help", "cro")
    assert outcome.code == 2 and "crop, cross_entropy" in outcome.err
