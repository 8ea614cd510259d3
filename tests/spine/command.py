"""The command line as a user has it: in this process, which is quick, or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dslc.cli import main

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs"
ENTRY = "from dslc.cli import main; main()"
PATIENCE = 120
"""Seconds until a process of a test counts as hanging."""


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


def dslc(*arguments: object) -> Outcome:
    """Run a command in this process, to the end that a shell would see."""
    out, err = StringIO(), StringIO()
    with _arguments(arguments), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
    assert isinstance(code, int)
    return Outcome(code, out.getvalue(), err.getvalue())


def done(*arguments: object) -> str:
    """Run a command that must succeed; return what it printed."""
    outcome = dslc(*arguments)
    assert outcome.code == 0, outcome.err
    return outcome.out


def environment(**variables: str) -> dict[str, str]:
    """Return an environment in which a new process finds dslc."""
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}", **variables}


def start(program: str, *arguments: object, **variables: str) -> subprocess.Popen[str]:
    """Start Python on the text of a program, in the checkout."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def apart(*arguments: object, program: str = ENTRY) -> Outcome:
    """Run a command in a process of its own."""
    process = start(program, *arguments)
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Outcome(process.returncode, out, err)


@contextmanager
def _arguments(arguments: tuple[object, ...]) -> Iterator[None]:
    before = sys.argv
    sys.argv = ["dslc", *map(str, arguments)]
    try:
        yield
    finally:
        sys.argv = before
