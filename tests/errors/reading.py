"""What the compiler says of a spec, as text."""

from __future__ import annotations

import os
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
    before = Path.cwd()
    os.chdir(spec.parent)
    try:
        source = read_spec(Path(spec.name))
        root = Path()
        options = Options(_settings(source), load=importer(root), weights=weights_reader(root))
        return diagnostics_of(source, options)
    finally:
        os.chdir(before)


def rendered(spec: Path) -> str:
    return render_all(found_in(spec)) + "\n"


def _settings(source: Source) -> Mapping[str, str]:
    first = source.line_text(1)
    if not first.startswith(SET):
        return {}
    name, _, value = first.removeprefix(SET).partition("=")
    return {name: value}
