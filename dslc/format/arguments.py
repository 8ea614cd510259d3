"""The arguments of a foreign call as ours: other names, what is not needed left out, activations behind an arrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from dslc.elaborate import foreign
from dslc.elaborate.conversion import settings_of
from dslc.elaborate.library import standard_library
from dslc.elaborate.limits import RANK
from dslc.elaborate.spellings import INPUTS_FIRST, INPUTS_ONLY
from dslc.elaborate.suggest import FOREIGN
from dslc.format.edits import Edit
from dslc.operation import Operation
from dslc.syntax import tree

UNSAFE = frozenset(
    {"auto_pad", "beta", "beta_1", "beta_2", "decay", "l2", "normalized_shape", "pads", "window"}
)
"""Arguments whose values mean something else than those of our name for them."""

ADAPTIVE = "Adaptive"
BY_SIZES = ("LayerNorm", "RMSNorm")
"""Layers of PyTorch that are told the sizes of the dimensions they normalise; ours is told which dimensions."""

NO_ACTIVATION = ("linear", "identity", "none", "None")


@dataclass(frozen=True)
class Changes:
    """The changes of a call behind its name, and the arguments that go."""

    edits: list[Edit] = field(default_factory=list)
    gone: list[tree.Argument] = field(default_factory=list)


def settings_of_call(family: type) -> frozenset[str]:
    """Return the names of arguments that a call takes."""
    names = {info.name for info in settings_of(family)}
    if issubclass(family, Operation):
        names |= {value.name for value in family.values()}
    return frozenset(names)


def argument_edits(
    node: tree.Call, written: str, known: Collection[str], may_go_on: bool
) -> Changes | None:
    """Return the changes of the arguments of a call that is `written` so, None where they mean something else.

    `known` are the names of arguments that our call takes; `may_go_on` says that an arrow may stand behind it.
    """
    if written.startswith(ADAPTIVE) and not all(_is_one(one.value) for one in node.arguments):
        return None
    changes = Changes()
    behind = ""
    given = {argument.name.text for argument in node.arguments if argument.name}
    for argument in node.arguments:
        name = argument.name.text if argument.name else ""
        ours = foreign.ARGUMENTS.get(name, "")
        if not name or name in known:
            continue
        if name in foreign.ACTIVATIONS and may_go_on and not behind:
            behind = _activation(argument.value)
            changes.gone.extend([argument] if behind else [])
        elif ours in known and ours not in given and name not in UNSAFE:
            assert argument.name is not None
            changes.edits.append(Edit(argument.name.span.start, argument.name.span.end, ours))
        elif name in foreign.DROPPED:
            changes.gone.append(argument)
    changes.gone.extend(_only_inputs(node, written))
    if written in BY_SIZES:
        changes.edits.extend(_axes_of_sizes(node))
    changes.edits.extend(_layers(node, written))
    cuts = [*_cuts(node, changes.gone, may_go_on)]
    if any("#" in node.span.source.text[cut.start : cut.end] for cut in cuts):
        return None
    changes.edits.extend([*cuts, *_words(node.arguments)])
    if behind not in ("", "->"):
        changes.edits.append(Edit(node.span.end, node.span.end, f" {behind}"))
    return changes


def _is_one(node: tree.Expression) -> bool:
    """Tell whether a size is 1 everywhere."""
    if isinstance(node, tree.List):
        return all(_is_one(item) for item in node.items)
    if isinstance(node, tree.Size):
        return set(node.sizes) == {1}
    return isinstance(node, tree.Number) and node.value == 1


def _activation(node: tree.Expression) -> str:
    """Return what stands behind a call that names an activation: `-> relu`, or `->` alone for none; "" if unknown."""
    name = node.value if isinstance(node, tree.String) else ""
    name = node.text if isinstance(node, tree.Name) else name
    if name in NO_ACTIVATION:
        return "->"
    name = FOREIGN.get(name, name)
    return f"-> {name}" if name in standard_library().operations else ""


def _only_inputs(node: tree.Call, written: str) -> Iterator[tree.Argument]:
    """Yield the argument that says how many channels or features come in, or the size 1 of a global pool."""
    positional = [argument for argument in node.arguments if argument.name is None]
    names = {argument.name.text for argument in node.arguments if argument.name}
    if INPUTS_FIRST.fullmatch(written):
        known = len(positional) + ("kernel_size" in names) > 2
    elif INPUTS_ONLY.fullmatch(written):
        known = len(positional) == 1
    elif written == "GroupNorm" and len(positional) == 2:
        yield from positional[1:] if _is_size(positional[1].value) else ()
        return
    elif written in RECURRENT:
        known = bool(positional) and ("hidden_size" in names or _numbers(positional) > 1)
    else:
        known = written == "Linear" and _is_linear_elsewhere(node, positional)
    if known:
        yield positional[0]
    if written.startswith(ADAPTIVE):
        yield from node.arguments


RECURRENT = ("RNN", "LSTM", "GRU")
"""Layers of PyTorch whose numbers are those of features, units and layers; ours takes that of units."""


def _layers(node: tree.Call, written: str) -> Iterator[Edit]:
    """Yield the change that names the third number of a recurrent layer."""
    positional = [argument for argument in node.arguments if argument.name is None]
    if written in RECURRENT and len(positional) == _numbers(positional) == 3:
        place = positional[2].span.start
        yield Edit(place, place, "layers=")


def _numbers(arguments: Sequence[tree.Argument]) -> int:
    return sum(isinstance(one.value, tree.Number) for one in arguments)


def _is_linear_elsewhere(node: tree.Call, positional: Sequence[tree.Argument]) -> bool:
    """Tell whether the first of two arguments is the number of inputs: the second of ours is true or false."""
    if len(positional) != 2:
        return False
    return _numbers(positional) == 2 or isinstance(node.function, tree.Attribute)


def _is_size(node: tree.Expression) -> bool:
    """Tell whether this is a whole number too large for an axis."""
    return isinstance(node, tree.Number) and isinstance(node.value, int) and node.value >= RANK


def _axes_of_sizes(node: tree.Call) -> Iterator[Edit]:
    """Yield the change of sizes to the dimensions they belong to: `[64, 8, 8]` are the last three."""
    for argument in node.arguments:
        is_named = argument.name is not None and argument.name.text == "normalized_shape"
        is_first = argument is node.arguments[0] and argument.name is None
        value = argument.value
        sizes = value.items if isinstance(value, tree.List) else (value,)
        if is_named or (is_first and any(_is_size(size) for size in sizes)):
            axes = [*range(-len(sizes), 0)]
            text = f"axis={axes if isinstance(value, tree.List) else -1}"
            yield Edit(argument.span.start, argument.span.end, text)


def _words(arguments: Sequence[tree.Argument]) -> Iterator[Edit]:
    """Yield the changes of `padding="same"` and `padding="valid"`."""
    ours = {"same": "same", "valid": "0"}
    for argument in arguments:
        is_padding = argument.name is not None and argument.name.text == "padding"
        if is_padding and isinstance(argument.value, tree.String):
            text = ours.get(argument.value.value.lower())
            if text:
                yield Edit(argument.value.span.start, argument.value.span.end, text)


def _cuts(node: tree.Call, gone: Sequence[tree.Argument], may_be_bare: bool) -> Iterator[Edit]:
    """Yield the changes that take arguments out of a call; without any, its brackets go where they may."""
    arguments = node.arguments
    kept = [one for one in arguments if not any(one is other for other in gone)]
    if not kept:
        if may_be_bare:
            yield Edit(node.function.span.end, node.span.end, "")
        elif arguments:
            yield Edit(arguments[0].span.start, arguments[-1].span.end, "")
        return
    for index, argument in enumerate(arguments):
        if any(argument is one for one in kept):
            continue
        later = arguments[index + 1 :]
        if any(one is other for one in later for other in kept):
            yield Edit(argument.span.start, later[0].span.start, "")
        else:
            yield Edit(kept[-1].span.end, argument.span.end, "")
