"""What `--set` says: `classes=37`, `depths=[2,2,4,4,4]`, `train.epochs=5`, `train.judging.optimizer=SGD(lr=0.1)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dslc.elaborate import foreign
from dslc.elaborate.sections import OWN, section_names, sections_of
from dslc.elaborate.suggest import did_you_mean
from dslc.elaborate.train_settings import SETTINGS
from dslc.errors import CompileError, Diagnostic, Label
from dslc.source import Source, Span
from dslc.syntax import tree

PREFIX = "train."


@dataclass(frozen=True)
class Overrides:
    """The values given for hyper-parameters, for settings of training, and for those of one section by its name."""

    hyper: dict[str, tree.Setting] = field(default_factory=dict)
    train: dict[str, tree.Setting] = field(default_factory=dict)
    sections: dict[str, dict[str, tree.Setting]] = field(default_factory=dict)

    def given(self, section: tree.Train) -> Mapping[str, tree.Setting]:
        """Return what is given for a section: what holds for all, and its own."""
        own = self.sections.get(section.name.text, {}) if section.name is not None else {}
        return {**self.train, **own}


def read_overrides(settings: Mapping[str, str]) -> Overrides:
    """Read the values of `--set`. Errors: CompileError where one is not an expression."""
    found = Overrides()
    for name, text in settings.items():
        if not name.startswith(PREFIX):
            found.hyper[name] = _read(name, name, text)
            continue
        section, dot, setting = name.removeprefix(PREFIX).rpartition(".")
        place = found.sections.setdefault(section, {}) if dot else found.train
        place[setting] = _read(name, setting, text)
    return found


def misplaced(overrides: Overrides, file: tree.File) -> Iterator[Diagnostic]:
    """Yield what is given for training and belongs to no section of the file, or does not say to which (E0213)."""
    names = section_names(file)
    shared = {*SETTINGS, *_written(file)} - OWN
    for name, setting in overrides.train.items():
        if not sections_of(file):
            yield _wrong(setting, f"train.{name}: the file has no train section")
        elif len(names) > 1 and name in OWN:
            yield _wrong(
                setting,
                f"train.{name}: each train section has its own `{name}`",
                helps=(
                    _either(f"--set train.{one}.{name}={setting.value.span.text}" for one in names),
                ),
            )
    for section, settings in overrides.sections.items():
        for name, setting in settings.items():
            shown = f"train.{section}.{name}"
            if section not in names:
                known = f"train sections: {', '.join(names)}" if names else "none has a name"
                text = did_you_mean(section, names)
                message = f"{shown}: there is no train section `{section}`"
                yield _wrong(setting, message, text, facts=(known,))
            elif name in shared and len(names) > 1:
                yield _wrong(
                    setting,
                    f"{shown}: `{name}` is the same for all train sections",
                    helps=(f"write  --set train.{name}={setting.value.span.text}",),
                )


def _written(file: tree.File) -> Iterator[str]:
    """Yield the settings of the first train section."""
    for statement in (one for section in sections_of(file)[:1] for one in section.statements):
        if isinstance(statement, tree.Setting):
            yield statement.name.text


def _either(edits: Iterator[str]) -> str:
    return f"write  {'  or  '.join(edits)}"


def _wrong(
    setting: tree.Setting,
    message: str,
    text: str = "",
    facts: tuple[str, ...] = (),
    helps: tuple[str, ...] = (),
) -> Diagnostic:
    place = Label(setting.name.span, text)
    return Diagnostic("E0213", f"--set {message}", place, facts=facts, helps=helps)


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
    meant = of_training(name, setting.value.span.text)
    facts = (
        f"hyper-parameters of {net.name.text}: {', '.join(known)}"
        if known
        else (f"{net.name.text} has no hyper-parameters")
    )
    return Diagnostic(
        "E0213",
        f"{net.name.text} has no hyper-parameter `{name}`",
        Label(setting.name.span, "" if meant else did_you_mean(name, known)),
        facts=(facts,),
        helps=(meant,) if meant else (),
    )


def of_training(name: str, value: str) -> str:
    """Return the edit for a setting of the train section: `--set epochs=1`."""
    meant = foreign.SETTINGS.get(name, name)
    if meant in SETTINGS or meant in OWN:
        return f"a setting of the train section is written  --set {PREFIX}{meant}={value}"
    if foreign.ARGUMENTS.get(name, name) in ("lr", "momentum", "weight_decay"):
        setting = f"{foreign.ARGUMENTS.get(name, name)}={value}"
        rate = "" if setting.startswith("lr=") else "lr=0.1, "
        return f"the optimizer has it:  --set {PREFIX}optimizer='SGD({rate}{setting})'"
    return ""


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
