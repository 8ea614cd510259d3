"""`dslc fmt`: what it writes, what it prints, and its exit codes."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from dslc.cli.commands import dslc

UGLY = "net A {\ninput x:float32[N]\n  }\n"
NEAT = "net A {\n  input x: float32[N]\n}\n"
WRONG = "net A {\n  input x: float32[N\n}\n"


def run(*arguments, given=None):
    return CliRunner().invoke(dslc, ["fmt", *map(str, arguments)], input=given)


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "a.net"
    path.write_text(UGLY)
    return path


def test_a_file_is_rewritten_once(spec):
    result = run(spec)
    assert (result.exit_code, spec.read_text()) == (0, NEAT)
    assert result.stdout == f"{spec} formatted\n"
    assert run(spec).stdout == ""


def test_check_names_what_would_change_and_writes_nothing(spec, tmp_path):
    neat = tmp_path / "neat.net"
    neat.write_text(NEAT)
    result = run("--check", neat, spec)
    assert (result.exit_code, spec.read_text()) == (1, UGLY)
    assert result.stdout == f"{spec} would change\n"
    assert run("--check", neat).exit_code == 0


def test_a_file_with_mistakes_is_left_alone_and_the_others_are_not(spec, tmp_path):
    wrong = tmp_path / "wrong.net"
    wrong.write_text(WRONG)
    result = run(wrong, spec)
    assert (result.exit_code, wrong.read_text(), spec.read_text()) == (2, WRONG, NEAT)
    assert "E0101" in result.stderr
    assert f"{wrong}:2:" in result.stderr


def test_a_file_that_is_not_there(spec, tmp_path):
    result = run(tmp_path / "none.net", spec)
    assert (result.exit_code, spec.read_text()) == (4, NEAT)
    assert "none.net" in result.stderr


def test_standard_input_goes_to_standard_output():
    result = run("-", given=UGLY)
    assert (result.exit_code, result.stdout) == (0, NEAT)
    assert run("-", "--check", given=UGLY).exit_code == 1
    wrong = run("-", given=WRONG)
    assert (wrong.exit_code, wrong.stdout) == (2, "")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_ends_and_the_mark_of_the_file_stay(spec, mark, end):
    spec.write_bytes(mark + UGLY.encode().replace(b"\n", end))
    assert run(spec).exit_code == 0
    assert spec.read_bytes() == mark + NEAT.encode().replace(b"\n", end)
    assert run("--check", spec).exit_code == 0


def test_permissions_and_links_stay(spec, tmp_path):
    spec.chmod(0o600)
    link = tmp_path / "link.net"
    link.symlink_to(spec)
    assert run(link).exit_code == 0
    assert link.is_symlink()
    assert (spec.read_text(), spec.stat().st_mode & 0o777) == (NEAT, 0o600)


def test_shapes_and_spellings_in_one_run(spec):
    spec.write_text("net A(k=10) {\n  input x: float[N, 4]\n  Dense(k) -> ReLU\n}\n")
    assert run("--fix", "--shapes", spec).exit_code == 0
    text = "net A(k=10) {\n  input x: float32[N, 4]\n  Linear(k) -> relu   -> [N, k]\n}\n"
    assert spec.read_text() == text


def test_shapes_of_a_net_with_mistakes(spec):
    text = "net A {\n  input x: float32[N, 4]\n  nothing\n}\n"
    spec.write_text(text)
    result = run("--shapes", spec)
    assert (result.exit_code, spec.read_text()) == (2, text)
    assert "E0206" in result.stderr
