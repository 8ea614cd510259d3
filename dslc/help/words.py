"""One sentence for every word of the language and every setting of a train section."""

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
    "metric": "A figure over the validation data: `metric accuracy(logits, label)`.",
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
    "accumulate": "How many batches make an update.",
    "ema": "The decay of averaged weights, which evaluation and export take.",
    "precision": "The number format of the training step.",
    "every": "How many steps pass between two of this section.",
}
