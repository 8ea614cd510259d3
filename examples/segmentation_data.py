"""Draw pictures of several digits, with the class of every pixel: something to segment.

    python examples/segmentation_data.py runs/segmentation.npz

`image` uint8 [5000, 1, 64, 64]: two to four handwritten digits of `specs/data/mnist10k.npz`, one near each corner, on a
noisy ground of random brightness; where they touch, the last one covers the others. `mask` int64 [5000, 64, 64]: 0 is
the ground, 1 to 10 the digits 0 to 9. The last 1,000 pictures are of digits that no other picture has:
`validation = 0.2` holds them back.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

DIGITS = Path(__file__).parent.parent / "specs" / "data" / "mnist10k.npz"
SIZE, SIDE = 64, 28
PICTURES, HELD_BACK = 5000, 0.2


def picture(
    rng: np.random.Generator, images: np.ndarray, digits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture [SIZE, SIZE] of some of the digits, and its mask."""
    ground = rng.integers(0, 80) + rng.normal(scale=12, size=(SIZE, SIZE))
    mask = np.zeros((SIZE, SIZE), np.int64)
    for corner in rng.permutation(4)[: rng.integers(2, 5)]:
        chosen = rng.integers(len(images))
        there = np.array(divmod(corner, 2)) * (SIZE - SIDE) + rng.integers(-6, 7, size=2)
        top, left = there.clip(0, SIZE - SIDE)
        place = np.s_[top : top + SIDE, left : left + SIDE]
        ink = images[chosen, 0] / 255.0
        ground[place] = ink * 255 + (1 - ink) * ground[place]
        mask[place] = np.where(ink > 0.4, digits[chosen] + 1, mask[place])
    return ground.clip(0, 255).astype(np.uint8), mask


def main(path: str) -> None:
    rng = np.random.default_rng(1998)
    with np.load(DIGITS) as file:
        images, digits = file["image"], file["digit"]
    cut = round(len(images) * (1 - HELD_BACK))
    learned = round(PICTURES * (1 - HELD_BACK))
    drawn = [picture(rng, images[:cut], digits[:cut]) for _ in range(learned)]
    drawn += [picture(rng, images[cut:], digits[cut:]) for _ in range(PICTURES - learned)]
    image, mask = (np.stack(part) for part in zip(*drawn, strict=True))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, image=image[:, np.newaxis], mask=mask)


if __name__ == "__main__":
    main(sys.argv[1])
