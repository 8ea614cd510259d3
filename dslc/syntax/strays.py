"""Characters that the language does not have, and what to write in their place."""

from __future__ import annotations

from lark import Token

from dslc.errors import Diagnostic
from dslc.source import Source, Span
from dslc.syntax.mistakes import edit, mistake
from dslc.syntax.tokens import span_of

# sign: (what it is taken for, the sentence, the label)
OPERATORS = {
    "^": ("**", "`^` is not an operator; powers are written `**`", "write **"),
    "&": ("and", "`&` is not an operator; conditions are joined with `and`", "write and"),
    "!": ("not ", "`!` is not an operator; it is written `not`", "write not"),
    "~": ("not ", "`~` is not an operator; it is written `not`", "write not"),
    "→": ("->", "the arrow is written `->`", "write ->"),
    "⟶": ("->", "the arrow is written `->`", "write ->"),
    "−": ("-", "this is a typographic minus; the operator is `-`", "write -"),
    "–": ("-", "this is a dash; the operator is `-`", "write -"),
    "·": ("*", "`·` is not an operator; products are written `*`", "write *"),
    "×": (
        "x",
        "`×` is not a letter of the language; a size is written 3x3, a product `*`",
        "write x",
    ),
    "÷": ("/", "`÷` is not an operator; quotients are written `/`", "write /"),
    "≤": ("<=", "`≤` is written `<=`", "write <="),
    "≥": (">=", "`≥` is written `>=`", "write >="),
    "≠": ("!=", "`≠` is written `!=`", "write !="),
    "²": ("**2", "`²` is not an operator; powers are written `**`", "write **2"),
    "³": ("**3", "`³` is not an operator; powers are written `**`", "write **3"),
}
SPACES = "\u00a0\u1680\u202f\u205f\u3000\u200b\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
QUOTES = "“”„‟«»‘’`´"
DOUBLED = "&"


def stray(source: Source, token: Token) -> Diagnostic:
    """Explain a token of the kind that no rule uses."""
    span = span_of(source, token)
    sign = token[0]
    if sign in "'\"" or sign in QUOTES:
        return _quote(source, span, token)
    if sign == ";":
        return _semicolon(source, span)
    if sign in OPERATORS:
        return _operator(source, span, sign)
    if sign in SPACES:
        return mistake(
            "E0103",
            f"this is not an ordinary space but the character U+{ord(sign):04X}",
            span,
            "type a space here",
            edit("with an ordinary space:", span, " "),
        )
    return _unknown(span, sign)


def _quote(source: Source, span: Span, token: Token) -> Diagnostic:
    content = str(token).strip("'\"\r" + QUOTES).rstrip()
    if token[0] == "'" and token.endswith("'") and len(token) > 1:
        message = "text stands in double quotes"
        help_ = edit("write it so:", span, f'"{content}"')
        return mistake("E0104", message, span, "single quotes are not used", help_)
    if token[0] == '"':
        message = "this text is never closed"
        help_ = edit("text ends on the line where it begins:", span, f'"{content}"')
        return mistake(
            "E0104", message, Span(source, span.start, span.start + 1), "opened here", help_
        )
    message = f"`{token[0]}` does not open text; that is the plain double quote"
    return mistake("E0104", message, Span(source, span.start, span.start + 1), 'write "')


def _semicolon(source: Source, span: Span) -> Diagnostic:
    rest = source.line_text(span.line)[span.column :]
    if not rest.strip() or rest.lstrip().startswith("#"):
        help_ = edit("leave it out:", span, "")
        return mistake("E0107", "there is no semicolon in the language", span, "delete it", help_)
    before = source.line_text(span.line)[: span.column - 1]
    indent = before[: len(before) - len(before.lstrip())]
    help_ = f"give each statement its own line:\n{before.rstrip()}\n{indent}{rest.strip()}"
    return mistake(
        "E0107", "a new line ends a statement, not `;`", span, "begin a new line here", help_
    )


def _operator(source: Source, span: Span, sign: str) -> Diagnostic:
    replacement, message, text = OPERATORS[sign]
    if sign in DOUBLED and source.text[span.end : span.end + 1] == sign:
        span = Span(source, span.start, span.end + 1)
        message = message.replace(f"`{sign}`", f"`{sign}{sign}`", 1)
    help_ = edit("write it so:", span, replacement)
    return mistake("E0102", message, span, text, help_)


def _unknown(span: Span, sign: str) -> Diagnostic:
    if sign.isdigit():
        return mistake(
            "E0105", "numbers are written with the digits 0 to 9", span, "not a digit here"
        )
    if sign.isalpha():
        facts = ("a name has the letters a to z and A to Z, digits and _, and no digit first",)
        return mistake(
            "E0103", f"the letter `{sign}` cannot stand in a name", span, "here", facts=facts
        )
    return mistake("E0103", f"the character `{sign}` has no meaning here", span, "delete it")
