"""Mistakes as data: what is wrong, where, and the edit that mends it.

A stage that finds a mistake makes a `Diagnostic`; prose is laid out in one place, `dslc.render`. Only the user's
mistakes are diagnostics. A fault of the compiler itself is an `InternalError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from dslc.source import Source, Span


class Severity(Enum):
    """Whether a spec with this mistake compiles (`warning`) or not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A place in the source and what is to be said about it, for example the shape of the value there."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake.

    `facts` are lines of arithmetic or of origin (the chain of blocks); `helps` are edits, the first line of each a
    sentence, further lines source text that can be pasted.
    """

    code: str
    message: str
    primary: Label
    others: tuple[Label, ...] = ()
    facts: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    promoted: bool = False
    """Whether a warning counts as an error (`--strict`)."""

    @property
    def severity(self) -> Severity:
        is_warning = self.code.startswith("W") and not self.promoted
        return Severity.WARNING if is_warning else Severity.ERROR


class DslcError(Exception):
    """What the command line turns into an exit code instead of a traceback."""

    exit_code = 70


class CompileError(DslcError):
    """The spec has mistakes; `diagnostics` lists every independent one."""

    exit_code = 2

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        first = self.diagnostics[0]
        super().__init__(f"{first.primary.span}: error[{first.code}]: {first.message}")


class LimitError(CompileError):
    """The spec asks for more than a limit allows (exit code 3)."""

    exit_code = 3


class InternalError(DslcError):
    """A fault of the compiler's own, never of the user's."""

    exit_code = 70

    def __init__(self, stage: str, message: str, span: Span | None = None) -> None:
        place = f" at {span}" if span else ""
        super().__init__(f"this is a fault of dslc, not of your file: {stage}{place}: {message}")


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that a rule proposes: what is said of it, and `text` in place of something.

    `about` names the setting (`"groups"`) that is replaced, or added where the call does not give it; `None` replaces
    the whole call, and a number the type that this value is declared with. In both, `{0}` stands for the first value as
    it is written, and `{call}` for the call.
    """

    sentence: str
    text: str
    about: str | int | None = None


def in_order(diagnostics: Iterable[Diagnostic], source: Source) -> list[Diagnostic]:
    """Return diagnostics by their places: those of `source` first, then those of the files it imports."""

    def position(diagnostic: Diagnostic) -> tuple[bool, str, int]:
        span = diagnostic.primary.span
        return span.source is not source, span.source.path, span.start

    return sorted(diagnostics, key=position)


class RuleError(Exception):
    """A shape or type rule refuses its operands.

    Rules know types, not places: the elaborator adds the spans. `about` names the setting (`"kernel"`) or operand
    (`0`, `1`, ...) at fault, `None` the call as a whole; `text` is said at that place. In every sentence `{0}` stands
    for the first value as it is written.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        about: str | int | None = None,
        text: str = "",
        facts: Sequence[str] = (),
        edits: Sequence[Edit] = (),
        helps: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.about = about
        self.text = text
        self.facts = tuple(facts)
        self.edits = tuple(edits)
        self.helps = tuple(helps)
