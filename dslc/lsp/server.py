"""The server: which question of the editor goes to which module, and when a text is read again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from dslc import __version__
from dslc.errors import DslcError
from dslc.lsp import definition, hints, hover, outline, rename
from dslc.lsp.analysis import Analysis, analyse
from dslc.lsp.completion import completions
from dslc.lsp.documents import Folder, path_of
from dslc.lsp.formatting import formatting
from dslc.lsp.positions import Positions
from dslc.lsp.problems import problems_of
from dslc.lsp.symbols import Index
from dslc.source import Source

log = logging.getLogger(__name__)

DELAY = 0.15
"""Seconds without an edit before mistakes are shown."""

REQUEST_FAILED = -32803

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Place(Protocol):
    """A question about a place in a document."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


class Server(LanguageServer):
    """Keeps what is known of every open text. A text is read again when it, or what it imports, has changed."""

    def __init__(self) -> None:
        super().__init__(
            "dslc", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
        )
        self.analyses: dict[str, Analysis] = {}
        self.names: dict[str, Index] = {}
        """The names of each text when it could last be read whole: for completion in one that cannot."""
        self.waiting: dict[str, asyncio.TimerHandle] = {}

    # ---- texts

    def analysis(self, uri: str) -> Analysis:
        """Return what is known of a document as it is now."""
        text = self.workspace.get_text_document(uri).source
        known = self.analyses.get(uri)
        if known is None or known.source.text != text:
            known = self._analysed(uri, text)
            self.analyses[uri] = known
            if known.index is not None and not known.syntax:
                self.names[uri] = known.index
        return known

    def _analysed(self, uri: str, text: str) -> Analysis:
        folder = Folder(uri, self.open_text)
        encoding = str(getattr(self.workspace.position_encoding, "value", "utf-16"))
        return analyse(Source(folder.name, text), Positions(text, encoding), folder)

    def open_text(self, path: str) -> str | None:
        """Return the text of an open document by its path."""
        for uri, document in self.workspace.text_documents.items():
            if str(path_of(uri)) == path:
                return str(document.source)
        return None

    def at(self, params: Place) -> tuple[Analysis, int]:
        """Return what is known of a document, and the offset of a place in it."""
        found = self.analysis(params.text_document.uri)
        return found, found.positions.offset(params.position)

    # ---- changes

    def changed(self, uri: str) -> None:
        """Show the mistakes of a document, and of those that import it, when the typing pauses."""
        for other in (uri, *self._readers_of(uri)):
            if other != uri:
                self.analyses.pop(other, None)
            self._later(other)

    def _readers_of(self, uri: str) -> list[str]:
        path = str(path_of(uri))
        return [
            other
            for other, known in self.analyses.items()
            if other != uri and path in known.folder.read
        ]

    def _later(self, uri: str) -> None:
        if uri in self.waiting:
            self.waiting.pop(uri).cancel()
        self.waiting[uri] = asyncio.get_running_loop().call_later(DELAY, self.show_problems, uri)

    def show_problems(self, uri: str) -> None:
        """Send the mistakes of a document."""
        self.waiting.pop(uri, None)
        if uri not in self.workspace.text_documents:
            return
        try:
            document = self.workspace.text_documents[uri]
            found = problems_of(self.analysis(uri))
        except Exception:
            log.exception("the mistakes of %s could not be shown", uri)
            return
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, found, document.version)
        )

    def forget(self, uri: str) -> None:
        """Forget a document that was closed."""
        for kept in (self.analyses, self.names):
            kept.pop(uri, None)
        if uri in self.waiting:
            self.waiting.pop(uri).cancel()
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    @property
    def takes_snippets(self) -> bool:
        """Whether the editor can insert text with places to fill in."""
        document = self.client_capabilities.text_document
        completion = document.completion if document else None
        item = completion.completion_item if completion else None
        return bool(item and item.snippet_support)


def server() -> Server:
    """Return the server with everything it answers."""
    made = Server()
    _register_changes(made)
    for method, (answer, options) in ANSWERS.items():
        made.feature(method, options)(answer)
    return made


def run() -> None:
    """Serve one editor on standard input and output until it leaves."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    server().start_io()


def _register_changes(made: Server) -> None:
    @made.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        ls.changed(params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def edited(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        ls.changed(params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        ls.forget(params.text_document.uri)

    @made.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def on_disk(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            ls.changed(change.uri)


# ---- answers


def guarded(answer: Handler) -> Handler:
    """Let an answer fail alone: a fault of ours is logged and answered with nothing, a refusal says why."""

    @wraps(answer)
    def safe(ls: Server, params: Any) -> Any:
        try:
            return answer(ls, params)
        except DslcError as error:
            raise JsonRpcException(str(error), REQUEST_FAILED) from error
        except Exception:
            log.exception("%s failed", answer.__name__)
            return None

    return safe  # type: ignore[return-value]  # has the signature of `answer`


@guarded
def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    return hover.hover(*ls.at(params))


@guarded
def _hints(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    found = hints.hints(ls.analysis(params.text_document.uri))
    first, last = params.range.start.line, params.range.end.line
    return [hint for hint in found if first <= hint.position.line <= last]


@guarded
def _completion(ls: Server, params: types.CompletionParams) -> list[types.CompletionItem]:
    found, offset = ls.at(params)
    index = found.index or ls.names.get(params.text_document.uri)
    return completions(found, offset, index, ls.takes_snippets)


@guarded
def _definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
    return definition.definition(*ls.at(params))


@guarded
def _references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
    return definition.references(*ls.at(params))


@guarded
def _prepare(ls: Server, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder:
    found, offset = ls.at(params)
    use = rename.renamable(found, offset)
    return types.PrepareRenamePlaceholder(found.positions.range(use.span), use.symbol.name)


@guarded
def _rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit:
    return rename.rename(*ls.at(params), params.new_name)


@guarded
def _outline(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    return outline.outline(ls.analysis(params.text_document.uri))


@guarded
def _format(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    return formatting(ls.analysis(params.text_document.uri))


ANSWERS: dict[str, tuple[Callable[..., Any], Any]] = {
    types.TEXT_DOCUMENT_HOVER: (_hover, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (_hints, None),
    types.TEXT_DOCUMENT_COMPLETION: (
        _completion,
        types.CompletionOptions(trigger_characters=[".", "(", ",", "=", ">", '"']),
    ),
    types.TEXT_DOCUMENT_DEFINITION: (_definition, None),
    types.TEXT_DOCUMENT_REFERENCES: (_references, None),
    types.TEXT_DOCUMENT_PREPARE_RENAME: (_prepare, None),
    types.TEXT_DOCUMENT_RENAME: (_rename, types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (_outline, None),
    types.TEXT_DOCUMENT_FORMATTING: (_format, None),
}
