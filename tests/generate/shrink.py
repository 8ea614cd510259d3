"""Makes a failing spec smaller, as text, while it fails in the same way.

It knows the language only a little: lines, arguments, numbers and names. What cannot be read any more fails in another
way and is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

MOST_JUDGEMENTS = 400

Fails = Callable[[str], bool]


def shrink(text: str, fails: Fails) -> str:
    """Return the smallest text that was found for which `fails` still holds."""
    left = MOST_JUDGEMENTS
    progress = True
    while progress:
        progress = False
        for candidate in smaller(text):
            left -= 1
            if left < 0:
                return text
            if fails(candidate):
                text, progress = candidate, True
                break
    return text


def smaller(text: str) -> Iterator[str]:
    """Yield texts that are a step smaller, the largest steps first."""
    for change in (
        _without_sections,
        _without_lines,
        _without_stages,
        _without_arguments,
        _with_smaller_numbers,
    ):
        for candidate in change(text):
            if candidate != text:
                yield candidate


def _without_sections(text: str) -> Iterator[str]:
    sections = re.split(r"(?m)^(?=net |train |block )", text)
    for i in range(len(sections)):
        yield "".join(sections[:i] + sections[i + 1 :])


def _without_lines(text: str) -> Iterator[str]:
    """Drop a line; what it named becomes one of the values it was made of."""
    lines = text.splitlines(keepends=True)
    for i, line in enumerate(lines):
        rest = "".join(lines[:i] + lines[i + 1 :])
        yield rest
        made = re.match(r"\s*(\w+)(?:, \w+)*\s*[:=]\s*(.*)", line)
        if made:
            for name in dict.fromkeys(re.findall(r"\b[a-z]+\d+\b", made[2])):
                yield re.sub(
                    rf"(?m)^\s*output {name}\n(?=(?s:.*)output {name}\n)",
                    "",
                    re.sub(rf"\b{made[1]}\b", name, rest),
                )


def _without_stages(text: str) -> Iterator[str]:
    """Drop one call of a row, or a branch of a merge, or the braces of a repeat."""
    for found in re.finditer(r" -> [^|{}\n]*?(?= ->|\n| \}| \|)", text):
        yield text[: found.start()] + text[found.end() :]
    for found in re.finditer(r"-> [^|{}>\n]*? -> ", text):
        yield text[: found.start()] + "-> " + text[found.end() :]
    for found in re.finditer(r"(?:repeat \d|for k in \[1, 2\]) \{ ([^{}]*) \}", text):
        yield text[: found.start()] + found[1] + text[found.end() :]
    for found in re.finditer(r"\w+ \{ (\|[^{}]*) \}", text):
        for branch in found[1].split("|")[1:]:
            yield text[: found.start()] + (branch.strip() or "identity") + text[found.end() :]


def _without_arguments(text: str) -> Iterator[str]:
    for found in re.finditer(r",? ?\b[a-z_]+=(?:\[[^\]]*\]|[^,()\]]+)(?:, )?", text):
        for kept in ("", ", "):
            yield (
                (text[: found.start()] + kept + text[found.end() :])
                .replace("()", "")
                .replace("(, ", "(")
            )


def _with_smaller_numbers(text: str) -> Iterator[str]:
    """Make a size smaller everywhere, then in one place."""
    for number in sorted(set(re.findall(r"\b\d+\b", text)), key=int, reverse=True):
        for less in ("1", "2", str(int(number) - 1)):
            if 0 < int(less) < int(number):
                yield re.sub(rf"\b{number}\b", less, text)
    for found in re.finditer(r"\b\d+\b", text):
        if int(found[0]) > 1:
            yield text[: found.start()] + str(int(found[0]) - 1) + text[found.end() :]
