"""`dslc lsp`: the language server, where its libraries are installed."""

from __future__ import annotations

from importlib.util import find_spec

from dslc_runtime.errors import UserFault

NEEDED = ("pygls", "lsprotocol")


def serve() -> None:
    """Serve one editor until it leaves. Errors: UserFault where the libraries are not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UserFault(
            f'the language server needs {" and ".join(missing)}: pip install "dslc[lsp]"'
        )
    from dslc.lsp.server import run

    run()
