"""The same file in another layout: other spaces, line ends where they may stand, comments at random places."""

from __future__ import annotations

from random import Random

from dslc.source import Source
from dslc.syntax.tokens import scan
from dslc.syntax.words import CONTINUING

SPACES = ["", " ", "  ", "      ", "\t"]
ENDS = ["\n", "\n\n", "\n\n\n", "{}\n", "{}\n{}\n", "\n{}\n", "\n\n  {}\n\n", "{}\n\n    {}\n"]


def disarranged(text: str, random: Random, share: float = 0.2) -> tuple[str, int]:
    """Return `text` with other spaces and line ends, and with comments; and how many of those it has."""
    tokens = scan(Source("a.net", text))
    result, brackets, count, end = "", [], 0, 0
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        between = text[end : token.start_pos]
        end = token.end_pos
        if token.type == "_END":
            comments = token.count("#") if "##" in token else 0
            made, added = ("", 0) if comments else line_end(random, share)
            result += made or str(token)
            count += added + sum(line.strip().startswith("#") for line in token.split("\n"))
            continue
        anywhere = bool(brackets) and brackets[-1] in "(["
        behind = before is not None and (before in CONTINUING or before in ("{", "|"))
        if (anywhere or behind or token in ("->", "else")) and random.random() < share:
            made, added = line_end(random, share)
            between, count = made or between, count + added
        elif between and random.random() < share:
            between = random.choice(SPACES[1:])
        result += between + token
        if token in ("(", "[", "{"):
            brackets.append(str(token))
        elif token in (")", "]", "}"):
            brackets.pop()
    return result, count


def line_end(random: Random, share: float) -> tuple[str, int]:
    """Return a line end with comments, and how many; sometimes nothing."""
    if random.random() > 2 * share:
        return "", 0
    made = random.choice(ENDS)
    words = ["  # plain", "# two words", " #tight", "## like documentation"]
    count = made.count("{}")
    return made.format(*(random.choice(words) for _ in range(count))), count
