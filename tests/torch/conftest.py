"""These tests compare with PyTorch; where it is not installed they are skipped, here and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[torch]'")
