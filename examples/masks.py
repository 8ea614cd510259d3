"""Draw what networks make of held-back pictures of `examples/segmentation_data.py`: a colour for each digit.

python examples/masks.py runs/segmentation.npz runs/masks.png runs/deconvnet.onnx runs/unet.onnx

The rows are the pictures, their true masks, and the masks of each network.
"""

from __future__ import annotations

import colorsys
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

COLUMNS, ZOOM = 16, 2
COLOURS = np.array([(0, 0, 0), *(colorsys.hls_to_rgb(d / 10, 0.55, 0.9) for d in range(10))])


def predicted(model: str, image: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    mask: np.ndarray = session.run(["logits"], {"image": image})[0].argmax(axis=1)
    return mask


def main(data: str, picture: str, *models: str) -> None:
    with np.load(data) as file:
        image, mask = file["image"][-COLUMNS:], file["mask"][-COLUMNS:]
    grey = np.repeat(image[:, 0, :, :, np.newaxis] / 255, 3, axis=3)
    masks = [mask, *(predicted(model, image) for model in models)]
    rows = [np.concatenate(list(row), axis=1) for row in (grey, *(COLOURS[one] for one in masks))]
    drawn = np.concatenate(rows).repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
    Path(picture).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(drawn * 255).astype(np.uint8)).save(picture)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
