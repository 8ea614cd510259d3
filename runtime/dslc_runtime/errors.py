"""What can go wrong at run time, each with the exit code of the command line.

A fault says in one sentence what is the matter, then gives facts (arithmetic, numbers found) and
helps (edits). It is raised where it is found; the command line prints it and exits with
`exit_code`.
"""

from __future__ import annotations

from collections.abc import Sequence


class RuntimeFault(Exception):
    """A fault of our own when raised as it is; the subclasses have other causes."""

    exit_code = 70

    def __init__(
        self, message: str, *, facts: Sequence[str] = (), helps: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.facts = tuple(facts)
        self.helps = tuple(helps)

    def __str__(self) -> str:
        facts = [f"  = {fact}" for fact in self.facts]
        helps = [f"  = help: {line}" for line in self.helps]
        return "\n".join([self.message, *facts, *helps])


class UserFault(RuntimeFault):
    """The data, the arguments or the weights are not what the net takes."""

    exit_code = 2


class LimitFault(RuntimeFault):
    """More is asked for than a limit or the memory allows."""

    exit_code = 3


class FileFault(RuntimeFault):
    """A file cannot be read or written."""

    exit_code = 4


class DivergedFault(RuntimeFault):
    """A value of the training step is not finite."""

    exit_code = 5


class DeviceFault(RuntimeFault):
    """The device that was asked for is not there, or failed."""

    exit_code = 6


class Interrupted(RuntimeFault):
    """Training was interrupted; a checkpoint holds everything up to the last finished step."""

    exit_code = 130


def file_fault(doing: str, path: object, error: OSError) -> FileFault:
    """Return the fault for an error of the system: `file_fault("write", path, error)`."""
    reason = error.strerror or str(error) or type(error).__name__
    return FileFault(f"{path}: cannot {doing} it: {reason[:1].lower()}{reason[1:]}")


def size_text(count: int) -> str:
    """Return a number of bytes as people write it: `1.5 GB`."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if amount < 1000:
            return f"{count} bytes" if unit == "bytes" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} EB"
