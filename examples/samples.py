"""Draw what a generator of the gallery makes of noise, 8 rows of 16 pictures.

python examples/samples.py runs/vae/vae.onnx runs/vae.png
python examples/samples.py runs/dcgan/dcgan.onnx runs/dcgan.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

ROWS, COLUMNS = 8, 16


def draw(model: str) -> np.ndarray:
    """Return pictures with values from 0 to 1: those of `sample` (VAE), or of `fake` (from -1 to 1, GAN)."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    feeds = {}
    for given in session.get_inputs():
        shape = [ROWS * COLUMNS, *given.shape[1:]]
        noise = rng.standard_normal(shape, np.float32)
        feeds[given.name] = noise if given.name == "noise" else np.zeros(shape, np.uint8)
    names = [value.name for value in session.get_outputs()]
    if "sample" in names:
        return session.run(["sample"], feeds)[0]
    return (session.run(["fake"], feeds)[0] + 1) / 2


def main(model: str, picture: str) -> None:
    drawn = np.rint(draw(model).clip(0, 1) * 255).astype(np.uint8)
    _, _, height, width = drawn.shape
    grid = drawn.reshape(ROWS, COLUMNS, height, width).swapaxes(1, 2)
    Path(picture).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grid.reshape(ROWS * height, COLUMNS * width)).save(picture)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
