"""The table of the gallery: every spec, what others published of it, how it is made small, how it was trained.

The suite counts by this table, and `python -m tests.gallery` makes `docs/gallery.md` of it. A variant that settings
make is a row of its own. A figure stands as its source prints it: `1.7 M` holds for what rounds to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs"


@dataclass(frozen=True)
class Trained:
    """A training that was run: its command, what came of it (on data held back), and the time on two cores."""

    command: str
    result: str
    time: str


@dataclass(frozen=True)
class Row:
    """A network of the gallery."""

    title: str
    spec: str
    settings: tuple[str, ...] = ()
    """What makes this variant of the spec, as `--set` takes it."""
    parameters: str = ""
    multiply_adds: str = ""
    source: str = ""
    """Who published the two figures before."""
    small: tuple[str, ...] = ()
    """Settings under which `dslc check` takes seconds."""
    smaller: Mapping[str, str] = field(default_factory=dict)
    """Sizes written into the spec -> smaller ones, for the same; the shapes it checks are left out then."""
    trained: Trained | None = None

    @property
    def key(self) -> str:
        return " ".join((self.spec, *self.settings))

    @property
    def path(self) -> Path:
        return SPECS / f"{self.spec}.net"


IMAGENET = ("classes=10", "train.batch=2")
"""What makes a classifier of ImageNet small; its pictures become smaller in the spec."""

GALLERY: tuple[Row, ...] = (
    # Computational graphs, and layers beside each other
    Row("f = xy + z", "graph_xyz"),
    Row("f = \\|Wx\\|²", "graph_norm"),
    Row("A neuron with several losses", "graph_sigmoid"),
    Row("Max pooling", "pooling"),
    Row(
        "200x200, fully connected",
        "fully_connected",
        parameters="1,600,000,000",
        source="40,000 x 40,000; the lecture says ~2 billion",
        small=("units=4",),
    ),
    Row(
        "200x200, locally connected",
        "locally_connected",
        parameters="4,000,000",
        source="the lecture: 4M",
        small=("size=20",),
    ),
    # Classification
    Row(
        "LeNet-5",
        "lenet5",
        parameters="61,706",
        multiply_adds="416,520",
        source="counted by many; the paper's own has 60,000, as not every map of C3 sees all of S2",
    ),
    Row("LeNet-5, distorted digits", "lenet5_augmented", parameters="61,706", source="LeNet-5"),
    Row(
        "AlexNet",
        "alexnet",
        parameters="60,965,224",
        source="Caffe's bvlc_alexnet; the paper: 60 million",
        small=IMAGENET,
        smaller={"227, 227": "67, 67"},
    ),
    Row(
        "VGG-16",
        "vgg",
        parameters="138,357,544",
        multiply_adds="15.47 G",
        source="torchvision",
        small=IMAGENET,
        smaller={"224, 224": "32, 32"},
    ),
    Row(
        "VGG-19",
        "vgg",
        ("depths=[2,2,4,4,4]",),
        parameters="143,667,240",
        multiply_adds="19.63 G",
        source="torchvision",
        small=IMAGENET,
        smaller={"224, 224": "32, 32"},
    ),
    Row(
        "GoogLeNet",
        "googlenet",
        parameters="13,378,280",
        source="Caffe's bvlc_googlenet: 6,998,552, and its two heads",
        small=IMAGENET,
        smaller={"224, 224": "96, 96"},
    ),
    Row(
        "ResNet-18",
        "resnet18",
        parameters="11,689,512",
        multiply_adds="1.81 G",
        source="torchvision",
        small=IMAGENET,
        smaller={"224, 224": "64, 64"},
    ),
    Row(
        "ResNet-50",
        "resnet50",
        parameters="25,557,032",
        multiply_adds="4.09 G",
        source="torchvision",
        small=IMAGENET,
        smaller={"224, 224": "64, 64"},
    ),
    Row(
        "DenseNet-121",
        "densenet121",
        parameters="7,978,856",
        multiply_adds="2.83 G",
        source="torchvision",
        small=(*IMAGENET, "depths=[2,3,4,2]"),
        smaller={"224, 224": "32, 32"},
    ),
    Row(
        "DenseNet-169",
        "densenet121",
        ("depths=[6,12,32,32]",),
        parameters="14,149,480",
        multiply_adds="3.36 G",
        source="torchvision",
        small=(*IMAGENET, "depths=[2,2,3,3]"),
        smaller={"224, 224": "32, 32"},
    ),
    Row(
        "DenseNet-201",
        "densenet121",
        ("depths=[6,12,48,32]",),
        parameters="20,013,928",
        multiply_adds="4.29 G",
        source="torchvision",
        small=(*IMAGENET, "depths=[2,2,4,3]"),
        smaller={"224, 224": "32, 32"},
    ),
    Row(
        "SqueezeNet 1.0",
        "squeezenet",
        parameters="1,248,424",
        source="the paper, table 1",
        small=IMAGENET,
        smaller={"227, 227": "63, 63"},
    ),
    Row(
        "SqueezeNet 1.1",
        "squeezenet11",
        parameters="1,235,496",
        source="torchvision",
        small=IMAGENET,
        smaller={"227, 227": "63, 63"},
    ),
    Row(
        "MobileNetV2",
        "mobilenetv2",
        parameters="3,504,872",
        source="torchvision; the paper's table 4: 3.4 M, 300 M multiply-adds",
        small=IMAGENET,
        smaller={"224, 224": "64, 64"},
    ),
    Row(
        "ConvNeXt-T",
        "convnext",
        parameters="28,589,128",
        multiply_adds="4.5 G",
        source="torchvision; multiply-adds: the paper, table 1",
        small=(*IMAGENET, "depths=[1,1,2,1]", "width=24"),
        smaller={"224, 224": "32, 32"},
    ),
    Row(
        "ConvNeXt-S",
        "convnext",
        ("depths=[3,3,27,3]",),
        parameters="50,223,688",
        multiply_adds="8.7 G",
        source="torchvision; multiply-adds: the paper, table 1",
        small=(*IMAGENET, "depths=[2,1,3,1]", "width=24"),
        smaller={"224, 224": "32, 32"},
    ),
    Row(
        "ConvNeXt-B",
        "convnext",
        ("depths=[3,3,27,3]", "width=128"),
        parameters="88,591,464",
        multiply_adds="15.4 G",
        source="torchvision; multiply-adds: the paper, table 1",
        small=(*IMAGENET, "depths=[2,1,3,1]", "width=32"),
        smaller={"224, 224": "32, 32"},
    ),
    Row(
        "ConvNeXt-L",
        "convnext",
        ("depths=[3,3,27,3]", "width=192"),
        parameters="197,767,336",
        multiply_adds="34.4 G",
        source="torchvision; multiply-adds: the paper, table 1",
        small=(*IMAGENET, "depths=[2,1,3,1]", "width=48"),
        smaller={"224, 224": "32, 32"},
    ),
    # Sequences
    Row("Elman network", "rnn", small=("vocab=20", "hidden=16", "train.T=5", "train.batch=4")),
    Row("LSTM with tied weights", "lstm", small=("vocab=50", "dim=16", "train.T=5")),
    Row("LSTM on characters", "characters", small=("hidden=16", "train.T=5", "train.batch=4")),
    # Networks that make or obey something
    Row("Generative adversarial network", "gan"),
    Row("Critic with a gradient penalty", "gradient_penalty", small=("width=4", "train.batch=4")),
    Row("Heat equation, physics-informed", "heat"),
)
