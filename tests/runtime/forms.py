"""Data files of every form, good and bad, as tests write them."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Array = np.ndarray[Any, Any]

CODES = {"uint8": 8, "int8": 9, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx(array: Array, shape: tuple[int, ...] | None = None, code: int | None = None) -> bytes:
    """Return an idx file; `shape` and `code` are what the header claims instead of the truth."""
    shape = array.shape if shape is None else shape
    code = CODES[array.dtype.name] if code is None else code
    head = bytes([0, 0, code, len(shape)]) + b"".join(struct.pack(">I", size) for size in shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files by name into a folder, sub-folders included."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def digits(count: int = 12, side: int = 4) -> tuple[Array, Array]:
    """Return small pictures and their labels, all different."""
    rng = np.random.default_rng(count)
    return rng.integers(0, 256, (count, side, side), np.uint8), np.arange(count, dtype=np.uint8) % 3


def mnist(count: int = 12, *, packed: bool = False, name: str = "train") -> dict[str, bytes]:
    """Return the two files of a set in the form of MNIST."""
    images, labels = digits(count)
    ending = ".gz" if packed else ""
    files = {f"{name}-images-idx3-ubyte": idx(images), f"{name}-labels-idx1-ubyte": idx(labels)}
    return {k + ending: gzip.compress(v) if packed else v for k, v in files.items()}


def picture(array: Array, form: str = "PNG", mode: str | None = None, **more: Any) -> bytes:
    """Return an image file."""
    buffer = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(buffer, form, **more)
    return buffer.getvalue()


def classes(count: int = 9, side: int = 4) -> dict[str, bytes]:
    """Return the files of a folder of pictures with three classes."""
    images, labels = digits(count, side)
    return {
        f"{'abc'[label]}/{number:03}.png": picture(image)
        for number, (image, label) in enumerate(zip(images, labels, strict=True))
    }


def huge_png(side: int) -> bytes:
    """Return a PNG whose header claims side x side pixels; there are none."""
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
