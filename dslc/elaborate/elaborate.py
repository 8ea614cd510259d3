"""Tree -> Network: names, blocks, repeats, hyper-parameters and shapes resolved."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dslc.elaborate.arguments import setting_value
from dslc.elaborate.assertions import check_header, run_checks
from dslc.elaborate.complaints import no_default, no_output, output_name, too_deep
from dslc.elaborate.counting import least_calls
from dslc.elaborate.expressions import evaluate
from dslc.elaborate.freezing import Weights
from dslc.elaborate.headers import hyper_parameters
from dslc.elaborate.library import standard_library
from dslc.elaborate.lines import Lines, line_paths, read_lines
from dslc.elaborate.loading import ReadWeights, load_weights
from dslc.elaborate.makers import Fresh
from dslc.elaborate.modules import Load, Modules
from dslc.elaborate.names import names_of
from dslc.elaborate.notes import Notes
from dslc.elaborate.overrides import (
    Overrides,
    misplaced,
    read_overrides,
    unknown_hyper_parameter,
    with_settings,
)
from dslc.elaborate.places import Form, Place, owned
from dslc.elaborate.scope import (
    CALL_LIMIT,
    Definition,
    Frame,
    Library,
    MistakeError,
    Module,
    PoisonedError,
    Result,
    Scope,
    Work,
    too_many,
)
from dslc.elaborate.sections import chosen, section_mistakes, section_names
from dslc.elaborate.signature import Bound
from dslc.elaborate.spellings import spellings_joined
from dslc.elaborate.stacks import run
from dslc.elaborate.suggest import did_you_mean
from dslc.elaborate.train_settings import read_settings
from dslc.elaborate.training import training_of
from dslc.elaborate.usage import Written
from dslc.elaborate.warnings import warnings_of
from dslc.errors import CompileError, Diagnostic, Label, LimitError, Severity, in_order
from dslc.network.network import Input, Network, Training, with_held
from dslc.operation import SettingInfo
from dslc.source import Span
from dslc.syntax import tree

RECURSION_LIMIT = 5_000
"""Python's, while a spec is read: enough for blocks as deep as `DEPTH_LIMIT`."""


def elaborate(
    file: tree.File,
    *,
    load: Load | None = None,
    weights: ReadWeights | None = None,
    settings: Mapping[str, str] | None = None,
    net: str | None = None,
    section: str | None = None,
    training: bool = True,
    library: Library | None = None,
    notes: Notes | None = None,
    checks: bool = True,
) -> Network:
    """Resolve a file into the network it describes.

    `load(path, importer)` reads what the file imports, `weights` the files that parts of nets start from (without it
    they start from their initializers). `settings` are the strings of `--set` by name, `net` names the net to take (by
    default the last one), `section` the train section (by default the first). `training` is what `training` means in
    the spec; a train section is resolved either way. `notes` are filled with what each node is worth, as far as it was
    read. Without `checks`, checked shapes and `check` lines are noted, but not held against the net.

    Errors: CompileError with every independent mistake in the order of the file; LimitError where the net is too large.
    """
    work = Work(
        library or standard_library(),
        training,
        evaluate,
        run,
        notes=notes,
        sections=section_names(file),
        checks=checks,
    )
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, RECURSION_LIMIT))
    try:
        overrides = read_overrides(settings or {})
        return _Elaboration(work, file, overrides, net, section, weights).network(load)
    except RecursionError as error:
        raise LimitError([too_deep(file)]) from error
    finally:
        sys.setrecursionlimit(usual)


