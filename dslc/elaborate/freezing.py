"""`freeze` and `group`: which weights change, and at which settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dslc.elaborate.arguments import bind
from dslc.elaborate.mending import help_with
from dslc.elaborate.scope import Frame, MistakeError, PoisonedError
from dslc.elaborate.signature import NO_FLOW, Signature, plain_signature
from dslc.elaborate.suggest import nearest
from dslc.errors import RuleError
from dslc.network.network import Call, Parameter
from dslc.operation import SettingInfo
from dslc.optimizers.base import Optimizer
from dslc.syntax import tree


@dataclass(frozen=True)
class Weights:
    """The weights and calls of a network whose names are known."""

    parameters: Sequence[Parameter]
    calls: Sequence[Call]

    def chosen(self, path: tree.Path) -> list[Parameter]:
        """Return the weights that a path or a kind (`bias`, which `bias_hh` is too, or `BatchNorm`) names."""
        prefix = ".".join(str(part) for part in path.parts)
        below = [p for p in self.parameters if p.name == prefix or p.name.startswith(f"{prefix}.")]
        return below or (self._of_kind(prefix) if len(path.parts) == 1 else [])

    def is_kind(self, path: tree.Path) -> bool:
        prefix = str(path)
        return not any(p.name == prefix or p.name.startswith(f"{prefix}.") for p in self.parameters)

    def _of_kind(self, kind: str) -> list[Parameter]:
        layers = {
            parameter
            for call in self.calls
            if call.operation.language_name() == kind
            for parameter in call.parameters
        }
        return [p for p in self.parameters if p in layers or _is_kind(p, kind)]


def _is_kind(parameter: Parameter, kind: str) -> bool:
    last = parameter.name.rpartition(".")[2]
    return last == kind or last.startswith(f"{kind}_")


def freeze(section: tree.Train, weights: Weights, frame: Frame) -> set[Parameter]:
    """Return the frozen weights, and put frozen layers with statistics into inference mode."""
    frozen: set[Parameter] = set()
    for node in section.statements:
        if not isinstance(node, tree.Freeze):
            continue
        keeps = _keeps_statistics(node, frame)
        for _, found in _each(node.paths, weights, frame):
            frozen.update(found)
            if not keeps:
                _still(weights.calls, set(found))
    return frozen


def _still(calls: Iterable[Call], frozen: set[Parameter]) -> None:
    for call in calls:
        statistics = any(parameter.statistic for parameter in call.parameters)
        if statistics and frozen.issuperset(call.parameters):
            call.frozen = True


_STATISTICS = (SettingInfo("statistics", bool, False, {}),)


def _keeps_statistics(node: tree.Freeze, frame: Frame) -> bool:
    """Read `freeze x (statistics=true)`: the running statistics go on, as in PyTorch."""
    signature = Signature("freeze", (), _STATISTICS, "freeze path (statistics=false)")
    bound = _bound(signature, node.arguments, node, frame)
    return bool(bound.get("statistics", False))


def grouped(
    section: tree.Train, weights: Weights, optimizer: Optimizer, frame: Frame
) -> dict[Parameter, Optimizer]:
    """Return the optimizer of every weight. A longer path overrides a shorter one, a path overrides a kind."""
    optimizers = dict.fromkeys(weights.parameters, optimizer)
    changes: list[tuple[int, list[Parameter], Mapping[str, Any], tree.Group]] = []
    for node in section.statements:
        if isinstance(node, tree.Group):
            settings = _group_settings(node, optimizer, frame)
            for path, found in _each(node.paths, weights, frame):
                length = 0 if weights.is_kind(path) else len(path.parts)
                changes.append((length, found, settings, node))
    for _, found, settings, node in sorted(changes, key=lambda change: change[0]):
        try:
            changed = {p: replace(optimizers[p], **settings) for p in found}
        except RuleError as error:
            place = (node.span, error.text)
            mistake = frame.mistake(error.code, error.message, *place, helps=error.helps)
            frame.work.report(mistake.diagnostic)
        else:
            optimizers.update(changed)
    return optimizers


def _group_settings(node: tree.Group, optimizer: Optimizer, frame: Frame) -> Mapping[str, Any]:
    name = type(optimizer).__name__
    signature = plain_signature(type(optimizer), name)
    optional = tuple(replace(info, default=None) for info in signature.settings)
    return _bound(replace(signature, settings=optional), node.arguments, node, frame)


def _bound(
    signature: Signature, arguments: Sequence[tree.Argument], node: tree.Node, frame: Frame
) -> Mapping[str, Any]:
    try:
        return bind(signature, arguments, frame, NO_FLOW, node.span).settings
    except MistakeError as mistake:
        frame.work.report(mistake.diagnostic)
    except PoisonedError:
        pass
    return {}


def _each(
    paths: Sequence[tree.Path], weights: Weights, frame: Frame
) -> Iterator[tuple[tree.Path, list[Parameter]]]:
    for path in paths:
        found = weights.chosen(path)
        if found:
            yield path, found
        else:
            frame.work.report(_nothing(path, weights, frame).diagnostic)


def _nothing(path: tree.Path, weights: Weights, frame: Frame) -> MistakeError:
    """Say that a path names no weights, and what there is one level up."""
    words = [str(part) for part in path.parts]
    names = [parameter.name.split(".") for parameter in weights.parameters]
    depth = 0
    while depth < len(words) and any(name[: depth + 1] == words[: depth + 1] for name in names):
        depth += 1
    inside = list(
        dict.fromkeys(n[depth] for n in names if n[:depth] == words[:depth] and len(n) > depth)
    )
    word = words[depth] if depth < len(words) else words[-1]
    kinds = (
        []
        if depth
        else sorted({c.operation.language_name() for c in weights.calls if c.parameters})
    )
    found = _from_the_end(word, inside) or nearest(word, [*inside, *kinds])
    found = found or _same_number(word, inside)
    where = f"inside {_written(words[:depth])}: " if depth else "the net has: "
    meant = _written([*words[:depth], found, *words[depth + 1 :]]) if found else ""
    return frame.mistake(
        "E0604",
        f"nothing is called `{path}`",
        path.span,
        "no parameters have this name",
        facts=(where + ", ".join(inside),) if inside else (),
        helps=(help_with(f"did you mean `{meant}`?", path.span, meant),) if meant else (),
    )


def _from_the_end(word: str, inside: Sequence[str]) -> str | None:
    """Return the round that `-1` means: a path counts from the front."""
    rounds = [name for name in inside if name.isdigit()]
    number = int(word) if word.removeprefix("-").isdigit() else 0
    return rounds[number] if -len(rounds) <= number < 0 else None


def _written(words: Iterable[str]) -> str:
    """Return a path as a spec has it: a round of a loop is an index."""
    parts = (f"[{word}]" if word.isdigit() else f".{word}" for word in words)
    return "".join(parts).removeprefix(".")


def _same_number(word: str, names: Sequence[str]) -> str | None:
    """Return the only name that ends with the same number: `stage1` for `layer1`."""
    digits = word[len(word.rstrip("0123456789")) :]
    alike = [name for name in names if digits and name.endswith(digits)]
    return alike[0] if len(alike) == 1 else None
