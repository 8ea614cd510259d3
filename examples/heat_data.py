"""Draw the points that `specs/heat.net` learns from: inside a rod, and where its temperature is known.

    python examples/heat_data.py specs/data/heat.npz

At the start, t = 0, the temperature is sin(pi x); at the ends, x = 0 and x = 1, it is 0. So it is
exp(-k pi^2 t) sin(pi x) everywhere, which only the metric gets to see.
"""

from __future__ import annotations

import sys

import numpy as np

CONDUCTIVITY = 0.1
POINTS = 2000


def temperature(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.exp(-CONDUCTIVITY * np.pi**2 * t) * np.sin(np.pi * x)


def main(path: str) -> None:
    rng = np.random.default_rng(1822)
    x, t, along = rng.uniform(size=(3, POINTS, 1))
    at_start, left, right = (np.arange(POINTS)[:, None] % 4 == k for k in (0, 2, 3))
    at_start |= np.arange(POINTS)[:, None] % 4 == 1
    edge_x = np.select([at_start, left, right], [along, 0.0, 1.0])
    edge_t = np.where(at_start, 0.0, along)
    arrays = {
        "x": x,
        "t": t,
        "edge_x": edge_x,
        "edge_t": edge_t,
        "known": temperature(edge_x, edge_t),
        "exact": temperature(x, t),
    }
    np.savez_compressed(path, **{name: array.astype(np.float32) for name, array in arrays.items()})


if __name__ == "__main__":
    main(sys.argv[1])
