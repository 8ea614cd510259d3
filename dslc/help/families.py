"""The headings of the reference, and what stands under each: by the module that defines it."""

from __future__ import annotations

from collections.abc import Mapping

_BY_MODULE: Mapping[str, tuple[str, ...]] = {
    "Convolution": ("conv", "conv_transpose", "locally_connected"),
    "Dense layers and embeddings": ("linear", "embedding"),
    "Recurrence": ("recurrent", "rnn", "lstm", "gru"),
    "Pools and sampling": (
        "pool",
        "lp_pool",
        "global_pool",
        "adaptive_pool",
        "unpool",
        "upsample",
        "pixel_shuffle",
        "roi",
    ),
    "Normalisation": ("batch_norm", "layer_norm", "group_norm", "l2_normalize", "lrn"),
    "Noise": ("dropout", "noise"),
    "Activations": ("activation", "rectifier", "hard", "glu", "softmax", "prelu"),
    "Arithmetic": ("arithmetic", "compare", "elementwise", "matmul", "einsum", "grad"),
    "Reductions": ("reduction", "cumulative"),
    "Shapes and places": (),
}

ORDER = (
    *_BY_MODULE,
    "Blocks of the standard library",
    "Losses",
    "Metrics",
    "Augmentations",
    "Optimizers",
    "Schedules",
    "Initializers",
)
"""The headings in the order of the reference."""

_BY_KIND: Mapping[str, str] = {
    "block": "Blocks of the standard library",
    "loss": "Losses",
    "metric": "Metrics",
    "augmentation": "Augmentations",
    "optimizer": "Optimizers",
    "schedule": "Schedules",
    "initializer": "Initializers",
}


def family_of(kind: str, module: str) -> str:
    """Return the heading for a definition of a kind in a module; what no heading claims is about shapes and places."""
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    parts = module.split(".")
    for heading, modules in _BY_MODULE.items():
        if any(part in modules for part in parts):
            return heading
    return "Shapes and places"
