"""Faults of the command line's own, each with its exit code."""

from __future__ import annotations

from dslc.errors import DslcError


class UsageFault(DslcError):
    """A mistake in the arguments."""

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class FileFault(DslcError):
    """A file that cannot be read or written; `reason` says why, without its path."""

    def __init__(self, message: str, *, exit_code: int = 4, reason: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.reason = reason or message
