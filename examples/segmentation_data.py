"""Draw pictures of several digits, with the class of every pixel: something to segment.

    python examples/segmentation_data.py runs/segmentation.npz

`image` uint8 [10000, 1, 32, 32]: two to four handwritten digits of `specs/data/mnist10k.npz` at half their size, one
near each corner, on a noisy ground of random brightness; where they touch, the last one covers the others. `mask` int64
[10000, 32, 32]: 0 is the ground, nine tenths of all pixels, 1 to 10 the digits 0 to 9. The last 2,000 pictures are of
digits that no other picture has: `validation = 0.2` holds them back.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

DIGITS = Path(__file__).parent.parent / "specs" / "data" / "mnist10k.npz"
SIZE, SIDE = 32, 14
STRAYING, NOISE, INK = 3, 12, 0.3
PICTURES, HELD_BACK = 10_000, 0.2


def halved(images: np.ndarray) -> np.ndarray:
    """Return [N, 1, H, W] as the share of ink [N, H / 2, W / 2]."""
    blocks = images.reshape(len(images), SIDE, 2, SIDE, 2)
    means: np.ndarray = blocks.mean(axis=(2, 4)) / 255
    return means


def picture(
    rng: np.random.Generator, inks: np.ndarray, digits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture [SIZE, SIZE] of some of the digits, and its mask."""
    ground = rng.integers(0, 80) + rng.normal(scale=NOISE, size=(SIZE, SIZE))
    mask = np.zeros((SIZE, SIZE), np.int64)
    for corner in rng.permutation(4)[: rng.integers(2, 5)]:
        chosen = rng.integers(len(inks))
        astray = rng.integers(-STRAYING, STRAYING + 1, size=2)
        there = np.array(divmod(corner, 2)) * (SIZE - SIDE) + astray
        top, left = there.clip(0, SIZE - SIDE)
        place = np.s_[top : top + SIDE, left : left + SIDE]
        ink = inks[chosen]
        ground[place] = ink * 255 + (1 - ink) * ground[place]
        mask[place] = np.where(ink > INK, digits[chosen] + 1, mask[place])
    return ground.clip(0, 255).astype(np.uint8), mask


def main(path: str) -> None:
    rng = np.random.default_rng(1998)
    with np.load(DIGITS) as file:
        inks, digits = halved(file["image"]), file["digit"]
    cut = round(len(inks) * (1 - HELD_BACK))
    learned = round(PICTURES * (1 - HELD_BACK))
    drawn = [picture(rng, inks[:cut], digits[:cut]) for _ in range(learned)]
    drawn += [picture(rng, inks[cut:], digits[cut:]) for _ in range(PICTURES - learned)]
    image, mask = (np.stack(part) for part in zip(*drawn, strict=True))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, image=image[:, np.newaxis], mask=mask)


if __name__ == "__main__":
    main(sys.argv[1])
