"""The server as an editor meets it: a real client, a process of its own, documents that change."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

import dslc.std
from dslc.compile import Options, network_of
from dslc.lsp.positions import Positions
from dslc.network.network import Network
from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse
from dslc.types import shape_text
from tests.lsp.editor import Editor, edited
from tests.lsp.reading import ROOT, place_of


def spec(name: str) -> str:
    return (ROOT / "specs" / name).read_text()


def without_checks(text: str) -> str:
    """Return a spec without its checked shapes."""
    found = [
        (node.stages[-2].span.end, node.stages[-1].span.end)
        for item in parse(Source("a.net", text)).items
        for node in below(item)
        if isinstance(node, tree.Pipe) and isinstance(node.stages[-1], tree.List)
    ]
    for start, end in sorted(found, reverse=True):
        text = text[:start] + text[end:]
    return text


def below(node: tree.Node) -> list[tree.Node]:
    return [node, *(inner for child in node.children() for inner in below(child))]


def network(text: str, name: str) -> Network:
    folder = ROOT / "specs"

    def load(path: str, importer: str) -> Source:
        return Source(path, (folder / path).read_text())

    return network_of(Source(name, text), Options({}, load=load))


def test_an_edit_gives_a_mistake_and_its_mending_removes_it(editor: Editor, tmp_path: Path) -> None:
    text = spec("lenet5.net")
    uri = editor.open(tmp_path / "lenet5.net", text)
    assert editor.mistakes(uri) == []
    wrong = text.replace("avg_pool(2x2)", "avg_pol(2x2)", 1)
    editor.change(uri, wrong)
    (mistake,) = editor.mistakes(uri)
    assert (mistake.code, mistake.severity) == ("E0201", types.DiagnosticSeverity.Error)
    assert "did you mean `avg_pool`?" in mistake.message
    place = place_of(wrong, "avg_pol(", inside=0)
    assert mistake.range == types.Range(place, types.Position(place.line, place.character + 7))
    editor.change(uri, text)
    assert editor.mistakes(uri) == []


def test_every_mistake_with_its_other_places(editor: Editor, tmp_path: Path) -> None:
    text = spec("lenet5.net").replace("c3:", "c1:").replace("batch = 32", "bach = 32")
    uri = editor.open(tmp_path / "two.net", text)
    name, setting = sorted(editor.mistakes(uri), key=lambda one: one.range.start.line)
    assert (name.code, setting.code) == ("E0205", "E0603")
    assert name.related_information
    assert name.related_information[0].location.uri == uri
    assert name.related_information[0].location.range.start == place_of(text, "c1:", inside=0)
    assert "help: " in name.message


def test_warnings(editor: Editor, tmp_path: Path) -> None:
    text = "net A {\n  input x, y: float32[N, 4]\n  output z = x -> Linear(3)\n}\n"
    uri = editor.open(tmp_path / "warning.net", text)
    found = [one for one in editor.mistakes(uri) if one.code == "W0207"]
    assert found
    assert found[0].severity == types.DiagnosticSeverity.Warning


def test_every_train_section_is_read(editor: Editor, tmp_path: Path) -> None:
    text = spec("gan.net")
    uri = editor.open(tmp_path / "gan.net", text)
    assert editor.mistakes(uri) == []
    editor.change(uri, text.replace("freeze discriminator", "freeze diskriminator"))
    (mistake,) = editor.mistakes(uri)
    assert mistake.code == "E0604"


def test_a_broken_file_is_answered(editor: Editor, tmp_path: Path) -> None:
    """The rows above the hole keep their shapes, and nothing below it has a wrong one."""
    text = "net A {\n  input x: float32[N, 8]\n  a: Linear(4)\n  b: Linear(\n  c: Linear(2)\n}\n"
    uri = editor.open(tmp_path / "broken.net", text)
    assert [one.code for one in editor.mistakes(uri)] == ["E0101"]
    assert editor.hints(uri) == {2: "[N, 4]"}
    assert "Linear(x, units" in editor.hover(uri, place_of(text, "Linear"))


@pytest.mark.parametrize("name", ["lenet5.net", "resnet18.net"])
def test_hints_are_the_shapes_of_the_network(editor: Editor, tmp_path: Path, name: str) -> None:
    text = without_checks(spec(name))
    uri = editor.open(tmp_path / name, text)
    hints = editor.hints(uri)
    found = network(text, name)
    values = [value for call in found.calls for value in call.outputs]
    (net,) = (item for item in parse(Source(name, text)).items if isinstance(item, tree.Net))
    rows = [rows_of(one) for one in net.body.statements if rows_of(one) is not None]
    assert len(rows) >= 6
    for row in rows:
        assert row is not None
        inside = [
            value
            for value in values
            if (value.chain[0][1] if value.chain else value.span).start >= row.span.start
            and (value.chain[0][1] if value.chain else value.span).end <= row.span.end
        ]
        line = Positions(text).position(row.span.end).line
        assert hints.pop(line) == shape_text(inside[-1].type.shape)
        if row.labels:
            assert inside[-1].name == row.labels[0].text
    first = Positions(text).position(net.span.start).line
    assert not [line for line in hints if line > first]


def rows_of(statement: tree.Statement) -> tree.Row | None:
    """Return the row of a statement, except one that only holds checks."""
    node = statement.definition if isinstance(statement, tree.Output) else statement
    return node if isinstance(node, tree.Row) and not isinstance(node.value, tree.If) else None


def test_a_row_with_a_check_has_no_hint(editor: Editor, tmp_path: Path) -> None:
    text = spec("lenet5.net")
    uri = editor.open(tmp_path / "checked.net", text)
    lines = text.split("\n")
    hints = editor.hints(uri)
    assert {lines[line].strip(): label for line, label in hints.items()} == {
        "f6: Linear(84) -> tanh": "[N, 84]",
        "output logits: Linear(classes)": "[N, 10]",
    }


def test_hover(editor: Editor, tmp_path: Path) -> None:
    text = "# 🧠 größer\n" + spec("lenet5.net")
    uri = editor.open(tmp_path / "hover.net", text)
    label = editor.hover(uri, place_of(text, "c1:"))
    assert "c1: float32[N, 6, 14, 14]" in label
    assert "156 parameters" in label
    assert "c1.weight: float32[6, 1, 5, 5]" in label
    call = editor.hover(uri, place_of(text, "Conv(6"))
    assert "Conv(x, channels, kernel, stride=1" in call
    assert "**Formula**" in call
    assert "gives `float32[N, 6, 28, 28]`" in call
    assert "classes = 10" in editor.hover(uri, place_of(text, "classes", 1))
    assert "How many samples make a step." in editor.hover(uri, place_of(text, "batch ="))
    assert "takes a number; at least 0; default 0.0" in editor.hover(
        uri, place_of(text, "momentum")
    )
    assert editor.hover(uri, place_of(text, "größer")) == ""


def test_hover_of_a_block_tells_its_calls_apart(editor: Editor, tmp_path: Path) -> None:
    text = spec("resnet18.net")
    uri = editor.open(tmp_path / "resnet18.net", text)
    width = editor.hover(uri, place_of(text, "width"))
    assert "width = 64   # Basic(width, stride=stride)" in width
    assert "width = 128   # Basic(width)" in width
    block = editor.hover(uri, place_of(text, "Basic(width)"))
    assert "block Basic(x, width, stride=1)" in block


def test_completion_inside_a_call(editor: Editor, tmp_path: Path) -> None:
    text = spec("lenet5.net").replace("Conv(6, 5x5)", "Conv(6, 5x5, )")
    uri = editor.open(tmp_path / "completion.net", text)
    found = {one.label: one for one in editor.completion(uri, place_of(text, "5x5, ", inside=5))}
    assert found["padding="].detail == "default 0"
    assert "classes" in found
    assert "image" in found
    assert "c3" not in found  # it comes later
    assert "stride=" in found


USES = """net Small(classes=3) {
  input image: float32[N, 3, 8, 8]
  ConvBN(4, 3x3) -> relu -> Basic(4)
  output logits: global_avg_pool -> Linear(classes)
}
train {
  target label: int64[N]
  loss cross_entropy(logits, label)
  optimizer = SGD(lr=0.1)
  batch = 8
  epochs = 1
}
"""


def test_definition_here_in_another_file_and_in_the_library(editor: Editor, tmp_path: Path) -> None:
    other = tmp_path / "resnet18.net"
    other.write_text(spec("resnet18.net"))
    text = 'import Basic from "resnet18.net"\nimport ConvBN from "std/convolution.net"\n' + USES
    uri = editor.open(tmp_path / "small.net", text)
    assert editor.mistakes(uri) == []
    shipped = Path(dslc.std.__file__).parent / "convolution.net"
    for name, place in (("Basic", other), ("ConvBN", shipped)):
        (block,) = editor.definition(uri, place_of(text, name, 1))
        assert block.uri == place.as_uri()
        assert block.range.start == place_of(place.read_text(), f"block {name}", inside=6)
        (file,) = editor.definition(uri, place_of(text, place.name))
        assert file.uri == place.as_uri()
    (label,) = editor.definition(uri, place_of(text, "logits", 1))
    assert (label.uri, label.range.start) == (uri, place_of(text, "logits", inside=0))
    (hyper,) = editor.definition(uri, place_of(text, "(classes)", inside=2))
    assert hyper.range.start == place_of(text, "classes=3", inside=0)
    (layer,) = editor.definition(uri, place_of(text, "Linear"))
    assert layer.uri.endswith("dslc/layers/linear.py")


def test_a_shipped_file_opens_like_any_other(editor: Editor, tmp_path: Path) -> None:
    """A mistake inside it shows at the import and leads there; hover tells its documentation."""
    shipped = Path(dslc.std.__file__).parent / "convolution.net"
    text = 'import ConvBN from "std/convolution.net"\n' + USES.replace("Basic(4)", "relu")
    uri = editor.open(tmp_path / "small.net", text)
    assert "Convolve and normalise" in editor.hover(uri, place_of(text, "ConvBN", 1))
    editor.change(uri, text.replace("ConvBN(4, 3x3)", "ConvBN(4, 11x11x11)"))
    (mistake,) = editor.mistakes(uri)
    assert mistake.range.start == place_of(text, '"std/', inside=0)
    assert mistake.related_information
    assert mistake.related_information[0].location.uri == shipped.as_uri()
    opened = editor.open(shipped, shipped.read_text())
    assert editor.mistakes(opened) == []


def test_an_open_import_counts_before_the_one_on_disk(editor: Editor, tmp_path: Path) -> None:
    other = tmp_path / "part.net"
    other.write_text("block Part(units) { Linear(units) }\n")
    text = 'import Part from "part.net"\nnet A {\n  input x: float32[N, 4]\n  y: Part(3)\n}\n'
    uri = editor.open(tmp_path / "whole.net", text)
    assert editor.mistakes(uri) == []
    assert editor.hints(uri) == {3: "[N, 3]"}
    part = editor.open(other, "block Part(units) { Linear(2 * units) }\n")
    assert editor.mistakes(part) == []
    assert editor.hints(uri) == {3: "[N, 6]"}
    del editor.problems[uri]
    editor.change(part, "block Part(units) { Liner(units) }\n")
    (mistake,) = editor.mistakes(uri)
    assert mistake.code == "E0201"
    assert mistake.range.start == place_of(text, '"part.net"', inside=0)
    assert mistake.related_information
    assert mistake.related_information[0].location.uri == part
    editor.close_document(part)


def test_rename_touches_every_use(editor: Editor, tmp_path: Path) -> None:
    text = """net A(classes=3) {
  input x: float32[N, 4]   # hidden: not this one
  hidden: Linear(5) -> tanh
  again = hidden -> relu
  output y: Linear(classes)
}
train {
  target t: int64[N]
  loss cross_entropy(y, t) + 0.1 * mean(hidden * hidden) + mean(again)
  freeze hidden.bias
  group hidden (lr=0.01)
  optimizer = SGD(lr=0.1)
  batch = 8
}
"""
    uri = editor.open(tmp_path / "rename.net", text)
    assert editor.mistakes(uri) == []
    edits = editor.rename(uri, place_of(text, "hidden:", 1), "code")
    assert list(edits) == [uri]
    wanted = text.replace("hidden", "code").replace("# code:", "# hidden:")
    assert edited(text, edits[uri]) == wanted
    assert len(editor.references(uri, place_of(text, "hidden", 2))) == len(edits[uri]) == 6
    editor.change(uri, wanted)
    assert editor.mistakes(uri) == []


def test_rename_says_why_not(editor: Editor, tmp_path: Path) -> None:
    text = "net A {\n  input x: float32[N, 4]\n  y: Linear(3)\n  z: Linear(3)\n}\n"
    uri = editor.open(tmp_path / "refused.net", text)
    for name, reason in [
        ("z", "used twice"),
        ("2b", "not a name"),
        ("relu", "function"),
        ("if", "word"),
    ]:
        with pytest.raises(JsonRpcException, match=reason):
            editor.rename(uri, place_of(text, "y:"), name)


def test_rename_reaches_the_files_that_import(editor: Editor, tmp_path: Path) -> None:
    part = "block Part(units) { Linear(units) }\n"
    whole = (
        'import Part from "part.net"\nnet A {\n  input x: float32[N, 4]\n  y: Part(units=3)\n}\n'
    )
    (tmp_path / "whole.net").write_text(whole)
    uri = editor.open(tmp_path / "part.net", part)
    edits = editor.rename(uri, place_of(part, "Part"), "Piece")
    other = (tmp_path / "whole.net").as_uri()
    assert edited(part, edits[uri]) == part.replace("Part", "Piece")
    assert edited(whole, edits[other]) == whole.replace("Part", "Piece")
    edits = editor.rename(uri, place_of(part, "units"), "width")
    assert edited(whole, edits[other]) == whole.replace("units", "width")
    (tmp_path / "whole.net").write_text(whole + "net {")
    with pytest.raises(JsonRpcException, match=r"whole\.net mentions this file and has mistakes"):
        editor.rename(uri, place_of(part, "units"), "width")


def test_formatting(editor: Editor, tmp_path: Path) -> None:
    text = "net A{\n input x: float32[N,4]\n    y:   Linear( 3 )\n}\n"
    uri = editor.open(tmp_path / "layout.net", text)
    result = edited(text, editor.formatting(uri))
    assert result == "net A {\n  input x: float32[N, 4]\n  y: Linear(3)\n}\n"
    editor.change(uri, result)
    assert editor.formatting(uri) == []
    editor.change(uri, "net A {\n")
    assert editor.formatting(uri) == []


def test_outline(editor: Editor, tmp_path: Path) -> None:
    uri = editor.open(tmp_path / "outline.net", spec("lenet5.net"))
    net, train = editor.outline(uri)
    assert net.name == "LeNet5"
    names = [child.name for child in net.children or ()]
    assert names == ["classes", "image", "c1", "c3", "c5", "f6", "logits"]
    details = {child.name: child.detail for child in net.children or ()}
    assert details["f6"] == "float32[N, 84]"
    assert {"digit", "loss", "optimizer"} <= {child.name for child in train.children or ()}
