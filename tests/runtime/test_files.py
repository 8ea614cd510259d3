"""A write that fails leaves the old file and no other; one that succeeds leaves the new one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dslc_runtime import files
from dslc_runtime.errors import FileFault, UserFault

OPERATIONS = ("open", "write", "fsync", "close", "replace")


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content in ("one", b"two" * 100, ""):
        files.write(path, content, verify=True)
        assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("operation", OPERATIONS[:3] + OPERATIONS[4:])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EMFILE])
def test_failure_keeps_the_old_file(
    operation: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(*arguments: Any, **others: Any) -> Any:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, operation, fail)
        with pytest.raises(FileFault, match="cannot write it") as caught:
            files.write(path, "new")
    assert str(path) in str(caught.value)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, bytes(data[:7])))
    content = bytes(range(256))
    files.write(tmp_path / "a", content)
    assert (tmp_path / "a").read_bytes() == content


def test_bad_read_back_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "digest_of_file", lambda path: "0" * 64)
    with pytest.raises(FileFault, match="read back"):
        files.write(tmp_path / "a", "content", verify=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["missing/a.txt", "a" * 300])
def test_places_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileFault):
        files.write(tmp_path / name, "content")


def test_stale_temporaries_go_and_nothing_else(tmp_path: Path) -> None:
    kept = ["a.onnx", ".lock", ".a.tmp", "a.tmp-1-00000000"]
    for name in [*kept, ".a.onnx.tmp-123-0123abcd"]:
        (tmp_path / name).touch()
    files.remove_stale(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_lock_is_exclusive_and_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom dslc_runtime import files\n"
        "with files.locked(Path(sys.argv[1])):\n    print('locked', flush=True)\n    input()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(files.__file__).parents[1])}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=pipe, stdout=pipe, env=environment
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(UserFault, match="another training"), files.locked(tmp_path):
            pass
        other.kill()
        other.wait()
    with files.locked(tmp_path):
        pass
