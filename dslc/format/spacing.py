"""The space between two tokens on one line."""

from __future__ import annotations

from dslc.format.elements import Atom

ENDS = frozenset({"NAME", "INTEGER", "FLOAT", "SIZE", "STRING", "UNIT", "TRUE", "FALSE"})
PRODUCTS = frozenset({"*", "/"})
ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "@", "**"})
OPERATORS = ARITHMETIC | {"==", "!=", "<", "<=", ">", ">=", "and", "or"}
TIGHT_BEHIND = frozenset({"(", "[", "."})
TIGHT_BEFORE = frozenset({")", "]", ",", ".", ":", "**"})


def ends_operand(atom: Atom | None) -> bool:
    """Tell whether an operand can end with this token, so that what follows is a call, an index or an operator."""
    return atom is not None and (atom.kind in ENDS or atom.text in (")", "]", "}"))


def gap(before: Atom, sign: Atom | None, atom: Atom, bracket: str, spaced_call: bool) -> int:
    """Return how many spaces stand in front of `atom`.

    `sign` is `before` where that is a sign of one operand, `bracket` the innermost open one (or "");
    `spaced_call` says that a space stands in front of the arguments, as in `group bias (lr=0.1)`.
    """
    if atom.text == ":" and before.text == ",":
        return 1
    if atom.text in TIGHT_BEFORE or before.text in TIGHT_BEHIND or before.text == "**":
        return 0
    if sign is not None:
        return 0
    if before.text == ":" and bracket == "[":
        return 0
    if atom.text == "=" and bracket == "(":
        return int(
            before.text == "]"
        )  # the type of an input that may be left out: `mask: [T, S] = none`
    if before.text == "=" and bracket == "(":
        return before.gap
    if atom.text in ("(", "["):
        return int(spaced_call and atom.text == "(") if ends_operand(before) else 1
    return 1


def tighten(before: Atom, sign: Atom, behind: Atom) -> None:
    """Leave `4*width` without spaces where it was written so: a product of two plain names or numbers."""
    plain = before.kind in ENDS and behind.kind in ENDS
    if sign.text in PRODUCTS and plain and sign.apart == 0 and behind.apart == 0:
        sign.gap = behind.gap = 0
