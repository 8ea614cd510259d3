"""What the compiler says of a spec, as text."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from dslc.compile import Options, diagnostics_of
from dslc.errors import Diagnostic
from dslc.render import render_all
from dslc.source import Source
from dslc.tasks.reading import importer, read_spec, weights_reader

HERE = Path(__file__).parent
SET = "# --set "


def found_in(spec: Path) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a spec of this folder; its first line may hold `# --set name=value`."""
    return found_in_text(source_of(spec), spec.parent)


def source_of(spec: Path) -> Source:
    with contextlib.chdir(spec.parent):
        return read_spec(Path(spec.name))


def found_in_text(source: Source, folder: Path) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a text as if it stood in a folder."""
    with contextlib.chdir(folder):
        root = Path()
        options = Options(_settings(source), load=importer(root), weights=weights_reader(root))
        return diagnostics_of(source, options)


def rendered(spec: Path) -> str:
    return render_all(found_in(spec)) + "\n"


def _settings(source: Source) -> Mapping[str, str]:
    first = source.line_text(1)
    if not first.startswith(SET):
        return {}
    name, _, value = first.removeprefix(SET).partition("=")
    return {name: value}
