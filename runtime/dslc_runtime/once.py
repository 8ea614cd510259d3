"""Run a model that is in memory, once: for checks and for looking at intermediate values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dslc_runtime.errors import DeviceFault, RuntimeFault
from dslc_runtime.metadata import SessionSettings
from dslc_runtime.session import Device, first_line, options

Array = np.ndarray[Any, Any]

SETTINGS = SessionSettings("all", "default", False)


def run_once(
    model: bytes,
    feeds: Mapping[str, Array],
    device: Device,
    settings: SessionSettings = SETTINGS,
    threads: int | None = None,
) -> dict[str, Array]:
    """Run the bytes of an ONNX file on arrays by name; return every output by name.

    Errors: RuntimeFault (a fault of ours: the model was made by the compiler) where onnxruntime refuses it;
    DeviceFault where it is not on the device that was asked for.
    """
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(
            model, options(settings, threads), device.providers, enable_fallback=0
        )
        wanted = device.providers[0]
        if session.get_providers()[0] != (wanted if isinstance(wanted, str) else wanted[0]):
            raise DeviceFault(f"onnxruntime did not put the model on {device}")
        names = [output.name for output in session.get_outputs()]
        arrays = {name: np.asarray(array) for name, array in feeds.items()}  # it takes no scalars
        return dict(zip(names, session.run(names, arrays), strict=True))
    except RuntimeFault:
        raise
    except Exception as error:  # onnxruntime raises types of its own
        raise RuntimeFault(f"onnxruntime refuses a compiled graph: {first_line(error)}") from error
