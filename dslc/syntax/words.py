"""The words of the language, where they are words, and what kinds of tokens there are."""

from __future__ import annotations

from lark import Token

FILE_WORDS = frozenset({"import", "default", "block", "net", "train"})
LINE_WORDS = frozenset({"import", "default"})
"""Words of the file that begin no braces: further inside a net such a line is misplaced, and no brace is missing."""
STACK_WORDS = frozenset({"input", "param", "layer", "output", "check"})
TRAIN_WORDS = frozenset({"target", "loss", "metric", "freeze", "group", "augment"})
SECTION_WORDS = {
    "file": FILE_WORDS,
    "stack": STACK_WORDS,
    "branches": STACK_WORDS,
    "train": TRAIN_WORDS,
}
STATEMENT_WORDS = FILE_WORDS | STACK_WORDS | TRAIN_WORDS
RESERVED = frozenset(
    {"repeat", "for", "in", "if", "else", "scan", "and", "or", "not", "true", "false"}
)
UNITS = frozenset({"epochs", "steps"})

COMPARISONS = frozenset({"==", "!=", "<=", ">=", "<", ">"})
ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "@", "**"})
OPERATORS = ARITHMETIC | COMPARISONS | {"and", "or", "not", "."}
# A line end behind one of these does not end the statement.
CONTINUING = ARITHMETIC | COMPARISONS | {"and", "or", "not", "->"}

LITERALS = frozenset({"INTEGER", "FLOAT", "SIZE", "STRING"})
OPERAND_BEGINS = frozenset({"repeat", "for", "if", "scan", "true", "false", "not"})
OPERAND_ENDS = frozenset({")", "]", "}", "true", "false"})


def is_word(section: str, token: Token, following: Token | None) -> bool:
    """Tell whether the first token of a statement is one of the section's words.

    Outside every brace all are. In a `train` section `group = ...` is a setting of that name, but
    `loss` and `metric` are always words. In a stack, a name or a declaration without its name must
    follow, or, behind `check`, an expression: `input -> relu` is a row.
    """
    if token not in SECTION_WORDS[section]:
        return False
    if section == "file":
        return True
    if section == "train":
        return following != "=" or token in ("loss", "metric")
    if token == "check":
        return following is not None and (begins_operand(following) or following == "(")
    return following is not None and (following.type == "NAME" or following in (":", "=", ","))


def is_statement_word(token: Token, following: Token | None) -> bool:
    """Tell whether two tokens can only be the beginning of a statement: `output logits`, `train {`."""
    if token not in STATEMENT_WORDS or following is None:
        return False
    return following.type == "NAME" or (token == "train" and following == "{")


def begins_operand(token: Token) -> bool:
    """Tell whether a token other than an opening bracket or a sign begins an operand."""
    return token.type == "NAME" or token.type in LITERALS or token in OPERAND_BEGINS


def ends_operand(token: Token) -> bool:
    """Tell whether an operand can end with this token."""
    return token.type in ("NAME", "UNIT") or token.type in LITERALS or token in OPERAND_ENDS
