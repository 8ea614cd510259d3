"""The train sections of a file: one, or several with names that take turns over the same weights.

What the first section says of the data and of the length of the training holds for all of them: batch, epochs, data,
augment lines, drawn inputs, sizes. Losses, metrics, targets, freezing, optimizer and schedule are each section's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dslc.errors import Diagnostic, Label
from dslc.source import Span
from dslc.syntax import tree

OWN = frozenset(
    [
        "optimizer",
        "schedule",
        "clip_grad_norm",
        "clip_grad_value",
        "accumulate",
        "ema",
        "precision",
        "every",
    ]
)
"""Settings that every section has for itself."""


def sections_of(file: tree.File) -> list[tree.Train]:
    """Return the train sections of a file, in order."""
    return [item for item in file.items if isinstance(item, tree.Train)]


def section_names(file: tree.File) -> tuple[str, ...]:
    """Return the names of the sections where they take turns, else nothing."""
    names = [section.name.text for section in sections_of(file) if section.name is not None]
    return tuple(dict.fromkeys(names))


def chosen(file: tree.File, name: str | None) -> tree.Train | None:
    """Return one section, by default the first, with what it takes over from the first one."""
    sections = sections_of(file)
    if not sections:
        return None
    named = [one for one in sections if one.name is not None and one.name.text == name]
    working, idle = _parted(sections)
    section, first = (named or working)[0], working[0]
    others = idle if section is first else [first, *idle]
    said = {_key(one) for one in section.statements}
    taken: dict[tuple[type, str], tree.TrainStatement] = {}
    for one in (one for other in others for one in other.statements if _is_shared(one)):
        taken.setdefault(_key(one), one)
    shared = [one for key, one in taken.items() if key not in said]
    return replace(section, statements=(*section.statements, *shared)) if shared else section


def _parted(sections: list[tree.Train]) -> tuple[list[tree.Train], list[tree.Train]]:
    """Part the sections that train something from those that only say what holds for all, where there are both."""
    idle = [section for section in sections if not any(map(_trains, section.statements))]
    working = [section for section in sections if section not in idle]
    return (working, idle) if working else (sections, [])


def _trains(statement: tree.TrainStatement) -> bool:
    return isinstance(statement, tree.Loss) or _name(statement) == "optimizer"


def _name(statement: tree.TrainStatement) -> str:
    return statement.name.text if isinstance(statement, tree.Setting | tree.Augment) else ""


def _key(statement: tree.TrainStatement) -> tuple[type, str]:
    """Return what only one statement of a section has: an input may be named as a setting is."""
    return type(statement), _name(statement)


def section_mistakes(file: tree.File) -> Iterator[Diagnostic]:
    """Yield what is wrong with the sections as a whole (E0205, E0607, E0619)."""
    sections = sections_of(file)
    if len(sections) > 1:
        yield from (_nameless(section) for section in sections if section.name is None)
    first: dict[str, tree.Identifier] = {}
    for section in sections:
        if section.name is None:
            continue
        earlier = first.setdefault(section.name.text, section.name)
        if earlier is not section.name:
            yield Diagnostic(
                "E0205",
                f"two train sections are called `{section.name.text}`",
                Label(section.name.span, "second use"),
                (Label(earlier.span, "first use"),),
            )
    working, idle = _parted(sections)
    yield from (_trains_nothing(section, working[0]) for section in idle)
    for section in working[1:]:
        yield from (_said_before(one, working[0]) for one in section.statements if _is_shared(one))
    yield from _turns(working)


def _is_shared(statement: tree.TrainStatement) -> bool:
    if isinstance(statement, tree.Setting):
        return statement.name.text not in OWN
    return isinstance(statement, tree.Augment)


def word(section: tree.Train) -> Span:
    """Return the span of the word `train`."""
    span = section.span
    return Span(span.source, span.start, span.start + len("train"))


def _nameless(section: tree.Train) -> Diagnostic:
    return Diagnostic(
        "E0619",
        "of several train sections each needs a name",
        Label(word(section)),
        facts=("the name tells their files and their figures apart",),
        helps=("give it one:  train critic { ... }",),
    )


def _trains_nothing(section: tree.Train, first: tree.Train) -> Diagnostic:
    called = f"train section `{section.name.text}`" if section.name else "this train section"
    return Diagnostic(
        "E0607",
        f"{called} has neither a loss nor an optimizer",
        Label(word(section)),
        facts=("what the first train section says of the data holds for all of them",),
        helps=(f"move its lines into `train {first.name.text if first.name else ''}`",),
    )


def _said_before(statement: tree.TrainStatement, first: tree.Train) -> Diagnostic:
    return Diagnostic(
        "E0619",
        f"`{_name(statement)}` is for the first train section to say",
        Label(statement.span),
        (Label(word(first), "the first section"),),
        facts=("data and length of the training are the same for all sections",),
        helps=(f"move this line into `train {first.name.text if first.name else ''}`",),
    )


def _turns(sections: list[tree.Train]) -> Iterator[Diagnostic]:
    """Refuse `every` where nothing is left in between."""
    for section in sections[:1]:
        for one in section.statements:
            if isinstance(one, tree.Setting) and one.name.text == "every":
                yield Diagnostic(
                    "E0619",
                    "the first train section takes every step",
                    Label(one.span),
                    facts=("`every = 5 steps` slows down a section that takes turns with it",),
                    helps=("leave this line out, or put the section behind another",),
                )
