"""The reference as text: one entry, lists of them, a page of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from dslc.help.entry import Entry, described, everything
from dslc.help.families import ORDER

PAGE_HEAD = """\
# Reference

Every layer, function, loss, metric, optimizer, schedule and initializer of the language, and every block of its
standard library, from the definitions themselves: `dslc help NAME` prints the same. This page is written by
`python -m dslc.help > docs/reference.md`.
"""

MORE = "`dslc help NAME` says more, also about words and signs; docs/language.md describes the language."

FIELDS = ("Shapes", "Formula", "Errors", "Kinks", "Source")


def by_family(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return entries under their headings, in the order of the reference."""
    found: dict[str, list[Entry]] = {heading: [] for heading in ORDER}
    for entry in entries:
        found[entry.family].append(entry)
    return {heading: listed for heading, listed in found.items() if listed}


def lines_of(entry: Entry) -> Iterator[str]:
    """Yield an entry as lines of plain text."""
    yield entry.signature.text
    yield f"  {entry.kind}: {entry.sentence}"
    if entry.imported:
        yield f"  {entry.imported}"
    for paragraph in filter(None, entry.details.split("\n\n")):
        yield ""
        yield from _wrapped(paragraph)
    if entry.settings:
        yield ""
        width = max(len(info.name) for info in entry.settings)
        for info in entry.settings:
            yield f"  {info.name:<{width}}  {described(info).text()}"
    for name in FIELDS:
        if entry.fields.get(name):
            yield ""
            yield f"  {name}"
            yield from (f"    {line}" for line in entry.fields[name].splitlines())
    if entry.example:
        yield ""
        yield "  Example"
        yield from (f"    {line}" for line in entry.example)


def overview() -> Iterator[str]:
    """Yield every name with its first sentence, under its heading."""
    for heading, listed in by_family(everything()).items():
        width = max(len(entry.name) for entry in listed)
        yield heading
        yield from (f"  {entry.name:<{width}}  {entry.sentence}" for entry in listed)
        yield ""
    yield MORE


def page() -> str:
    """Return the reference page."""
    families = by_family(everything())
    parts = [PAGE_HEAD]
    for heading, listed in families.items():
        links = ", ".join(f"[`{entry.name}`](#{anchor(entry)})" for entry in listed)
        parts.append(f"**[{heading}](#{_slug(heading)})**: {links}\n")
    for heading, listed in families.items():
        parts.append(f"## {heading}\n")
        parts += [_section(entry) for entry in listed]
    return "\n".join(parts)


def hover_text(entry: Entry) -> str:
    """Return what an editor shows of an entry, as Markdown: without settings, which it shows one by one."""
    parts = [code(entry.signature.text), entry.sentence]
    for name in ("Shapes", "Formula"):
        if name in entry.fields:
            parts.append(f"**{name}**\n{code(entry.fields[name], '')}")
    if entry.example:
        parts.append(f"**Example**\n{code(entry.fields['Example'])}")
    if "Source" in entry.fields:
        parts.append(f"*{' '.join(entry.fields['Source'].split())}*")
    return "\n\n".join(parts)


def code(text: str, language: str = "dslc") -> str:
    """Return Markdown for code."""
    return f"```{language}\n{text}\n```"


def anchor(entry: Entry) -> str:
    """Return where an entry stands on the page: a name may be a function and a schedule."""
    return f"{entry.kind}-{entry.name.lower()}"


def to_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as data."""
    settings = [
        {"name": s.name, "takes": s.takes, "limits": s.limits, "default": s.default}
        for s in map(described, entry.settings)
    ]
    return {
        "name": entry.name,
        "kind": entry.kind,
        "family": entry.family,
        "signature": entry.signature.text,
        "import": entry.imported,
        "sentence": entry.sentence,
        "details": entry.details,
        "settings": settings,
        **{name.lower(): entry.fields.get(name, "") for name in FIELDS},
        "example": list(entry.example),
    }


def _section(entry: Entry) -> str:
    lines = [f'### <a id="{anchor(entry)}"></a>{entry.name}', "", f"`{entry.signature.text}`", ""]
    lines += [entry.sentence, ""]
    if entry.imported:
        lines += [f"`{entry.imported}`", ""]
    if entry.details:
        lines += [entry.details, ""]
    if entry.settings:
        lines += ["| setting | takes | default |", "|---|---|---|"]
        lines += [_row(info) for info in map(described, entry.settings)]
        lines.append("")
    for name in FIELDS:
        text = entry.fields.get(name, "")
        if text:
            mark = _code(text) if name in ("Shapes", "Formula") else " ".join(text.split())
            lines += [f"*{name}*: {mark}", ""]
    if entry.example:
        lines += ["```", *entry.example, "```", ""]
    return "\n".join(lines)


def _row(setting: Any) -> str:
    takes = ", ".join(part for part in (setting.takes, setting.limits) if part)
    default = "required" if setting.default is None else f"`{setting.default}`"
    return f"| `{setting.name}` | {takes.replace('|', chr(92) + '|')} | {default} |"


def _code(text: str) -> str:
    """Set shapes and formulas so that Markdown leaves their signs alone."""
    return "\n\n" + "\n".join(f"    {line}" for line in text.splitlines())


def _slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9-]", "", heading.lower().replace(" ", "-"))


def _wrapped(paragraph: str, width: int = 96) -> Iterator[str]:
    line = ""
    for word in paragraph.split():
        if len(line) + len(word) > width:
            yield f"  {line}"
            line = ""
        line = f"{line} {word}".strip()
    yield f"  {line}"
