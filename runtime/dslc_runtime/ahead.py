"""Read ahead: while one batch is trained on, a thread fetches the next one from the disk."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(tasks: Iterable[Callable[[], Item]]) -> Generator[Item, None, None]:
    """Yield the result of each task in its order; a thread works on the one after it meanwhile.

    What a task raises is raised here, in its turn. Close the iterator to let go of the thread.
    """
    with ThreadPoolExecutor(1, "dslc-reader") as reader:
        waiting: Future[Item] | None = None
        for task in tasks:
            following = reader.submit(task)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
