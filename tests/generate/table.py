"""How to draw calls of every operation of the language: one entry for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.generate import table_arithmetic, table_layers, table_losses, table_shapes
from tests.generate.scope import Entry

DOUBLE = (
    *("add", "sub", "mul", "abs", "neg", "relu", "exp", "sqrt", "square", "sum", "mean", "max"),
    *("cast", "reshape", "transpose", "concat", "index", "tile", "less", "maximum"),
)
"""What is drawn on float64 too. Many operators of onnxruntime have kernels for float32 alone."""

ENTRIES: Mapping[str, Entry] = {
    **table_arithmetic.ENTRIES,
    **table_layers.ENTRIES,
    **table_losses.ENTRIES,
    **table_shapes.ENTRIES,
}

BENDS = (
    *(
        "celu",
        "elu",
        "erf",
        "gelu",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "selu",
        "sigmoid",
        "silu",
    ),
    *("softmax", "softplus", "softsign", "tanh"),
    *("RNN", "GRU", "LSTM"),
)

AUGMENTS = (
    *(
        "cutout",
        "random_affine",
        "random_brightness",
        "random_contrast",
        "random_crop",
        "random_flip",
    ),
    *("random_noise", "random_resized_crop", "random_rotation"),
)
EXCUSED = {
    **dict.fromkeys(AUGMENTS, "stands in augment lines alone"),
    "grad": "is written where a value depends on another",
    "max_unpool": "takes the second result of a max_pool",
    "roi_align": "takes boxes that lie in an image",
    "roi_max_pool": "takes boxes that lie in an image",
}

TABLE: Mapping[str, Entry] = {
    name: replace(entry, double=name in DOUBLE, bends=name in BENDS)
    for name, entry in ENTRIES.items()
} | {name: Entry((), excused=reason) for name, reason in EXCUSED.items()}
