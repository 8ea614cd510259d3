"""`dslc show`: every stage of the pipeline as text."""

from __future__ import annotations

from dslc_runtime.errors import UserFault

from dslc.network.printer import print_network
from dslc.syntax.parser import parse
from dslc.syntax.printer import print_tree
from dslc.tasks.reading import Spec


def show_stage(spec: Spec, stage: str) -> str:
    """Return the text of one stage: tree, network, graph (inference), gradient (train) or onnx (train, as shipped)."""
    if stage == "tree":
        return print_tree(parse(spec.source))
    sections = spec.sections()
    if stage == "network":
        return "\n".join(print_network(section.learning.fed) for section in sections)

    from dslc.artifact import graphs
    from dslc.artifact.artifact import finish
    from dslc.graph.printer import print_graph

    if stage == "graph":
        return print_graph(graphs.inference_graph(sections[0].resting, None))
    nets = [section.learning.fed for section in sections]
    if nets[0].training is None:
        raise UserFault(f"{spec.path}: there is no train section, so there is no {stage} to show")
    if stage == "gradient":
        return "\n".join(print_graph(graphs.train_graph(net)) for net in nets)
    shipped = [finish(net, "train", graphs.train_graph(net)) for net in nets]
    return "\n".join(print_graph(model.graph) for model in shipped)
