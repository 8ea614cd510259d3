"""What newcomers write into a train section, as rows like those of `cases_newcomers`."""

from __future__ import annotations

from tests.errors.cases_newcomers import LENET, MLP

AUGMENTED = "lenet5_augmented.net"

SETTINGS: dict[str, tuple[str, str, str, str, str]] = {
    # ---- what is changed in training
    "names of torchvision": (
        AUGMENTED, "random_affine(degrees=10, translate=0.08, scale=[0.9, 1.1])", "RandomHorizontalFlip(0.5)",
        "E0202", "= random_flip(0.5)",
    ),
    "changes as a list": (
        AUGMENTED, "random_affine(degrees=10, translate=0.08, scale=[0.9, 1.1])", "[random_flip(0.5), random_flip]",
        "E0501", "= random_flip(0.5) -> random_flip",
    ),
    "changes without the input": (
        AUGMENTED, "augment image: uint8[N, 1, 28, 28] = random_affine", "augment random_affine", "E0116",
        "augment image: float32[N, 3, 256, 256] = random_affine(degrees=10, ",
    ),
    "changes as a setting": (
        AUGMENTED, "augment image: uint8[N, 1, 28, 28] = random_affine", "augment = random_affine", "E0603",
        "augment image: float32[N, 3, 256, 256] = random_crop(227)",
    ),
    # ---- settings
    "a metric without values": (
        LENET, "metric accuracy(logits, digit)", "metric accuracy", "E0504", "accuracy(logits, digit)",
    ),
    "metrics as a setting": (
        LENET, "metric accuracy(logits, digit)", "metrics = [accuracy]", "E0603", "metric accuracy(logits, label)",
    ),
    "an optimizer in quotes": (LENET, "SGD(lr=0.1, momentum=0.9)", '"sgd"', "E0402", "optimizer = SGD(lr=0.1)"),
    "a path without quotes": (LENET, '"data/mnist10k.npz"', "data/mnist10k.npz", "E0402", 'data = "data/mnist10k.npz"'),
    "T_max": (LENET, "schedule = cosine", "schedule = cosine(T_max=50)", "E0203", "runs over the whole training"),
    "a warm-up without its unit": (
        LENET, "schedule = cosine", "schedule = cosine(warmup=500)", "E0402", "cosine(warmup=500 steps)",
    ),
    "shuffle": (LENET, "  batch = 32\n", "  batch = 32\n  shuffle = true\n", "E0603", "an order of its own"),
    "a device": (LENET, "  batch = 32\n", "  batch = 32\n  device = cuda\n", "E0603", "--device cuda"),
    "a sum of squares": (
        MLP, "loss mse(y, price)", "loss mse(y, price) + l2(h.weight)", "E0201", "sum(w * w)",
    ),
    "classes that weigh more": (
        LENET, "label_smoothing=0.1", "class_weight=[1, 1, 1, 1, 1, 1, 1, 1, 1, 2]", "E0203",
        "cross_entropy(logits, digit, weight=[1, 1, 1, 1, 1, 1, 1, 1, 1, 2])",
    ),
}  # fmt: skip
