"""Write files so that a crash, a full disk or a signal never leaves half of one.

A file is written under a temporary name in its own folder, forced to the disk, and renamed; the
folder is forced to the disk as well. So at every moment its name stands for the old content or the
new, never for something between. What a killed process leaves behind are temporary files, which the
next run in the same folder removes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from dslc_runtime.errors import FileFault, UserFault, file_fault

_TEMPORARY = re.compile(r"\..+\.tmp-(\d+)-[0-9a-f]{8}")
_CHUNK = 1 << 24


def write(path: Path | str, content: bytes | str, *, verify: bool = False) -> None:
    """Make `content` the content of `path`.

    With `verify` the file is read back before it takes its name.

    Errors: FileFault; what stood at `path` before is then still there.
    """
    path = Path(path)
    content = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        try:
            _write_new(temporary, content)
            if verify and digest_of_file(temporary) != hashlib.sha256(content).hexdigest():
                raise FileFault(f"{path}: what was read back is not what was written")
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise file_fault("write", path, error) from error


def _write_new(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest[:_CHUNK]) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    if (
        os.name == "nt"
    ):  # a folder cannot be opened there; the rename is on the disk when it returns
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_regular(path: Path | str, *, follow: bool = True) -> IO[bytes]:
    """Open a regular file to read it; a pipe or a device is refused without waiting for it.

    With `follow` false a symbolic link is refused, too.

    Errors: FileFault.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    flags |= 0 if follow else getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise file_fault("read", path, error) from error
    except ValueError as error:
        raise FileFault(f"{str(path)!r}: a path holds no zero character") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise FileFault(f"{path}: cannot read it: it is {kind}")
    return os.fdopen(descriptor, "rb")


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it where they are missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_fault("make", folder, error) from error


def remove(path: Path) -> None:
    """Remove a file; it is fine when it is gone already."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise file_fault("remove", path, error) from error


def remove_stale(folder: Path) -> None:
    """Remove the temporary files that killed processes left in `folder`.

    Call it under the folder's lock.
    """
    if folder.is_dir():
        for path in folder.iterdir():
            if _TEMPORARY.fullmatch(path.name):
                remove(path)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run's folder: one training at a time.

    The system lets go of it when a process dies.

    Errors: UserFault when another process holds it.
    """
    make_folder(folder)
    path = folder / ".lock"
    try:
        file = open(path, "ab")  # noqa: SIM115 (closed below, and the lock with it)
    except OSError as error:
        raise file_fault("open", path, error) from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            raise UserFault(
                f"{folder}: another training is running in this folder",
                helps=("wait for it, or give this one another folder with `-o`",),
            ) from error
        yield


def _lock(file: Any) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # only there
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
