"""What is said of the words of the language and of the settings of a train section."""

from __future__ import annotations

from collections.abc import Mapping

KEYWORDS: Mapping[str, str] = {
    "import": "Take blocks and nets from another file, or from the standard library: "
    '`import ConvBN from "std/convolution.net"`.',
    "from": "The file of an import, relative to this one.",
    "default": "Default arguments for the calls written in this file: `default Conv(bias=false)`.",
    "block": "A stack with a name, expanded where it is called: `block Name(x: [N, C], width, stride=1) { }`.",
    "net": "What is compiled. Every hyper-parameter has a default: `net Name(classes=10) { }`.",
    "train": "The recipe for training: targets, losses, metrics, optimizer and settings.",
    "input": "A data input of the net: `input image: float32[N, 3, 224, 224]`. A capital letter is a free dimension.",
    "param": "A weight of its own: `param W: float32[10, 20] = xavier_uniform`.",
    "layer": "One set of weights, used by every call of its name: `layer embed = Linear(64)`.",
    "output": "What the exported net gives: `output logits: Linear(10)`, `output f = x*y`, `output a, b`.",
    "check": "A fact about the net that is checked: `check parameters == 61706`.",
    "target": "What the data set supplies for training only: `target label: int64[N]`.",
    "loss": "A number to be minimised; all loss lines are added: `loss 0.3 * cross_entropy(aux, label)`.",
    "metric": "A figure over the whole validation set: `metric accuracy(logits, label)`.",
    "freeze": "Weights that training leaves as they are: `freeze backbone.stem`.",
    "group": "Weights with optimizer settings of their own: `group backbone (lr=1e-4)`.",
    "augment": "A random change of the training data: `augment image: uint8[N, 3, 256, 256] = random_crop(227)`.",
    "repeat": "The body several times in a row, each time with new weights: `repeat 3 { }`.",
    "for": "The body once for every element of a list: `for width in [64, 128] { }`.",
    "in": "The list of a `for`, the sequence of a `scan`.",
    "if": "The body only where the condition holds; decided when the file is compiled.",
    "else": "What stands in place of the body of an `if` whose condition does not hold.",
    "scan": "The body once for every step of a sequence: `scan x in xs, h = zeros([N, H]) { }`.",
    "and": "True where both conditions are.",
    "or": "True where one of the conditions is.",
    "not": "True where the condition is false.",
    "true": "The truth value.",
    "false": "The truth value.",
    "epochs": "A duration in passes over the data set: `30 epochs`.",
    "steps": "A duration in updates: `500 steps`.",
}

SETTINGS: Mapping[str, str] = {
    "optimizer": "How the weights change: `optimizer = SGD(lr=0.1, momentum=0.9)`.",
    "schedule": "A factor on the learning rate by the step: `schedule = cosine`. Without it the rate stays.",
    "batch": "How many samples make a step.",
    "epochs": "How many passes over the data set training takes.",
    "steps": "How many updates training takes, in place of `epochs`.",
    "validation": "The share of the data held back to validate on, or the path of other data.",
    "data": "The data set, a path relative to this file; `--data` replaces it.",
    "seed": "Where random numbers start: initial weights, the order of samples, dropout.",
    "clip_grad_norm": "The largest norm of all gradients together; longer ones are shortened to it.",
    "clip_grad_value": "The largest value of a gradient; larger ones are cut to it.",
    "accumulate": "How many batches make an update, from the mean of their gradients: `accumulate = 4`.",
    "ema": "The decay of averaged weights, which evaluation and export take.",
    "precision": "What training computes in: float32, or with `precision = float16` products in halves and the rest, "
    "weights and losses among it, in float32.",
    "every": "How many steps of the first section make one of this: `every = 5 steps`.",
}

NAMES: Mapping[str, str] = {
    "training": "True in the training graph, false in evaluation and in the exported network: `if training { }`.",
    "none": "What a data input of a block is where a call leaves it out: `mask: [T, S] = none`, `if mask != none { }`.",
    "std/": 'The standard library, blocks that come with dslc: `import ConvBN from "std/convolution.net"`. `dslc help` '
    'lists them; a folder of your own that has this name is written `"./std/"`.',
    "parameters": "How many weights a net or block has, for its `check` lines; running statistics are none.",
    "weights": 'The file that the weights of a block or net start from: `ResNet50(weights="resnet50.safetensors")`.',
    "recompute": "Whether training computes a block again for its gradients instead of keeping its values: "
    "`Bottleneck(64, recompute=true)`.",
}
"""Names that mean something in one place only."""

RULES: Mapping[str, str] = {
    "scan": "In the body `x` is one step of the sequence [N, T, ...], and flows into its first row. The i-th `output` "
    "of the body is the next value of the i-th carry; there may be more. All of them come out with their steps in "
    "dimension 1.",
    "freeze": "A path names a row, a part of it, a round (`stage1[0]`) or one weight (`f6.bias`); a kind does, too: "
    "`freeze bias, BatchNorm`. A frozen layer also keeps its running statistics; `freeze x (statistics=true)` lets "
    "them go on.",
    "group": "Paths and kinds are those of `freeze`: `group bias, BatchNorm (weight_decay=0)`. A path beats a kind, "
    "the longest path wins, and `freeze` beats all. The schedule multiplies the rate of every group.",
    "augment": "The type is what the data set holds; the line ends with the type that the net takes. Each step draws "
    "its changes anew, evaluation changes as little as the sizes allow, the exported network not at all.",
    "every": "Sections take turns, one step each for a batch; with `every` one step for so many batches.",
    "accumulate": "`step` counts batches; steps in a schedule are updates, its epochs those of the data.",
    "weights": "A .safetensors, .npz or .onnx file in the folder of the spec. A tensor goes to the weight of its name "
    "inside the block or net; what has no tensor of its shape keeps its initializer, and a warning lists it.",
    "recompute": "Only what goes into the block is kept. A block inside belongs to the one around. What is drawn is "
    "drawn once, and running statistics move once, so the numbers are the same; the block is computed twice.",
    "layer": "The first call makes the weights, each later one uses them; `embed.weight` is one of them.",
    "repeat": "A label on it counts the rounds from 0: `l[0]`, `l[-1]`, `l[0].h`, and `l[:].h` for all.",
    "output": "Of a block, the outputs are its results; of the body of a `scan`, the next values of what it carries.",
}
"""What has to be known beside the sentence."""

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "A stack": ("net", "->"),
    "Labels": (":",),
    "Beside the stack": ("=",),
    "Inputs, types, shapes": ("input",),
    "Outputs": ("output",),
    "Arithmetic": ("and", "or", "not"),
    "Branches": ("|",),
    "Blocks": ("block", "none", "true", "false", "recompute"),
    "Loops and conditions": ("repeat", "for", "in", "if", "else", "training"),
    "Hyper-parameters of a net": ("check", "parameters", "#"),
    "Several files": ("import", "from", "std/", "default"),
    "Weights of one's own, and shared ones": ("param", "layer", "weights"),
    "Recurrence": ("scan",),
    "Training": (
        *("train", "target", "loss", "metric", "freeze", "group", "augment"),
        *SETTINGS,
    ),
}
"""The headings of docs/language.md, and the words and signs that stand under each."""


def heading_of(word: str) -> str | None:
    """Return the heading of docs/language.md under which a word stands."""
    return next((heading for heading, inside in HEADINGS.items() if word in inside), None)
