"""`--json`, `--strict`, `dslc explain` and the count of what is not printed, through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dslc.cli import main

UNUSED = "net Net {\n  input x, z: float32[N, 4]\n  output y: x -> Linear(3)\n}\n"
WRONG = "net Net {\n  input x: float32[N, 4]\n  output y: Linear(units=3, bais=false)\n}\n"


def dslc(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run a command; return its exit code, and what it printed."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
        patch.setattr("sys.argv", ["dslc", *map(str, arguments)])
        main()
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out, said.err


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return tmp_path / "net.net"


@pytest.mark.parametrize("command", ["compile", "check", "summary"])
def test_json_gives_the_mistakes_as_data(
    command: str, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(WRONG)
    code, out, err = dslc(capsys, command, spec, "--json")
    (found,) = json.loads(out)
    assert (code, err) == (2, "")
    assert set(found) == {"code", "severity", "message", "place", "labels", "facts", "helps"}
    assert (found["code"], found["severity"]) == ("E0203", "error")
    place = found["place"]
    assert (place["path"], place["line"], place["column"]) == (str(spec), 3, 29)
    assert (place["end_line"], place["end_column"]) == (3, 33)
    assert WRONG[place["start"] : place["end"]] == "bais"


def test_json_gives_the_warnings_of_what_compiles(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(UNUSED)
    code, out, err = dslc(capsys, "compile", spec, "--json", "-o", tmp_path / "build")
    assert code == 0
    assert [(one["code"], one["severity"]) for one in json.loads(out)] == [("W0207", "warning")]
    assert "net.onnx" in err


def test_the_summary_as_json_holds_the_warnings(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(UNUSED)
    code, out, _ = dslc(capsys, "summary", spec, "--json")
    summary: dict[str, Any] = json.loads(out)
    assert code == 0
    assert [one["code"] for one in summary["diagnostics"]] == ["W0207"]


@pytest.mark.parametrize("command", ["compile", "check", "train", "summary"])
def test_strict_makes_warnings_errors(
    command: str, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(UNUSED)
    code, out, err = dslc(capsys, command, spec, "--strict")
    assert (code, out) == (2, "")
    assert err.startswith("error[W0207]: the input `z` is never used")


def test_strict_and_json_go_together(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(UNUSED)
    code, out, _ = dslc(capsys, "summary", spec, "--strict", "--json")
    assert code == 2
    assert [(one["code"], one["severity"]) for one in json.loads(out)] == [("W0207", "error")]


def test_without_strict_a_warning_is_only_told(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(UNUSED)
    code, _, err = dslc(capsys, "summary", spec)
    assert code == 0 and err.startswith("warning[W0207]")


def test_twenty_mistakes_are_printed_and_the_rest_is_counted(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"  Linear({index}, bais=false)\n" for index in range(1, 34))
    spec.write_text(f"net Net {{\n  input x: float32[N, 4]\n{rows}}}\n")
    code, _, err = dslc(capsys, "summary", spec)
    assert code == 2
    assert err.count("error[E0203]") == 20
    assert err.splitlines()[-1] == "33 errors; 13 more are not shown"


def test_explain_prints_both_examples(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = dslc(capsys, "explain", "E0301")
    assert code == 0
    assert out.startswith("E0301: ") and "error[E0301]" in out
    assert out.index("Wrong:") < out.index("dslc says:") < out.index("Mended:")


def test_explain_lists_the_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = dslc(capsys, "explain")
    assert code == 0 and "E0301  The branches of a group differ in shape" in out


def test_an_unknown_code_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = dslc(capsys, "explain", "E9999")
    assert (code, out) == (2, "") and "there is no code E9999" in err


def test_bytes_that_are_no_text_have_their_place(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_bytes(b"net Net {\n  input x\xff: float32[N, 4]\n}\n")
    code, out, _ = dslc(capsys, "summary", spec, "--json")
    (found,) = json.loads(out)
    assert code == 2
    assert (found["code"], found["place"]["line"], found["place"]["column"]) == ("E0103", 2, 10)
