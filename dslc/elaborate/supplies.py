"""What training supplies in place of an input: changed data (`augment`), or numbers drawn in every step."""

from __future__ import annotations

from dataclasses import replace

from dslc.drawn import DISTRIBUTIONS, Drawn
from dslc.elaborate.arguments import build
from dslc.elaborate.constants import as_result
from dslc.elaborate.dimensions import declared_type
from dslc.elaborate.expressions import start
from dslc.elaborate.mending import help_with
from dslc.elaborate.scope import POISON, Frame, PoisonedError, Result
from dslc.elaborate.suggest import did_you_mean, nearest
from dslc.errors import Label
from dslc.network.network import Call, Input, Supply
from dslc.source import Span
from dslc.syntax import tree


def augmented(node: tree.Augment, known: list[Supply], frame: Frame) -> Supply:
    """Read `augment image: uint8[N, 1, 32, 32] = random_crop(28)`: what the data are, and what becomes of them."""
    target = _input(node.name, frame)
    _refuse_twice(target, node.span, known, frame)
    source = Input(target.name, declared_type(node.type, frame), node.type.span, doc=target.doc)
    before = len(frame.work.calls)
    inner = replace(frame, expression=node.value)
    entity = start(node.value, inner, Result((source,)))
    if entity is POISON or entity is None:
        raise PoisonedError
    value = as_result(entity, node.value.span, inner).value
    calls = frame.work.calls[before:]
    del frame.work.calls[before:]
    if value.type != target.type or not calls:
        raise frame.mistake(
            "E0617",
            f"the net takes {target.type} as `{target.name}`",
            node.value.span,
            f"this gives {value.type}",
            others=[Label(target.span, "declared here")],
            helps=(_other_size(node, source, target),),
        )
    return Supply(target, tuple(_giving(call, value, target) for call in calls), source)


def _giving(call: Call, value: object, target: Input) -> Call:
    """Let the call whose result becomes the input have the input as its result."""
    call.outputs = tuple(target if output is value else output for output in call.outputs)
    return call


def _other_size(node: tree.Augment, source: Input, target: Input) -> str:
    """Propose the crop that gives the size the net takes, else the type the data would need."""
    wanted, given = target.type, source.type
    pictures = wanted.rank == given.rank == 4 and wanted.shape[:2] == given.shape[:2]
    if pictures and wanted.dtype is given.dtype:
        shown = "x".join(map(str, dict.fromkeys(wanted.shape[2:])))
        return help_with("cut out what the net takes:", node.value.span, f"random_crop({shown})")
    return help_with("let the data be what the net takes:", node.type.span, str(target.type))


def drawn(node: tree.Setting, known: list[Supply], frame: Frame) -> Supply:
    """Read `z = normal(std=1)`: an input that training draws anew in every step."""
    target = _input(node.name, frame)
    _refuse_twice(target, node.span, known, frame)
    call = node.value
    name = call.function if isinstance(call, tree.Call) else call
    if not isinstance(name, tree.Name) or name.text not in DISTRIBUTIONS:
        word = name.text if isinstance(name, tree.Name) else ""
        raise frame.mistake(
            "E0402",
            f"training can draw the input `{target.name}` from {', '.join(DISTRIBUTIONS)}",
            call.span,
            did_you_mean(word, DISTRIBUTIONS),
            facts=("an input that no setting and no data supplies is missing in training",),
            helps=(help_with("for example:", call.span, "normal(std=1)"),),
        )
    arguments = call.arguments if isinstance(call, tree.Call) else ()
    distribution = build(DISTRIBUTIONS[name.text], arguments, frame, call.span, name.text)
    gives = "int64" if name.text == "randint" else "float32"
    if str(target.type.dtype) != gives:
        raise frame.mistake(
            "E0401",
            f"`{name.text}` draws {gives} numbers",
            call.span,
            others=[Label(target.span, f"`{target.name}` is {target.type}")],
        )
    operation = Drawn(distribution, target.type)
    made = Call(f"draw.{target.name}", operation, (), (), (target,), node.span, frame.chain)
    return Supply(target, (made,), None)


def _input(name: tree.Identifier, frame: Frame) -> Input:
    found = frame.made.get(name.text)
    if isinstance(found, Input):
        return found
    inputs = [key for key, value in frame.made.items() if isinstance(value, Input)]
    meant = nearest(name.text, inputs)
    raise frame.mistake(
        "E0206",
        f"the net has no input `{name.text}`",
        name.span,
        did_you_mean(name.text, inputs),
        facts=(f"its inputs: {', '.join(inputs) or 'none'}",),
        helps=(help_with("write it so:", name.span, meant),) if meant else (),
    )


def _refuse_twice(target: Input, span: Span, known: list[Supply], frame: Frame) -> None:
    for supply in known:
        if supply.input is target:
            raise frame.mistake(
                "E0205",
                f"`{target.name}` is supplied twice",
                span,
                "second time",
                others=[Label(supply.calls[-1].span, "first time")],
                helps=("put both changes into one line:  augment ... = one -> other",),
            )
