"""Ctrl-C and SIGTERM: the first asks to stop after the step, the second stops at once.

Python runs signal handlers between two of its own instructions, so not while onnxruntime computes.
A thread therefore listens for the second signal; the interpreter writes each signal's number to a
socket the moment it comes.

Stopping at once is safe: files take their names only when they are whole.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

EXIT_CODE = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h"


class Interrupts:
    """Within `with`, `requested` says whether a signal came.

    Outside the main thread it never does.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}
        self._wakeup_before = -1
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno())
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._handle)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._before:
            signal.set_wakeup_fd(self._wakeup_before)
        self._writer.close()  # ends the thread
        self._thread.join()
        self._reader.close()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.requested = True

    def _listen(self) -> None:
        came = 0
        while content := self._reader.recv(64):
            came += sum(number in SIGNALS for number in content)
            if came > 1:
                if sys.stdout.isatty():  # a progress bar may have hidden it
                    os.write(sys.stdout.fileno(), _SHOW_CURSOR)
                os._exit(EXIT_CODE)
