"""How near float32 results must be to float64 ones: NumPy's own float32 is the yardstick."""

from __future__ import annotations

import numpy as np

from tests.operations.harness import Array


def assert_result(found: Array, exact: Array, yardstick: Array, what: str) -> None:
    """Compare a result: RMSE within 3 times the yardstick's and 1e-6 of the size, each in 10."""
    assert found.shape == exact.shape, f"{what}: shape {found.shape}, expected {exact.shape}"
    if exact.dtype.kind != "f":
        np.testing.assert_array_equal(found, exact, err_msg=what)
        return
    assert np.isfinite(exact).all(), f"{what}: the reference is not finite on these values"
    if not exact.size:
        return
    error = np.abs(found.astype(np.float64) - exact)
    bound = 3 * rms(yardstick.astype(np.float64) - exact) + 1e-6 * rms(exact)
    assert rms(error) <= bound, f"{what}: error {rms(error):.3e}, bound {bound:.3e}"
    assert error.max() <= 10 * bound, (
        f"{what}: largest error {error.max():.3e}, bound {10 * bound:.3e}"
    )


def assert_gradient(found: Array, exact: Array, yardstick: Array, scale: float, what: str) -> None:
    """Compare a gradient by its length, relative to its own or to 1/1000 of `scale`.

    `scale` is the largest rms among the gradients of the call.
    """
    assert found.shape == exact.shape, f"{what}: shape {found.shape}, expected {exact.shape}"
    size = max(float(np.linalg.norm(exact)), 1e-3 * np.sqrt(exact.size) * scale, 1e-30)
    error = float(np.linalg.norm(found.astype(np.float64) - exact)) / size
    rounding = float(np.linalg.norm(yardstick.astype(np.float64) - exact)) / size
    bound = max(3 * rounding, 1e-5)
    assert error <= bound, f"{what}: relative error {error:.3e}, bound {bound:.3e}"


def rms(x: Array) -> float:
    return float(np.sqrt(np.mean(np.square(x))))
