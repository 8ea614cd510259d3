"""These tests compare with PyTorch; where it is not installed they are skipped, here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

REASON = "PyTorch is not installed: pip install -e '.[torch]'"


class Comparison(pytest.Module):
    """A module of tests that imports PyTorch."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.importorskip("torch", reason=REASON)
        return super().collect()


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Comparison:
    return Comparison.from_parent(parent, path=module_path)
