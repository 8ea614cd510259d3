"""Paint a photograph in the style of another one, with `specs/style_transfer.net`.

    python examples/style_transfer.py runs/style.jpg                                  # two photographs of scikit-learn
    python examples/style_transfer.py runs/style.jpg --content a.jpg --style b.jpg --weights vgg19.safetensors

Without arguments it takes the photographs that scikit-learn ships (pip install -e ".[photographs]"). Weights of VGG-19
come from a .safetensors or .npz file: those of its 3x3 convolutions in their order, as torchvision's `vgg19` or the
`vgg.net` of this repository name them. Without a file the features are random ones, which have a sense of style, too
(He, Wang and Hopcroft, 2016, "A powerful generative model using random weights for the deep image representation").
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

import numpy as np
from dslc_runtime import Trainer
from PIL import Image

from dslc import api

SPEC = Path(__file__).parent.parent / "specs" / "style_transfer.net"
STAGES = (2, 2, 4, 4, 1)
"""How many convolutions each stage of the spec has."""


def photograph(path: str | None, ours: str, size: int) -> np.ndarray:
    """Return the middle of a photograph: uint8 [1, 3, size, size]."""
    if path is None:
        from sklearn.datasets import load_sample_image

        image = Image.fromarray(load_sample_image(ours))
    else:
        image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    part = image.resize((size, size), box=(left, top, left + side, top + side), reducing_gap=3)
    return np.asarray(part).transpose(2, 0, 1)[np.newaxis]


def features(path: str) -> dict[str, np.ndarray]:
    """Read the convolutions of a VGG-19, in the order of the numbers in their names, under the names of the spec."""
    if path.endswith(".npz"):
        tensors = dict(np.load(path))
    else:
        from safetensors.numpy import load_file

        tensors = load_file(path)
    names = [name for name, tensor in tensors.items() if tensor.ndim == 4]
    names.sort(key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
    ours = [f"vgg.stage{s}.conv.{n}" for s, depth in enumerate(STAGES, 1) for n in range(depth)]
    found = {}
    for name, own in zip(names, ours, strict=False):
        found[f"{own}.weight"] = tensors[name]
        found[f"{own}.bias"] = tensors[name.removesuffix("weight") + "bias"]
    return found


def paint(content: np.ndarray, style: np.ndarray, wanted: argparse.Namespace) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        settings = {"size": wanted.size, "width": wanted.width, "style_weight": wanted.strength}
        api.compile(SPEC, folder, open=True, **settings)
        trainer = Trainer(folder)
        start = {"image": content.astype(np.float32) / 255}
        if wanted.weights:
            start |= features(wanted.weights)
        trainer.state.load({**trainer.state.numpy(), **start})
        for step in range(wanted.steps):
            figures = trainer.step({"content": content, "style": style})
            if step % 50 == 0 or step == wanted.steps - 1:
                parts = [f"{name} {value:.4f}" for name, value in figures.items() if "loss" in name]
                print(f"step {step + 1}", *parts, sep="  ", flush=True)
        return np.rint(trainer.weights()["image"].clip(0, 1) * 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("picture", help="where content, style and result go, side by side")
    parser.add_argument("--content")
    parser.add_argument("--style")
    parser.add_argument("--weights", help=".safetensors or .npz")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument(
        "--width", type=int, default=64, help="64 is VGG-19; less is faster with random features"
    )
    parser.add_argument("--strength", type=float, default=100, help="the weight of the style")
    parser.add_argument("--steps", type=int, default=300)
    wanted = parser.parse_args()
    content = photograph(wanted.content, "china.jpg", wanted.size)
    style = photograph(wanted.style, "flower.jpg", wanted.size)
    result = paint(content, style, wanted)
    row = np.concatenate([content, style, result], axis=3)[0].transpose(1, 2, 0)
    Path(wanted.picture).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(row).save(wanted.picture)


if __name__ == "__main__":
    main()
