from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lsp.editor import Editor


@pytest.fixture(scope="session")
def editor() -> Iterator[Editor]:
    """One server for all tests of a process; each test has documents of its own."""
    editor = Editor()
    yield editor
    editor.close()
