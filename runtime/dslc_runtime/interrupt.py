"""Ctrl-C and SIGTERM: the first asks to stop after the step, the second stops at once.

Stopping at once is safe: files take their names only when they are whole.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

EXIT_CODE = 130
_SHOW_CURSOR = b"\x1b[?25h"


class Interrupts:
    """Within `with`, remembers in `requested` that a signal came.

    Outside the main thread it does nothing.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            if sys.stdout.isatty():  # a progress bar may have hidden it
                os.write(sys.stdout.fileno(), _SHOW_CURSOR)
            os._exit(EXIT_CODE)
        self.requested = True
