"""Specs written in tests: how they are read, and how a place in them is marked."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import pytest

from dslc.elaborate.elaborate import elaborate
from dslc.errors import CompileError, Diagnostic
from dslc.network.network import Network
from dslc.source import Source
from dslc.syntax.parser import parse
from dslc.syntax.tree import File


def network_of(
    text: str,
    *,
    settings: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    net: str | None = None,
    section: str | None = None,
    training: bool = True,
) -> Network:
    """Elaborate a spec; `files` are those it can import."""
    known = files or {}

    def load(path: str, importer: str) -> File:
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))
        if joined not in known:
            raise FileNotFoundError(2, "no such file")
        return parse(Source(joined, known[joined]))

    return elaborate(
        parse(Source("spec.net", text)),
        load=load,
        settings=settings or {},
        net=net,
        section=section,
        training=training,
    )


def mistakes_of(text: str, **more: object) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a spec."""
    with pytest.raises(CompileError) as caught:
        network_of(text, **more)  # type: ignore[arg-type]  # the keywords of network_of
    return caught.value.diagnostics


def unmarked(marked: str) -> tuple[str, int, str]:
    """Return a spec without its mark `«...»`, where the mark begins, and what it holds."""
    before, _, rest = marked.partition("«")
    inside, _, after = rest.partition("»")
    return before + inside + after, len(before), inside


def said(diagnostic: Diagnostic) -> str:
    """Return everything a diagnostic says, in one string."""
    parts = [diagnostic.message, diagnostic.primary.text]
    parts += [label.text for label in diagnostic.others]
    return "\n".join([*parts, *diagnostic.facts, *diagnostic.helps])
