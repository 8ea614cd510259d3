"""Draw pictures of digits, with the class of every pixel: something to segment.

    python examples/segmentation_data.py runs/segmentation.npz        # several digits in each
    python examples/segmentation_data.py runs/one_digit.npz one       # one that fills it

`image` uint8 [10000, 1, 32, 32]: two to four handwritten digits of `specs/data/mnist10k.npz` at half their size, one
near each corner, or one at its own, on a noisy ground of random brightness; where they touch, the last one covers the
others. `mask` int64 [10000, 32, 32]: 0 is the ground, nine tenths of all pixels, 1 to 10 the digits 0 to 9. The last
2,000 pictures are of digits that no other picture has: `validation = 0.2` holds them back.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

DIGITS = Path(__file__).parent.parent / "specs" / "data" / "mnist10k.npz"
SIZE = 32
STRAYING, NOISE, INK = 3, 12, 0.3
PICTURES, HELD_BACK = 10_000, 0.2


def halved(images: np.ndarray) -> np.ndarray:
    """Return [N, H, W] as [N, H / 2, W / 2]."""
    count, height, width = images.shape
    means: np.ndarray = images.reshape(count, height // 2, 2, width // 2, 2).mean(axis=(2, 4))
    return means


def picture(
    rng: np.random.Generator, inks: np.ndarray, digits: np.ndarray, fewest: int, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture [SIZE, SIZE] of some of the digits, and its mask."""
    ground = rng.integers(0, 80) + rng.normal(scale=NOISE, size=(SIZE, SIZE))
    mask = np.zeros((SIZE, SIZE), np.int64)
    room = SIZE - inks.shape[-1]
    for corner in rng.permutation(4)[: rng.integers(fewest, most + 1)]:
        chosen = rng.integers(len(inks))
        ink = inks[chosen]
        there = np.array(divmod(corner, 2)) * room
        top, left = (there + rng.integers(-STRAYING, STRAYING + 1, size=2)).clip(0, room)
        place = np.s_[top : top + len(ink), left : left + len(ink)]
        ground[place] = ink * 255 + (1 - ink) * ground[place]
        mask[place] = np.where(ink > INK, digits[chosen] + 1, mask[place])
    return ground.clip(0, 255).astype(np.uint8), mask


def main(path: str, number: str = "several") -> None:
    rng = np.random.default_rng(1998)
    with np.load(DIGITS) as file:
        images, digits = file["image"][:, 0], file["digit"]
    fewest, most = (1, 1) if number == "one" else (2, 4)
    inks = (images if number == "one" else halved(images)) / 255
    cut = round(len(inks) * (1 - HELD_BACK))
    learned = round(PICTURES * (1 - HELD_BACK))
    parts = [slice(cut)] * learned + [slice(cut, None)] * (PICTURES - learned)
    drawn = [picture(rng, inks[part], digits[part], fewest, most) for part in parts]
    image, mask = (np.stack(part) for part in zip(*drawn, strict=True))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, image=image[:, np.newaxis], mask=mask)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
