"""Text of a `.net` file -> the same file in the canonical layout.

    text --parse--> tree, tokens, comments --read--> elements --align--> elements --write--> lines --> text

Only layout changes: line ends, spaces, commas at the ends of lists, brackets around arithmetic left of an arrow.
"""

from __future__ import annotations

from dslc.errors import CompileError, InternalError
from dslc.format.blanks import separate_items
from dslc.format.columns import align
from dslc.format.comments import text_of
from dslc.format.read import Reader
from dslc.format.write import Writer
from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.lines import Lines
from dslc.syntax.parser import parse
from dslc.syntax.tokens import scan


def format_source(source: Source) -> str:
    """Return the text of a file in the canonical layout.

    Errors: CompileError where the file has syntax errors.
    """
    file = parse(source)
    lines = Lines(source, raw=scan(source))
    lines.read()
    stack = Reader(file, lines.tokens).file()
    separate_items(stack)
    align(stack)
    writer = Writer()
    writer.stack(stack, 0)
    text = text_of(writer.lines)
    _require_same(file, text)
    return text


def _require_same(file: tree.File, text: str) -> None:
    """Refuse a result that says anything else than the file it was made of."""
    try:
        again = parse(Source(file.source.path, text))
    except CompileError as error:
        raise InternalError("format", str(error)) from error
    comments = [comment.text for comment in file.comments]
    if again != file or comments != [comment.text for comment in again.comments]:
        raise InternalError("format", "the result would not mean the same", file.span)
