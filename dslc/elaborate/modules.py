"""Files: what a file defines, and what it imports from others of the same folder or from the standard library."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from dslc import std
from dslc.elaborate import limits
from dslc.elaborate.left_out import header_mistakes
from dslc.elaborate.mending import help_with
from dslc.elaborate.scope import POISON, Definition, Module, Work
from dslc.elaborate.suggest import did_you_mean, nearest
from dslc.errors import CompileError, Diagnostic, Label, LimitError
from dslc.syntax import tree

Load = Callable[[str, str], tree.File]
"""`(path as written, path of the importing file) -> File`."""


@dataclass
class Modules:
    """Reads the files of one elaboration, each once. `failed` are paths that could not be read."""

    work: Work
    load: Load | None
    known: dict[str, Module] = field(default_factory=dict)
    under_way: list[str] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    read: int = 0
    """Bytes of all files so far."""

    def module(self, file: tree.File, path: str) -> Module:
        """Collect what a file defines and imports."""
        module = Module(file, path)
        self.known[path] = module
        self.read += len(file.source.text.encode("utf-8", "surrogatepass"))
        self.under_way.append(path)
        for item in file.items:
            if isinstance(item, tree.Import):
                self._import(item, module)
        for item in file.items:
            if isinstance(item, tree.Block | tree.Net):
                self._check_header(item)
                self._define(Definition(item, module), item.name, module)
        for item in file.items:
            if isinstance(item, tree.Default):
                self._default(item, module)
        self.under_way.pop()
        return module

    def _check_header(self, node: tree.Block | tree.Net) -> None:
        """Refuse two parameters of one name, and data inputs that cannot stand so."""
        for mistake in header_mistakes(node):
            self.work.report(mistake)
        first: dict[str, tree.Identifier] = {}
        for parameter in node.parameters:
            name = parameter.name
            earlier = first.setdefault(name.text, name)
            if earlier is not name:
                self._report(
                    "E0205",
                    f"the name `{name.text}` is used twice",
                    Label(name.span, "second use"),
                    others=(Label(earlier.span, "first use"),),
                )

    def _define(self, definition: Definition, name: tree.Identifier, module: Module) -> None:
        earlier = module.definitions.get(name.text)
        if earlier is POISON:
            return
        if isinstance(earlier, Definition):
            self._report(
                "E0205",
                f"the name `{name.text}` is used twice",
                Label(name.span, "second use"),
                others=(Label(earlier.node.name.span, "first use"),),
            )
        elif name.text in self.work.library.operations:
            self._report(
                "E0208",
                f"`{name.text}` is a layer of the language",
                Label(name.span, "a block may not take its name"),
            )
        elif not name.text[0].isupper():
            capital = name.text[0].upper() + name.text[1:]
            self._report(
                "E0208",
                "the name of a block or net starts with a capital letter",
                Label(name.span),
                helps=(f"call it `{capital}`",),
            )
        else:
            module.definitions[name.text] = definition

    def _default(self, item: tree.Default, module: Module) -> None:
        known = {**module.definitions, **self.work.library.operations}
        if item.name.text not in known:
            text = did_you_mean(item.name.text, known)
            word = "layer" if item.name.text[0].isupper() else "function"
            self._report(
                "E0201",
                f"there is no {word} called `{item.name.text}`",
                Label(item.name.span, text),
            )
            return
        module.defaults.setdefault(item.name.text, []).extend(item.arguments)

    # ---- imports

    def _import(self, item: tree.Import, module: Module) -> None:
        path = self._path(item, module)
        other = None
        if path is not None and path not in self.failed:
            other = self.known.get(path) or self._read(item, path, module)
        if other is None:
            self.failed.add(path or "")
            module.definitions.update((name.text, POISON) for name in item.names)
            return
        own = {node.name.text for node in _definitions(other.file)}
        for name in item.names:
            found = other.definitions.get(name.text)
            if name.text in own and isinstance(found, Definition):
                self._define(found, name, module)
                continue
            module.definitions[name.text] = POISON
            if name.text not in own:
                self._missing(name, item, other)

    def _path(self, item: tree.Import, module: Module) -> str | None:
        """Return the path relative to the spec's folder; refuse what leads out of it (E0704).

        That of a shipped file begins with a slash, as none in the folder does.
        """
        written = item.path.value
        if std.is_shipped(written):
            return f"/{written}"
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(module.path), written))
        reason = leads_out(written, joined)
        if reason is not None:
            self._report(
                "E0704",
                "an import stays in the folder of the spec",
                Label(item.path.span, reason),
                helps=("put the file beside the spec, or in a folder below it",),
            )
            return None
        if joined in self.under_way:
            circle = " -> ".join([*self.under_way[self.under_way.index(joined) :], joined])
            self._report(
                "E0703",
                "these files import each other",
                Label(item.path.span, circle),
                helps=("move what both need into a third file",),
            )
            return None
        return joined

    def _read(self, item: tree.Import, path: str, module: Module) -> Module | None:
        written = item.path.value
        if self.load is None and not std.is_shipped(written):
            self._report(
                "E0702",
                "imports cannot be read here",
                Label(item.path.span, "there is no folder to look in"),
            )
            return None
        self._check_limits(item)
        try:
            if std.is_shipped(written):
                file = std.file_of(written)
            else:
                assert self.load is not None
                file = self.load(written, module.file.source.path)
        except LimitError:
            raise
        except CompileError as error:
            for diagnostic in error.diagnostics:
                self.work.report(diagnostic)
            return None
        except OSError as error:
            reason = (error.strerror or "it cannot be read").capitalize()
            reason = reason[0].lower() + reason[1:]
            label = Label(item.path.span, reason)
            facts, helps = _shipped_instead(item) if std.is_shipped(written) else ((), ())
            message = f"`{written}` cannot be read"
            self._report("E0702", message, label, facts=facts, helps=helps)
            return None
        return self.module(file, path)

    def _check_limits(self, item: tree.Import) -> None:
        """Refuse one file too many. Errors: LimitError."""
        message = ""
        if len(self.known) >= limits.FILES:
            message = f"a spec has at most {limits.FILES} files"
        elif len(self.under_way) > limits.FILE_DEPTH:
            message = f"files import each other at most {limits.FILE_DEPTH} deep"
        elif self.read > limits.ALL_BYTES:
            message = f"the files of a spec have at most {limits.ALL_BYTES >> 20} MiB together"
        if message:
            code = "E0902" if "deep" in message else "E0901"
            label = Label(item.path.span, "the limit is reached here")
            raise LimitError([Diagnostic(code, message, label)])

    def _missing(self, name: tree.Identifier, item: tree.Import, other: Module) -> None:
        names = [node.name.text for node in _definitions(other.file)]
        found = nearest(name.text, names)
        self._report(
            "E0701",
            f"`{name.text}` is not in {item.path.value}",
            Label(name.span, f"did you mean `{found}`?" if found else ""),
            facts=(f"{item.path.value} defines: {', '.join(names)}",),
            helps=_in_another_file(name.text, item)
            or ((help_with("write it so:", name.span, found),) if found else ()),
        )

    def _report(
        self,
        code: str,
        message: str,
        primary: Label,
        *,
        others: tuple[Label, ...] = (),
        facts: tuple[str, ...] = (),
        helps: tuple[str, ...] = (),
    ) -> None:
        self.work.report(Diagnostic(code, message, primary, others, facts, helps))


def _definitions(file: tree.File) -> list[tree.Block | tree.Net]:
    return [item for item in file.items if isinstance(item, tree.Block | tree.Net)]


def _shipped_instead(item: tree.Import) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the standard library has, and how one writes a path that is not meant for it."""
    span, written = item.path.span, item.path.value
    own = help_with("a file in a folder of your own is written:", span, f'"./{written}"')
    meant = nearest(written, std.shipped())
    helps = (help_with("write it so:", span, f'"{meant}"'), own) if meant else (own,)
    return (f"it has: {', '.join(std.shipped())}",), helps


def _in_another_file(name: str, item: tree.Import) -> tuple[str, ...]:
    """Return the import of a block that stands in another file of the standard library."""
    shipped = std.block_named(name)
    if shipped is None or shipped[0] != name or not std.is_shipped(item.path.value):
        return ()
    return (f'it stands in another file:\nimport {name} from "{shipped[1]}"',)


def leads_out(written: str, joined: str) -> str | None:
    """Say why a path does not stay in the folder of the spec, from how it is written; None where it does."""
    if not written:
        return "the path is empty"
    if written.startswith("/") or (len(written) > 1 and written[1] == ":"):
        return "this is an absolute path"
    if written.startswith("~"):
        return "this is a path of a home folder"
    if "://" in written:
        return "nothing is fetched: this must be a file"
    if "\\" in written:
        return "folders are separated by /"
    if joined.startswith("../") or joined == "..":
        return "this leads out of it"
    return None
