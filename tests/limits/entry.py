"""Run a command as a person does, within this process: its exit code and what it prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dslc.cli import main


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


Dslc = Callable[..., Outcome]


def runner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Dslc:
    """Return a function that runs `dslc` with its arguments; no ending of it may look like a fault of ours."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["dslc", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        code = left.value.code if isinstance(left.value.code, int) else int(bool(left.value.code))
        out, err = capsys.readouterr()
        assert code != 70, err
        assert "Traceback" not in out + err
        assert "fault of dslc" not in err
        return Outcome(code, out, err)

    return run
