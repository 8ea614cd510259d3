"""An editor for the tests: a client of the Language Server Protocol that talks to `dslc lsp` in its own process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

Answer = TypeVar("Answer")

SECONDS = 60


class Editor:
    """Opens documents, edits them, asks; keeps the mistakes that the server last sent of each."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = LanguageClient("test", "1")
        self.problems: dict[str, types.PublishDiagnosticsParams] = {}
        self.arrived = asyncio.Event()
        self.versions: dict[str, int] = {}
        self._listen()
        self.capabilities = self._run(self._start()).capabilities

    async def _start(self) -> types.InitializeResult:
        await self.client.start_io(sys.executable, "-c", "from dslc.cli import main; main()", "lsp")
        result = await self.client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(
                    general=types.GeneralClientCapabilities(
                        position_encodings=[types.PositionEncodingKind.Utf16]
                    )
                )
            )
        )
        self.client.initialized(types.InitializedParams())
        return result

    def close(self) -> None:
        """End the server as an editor does."""
        self._run(self._stop())
        self.loop.close()

    async def _stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()

    def _run(self, answer: Awaitable[Answer]) -> Answer:
        return self.loop.run_until_complete(asyncio.wait_for(answer, SECONDS))

    def _listen(self) -> None:
        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.problems[params.uri] = params
            self.arrived.set()

    # ---- documents

    def open(self, path: Path, text: str) -> str:
        """Open a document with this text; return its address."""
        uri = path.as_uri()
        self.versions[uri] = 1
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "dslc", 1, text))
        )
        return uri

    def change(self, uri: str, text: str) -> None:
        """Replace the text of a document."""
        self.versions[uri] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def close_document(self, uri: str) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    def mistakes(self, uri: str) -> list[types.Diagnostic]:
        """Wait for the mistakes of the text as it is now."""
        return self._run(self._mistakes(uri))

    async def _mistakes(self, uri: str) -> list[types.Diagnostic]:
        while uri not in self.problems or self.problems[uri].version != self.versions[uri]:
            self.arrived.clear()
            await self.arrived.wait()
        return list(self.problems[uri].diagnostics)

    # ---- questions

    def hover(self, uri: str, place: types.Position) -> str:
        params = types.HoverParams(types.TextDocumentIdentifier(uri), place)
        found = self._run(self.client.text_document_hover_async(params))
        return "" if found is None else str(getattr(found.contents, "value", ""))

    def hints(self, uri: str) -> dict[int, str]:
        """Return the hints by line."""
        everything = types.Range(types.Position(0, 0), types.Position(10_000, 0))
        params = types.InlayHintParams(types.TextDocumentIdentifier(uri), everything)
        found = self._run(self.client.text_document_inlay_hint_async(params)) or []
        return {hint.position.line: str(hint.label) for hint in found}

    def completion(self, uri: str, place: types.Position) -> list[types.CompletionItem]:
        params = types.CompletionParams(types.TextDocumentIdentifier(uri), place)
        found: Any = self._run(self.client.text_document_completion_async(params))
        return list(found or [])

    def definition(self, uri: str, place: types.Position) -> list[types.Location]:
        params = types.DefinitionParams(types.TextDocumentIdentifier(uri), place)
        found: Any = self._run(self.client.text_document_definition_async(params))
        return list(found or [])

    def references(self, uri: str, place: types.Position) -> list[types.Location]:
        params = types.ReferenceParams(
            types.ReferenceContext(True), types.TextDocumentIdentifier(uri), place
        )
        return list(self._run(self.client.text_document_references_async(params)) or [])

    def rename(self, uri: str, place: types.Position, name: str) -> dict[str, list[types.TextEdit]]:
        params = types.RenameParams(types.TextDocumentIdentifier(uri), place, name)
        found = self._run(self.client.text_document_rename_async(params))
        return {} if found is None else {k: list(v) for k, v in (found.changes or {}).items()}

    def outline(self, uri: str) -> list[types.DocumentSymbol]:
        params = types.DocumentSymbolParams(types.TextDocumentIdentifier(uri))
        found: Any = self._run(self.client.text_document_document_symbol_async(params))
        return list(found or [])

    def formatting(self, uri: str) -> list[types.TextEdit]:
        params = types.DocumentFormattingParams(
            types.TextDocumentIdentifier(uri), types.FormattingOptions(2, True)
        )
        return list(self._run(self.client.text_document_formatting_async(params)) or [])


def edited(text: str, edits: list[types.TextEdit]) -> str:
    """Make edits as an editor does: columns in UTF-16."""
    encoded = [line.encode("utf-16-le") for line in text.split("\n")]

    def offset(place: types.Position) -> int:
        if place.line >= len(encoded):
            return len("\n".join(text.split("\n")).encode("utf-16-le"))
        before = sum(len(line) + 2 for line in encoded[: place.line])
        return before + min(place.character * 2, len(encoded[place.line]))

    data = text.encode("utf-16-le")
    for edit in sorted(edits, key=lambda one: offset(one.range.start), reverse=True):
        start, end = offset(edit.range.start), offset(edit.range.end)
        data = data[:start] + edit.new_text.encode("utf-16-le") + data[end:]
    return data.decode("utf-16-le")
