"""Make sessions on the device that was asked for, and make sure that they are there.

onnxruntime falls back to the CPU without a word when CUDA cannot be used, and lists providers that
it cannot load. So what counts here is the provider of a session that was made, never a list of what
might be available.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc_runtime.errors import DeviceFault, UserFault
from dslc_runtime.metadata import SessionSettings
from dslc_runtime.report import explain

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, OrtValue, RunOptions, SessionOptions

Report = Callable[[str], None]
"""Where one line for the user goes."""

_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"

# An ONNX model of one Identity node (float[1] to float[1], IR 8, opset 13): it shows which provider
# a session really gets.
_PROBE = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201705a0f0a0178120a0a08080112040a02080162"
    "0f0a0179120a0a08080112040a02080142040a00100d"
)


@dataclass(frozen=True, slots=True)
class Device:
    """Where a session runs: `cpu`, or `cuda` with the number of the GPU.

    `captures` is for a session whose runs are recorded as CUDA graphs, and played back from then on.
    """

    kind: str
    index: int = 0
    captures: bool = False

    @property
    def providers(self) -> list[Any]:
        """The providers in onnxruntime's form.

        TF32 is off: it keeps 10 bits of a float32's mantissa.
        """
        if self.kind == "cpu":
            return [_CPU]
        settings = {"device_id": self.index, "use_tf32": "0"}
        if self.captures:
            settings["enable_cuda_graph"] = "1"
        return [(_CUDA, settings), _CPU]

    def __str__(self) -> str:
        return self.kind if self.index == 0 else f"{self.kind}:{self.index}"


CPU = Device("cpu")


def choose_device(name: str, report: Report) -> Device:
    """Return the device for `cpu`, `cuda`, `cuda:1`, or `auto`, which says what it chose.

    Errors: UserFault for another name; DeviceFault where CUDA is asked for and cannot be used.
    """
    if name == "cpu":
        return CPU
    match = re.fullmatch(r"cuda(?::(\d{1,3}))?|auto", name)
    if match is None:
        raise UserFault(f"`{name}` is no device", helps=("the devices are cpu, cuda and auto",))
    index = int(match[1] or 0)
    problem = cuda_problem(index)
    if name == "auto":
        report("device: cuda" if problem is None else f"device: cpu ({problem})")
        return Device("cuda", index) if problem is None else CPU
    if problem is not None:
        raise DeviceFault(
            f"CUDA was asked for and cannot be used: {problem}",
            helps=("`pip install dslc[cuda]` brings the CUDA libraries", "or use `--device cpu`"),
        )
    return Device("cuda", index)


@functools.cache
def cuda_problem(index: int) -> str | None:
    """Return why GPU number `index` cannot be used, None when it can."""
    import onnxruntime

    if _CUDA not in onnxruntime.get_available_providers():
        return "this onnxruntime was built without CUDA"
    _preload()
    onnxruntime.set_default_logger_severity(4)  # what it finds missing is told in our words
    try:
        session = onnxruntime.InferenceSession(
            _PROBE, None, Device("cuda", index).providers, enable_fallback=0
        )
    except Exception as error:  # whatever it is, the GPU cannot be used
        return first_line(error)
    finally:
        onnxruntime.set_default_logger_severity(2)
    return None if session.get_providers()[0] == _CUDA else _missing_library()


def _preload() -> None:
    import onnxruntime

    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it did not find
        onnxruntime.preload_dlls()


def _missing_library() -> str:
    """Return why the CUDA provider did not load. onnxruntime writes that to its log only."""
    import onnxruntime

    folder = Path(onnxruntime.__file__).parent / "capi"
    try:
        for name in ("shared", "cuda"):
            ctypes.CDLL(str(folder / f"libonnxruntime_providers_{name}.so"), ctypes.RTLD_GLOBAL)
    except OSError as error:
        library, _, rest = first_line(error).partition(": cannot open shared object file")
        return f"the library {library} is missing" if rest else library
    return "there is no GPU, or no driver for it"


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def options(settings: SessionSettings, threads: int | None = None) -> SessionOptions:
    """Return onnxruntime's options for the settings that a file's metadata gives."""
    import onnxruntime

    result = onnxruntime.SessionOptions()
    level = onnxruntime.GraphOptimizationLevel
    levels = {"all": level.ORT_ENABLE_ALL, "disable": level.ORT_DISABLE_ALL}
    result.graph_optimization_level = levels[settings.graph_optimization_level]
    if settings.execution_order == "priority":
        result.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
    result.enable_mem_pattern = settings.enable_mem_pattern
    result.log_severity_level = 4  # what fails is raised, and told in our words
    if threads is not None:
        result.intra_op_num_threads = threads
    return result


def open_session(
    path: Path, settings: SessionSettings, device: Device, threads: int | None = None
) -> InferenceSession:
    """Return a session of the model at `path` that really is on `device`.

    Errors: DeviceFault when it is not; what `report.explain` makes of onnxruntime's errors.
    """
    import onnxruntime

    try:
        chosen = options(settings, threads)
        if device.kind == "cpu":
            _share_memory()
            chosen.add_session_config_entry("session.use_env_allocators", "1")
        session = onnxruntime.InferenceSession(
            str(path), chosen, device.providers, enable_fallback=0
        )
    except Exception as error:
        raise explain(error, path, device.kind) from error
    wanted = _CPU if device.kind == "cpu" else _CUDA
    if session.get_providers()[0] != wanted:
        raise DeviceFault(f"{path}: onnxruntime did not put it on {device}")
    return session


FIRST_REGION = 256 << 20
"""Bytes that the arena asks for at first."""

LEFT_OVER = 1 << 20
"""Bytes that a piece may be larger than what is asked for, before it is divided."""


@functools.cache
def _share_memory() -> None:
    """Let the sessions on the CPU have one arena.

    What the init graph gave back, the first step takes, and between two steps an evaluation needs none of its own. The
    arena is kept for the sessions that follow. Its first region is so large that little falls between regions (AlexNet
    holds 7 % less); what of it is not used is never touched.
    """
    import onnxruntime

    arena = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = onnxruntime.OrtMemoryInfo("Cpu", arena, 0, onnxruntime.OrtMemType.DEFAULT)
    # No limit, and it grows as is usual.
    settings = onnxruntime.OrtArenaCfg(0, -1, FIRST_REGION, LEFT_OVER)
    onnxruntime.create_and_register_allocator(memory, settings)


_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
}


def dtype_of(type_text: str) -> np.dtype[Any]:
    """Return NumPy's type for onnxruntime's text: `tensor(int64)`."""
    return np.dtype(_DTYPES.get(type_text) or type_text.removeprefix("tensor(").removesuffix(")"))


def place(array: np.ndarray[Any, Any], kind: str, device: Device) -> OrtValue:
    """Return `array` as a value on the CPU, which shares its memory, or as a copy on the GPU."""
    import onnxruntime

    index = device.index if kind == "cuda" else 0
    return onnxruntime.OrtValue.ortvalue_from_numpy(array, kind, index)


def empty(shape: tuple[int, ...], dtype: np.dtype[Any], kind: str, device: Device) -> OrtValue:
    """Return a value on the CPU or the GPU that nothing has been written to.

    A large array of NumPy's stands in huge pages, whose first use can take four times as long in a virtual machine.
    """
    import onnxruntime

    index = device.index if kind == "cuda" else 0
    return onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, dtype, kind, index)


def capture(number: int) -> RunOptions:
    """Return options for runs that are recorded as CUDA graph `number` the first time, and played back after it.

    onnxruntime keeps 0 and -1 for itself.
    """
    import onnxruntime

    result = onnxruntime.RunOptions()
    result.add_run_config_entry("gpu_graph_id", str(number))
    return result


def homes(session: InferenceSession) -> dict[str, str]:
    """Return for each input the kind of memory that its nodes read: `cpu` or `cuda`.

    A value bound elsewhere is copied when it is bound, not when the session runs; so a buffer that
    changes from step to step has to be where its nodes are.
    """
    kinds = [info.name.lower() for info in session.get_input_memory_infos()]
    return {
        port.name: "cuda" if kind == "cuda" else "cpu"
        for port, kind in zip(session.get_inputs(), kinds, strict=True)
    }
