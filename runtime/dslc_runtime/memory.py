"""Refuse a run that cannot fit before it takes the memory."""

from __future__ import annotations

import re
from pathlib import Path

from dslc_runtime.errors import LimitFault, size_text
from dslc_runtime.metadata import Memory
from dslc_runtime.report import memory_facts

SHARE = 0.8
"""The share of the free memory that a run may plan with."""

_MEMORY_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def free_memory() -> int | None:
    """Return the free bytes of main memory, within the container's limit; None if unknown."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    match = re.search(r"MemAvailable:\s+(\d+) kB", text)
    found = [int(match[1]) * 1024] if match else []
    for limit, used in _MEMORY_LIMITS:
        try:
            found.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such limit, or the word `max`
            continue
    return max(0, min(found)) if found else None


def check_step(memory: Memory | None) -> None:
    """Refuse a training step whose estimate is more than `SHARE` of the free memory.

    Errors: LimitFault.
    """
    free = free_memory()
    if memory is not None and free is not None and memory.estimate_bytes > SHARE * free:
        raise LimitFault(
            f"a training step takes about {size_text(memory.estimate_bytes)}, "
            f"and {size_text(free)} of memory are free",
            facts=memory_facts(memory)[1:],
            helps=("use a smaller batch: `--set train.batch=...`",),
        )


def check_array(name: str, size: int) -> None:
    """Refuse to read an array of `size` bytes that does not fit. Errors: LimitFault."""
    free = free_memory()
    if free is not None and size > SHARE * free:
        raise LimitFault(
            f"{name} takes {size_text(size)}, and {size_text(free)} of memory are free",
            helps=("save it as .npy: such a file is read part by part",),
        )
