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
    """A training that was run: its command, what came of it on the data held back, and the processor time it took."""

    command: str
    result: str
    time: str


@dataclass(frozen=True, eq=False)
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

SMALL_VIT = (*IMAGENET, "size=32", "width=24", "heads=3", "depth=2")
DIGITS_VIT = (
    *("classes=10", "channels=1", "size=28", "patch=7"),
    *("width=64", "heads=4", "depth=3", "dropout=0.1"),
)
NARROW = {"Linear(4096)": "Linear(64)"}
NARROW_STAGES = {
    "ConvBN(64,": "ConvBN(8,",
    "Stage( 64,": "Stage(8,",
    "Stage(128,": "Stage(16,",
    "Stage(256,": "Stage(32,",
    "Stage(512,": "Stage(64,",
    **NARROW,
}
SMALL_VGG = {"small": IMAGENET, "smaller": {"224, 224": "32, 32", **NARROW_STAGES}}
SMALL_RESNET = {"small": IMAGENET, "smaller": {"224, 224": "64, 64", **NARROW_STAGES}}
SMALL_TEXT = ("hidden=16", "train.T=5", "train.batch=4")

GALLERY: tuple[Row, ...] = (
    # Computational graphs
    Row("f = xy + z", "graph_xyz"),
    Row("f = \\|Wx\\|²", "graph_norm"),
    Row("A neuron with several losses", "graph_sigmoid"),
    Row("L2 loss", "graph_l2"),
    Row("Several outputs", "graph_branches"),
    Row("Max pooling", "pooling"),
    # One layer three ways, and faces
    Row(
        "200x200, fully connected",
        "fully_connected",
        parameters="1,600,000,000",
        source="40,000 x 40,000; the lecture: ~2 billion",
        small=("units=4",),
    ),
    Row(
        "200x200, locally connected",
        "locally_connected",
        parameters="4,000,000",
        source="the lecture: 4M",
        small=("size=20",),
    ),
    Row(
        "200x200, convolutional",
        "convolutional",
        parameters="100",
        source="one 10x10 window",
        small=("size=20",),
    ),
    Row(
        "DeepFace",
        "deepface",
        parameters="118,923,774",
        source="counted from figure 2 of the paper, whose text says more than 120 million",
        small=("people=10", "train.batch=2"),
        smaller={"152, 152": "80, 80", **NARROW},
    ),
    # Perceptrons
    Row(
        "Perceptron",
        "perceptron",
        parameters="7,850",
        source="10 x (784 + 1)",
        trained=Trained("dslc train specs/perceptron.net", "accuracy 89.65 %", "6 s"),
    ),
    Row(
        "Multilayer perceptron",
        "mlp",
        parameters="669,706",
        source="Keras, mnist_mlp",
        trained=Trained("dslc train specs/mlp.net", "accuracy 95.70 %", "14 s"),
    ),
    Row(
        "Maxout network",
        "maxout",
        small=("train.batch=8",),
        trained=Trained("dslc train specs/maxout.net", "accuracy 96.75 %", "1 min"),
    ),
    Row(
        "Deep autoencoder",
        "autoencoder",
        small=("train.batch=8",),
        trained=Trained(
            "dslc train specs/autoencoder.net",
            "squared error of a picture 6.5 (784 x 0.0907²); 30 principal components: 13.9",
            "3 min 34 s",
        ),
    ),
    # Convolutional networks
    Row(
        "Neocognitron",
        "neocognitron",
        small=("train.batch=4",),
        trained=Trained("dslc train specs/neocognitron.net", "accuracy 89.40 %", "50 s"),
    ),
    Row(
        "LeNet, 1989",
        "lenet1989",
        parameters="9,760",
        multiply_adds="63,660",
        source="the paper: 9,760, and 64,660 connections with the 1,000 biases",
        small=("train.batch=4",),
        trained=Trained(
            "dslc train specs/lenet1989.net",
            "accuracy 96.05 % (the paper, on zip codes: 95.0 %)",
            "40 s",
        ),
    ),
    Row(
        "LeNet-5",
        "lenet5",
        parameters="61,706",
        multiply_adds="416,520",
        source="PyTorch's and other editions; in the paper a map of C3 sees not all of S2: 60,000",
        trained=Trained("dslc train specs/lenet5.net", "accuracy 97.95 %", "15 s"),
    ),
    Row(
        "LeNet-5, distorted digits",
        "lenet5_augmented",
        parameters="61,706",
        source="LeNet-5",
        trained=Trained("dslc train specs/lenet5_augmented.net", "accuracy 98.60 %", "39 s"),
    ),
    Row(
        "AlexNet",
        "alexnet",
        parameters="60,965,224",
        source="Caffe, bvlc_alexnet; the paper: 60 million",
        small=IMAGENET,
        smaller={"227, 227": "67, 67", **NARROW},
    ),
    Row("ZFNet", "zfnet", small=IMAGENET, smaller={"224, 224": "64, 64", **NARROW}),
    Row(
        "VGG-11",
        "vgg",
        ("depths=[1,1,2,2,2]",),
        parameters="132,863,336",
        multiply_adds="7.61 G",
        source="torchvision",
        **SMALL_VGG,
    ),
    Row(
        "VGG-13",
        "vgg",
        ("depths=[2,2,2,2,2]",),
        parameters="133,047,848",
        multiply_adds="11.31 G",
        source="torchvision",
        **SMALL_VGG,
    ),
    Row(
        "VGG-16",
        "vgg",
        parameters="138,357,544",
        multiply_adds="15.47 G",
        source="torchvision",
        **SMALL_VGG,
    ),
    Row(
        "VGG-19",
        "vgg",
        ("depths=[2,2,4,4,4]",),
        parameters="143,667,240",
        multiply_adds="19.63 G",
        source="torchvision",
        **SMALL_VGG,
    ),
    Row(
        "GoogLeNet",
        "googlenet",
        parameters="13,378,280",
        source="Caffe, bvlc_googlenet: 6,998,552, and its two heads",
        small=IMAGENET,
        smaller={"224, 224": "96, 96"},
    ),
    Row(
        "ResNet-18",
        "resnet18",
        parameters="11,689,512",
        multiply_adds="1.81 G",
        source="torchvision",
        **SMALL_RESNET,
    ),
    Row(
        "ResNet-34",
        "resnet18",
        ("depths=[3,4,6,3]",),
        parameters="21,797,672",
        multiply_adds="3.66 G",
        source="torchvision",
        **SMALL_RESNET,
    ),
    Row(
        "ResNet-50",
        "resnet50",
        parameters="25,557,032",
        multiply_adds="4.09 G",
        source="torchvision",
        **SMALL_RESNET,
    ),
    Row(
        "ResNet-101",
        "resnet50",
        ("depths=[3,4,23,3]",),
        parameters="44,549,160",
        multiply_adds="7.80 G",
        source="torchvision",
        **SMALL_RESNET,
    ),
    Row(
        "ResNet-152",
        "resnet50",
        ("depths=[3,8,36,3]",),
        parameters="60,192,808",
        multiply_adds="11.51 G",
        source="torchvision",
        **SMALL_RESNET,
    ),
    Row(
        "ResNet-20 for CIFAR-10",
        "resnet_cifar",
        ("depth=20",),
        parameters="0.27 M",
        source="the paper, table 6",
        small=("train.batch=2", "size=16"),
    ),
    Row(
        "ResNet-56 for CIFAR-10",
        "resnet_cifar",
        ("depth=56",),
        parameters="0.85 M",
        source="the paper, table 6",
        small=("train.batch=2", "size=16"),
    ),
    Row(
        "ResNet-110 for CIFAR-10",
        "resnet_cifar",
        parameters="1.7 M",
        source="the paper, table 6",
        small=("train.batch=2", "size=16"),
    ),
    Row(
        "ResNet-8 on digits",
        "resnet_digits",
        small=("train.batch=4",),
        trained=Trained("dslc train specs/resnet_digits.net", "accuracy 98.60 %", "2 min 34 s"),
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
    # Segmentation
    Row(
        "DeconvNet",
        "deconvnet",
        small=("width=8", "features=64", "size=64", "train.batch=2"),
    ),
    Row(
        "DeconvNet on digits",
        "deconvnet_digits",
        small=("width=4", "features=32", "train.batch=8"),
        trained=Trained(
            "dslc train specs/deconvnet_digits.net --data runs/one_digit.npz",
            "mean IoU 0.756 (pictures of examples/segmentation_data.py); [pictures](pictures.md)",
            "1 min 28 s",
        ),
    ),
    Row(
        "FCN-8s",
        "fcn",
        parameters="134 M",
        source="the paper, table 1",
        small=("classes=5", "train.batch=1"),
        smaller={"224, 224": "64, 64", "Conv(4096,": "Conv(64,", **NARROW_STAGES},
    ),
    Row(
        "Three scales, one set of weights",
        "farabet",
        small=("classes=5", "height=32", "width=48", "train.batch=2"),
    ),
    Row(
        "U-Net",
        "unet",
        parameters="31,030,658",
        source="counted from figure 1 of the paper, whose 23 convolutional layers these are",
        small=("size=188", "width=2"),
    ),
    Row(
        "U-Net on digits",
        "unet_digits",
        small=("width=2", "train.batch=2"),
        trained=Trained(
            "dslc train specs/unet_digits.net --data runs/segmentation.npz",
            "mean IoU 0.856 (pictures of examples/segmentation_data.py); [pictures](pictures.md)",
            "3 min 40 s",
        ),
    ),
    # Games
    Row(
        "Atari player, a classifier of actions",
        "atari",
        parameters="680,770",
        source="counted from section 4 of the paper",
        small=("train.batch=4",),
    ),
    Row(
        "Deep Q-network",
        "dqn",
        parameters="3,386,724",
        source="twice the 1,693,362 of the network: the older one counts, too",
        small=("train.batch=4",),
    ),
    # Sequences
    Row("Elman network", "rnn", small=("vocab=20", "hidden=16", "train.T=5", "train.batch=4")),
    Row("LSTM with tied weights", "lstm", small=("vocab=50", "dim=16", "train.T=5")),
    Row(
        "LSTM on characters",
        "characters",
        small=SMALL_TEXT,
        trained=Trained(
            "dslc train specs/characters.net --data runs/text/train.npz",
            "1.874 bits per character on text that was [held back](characters.md)",
            "6 min 20 s on two cores",
        ),
    ),
    Row(
        "Elman network on characters",
        "characters",
        ("Layer=RNN",),
        small=SMALL_TEXT,
        trained=Trained(
            "dslc train specs/characters.net --data runs/text/train.npz --set Layer=RNN --set train.epochs=1",
            "2.161 bits per character on text that was [held back](characters.md)",
            "48 s",
        ),
    ),
    Row(
        "GRU on characters",
        "characters",
        ("Layer=GRU",),
        small=SMALL_TEXT,
        trained=Trained(
            "dslc train specs/characters.net --data runs/text/train.npz --set Layer=GRU --set train.epochs=1",
            "1.951 bits per character on text that was [held back](characters.md)",
            "2 min 8 s",
        ),
    ),
    Row(
        "Transformer on characters",
        "transformer",
        small=("width=16", "depth=2", "train.T=5", "train.batch=4"),
        trained=Trained(
            "dslc train specs/transformer.net --data runs/text128/train.npz",
            "1.855 bits per character after the first of 3 epochs",
            "9 min of processor time",
        ),
    ),
    Row(
        "ViT-B/16",
        "vit",
        parameters="86,567,656",
        multiply_adds="17.56 G",
        source="torchvision",
        small=SMALL_VIT,
    ),
    Row(
        "ViT-L/16",
        "vit",
        ("width=1024", "heads=16", "depth=24"),
        parameters="304,326,632",
        multiply_adds="61.55 G",
        source="torchvision",
        small=SMALL_VIT,
    ),
    Row(
        "ViT on digits",
        "vit",
        DIGITS_VIT,
        small=("width=16", "train.batch=2"),
        trained=Trained(
            "dslc train specs/vit.net --data specs/data/mnist10k.npz --map label=digit "
            f"{' '.join(f'--set {one}' for one in DIGITS_VIT)} --set train.batch=64 "
            "--set train.epochs=20 --set train.validation=0.2",
            "accuracy 96.45 %",
            "34 min, on a machine busy with other work",
        ),
    ),
    Row(
        "End-to-end memory network",
        "memory_network",
        small=("train.batch=4",),
        trained=Trained(
            "dslc train specs/memory_network.net --data runs/stories.npz",
            "accuracy 99.7 % (stories of examples/stories.py)",
            "2 min 38 s of processor time",
        ),
    ),
    # Networks that make or obey something
    Row(
        "Style transfer",
        "style_transfer",
        small=("size=32", "width=2"),
        trained=Trained(
            "python examples/style_transfer.py runs/style.jpg --size 192 --width 16",
            "[pictures](pictures.md)",
            "56 s of processor time",
        ),
    ),
    Row(
        "Variational autoencoder",
        "vae",
        small=("hidden=20", "code=3", "train.batch=4"),
        trained=Trained(
            "dslc train specs/vae.net",
            "bound of 108.5 nats in training; [pictures](pictures.md)",
            "1 min 13 s of processor time",
        ),
    ),
    Row("Generative adversarial network", "gan"),
    Row(
        "Deep convolutional GAN",
        "dcgan",
        small=("width=2", "code=4", "train.batch=4"),
        trained=Trained(
            "dslc train specs/dcgan.net --set width=16",
            "[pictures](pictures.md)",
            "8 min 16 s of processor time",
        ),
    ),
    Row("Critic with a gradient penalty", "gradient_penalty", small=("width=4", "train.batch=8")),
    Row("Heat equation, physics-informed", "heat"),
)
