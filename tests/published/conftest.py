"""Tells at the end of a run how many of ONNX's published cases were held against what is compiled here."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    passed = terminalreporter.stats.get("passed", [])
    count = sum("tests/published/" in report.nodeid and "[" in report.nodeid for report in passed)
    if count:
        terminalreporter.write_line(f"{count} published cases of ONNX agree")
