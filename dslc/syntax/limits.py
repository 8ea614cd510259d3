"""What a file may ask of the parser, so that no text can exhaust memory, time or the stack of calls."""

from __future__ import annotations

from typing import NoReturn

from dslc.errors import Diagnostic, Label, LimitError
from dslc.source import Span

FILE_BYTES = 1 << 20
TOKENS = 200_000
NESTING = 64
EXPRESSION = 128
NAME_CHARACTERS = 128
NUMBER_CHARACTERS = 40
STRING_CHARACTERS = 4096
ERRORS = 10


def refuse(code: str, span: Span, message: str, text: str = "", help_: str = "") -> NoReturn:
    """Stop: a limit is passed at `span`."""
    helps = (help_,) if help_ else ()
    raise LimitError([Diagnostic(code, message, Label(span, text), helps=helps)])