@dataclass
class _Elaboration:
    work: Work
    file: tree.File
    overrides: Overrides
    net: str | None
    section: str | None = None
    weights: ReadWeights | None = None
    written: list[Written] = field(default_factory=list)

    def network(self, load: Load | None) -> Network:
        """Read the net, then the train section; then name everything and see what is used."""
        module = Modules(self.work, load).module(self.file, _file_name(self.file))
        definition = self._chosen(module)
        frame = self._frame(definition, module)
        self._body(definition, frame)
        sound = not self._errors()
        section = self._section(definition)
        if section is None:
            self._stop()
            names_of(frame, Lines())
            load_weights(frame.place, self.work, self.weights)
            self._stop()
            return self._finished(definition, frame, None, Lines())
        inner = _behind(frame)
        lines = read_lines(section, inner)
        options = read_settings(section, inner)
        if not sound or lines.failed:
            self._stop()
        names_of(frame, lines)
        load_weights(frame.place, self.work, self.weights)
        weights = Weights(tuple(owned(frame.place)), tuple(with_held(self.work.calls)))
        trained = training_of(section, lines, options, weights, inner)
        self._stop()
        return self._finished(definition, frame, trained, lines)

    # ---- the net

    def _chosen(self, module: Module) -> Definition:
        """Return the net to elaborate: the one asked for, else the last."""
        nets = [item for item in self.file.items if isinstance(item, tree.Net)]
        if self.net is not None:
            nets = [item for item in nets if item.name.text == self.net]
        if not nets:
            raise CompileError([*self._errors(), self._no_net()])
        return Definition(nets[-1], module)

    def _no_net(self) -> Diagnostic:
        names = [item.name.text for item in self.file.items if isinstance(item, tree.Net)]
        start = Label(Span(self.file.source, 0, 0))
        if self.net is None:
            return Diagnostic(
                "E0506",
                "this file has no net",
                start,
                helps=("a net is what gets compiled:\nnet Name {\n  input x: float32[N, 784]\n}",),
            )
        text = did_you_mean(self.net, names)
        return Diagnostic(
            "E0506",
            f"this file has no net `{self.net}`",
            Label(start.span, text),
            facts=(f"its nets: {', '.join(names)}",),
        )

    def _frame(self, definition: Definition, module: Module) -> Frame:
        frame = Frame(
            self.work,
            Scope(module),
            Place(Form.BLOCK, definition.name.lower()),
            Fresh(self.work),
            stack=(definition,),
        )
        self._hyper(definition, frame)
        return frame

    def _hyper(self, definition: Definition, frame: Frame) -> None:
        """Give the net's hyper-parameters the values of `--set`, else their defaults."""
        assert isinstance(definition.node, tree.Net)
        bound = Bound(definition.node.name.span)
        known = {parameter.name.text: parameter for parameter in definition.node.parameters}
        for name, setting in self.overrides.hyper.items():
            if name not in known:
                self.work.report(unknown_hyper_parameter(name, setting, definition.node))
                continue
            try:
                info = SettingInfo(name, Any, None, {})
                bound.settings[name] = setting_value(info, setting.value, frame, definition.name)
                bound.spans[name] = setting.value.span
            except MistakeError as mistake:
                self.work.report(mistake.diagnostic)
        for name, parameter in known.items():
            hyper = parameter.type is None
            if hyper and parameter.default is None and name not in bound.settings:
                self.work.report(no_default(parameter))
        self._stop()
        try:
            hyper_parameters(definition, bound.settings, bound.spans, frame)
            check_header(definition, frame)
        except MistakeError as mistake:
            self.work.report(mistake.diagnostic)
            self._stop()
        except PoisonedError:  # the mistake was told where it was made
            self._stop()
        frame.hyper = ""

    def _body(self, definition: Definition, frame: Frame) -> None:
        """Run the rows of the net, and note what each one made."""
        body = definition.node.body
        steps = least_calls(body, frame)
        if steps > CALL_LIMIT:
            raise LimitError([too_many(steps, definition.node.name.span)])
        for statement in body.statements:
            calls, parameters = len(self.work.calls), len(self.work.parameters)
            run((statement,), frame)
            self._note(statement, calls, parameters, frame)
        run_checks(frame)
        if not frame.outputs and isinstance(frame.flow, Result):
            frame.outputs[output_name(frame.flow.value, frame)] = frame.flow
        if not frame.outputs and not self._errors():
            self.work.report(no_output(definition))

    def _note(self, statement: tree.Statement, calls: int, parameters: int, frame: Frame) -> None:
        node = statement.definition if isinstance(statement, tree.Output) else statement
        names = node.labels if isinstance(node, tree.Row) else ()
        names = node.names if isinstance(node, tree.Bind) else names
        names = (node.name,) if isinstance(node, tree.Parameter) else names
        found = [frame.scope.names.get(name.text) for name in names] or [frame.flow]
        values = [
            value for entity in found if isinstance(entity, Result) for value in entity.values
        ]
        if isinstance(node, tree.Row | tree.Bind | tree.Parameter):
            self.written.append(
                Written(
                    node.span,
                    names[0].span.to(names[-1].span) if names else node.span,
                    self.work.calls[calls:],
                    self.work.parameters[parameters:],
                    values,
                )
            )

    # ---- the train section

    def _section(self, definition: Definition) -> tree.Train | None:
        """Return the train section, with the settings of `--set train.name=`."""
        for mistake in section_mistakes(self.file):
            self.work.report(mistake)
        for mistake in misplaced(self.overrides, self.file):
            self.work.report(mistake)
        section = chosen(self.file, self.section)
        return None if section is None else with_settings(section, self.overrides.given(section))

    # ---- the end

    def _finished(
        self, definition: Definition, frame: Frame, trained: Training | None, lines: Lines
    ) -> Network:
        network = Network(
            definition.name,
            definition.node.doc,
            definition.node.span,
            tuple(value for value in frame.made.values() if isinstance(value, Input)),
            tuple(owned(_everything(frame, lines))),
            tuple(self.work.calls),
            {name: result.value for name, result in frame.outputs.items()},
            {p.name.text: frame.scope.names[p.name.text] for p in definition.node.parameters},
            trained,
        )
        outputs = self.work.block_outputs
        for warning in warnings_of(network, self.file, definition.node, self.written, outputs):
            self.work.report(warning)
        network.warnings = tuple(self._sorted(self.work.diagnostics))
        return network

    def _errors(self) -> list[Diagnostic]:
        return self._sorted([d for d in self.work.diagnostics if d.severity is Severity.ERROR])

    def _stop(self) -> None:
        """Raise what has been found wrong so far, if anything."""
        errors = self._errors()
        if errors:
            raise CompileError(errors)

    def _sorted(self, diagnostics: list[Diagnostic]) -> list[Diagnostic]:
        """Sort by position, foreign spellings of one line in one message."""
        return in_order(spellings_joined(diagnostics), self.file.source)


def _everything(frame: Frame, lines: Lines) -> Place:
    """Return a place that holds the net and the lines of the train section."""
    places = [frame.place, *(place for _, place in line_paths(lines))]
    return Place(Form.BLOCK, "", children=places)


def _behind(frame: Frame) -> Frame:
    """Return the frame of the train section: it sees the names of the net."""
    scope = Scope(frame.module, frame.scope)
    return Frame(
        frame.work,
        scope,
        Place(Form.BLOCK, ""),
        frame.maker,
        stack=frame.stack,
        made=frame.made,
    )


def _file_name(file: tree.File) -> str:
    return file.source.path.replace("\\", "/").rpartition("/")[2]
