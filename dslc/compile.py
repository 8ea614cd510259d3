"""THE pipeline: text of a `.net` file -> ONNX models. Every arrow is one function with one result.

text --parse--> Tree --elaborate--> Network --lower, differentiate, update--> graphs --simplify--> Artifact
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dslc.collector import paused
from dslc.elaborate.beyond import mistakes_beyond
from dslc.elaborate.elaborate import elaborate
from dslc.elaborate.loading import ReadWeights
from dslc.elaborate.warnings import common_warnings
from dslc.errors import CompileError, Diagnostic, in_order
from dslc.network.network import Network
from dslc.operation import Array
from dslc.reference.initial import initial_weights
from dslc.source import Source
from dslc.syntax.parser import parse, parse_partly
from dslc.syntax.tree import File

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.artifact.artifact import Artifact

Load = Callable[[str, str], Source]
"""`(path as written, path of the importing file) -> Source`: how imports are read."""


@dataclass(frozen=True)
class Options:
    """What may be said beside the spec: `--set` values by name, which net, and how imports and weights are read."""

    settings: Mapping[str, str]
    net: str | None = None
    load: Load | None = None
    weights: ReadWeights | None = None


@dataclass(frozen=True)
class Section:
    """A net with one of its train sections (or none), as elaborated for training and for inference."""

    learning: Network
    resting: Network


@paused()
def network_of(
    source: Source, options: Options, *, section: str | None = None, training: bool = True
) -> Network:
    """Read a spec: parse and elaborate it, for training or for inference (`if training { }` may differ).

    Errors: CompileError with every mistake; where some lines cannot be read, also what is wrong in the others.
    """
    read = partial(
        elaborate,
        load=_loader(options),
        weights=options.weights,
        settings=options.settings,
        net=options.net,
        section=section,
        training=training,
    )
    file, slips = parse_partly(source)
    if slips or file is None:
        raise CompileError(in_order([*slips, *mistakes_beyond(file, slips, read)], source))
    return read(file)


def sections_of(source: Source, options: Options) -> tuple[Section, ...]:
    """Read a spec once for each of its train sections; the net is the same in all of them.

    Errors: CompileError with the mistakes of every section.
    """
    first = network_of(source, options)
    names = first.training.sections if first.training else ()
    found: list[Section] = []
    mistakes: list[Diagnostic] = []
    for name in names or (None,):
        try:
            learning = (
                first
                if name in names[:1] or not names
                else network_of(source, options, section=name)
            )
            resting = network_of(source, options, section=name, training=False)
            found.append(Section(learning, resting))
        except CompileError as error:
            mistakes += error.diagnostics
    if mistakes:
        raise CompileError(in_order(mistakes, source))
    return tuple(found)


def warnings_of(sections: Sequence[Section]) -> tuple[Diagnostic, ...]:
    """Return the warnings that hold for every train section: what one of them uses is used."""
    return common_warnings([section.learning for section in sections])


def diagnostics_of(source: Source, options: Options) -> tuple[Diagnostic, ...]:
    """Return the mistakes of a spec, found as it is read or as its network is lowered, else its warnings."""
    from dslc.artifact import graphs

    try:
        sections = sections_of(source, options)
        graphs.inference_graph(sections[0].learning, None)
    except CompileError as error:
        return error.diagnostics
    return warnings_of(sections)


def compile_sections(
    sections: Sequence[Section],
    *,
    name: str,
    weights: Mapping[str, Array] | None = None,
    closed: bool = True,
) -> Artifact:
    """Compile a net with its train sections to its models.

    `weights` are those of the closed network by parameter name, by default the initial ones of the seed.

    Errors: WeightsFault where `weights` are not those of the net; GradientError where a loss cannot be differentiated.
    """
    from dslc.artifact.artifact import Artifact

    models = training_models(sections)
    resting = sections[0].resting
    if closed and weights is None:
        weights = initial_weights(resting)
    models["inference"] = inference_model(resting, weights if closed else None)
    return Artifact(name, models)


@paused()
def training_models(sections: Sequence[Section]) -> dict[str, ir.Model]:
    """Compile what training needs: `init`, and for a train section `train` and `eval` (`NAME.train`, `NAME.eval`)."""
    from dslc.artifact import graphs
    from dslc.artifact.artifact import finish
    from dslc.artifact.state import all_states

    models = {}
    nets = [section.learning.fed for section in sections]
    if nets[0].parameters:
        models["init"] = finish(nets[0], "init", graphs.init_graph(*nets), all_states(nets))
    for learning, resting in ((s.learning.fed, s.resting.fed) for s in sections):
        if learning.training is not None:
            front = f"{learning.training.name}." if learning.training.name else ""
            models[f"{front}train"] = finish(learning, "train", graphs.train_graph(learning))
            models[f"{front}eval"] = finish(resting, "eval", graphs.eval_graph(resting))
    return models


@paused()
def inference_model(resting: Network, weights: Mapping[str, Array] | None) -> ir.Model:
    """Compile the network alone: closed over `weights`, or open (parameters are inputs) without.

    Errors: WeightsFault where `weights` are not those of the net.
    """
    from dslc.artifact import graphs
    from dslc.artifact.artifact import finish
    from dslc.artifact.weights import fitting

    known = None if weights is None else fitting(resting, weights)
    return finish(resting, "inference", graphs.inference_graph(resting, known))


def _loader(options: Options) -> Callable[[str, str], File] | None:
    load = options.load
    if load is None:
        return None
    return lambda path, importer: parse(load(path, importer))
