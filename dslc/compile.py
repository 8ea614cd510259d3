"""THE pipeline: text of a `.net` file -> ONNX models. Every arrow is one function with one result.

text --parse--> Tree --elaborate--> Network --lower, differentiate, update--> graphs --simplify--> Artifact
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dslc.elaborate.beyond import mistakes_beyond
from dslc.elaborate.elaborate import elaborate
from dslc.elaborate.loading import ReadWeights
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


def network_of(source: Source, options: Options, *, training: bool = True) -> Network:
    """Read a spec: parse and elaborate it, for training or for inference (`if training { }` may differ).

    Errors: CompileError with every mistake; where some lines cannot be read, also what is wrong in the others.
    """
    read = partial(
        elaborate,
        load=_loader(options),
        weights=options.weights,
        settings=options.settings,
        net=options.net,
        training=training,
    )
    file, slips = parse_partly(source)
    if slips or file is None:
        raise CompileError(in_order([*slips, *mistakes_beyond(file, slips, read)], source))
    return read(file)


def diagnostics_of(source: Source, options: Options) -> tuple[Diagnostic, ...]:
    """Return the mistakes of a spec, found as it is read or as its network is lowered, else its warnings."""
    from dslc.artifact import graphs

    try:
        network = network_of(source, options)
        graphs.inference_graph(network, None)
    except CompileError as error:
        return error.diagnostics
    return network.warnings


def compile_networks(
    learning: Network,
    resting: Network,
    *,
    name: str,
    weights: Mapping[str, Array] | None = None,
    closed: bool = True,
) -> Artifact:
    """Compile a net, as elaborated for training and for inference, to its models.

    `weights` are those of the closed network by parameter name, by default the initial ones of the seed.

    Errors: WeightsFault where `weights` are not those of the net; GradientError where a loss cannot be differentiated.
    """
    from dslc.artifact.artifact import Artifact

    models = training_models(learning, resting)
    if closed and weights is None:
        weights = initial_weights(resting)
    models["inference"] = inference_model(resting, weights if closed else None)
    return Artifact(name, models)


def training_models(learning: Network, resting: Network) -> dict[str, ir.Model]:
    """Compile what training needs: `init`, and with a train section `train` and `eval`."""
    from dslc.artifact import graphs
    from dslc.artifact.artifact import finish

    models = {}
    learning, resting = learning.fed, resting.fed
    if learning.parameters:
        models["init"] = finish(learning, "init", graphs.init_graph(learning))
    if learning.training is not None:
        models["train"] = finish(learning, "train", graphs.train_graph(learning))
        models["eval"] = finish(resting, "eval", graphs.eval_graph(resting))
    return models


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
