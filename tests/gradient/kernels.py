"""Float64 kernels for the reference evaluator, where onnx's own are wrong, slow, or round to float32."""

from __future__ import annotations

from typing import Any

KERNELS: list[Any] = []
