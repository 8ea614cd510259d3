"""What is measured: one row per network, and how its spec is read.

A row is all that a new network takes: `twin` writes its PyTorch side from the spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dslc.compile import Options, Section, sections_of
from dslc.layers.dropout import Dropout
from dslc.network.network import Network
from dslc.tasks.reading import importer, read_spec

ROOT = Path(__file__).parent.parent
NETS = "bench/nets"


@dataclass(frozen=True)
class Subject:
    """A network, with the settings it is measured at."""

    name: str
    spec: str
    settings: Mapping[str, object] = field(default_factory=dict)

    def sections(self) -> list[Section]:
        """Read the spec, without dropout (the two sides draw other numbers) and without metrics."""
        path = ROOT / self.spec
        settings = {name: str(value) for name, value in self.settings.items()}
        options = Options(settings, load=importer(path.parent))
        return [
            Section(_comparable(section.learning), _comparable(section.resting))
            for section in sections_of(read_spec(path), options)
        ]


def _comparable(network: Network) -> Network:
    calls = tuple(
        replace(call, operation=replace(call.operation, p=0.0))
        if isinstance(call.operation, Dropout)
        else call
        for call in network.calls
    )
    training = network.training and replace(network.training, measures=())
    return replace(network, calls=calls, training=training)


def sgd(batch: int, **settings: object) -> dict[str, object]:
    """Return settings for a step of SGD with momentum on `batch` samples.

    The rate stays, and is small: in a deep network large steps make much of a rounding.
    """
    return {
        "train.optimizer": "SGD(lr=0.001, momentum=0.9)",
        "train.schedule": "constant",
        "train.batch": batch,
        **settings,
    }


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("mlp", "specs/mlp.net", sgd(128)),
        Subject("lenet5", "specs/lenet5.net", sgd(64)),
        Subject("alexnet", "specs/alexnet.net", sgd(16)),
        Subject("vgg13", f"{NETS}/vgg13.net", sgd(32)),
        Subject("resnet18", f"{NETS}/resnet18.net", sgd(32)),
        Subject("resnet50", "specs/resnet50.net", sgd(8)),
        Subject("googlenet", "specs/googlenet.net", sgd(8)),
        Subject("unet", "specs/unet.net", sgd(4, padding=1, size=128, width=16)),
        Subject("lstm", "specs/characters.net", {"train.schedule": "constant"}),
        Subject("transformer", f"{NETS}/transformer.net"),
    )
}

DEPTHS = {
    layers: Subject(f"deep{layers}", "specs/resnet_cifar.net", {"depth": layers, "train.batch": 8})
    for layers in (50, 152, 1202)
}
"""ResNets of so many layers for 32x32 images, for the time that compiling takes."""
