"""`dslc lsp` where its libraries are not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from dslc_runtime.errors import UserFault

from dslc.cli import editor


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "NEEDED", ("a_library_that_is_not_there",))
    with pytest.raises(UserFault, match=r'a_library_that_is_not_there: pip install "dslc\[lsp\]"'):
        editor.serve()


def test_the_compiler_does_without_them() -> None:
    """Neither the commands nor the compiler import what only the editor needs."""
    code = (
        "import sys, dslc.cli.commands, dslc.compile, dslc.cli.editor;"
        "sys.exit(any(name in sys.modules for name in ('pygls', 'lsprotocol', 'dslc.lsp')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
