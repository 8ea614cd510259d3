"""`dslc help`: the reference on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dslc_runtime.errors import UserFault

from dslc.help.entry import everything
from dslc.help.lookup import find, near
from dslc.help.printing import lines_of, overview, to_json


def help_lines(name: str | None, *, as_json: bool) -> Iterator[str]:
    """Yield what there is to say about a name; without one, a line for each.

    Errors: UserFault for a name that is not there, with those that are near.
    """
    found = list(everything()) if name is None else find(name)
    if not found:
        names = near(name or "")
        said = f"did you mean {', '.join(names[:6])}?" if names else "`dslc help` lists all names"
        raise UserFault(f"there is no `{name}`", helps=(said,))
    if as_json:
        yield json.dumps([to_json(entry) for entry in found], indent=2)
    elif name is None:
        yield from overview()
    else:
        for position, entry in enumerate(found):
            yield from ([""] if position else [])
            yield from lines_of(entry)
