"""Every warning of a network without mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dslc.elaborate.scope import BlockOutput
from dslc.elaborate.suspicions import (
    channels_last,
    idle_dropout,
    inputs_first,
    loss_suspicions,
    unread,
    untrained,
)
from dslc.elaborate.unused import unused_names
from dslc.elaborate.usage import Written, unused_values, used_values
from dslc.errors import Diagnostic
from dslc.network.network import Network
from dslc.syntax import tree


def warnings_of(
    network: Network,
    file: tree.File,
    net: tree.Block | tree.Net,
    written: Sequence[Written],
    outputs: Sequence[BlockOutput],
) -> Iterator[Diagnostic]:
    """Yield what compiles and is probably wrong; `written` are the rows of the net, `outputs` those of its blocks."""
    used = used_values(network)
    yield from unused_names(file)
    yield from unused_values(network, used, written, _inputs(net), _targets(file))
    yield from unread([one for one in outputs if one.span.source is file.source], used)
    yield from channels_last(network)
    yield from inputs_first(network)
    yield from idle_dropout(network)
    if network.training is not None:
        yield from loss_suspicions(network, network.training)
        yield from untrained(network, network.training, written)


def _inputs(net: tree.Block | tree.Net) -> list[tree.Identifier]:
    lines = (one for one in net.body.statements if isinstance(one, tree.Input))
    return [name for line in lines for name in line.names]


def _targets(file: tree.File) -> list[tree.Identifier]:
    sections = (item for item in file.items if isinstance(item, tree.Train))
    lines = (one for section in sections for one in section.statements)
    return [name for line in lines if isinstance(line, tree.Target) for name in line.names]


def common_warnings(networks: Sequence[Network]) -> tuple[Diagnostic, ...]:
    """Return the warnings that a net has with each of its train sections: what one of them uses is used."""

    def place(warning: Diagnostic) -> tuple[str, int, int]:
        span = warning.primary.span
        return warning.code, span.start, span.end

    common = set.intersection(*({place(w) for w in network.warnings} for network in networks))
    return tuple(warning for warning in networks[0].warnings if place(warning) in common)
