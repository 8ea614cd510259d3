"""What `--set` says: `classes=37`, `depths=[2,2,4,4,4]`, `train.epochs=5`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dslc.elaborate.suggest import did_you_mean
from dslc.errors import CompileError, Diagnostic, Label
from dslc.source import Source, Span
from dslc.syntax import tree

PREFIX = "train."


@dataclass(frozen=True)
class Overrides:
    """The values given for hyper-parameters and for settings of the train section."""

    hyper: Mapping[str, tree.Setting]
    train: Mapping[str, tree.Setting]


def read_overrides(settings: Mapping[str, str]) -> Overrides:
    """Read the values of `--set`. Errors: CompileError where one is not an expression."""
    hyper: dict[str, tree.Setting] = {}
    train: dict[str, tree.Setting] = {}
    for name, text in settings.items():
        if name.startswith(PREFIX):
            train[name.removeprefix(PREFIX)] = _read(name, name.removeprefix(PREFIX), text)
        else:
            hyper[name] = _read(name, name, text)
    return Overrides(hyper, train)


def _read(shown: str, name: str, text: str) -> tree.Setting:
    """Read `name = text` as a line of a train section, the place where the language has such lines."""
    from dslc.syntax.parser import parse

    source = Source(f"--set {shown}", f"train {{\n{name} = {text}\n}}")
    try:
        file = parse(source)
    except CompileError as error:
        raise CompileError([_unreadable(source, shown, text)]) from error
    train = file.items[0] if len(file.items) == 1 else None
    statements = train.statements if isinstance(train, tree.Train) else ()
    if len(statements) != 1 or not isinstance(statements[0], tree.Setting):
        raise CompileError([_unreadable(source, shown, text)])
    return statements[0]


def _unreadable(source: Source, shown: str, text: str) -> Diagnostic:
    start = source.text.index("\n") + 1
    return Diagnostic(
        "E0213",
        f"--set {shown}: `{text}` is not a value",
        Label(Span(source, start, len(source.text) - 2)),
        helps=("for example:  --set classes=37  --set depths=[2,2,4,4,4]  --set train.epochs=5",),
    )


def unknown_hyper_parameter(name: str, setting: tree.Setting, net: tree.Net) -> Diagnostic:
    """Say that the net has no such hyper-parameter (E0213)."""
    known = [parameter.name.text for parameter in net.parameters]
    text = did_you_mean(name, known)
    facts = (
        f"hyper-parameters of {net.name.text}: {', '.join(known)}"
        if known
        else (f"{net.name.text} has no hyper-parameters")
    )
    return Diagnostic(
        "E0213",
        f"{net.name.text} has no hyper-parameter `{name}`",
        Label(setting.name.span, text),
        facts=(facts,),
    )


def with_settings(section: tree.Train, given: Mapping[str, tree.Setting]) -> tree.Train:
    """Return the train section with the given settings in place of its own; `epochs` and `steps` replace each other."""
    replaced = set(given)
    if replaced & {"epochs", "steps"}:
        replaced |= {"epochs", "steps"}
    kept = [
        statement
        for statement in section.statements
        if not (isinstance(statement, tree.Setting) and statement.name.text in replaced)
    ]
    return replace(section, statements=(*kept, *given.values()))
