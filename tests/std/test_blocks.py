"""Every block of the standard library: its rows are checked, and none is without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslc import api, std
from tests.std.cases import CASES, blocks_of


@pytest.mark.parametrize("name", CASES)
def test_forward_and_gradients(name: str, tmp_path: Path) -> None:
    spec = tmp_path / "case.net"
    spec.write_text(CASES[name].spec)
    network = api.load(spec)
    assert network.warnings == ()
    report = api.check(spec)
    assert report.passed, [finding for finding in report.findings if not finding.passed]


@pytest.mark.parametrize("path", std.shipped())
def test_every_block_has_a_row(path: str) -> None:
    called = " ".join(case.rows for case in CASES.values())
    assert [name for name in blocks_of(path) if f"{name}(" not in called] == []
