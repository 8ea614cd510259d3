"""How long a graph becomes in which every step of a recurrence is written out, so that gradients have rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dslc import dims
from dslc.errors import Diagnostic, Label, LimitError
from dslc.network.network import Call

MOST_OPERATIONS = 100_000
"""Operations that a net, or the graph of one of its gradients before the backward pass, may have."""


def check_unrolled(calls: Iterable[Call], sizes: Mapping[str, int], *, trained: bool) -> None:
    """Refuse calls that would make a graph too long: nothing is written out before. Errors: LimitError (E0901)."""
    total = 0
    for call in calls:
        types = tuple(None if value is None else value.type for value in call.inputs)
        steps = dims.bind(call.operation.steps(types), sizes)
        total += steps if isinstance(steps, int) else 0
        if total > MOST_OPERATIONS:
            raise LimitError([_too_long(call, steps, trained=trained)])


def _too_long(call: Call, steps: object, *, trained: bool) -> Diagnostic:
    which = "training graph" if trained else "graph of the gradient"
    why = "a gradient unrolls recurrence"
    if trained:
        why = "training unrolls recurrence; the exported network does not"
    return Diagnostic(
        "E0901",
        f"the {which} would have more than {MOST_OPERATIONS:,} operations",
        Label(call.span, f"every step is written out: about {steps:,} operations"),
        facts=(why,),
        helps=(
            "train on shorter sequences"
            if trained
            else "make the sequence shorter, or leave its length free:  float32[N, T, 8]",
        ),
    )
