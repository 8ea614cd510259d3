"""Bad data and weights, numbered as in the list of forty bad inputs."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.runtime.forms import classes, digits, huge_png, idx, mnist, picture, write

SPEC = """net Small {
  input image: uint8[N, 1, 4, 4]
  cast(float32) -> flatten
  output y: Linear(3)
}
train {
  target digit: int64[N]
  loss cross_entropy(y, digit)
  optimizer = SGD(lr=0.1)
  batch = 4
  epochs = 1
}
"""

Make = Callable[[Path], Path]


class Bad(NamedTuple):
    """One bad file: how it is made, how the command ends, and pieces of what is said."""

    number: int
    make: Make
    code: int
    place: str
    said: str


IMAGES, LABELS = digits()
GOOD: dict[str, Any] = {"image": IMAGES[:, None], "digit": LABELS.astype(np.int64)}


class Canary:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch {CANARY}",))


CANARY = Path("canary").absolute()
"""What would be written if a pickle were loaded; the test sets its folder."""


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def npz(**members: bytes) -> Make:
    """Return what writes an .npz: the good arrays, with members replaced or added."""
    contents = {name: npy(array) for name, array in GOOD.items()} | members
    return zipped([(f"{name}.npy", content) for name, content in contents.items()])


def zipped(members: list[tuple[str, bytes]], **more: Any) -> Make:
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "x.npz", "w", **more) as archive:
            for name, content in members:
                archive.writestr(name, content)
        return folder / "x.npz"

    return make


def arrays(**changed: Any) -> Make:
    return npz(**{name: npy(array) for name, array in changed.items()})


def with_label(label: int, sample: int) -> Make:
    labels = GOOD["digit"].copy()
    labels[sample] = label
    return arrays(digit=labels)


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def shape(text: str, kind: str = "'|u1'") -> Make:
    return npz(image=header(f"{{'descr': {kind}, 'fortran_order': False, 'shape': {text}, }}"))


def cut(make: Make, less: int) -> Make:
    def shorter(folder: Path) -> Path:
        path = make(folder)
        path.write_bytes(path.read_bytes()[:-less])
        return path

    return shorter


def changed_bit(folder: Path) -> Path:
    path = npz()(folder)
    content = bytearray(path.read_bytes())
    content[content.index(npy(GOOD["image"])) + 150] ^= 1
    path.write_bytes(content)
    return path


def encrypted(folder: Path) -> Path:
    path = npz()(folder)
    content = bytearray(path.read_bytes())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        content[content.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    path.write_bytes(content)
    return path


def files(contents: dict[str, bytes], name: str = "") -> Make:
    return lambda folder: write(folder / "data", contents) / name


def linked(folder: Path) -> Path:
    write(folder / "data", classes())
    os.symlink("b.png", folder / "data" / "a" / "b.png")
    return folder / "data"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "x.npz")
    return folder / "x.npz"


HEADERS = ",".join(["digit", *(f"p{number}" for number in range(16))])
TABLE = f"{HEADERS}\n1{',0' * 15},x\n".encode()
TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
GZIP_BOMB = gzip.compress(idx(LABELS[:1], (1 << 21, 4, 4)) + bytes(1 << 25))
ZIP_BOMB = zipped(
    [("image.npy", npy(np.zeros((1 << 21, 1, 4, 4), "u1"))), ("digit.npy", npy(np.zeros(1 << 21, "i8")))],
    compression=zipfile.ZIP_DEFLATED,
)  # fmt: skip

DATA: dict[str, Bad] = {
    "label 10": Bad(25, with_label(10, 7), 2, "x.npz: `digit`", "the label 10 at sample 7, and classes = 3"),
    "label -1": Bad(25, with_label(-1, 11), 2, "x.npz: `digit`", "the label -1 at sample 11"),
    "objects": Bad(28, lambda f: arrays(image=np.array([Canary()]))(f), 2, "x.npz: `image`", "never loaded"),
    "a pickle": Bad(28, npz(image=b"\x80\x04K\x01."), 2, "x.npz: `image`", "pickles are never loaded"),
    "a file of pickles": Bad(28, files({"x.pkl": b"\x80\x04K\x01."}, "x.pkl"), 2, "x.pkl", "never loaded"),
    "other archives": Bad(28, files({"x.h5": b"\x89HDF"}, "x.h5"), 2, "x.h5", "not read"),
    "zip bomb": Bad(29, ZIP_BOMB, 3, "x.npz: `image`", "200 to 1 is the most"),
    "two of one name": Bad(29, zipped([("image.npy", b"1"), ("image.npy", b"2")]), 2, "x.npz", "two arrays named"),
    "a path in a zip": Bad(29, zipped([("../image.npy", b"1")]), 2, "x.npz", "`../image.npy` is not an array"),
    "encrypted": Bad(29, encrypted, 2, "x.npz", "encrypted"),
    "a zip in a zip": Bad(29, npz(image=b"PK\x03\x04" + bytes(99)), 2, "x.npz: `image`", "not an .npy file"),
    "changed bit": Bad(29, changed_bit, 2, "x.npz: `image`", "CRC"),
    "cut off": Bad(29, cut(npz(), 30), 2, "x.npz", "damaged"),
    "negative shape": Bad(30, shape("(-1, 4)"), 2, "x.npz: `image`", "not that of an array"),
    "2**40 samples": Bad(30, shape("(1099511627776, 1, 4, 4)"), 2, "x.npz: `image`", "17592186044416 bytes"),
    "header of 2 GB": Bad(30, npz(image=b"\x93NUMPY\x02\x00\xff\xff\xff\x7f"), 2, "x.npz: `image`", "2147483647"),
    "nested header": Bad(30, npz(image=header("(" * 5000)), 2, "x.npz: `image`", "not that of an array"),
    "code in a header": Bad(30, shape("exit()"), 2, "x.npz: `image`", "not that of an array"),
    "structured": Bad(30, arrays(image=np.zeros(9, [("a", "f4")])), 2, "x.npz: `image`", "several fields"),
    "another type": Bad(
        30, arrays(image=GOOD["image"] / 255), 2, "x.npz: `image`", "is float64, and the net takes uint8",
    ),
    "another size": Bad(30, arrays(image=GOOD["image"][..., :3]), 2, "x.npz: `image`", "[12, 1, 4, 3]"),
    "another rank": Bad(30, arrays(image=GOOD["image"][:, 0]), 2, "x.npz: `image`", "[12, 4, 4]"),
    "other counts": Bad(30, arrays(digit=GOOD["digit"][:5]), 2, "x.npz: `digit`", "N is 12 in the other arrays"),
    "missing array": Bad(30, zipped([("image.npy", npy(GOOD["image"]))]), 2, "x.npz", "no array `digit`"),
    "no such file": Bad(30, lambda folder: folder / "none.npz", 4, "none.npz", "no such file"),
    "pipe": Bad(30, pipe, 4, "x.npz", "not a regular file"),
    "address": Bad(30, lambda folder: Path("https://example.com/x.npz"), 2, "example.com", "nothing is fetched"),
    "idx magic": Bad(
        33, files(mnist() | {TRAIN_IMAGES: b"\1\2\3\4"}), 2, "ubyte: offset 0", "not an idx file",
    ),
    "idx dimensions": Bad(
        33, files(mnist() | {TRAIN_IMAGES: idx(IMAGES, (99, 4, 4))}), 2, "ubyte: offset 4", "1584 bytes",
    ),
    "idx counts": Bad(33, files(mnist() | {TRAIN_LABELS: idx(LABELS[:5])}), 2, "`train-labels`", "[5]"),
    "idx label": Bad(
        33, files(mnist() | {TRAIN_LABELS: idx(LABELS | 128)}), 2, "`train-labels`", "label 128 at sample 0",
    ),
    "gzip bomb": Bad(
        33, files(mnist() | {TRAIN_IMAGES: GZIP_BOMB}),
        3, "train-images-idx3-ubyte", "200 to 1",
    ),
    "gzip, cut off": Bad(
        33, files(mnist() | {TRAIN_IMAGES: gzip.compress(idx(IMAGES))[:-9]}), 2, "ubyte", "damaged",
    ),
    "no class": Bad(34, files({}), 2, "data", "no data in this folder"),
    "one class": Bad(34, files({"a/x.png": picture(IMAGES[0])}), 2, "data", "one class only"),
    "empty class": Bad(34, files(classes() | {"d/.x": b""}), 2, "data/d", "has no images"),
    "text as .png": Bad(34, files(classes() | {"a/x.png": b"hello"}), 2, "a/x.png: offset 0", "68 65 6c 6c 6f"),
    "50,000 x 50,000": Bad(
        34, files(classes() | {"a/x.png": huge_png(50_000)}), 3, "a/x.png", "67,108,864 is the most",
    ),
    "animated GIF": Bad(34, files(classes() | {"a/x.gif": b"GIF89a"}), 2, "a/x.gif", "no image file that is read"),
    "GIF as .png": Bad(
        34, files(classes() | {"a/x.png": picture(IMAGES[0], "GIF")}), 2, "a/x.png", "whatever its name",
    ),
    "CMYK": Bad(34, files(classes() | {"a/x.jpg": picture(IMAGES[0], "JPEG", "CMYK")}), 2, "a/x.jpg", "CMYK"),
    "16 bits": Bad(34, files(classes() | {"a/x.png": picture(IMAGES[0].astype("u2"))}), 2, "a/x.png", "8 bits"),
    "JPEG cut off": Bad(34, files(classes() | {"a/x.jpg": picture(IMAGES[0], "JPEG")[:-9]}), 2, "a/x.jpg", "damaged"),
    "link to itself": Bad(34, linked, 4, "a/b.png", "symbolic links"),
    "SVG": Bad(34, files(classes() | {"a/x.svg": b"<svg/>"}), 2, "a/x.svg", "no image file that is read"),
    "image of another size": Bad(
        34, files(classes() | {"a/x.png": picture(IMAGES[0][:3])}), 2, "a/x.png", "3 high and 4 wide",
    ),
    "table, no number": Bad(
        25, files({"x.csv": TABLE}, "x.csv"),
        2, "x.csv:2:17", "`p15` is `x` here",
    ),
}  # fmt: skip

WEIGHTS: dict[str, Any] = {
    "y.weight": np.zeros((3, 16), np.float32),
    "y.bias": np.zeros(3, np.float32),
}


def tensors(entries: dict[str, Any], content: bytes, length: int | None = None) -> Make:
    """Return what writes a .safetensors file with this header; `length` is what it claims of it."""
    return raw_tensors(json.dumps(entries).encode(), content, length)


def raw_tensors(head: bytes, content: bytes, length: int | None = None) -> Make:
    def make(folder: Path) -> Path:
        claimed = len(head) if length is None else length
        (folder / "w.safetensors").write_bytes(struct.pack("<Q", claimed) + head + content)
        return folder / "w.safetensors"

    return make


def weights(**changed: Any) -> Make:
    """Return what writes the good weights as .npz, with arrays replaced, added or (None) left out."""
    found = WEIGHTS | {name.replace("_", "."): array for name, array in changed.items()}
    members = [(f"{name}.npy", npy(array)) for name, array in found.items() if array is not None]
    return zipped(members)


def tensor(
    start: int, end: int, kind: str = "F32", size: list[Any] | None = None
) -> dict[str, Any]:
    return {"dtype": kind, "shape": [3] if size is None else size, "data_offsets": [start, end]}


TWICE = b'{"a":%s,"a":%s}' % ((json.dumps(tensor(0, 12)).encode(),) * 2)
BAD_WEIGHTS: dict[str, Bad] = {
    "checkpoint of another library": Bad(28, files({"x.pt": b"\x80\x04K\x01."}, "x.pt"), 2, "x.pt", "never loaded"),
    "header beyond the file": Bad(31, tensors({}, b"", 1 << 40), 2, "w.safetensors: offset 0", "1099511627776"),
    "header of 100 MB": Bad(31, tensors({}, b"", 100 << 20), 2, "w.safetensors: offset 0", "104857600"),
    "overlap": Bad(31, tensors({"a": tensor(0, 12), "b": tensor(8, 20)}, bytes(20)), 2, "w.safetensors", "damaged"),
    "hole": Bad(31, tensors({"a": tensor(0, 12), "b": tensor(16, 28)}, bytes(28)), 2, "w.safetensors", "damaged"),
    "more bytes": Bad(31, tensors({"a": tensor(0, 12)}, bytes(20)), 2, "w.safetensors", "damaged"),
    "size and shape": Bad(31, tensors({"a": tensor(0, 16)}, bytes(16)), 2, "w.safetensors", "damaged"),
    "negative offset": Bad(31, tensors({"a": tensor(-12, 0)}, bytes(12)), 2, "w.safetensors", "damaged"),
    "offset with a point": Bad(
        31, tensors({"a": tensor(0, 12.5)}, bytes(12)), 2, "w.safetensors", "damaged",  # type: ignore[arg-type]  # the mistake
    ),
    "4-bit numbers": Bad(31, tensors({"a": tensor(0, 12, "I4")}, bytes(12)), 2, "w.safetensors", "damaged"),
    "one key twice": Bad(
        31, raw_tensors(TWICE, bytes(12)), 2, "w.safetensors: ", "`a` stands there twice",
    ),
    "NaN weights": Bad(
        31, weights(y_bias=np.array([0, np.nan, 0], "f4")), 2, "`y.bias`", "not finite",
    ),
    "missing": Bad(32, weights(y_bias=None), 2, "x.npz", "y.bias"),
    "another shape": Bad(32, weights(y_bias=np.zeros(4, "f4")), 2, "x.npz", "y.bias"),
    "another type": Bad(32, weights(y_bias=np.zeros(3, "f8")), 2, "x.npz", "y.bias"),
    "turned": Bad(32, weights(y_weight=np.zeros((16, 3), "f4")), 2, "x.npz", "y.weight"),
}  # fmt: skip
