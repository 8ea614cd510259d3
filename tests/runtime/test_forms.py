"""The forms of data beside .npz: idx, images by class, .csv, and arrays that stay on the disk."""

from __future__ import annotations

import gzip
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime import images as pictures
from dslc_runtime.ahead import ahead
from dslc_runtime.data import Dataset, epoch_order, open_data
from dslc_runtime.errors import RuntimeFault
from dslc_runtime.metadata import Port
from PIL import Image

from tests.runtime.forms import classes, digits, huge_png, idx, mnist, picture, write

IMAGE = Port("image", np.dtype("uint8"), ("N", 1, 4, 4))
COLOUR = Port("image", np.dtype("uint8"), ("N", 3, 4, 4))
DIGIT = Port("digit", np.dtype("int64"), ("N",))
GREY = np.arange(16, dtype=np.uint8).reshape(4, 4)
RGB = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


def opened(path: Path, *ports: Port, **more: Any) -> Dataset:
    return open_data(path, ports or (IMAGE, DIGIT), classes={"digit": 3}, **more)


def refused(path: Path, message: str, code: int, *ports: Port, **more: Any) -> None:
    with pytest.raises(RuntimeFault, match=message) as caught:
        opened(path, *ports, **more)
    assert caught.value.exit_code == code
    assert str(path) in str(caught.value)


# ---- idx


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_by_the_names_of_its_files(packed: bool, tmp_path: Path) -> None:
    write(tmp_path, mnist(packed=packed) | mnist(5, packed=packed, name="t10k"))
    images, labels = digits()
    data = opened(tmp_path)
    assert np.array_equal(data.arrays["image"], images[:, None])
    assert np.array_equal(data.arrays["digit"], labels)
    assert data.on_disk is not packed
    assert len(opened(tmp_path / "t10k")) == 5
    chosen = {"image": "t10k-images", "digit": "t10k-labels"}
    assert len(opened(tmp_path, mapping=chosen)) == 5


@pytest.mark.parametrize("shape", [(4, 4), (16,)])
def test_pictures_of_an_idx_file_take_the_axes_of_the_input(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    write(tmp_path, mnist())
    data = opened(tmp_path, Port("x", np.dtype("uint8"), ("N", *shape)), DIGIT)
    assert data.arrays["x"].shape == (12, *shape)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "float32", "float64"])
def test_element_types_of_idx(dtype: str, tmp_path: Path) -> None:
    array = np.arange(-6, 6).reshape(3, 4).astype(dtype)
    (tmp_path / "x.idx").write_bytes(idx(array))
    (tmp_path / "y.idx.gz").write_bytes(gzip.compress(idx(array)))
    port = Port("x", np.dtype(dtype), ("N", 4))
    for name in ("x.idx", "y.idx.gz"):
        assert np.array_equal(open_data(tmp_path / name, (port,)).arrays["x"], array)


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
BAD_IDX: dict[str, tuple[dict[str, bytes], int, str]] = {
    "magic": ({IMAGES: b"\1\2\3\4" + bytes(99)}, 2, "offset 0: this is not an idx file: .* 01 02 03 04"),
    "empty": ({IMAGES: b""}, 2, "offset 0: .* nothing"),
    "type": ({IMAGES: idx(digits()[0], code=0x0A)}, 2, "offset 0: this is not an idx file"),
    "rank": ({IMAGES: b"\0\0\x08\xff" + bytes(2000)}, 2, "offset 3: 255 dimensions"),
    "dimensions cut": ({IMAGES: b"\0\0\x08\x03" + bytes(5)}, 2, "offset 9: the file ends"),
    "short": ({IMAGES: idx(digits()[0])[:-1]}, 2, "192 bytes from offset 16\n.*191 bytes are there"),
    "long": ({IMAGES: idx(digits()[0]) + b"x"}, 2, "193 bytes are there"),
    "huge": ({IMAGES: idx(digits()[0], (2**32 - 1,) * 3)}, 2, "disagree"),
    "counts": ({LABELS: idx(digits(11)[1])}, 2, "N is 12 in the other arrays"),
    "label": ({LABELS: idx(np.array([0, 1, 255] + [0] * 9, "u1"))}, 2, "label 255 at sample 2, and classes = 3"),
    "packed, cut": ({IMAGES: gzip.compress(idx(digits()[0]))[:-9]}, 2, "packed by gzip, and damaged"),
    "packed, changed": (
        {IMAGES: gzip.compress(idx(digits()[0]))[:-8] + bytes(8)}, 2, "packed by gzip, and damaged",
    ),
    "packed, short": ({IMAGES: gzip.compress(idx(digits()[0])[:-3])}, 2, "189 bytes are there"),
    "packed, long": ({IMAGES: gzip.compress(idx(digits()[0]) + b"x")}, 2, "more bytes are there"),
    "packed, bomb": (
        {IMAGES: gzip.compress(idx(np.zeros((1, 1), "u1"), (1 << 20, 4, 4)) + bytes((1 << 24) + 1))}, 3, "200 to 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_IDX)
def test_bad_idx(case: str, tmp_path: Path) -> None:
    files, code, message = BAD_IDX[case]
    if case == "packed, bomb":
        files = {
            IMAGES: gzip.compress(idx(np.zeros((1, 1), "u1"), (1 << 21, 4, 4)) + bytes(1 << 25))
        }
    refused(write(tmp_path, mnist() | files), message, code)


def test_several_sets_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path, mnist(name="one") | mnist(name="two"))
    refused(tmp_path, "which of these idx files", 2)
    assert len(opened(tmp_path / "two")) == 12


# ---- images


def test_a_folder_of_images(tmp_path: Path) -> None:
    write(tmp_path, classes() | {".hidden/x": b"", "a/.DS_Store": b"", "b/Thumbs.db": b""})
    images, _ = digits(9)
    data = opened(tmp_path)
    assert data.arrays["image"].dtype == np.uint8
    for image, label in zip(data.arrays["image"], data.arrays["digit"], strict=True):
        number = next(n for n, one in enumerate(images) if np.array_equal(one, image[0]))
        assert number % 3 == label
    again = opened(tmp_path)
    assert np.array_equal(again.arrays["image"], data.arrays["image"])


def test_samples_of_a_folder_are_mixed(tmp_path: Path) -> None:
    write(tmp_path, classes(30))
    labels = opened(tmp_path).split(0.5)[1].arrays["digit"]
    assert set(labels.tolist()) == {0, 1, 2}


FORMS: dict[str, tuple[bytes, str]] = {
    "grey": (picture(GREY), ".png"),
    "one bit": (picture(GREY, mode="1"), ".png"),
    "palette": (picture(RGB, mode="P"), ".png"),
    "opaque": (picture(RGB, mode="RGBA"), ".png"),
    "bmp": (picture(RGB, "BMP"), ".bmp"),
    "jpeg": (picture(RGB, "JPEG", quality=95), ".JPG"),
    "other ending": (picture(RGB, "JPEG"), ".png"),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("channels", [1, 3])
def test_forms_of_images(name: str, channels: int, tmp_path: Path) -> None:
    content, ending = FORMS[name]
    (tmp_path / f"x{ending}").write_bytes(content)
    found = pictures.decode(tmp_path / f"x{ending}", channels, (4, 4))
    expected = np.asarray(Image.open(io.BytesIO(content)).convert({1: "L", 3: "RGB"}[channels]))
    assert np.array_equal(found, expected)


def animated() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.fromarray(GREY), Image.fromarray(GREY[::-1].copy())]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def gif() -> bytes:
    return picture(GREY, "GIF")


TRANSPARENT = np.zeros((4, 4, 4), np.uint8)
BAD_IMAGES: dict[str, tuple[dict[str, bytes], int, str]] = {
    "no class": ({}, 2, "no data in this folder"),
    "one class": ({"a/x.png": picture(GREY)}, 2, "one class only, `a`"),
    "empty class": (classes() | {"d/.x": b""}, 2, "d: this class has no images"),
    "four classes": (classes() | {"d/x.png": picture(GREY)}, 2, r"label 3 at sample \d \(.*x.png\)"),
    "text": (classes() | {"a/x.png": b"hello, world"}, 2, "a/x.png: offset 0: .* 68 65 6c 6c 6f"),
    "empty": (classes() | {"a/x.png": b""}, 2, "a/x.png: offset 0: .*nothing"),
    "gif": (classes() | {"a/x.gif": gif()}, 2, "x.gif: this is no image file that is read"),
    "gif as png": (classes() | {"a/x.png": gif()}, 2, "no PNG, JPEG, BMP image, whatever its name"),
    "svg": (classes() | {"a/x.svg": b"<svg/>"}, 2, "x.svg: this is no image file"),
    "eps": (classes() | {"a/x.png": b"%!PS-Adobe-3.0 EPSF-3.0\n"}, 2, "offset 0"),
    "size": (classes() | {"c/x.png": picture(GREY[:3])}, 2, "x.png: .* 3 high and 4 wide, and the net takes 4 by 4"),
    "bomb": (classes() | {"b/x.png": huge_png(50_000)}, 3, "x.png: this image has more pixels"),
    "large": (classes() | {"b/x.png": huge_png(9_000)}, 3, "x.png: this image has 81,000,000 pixels"),
    "animated": (classes() | {"a/x.png": animated()}, 2, "x.png: this image is animated"),
    "cmyk": (classes() | {"a/x.jpg": picture(RGB, "JPEG", mode="CMYK")}, 2, "four inks of print"),
    "16 bits": (classes() | {"a/x.png": picture(GREY.astype("u2") * 999)}, 2, "more than 8 bits per channel"),
    "transparent": (classes() | {"a/x.png": picture(TRANSPARENT)}, 2, "parts of this image are transparent"),
    "cut jpeg": (classes() | {"a/x.jpg": picture(RGB, "JPEG")[:-60]}, 2, "x.jpg: this image is damaged"),
    "cut png": (classes() | {"a/x.png": picture(RGB)[:-30]}, 2, "x.png: this image is damaged"),
    "folder in a class": (classes() | {"a/b/x.png": picture(GREY)}, 2, "a/b: this is a folder within a class"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_bad_images(case: str, tmp_path: Path) -> None:
    files, code, message = BAD_IMAGES[case]
    refused(write(tmp_path, files), message, code)


def test_images_for_a_net_that_takes_none(tmp_path: Path) -> None:
    write(tmp_path, classes())
    refused(
        tmp_path,
        "uint8 .*begin with|begin with",
        2,
        Port("x", np.dtype("float32"), ("N", 1, 4, 4)),
        DIGIT,
    )
    refused(tmp_path, "one input of images", 2, DIGIT)


def test_a_link_that_leads_to_itself(tmp_path: Path) -> None:
    write(tmp_path, classes())
    os.symlink("loop.png", tmp_path / "a" / "loop.png")
    refused(tmp_path, "too many levels of symbolic links", 4)


def test_a_large_image_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, classes())
    monkeypatch.setattr(pictures, "FILE_BYTES", 20)
    refused(tmp_path, "an image file may have 20 bytes", 3)


# ---- tables

X = Port("x", np.dtype("float32"), ("N", 3))
T = Port("t", np.dtype("float32"), ("N",))
FLAG = Port("flag", np.dtype("bool"), ("N",))
PIXEL = Port("pixel", np.dtype("uint8"), ("N", 1, 1, 2))
TABLE = "x0,x1,x2,t,digit\n1,2,3,0.5,0\n4,5,6,-1e-3,1\n7,8,9,.25,2\n"

GOOD_TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "plain": (TABLE, {}),
    "from one": ("x1,x2,x3,t,digit\n" + TABLE.split("\n", 1)[1], {}),
    "brackets": ("x[0],x[1],x[2],t,digit\n" + TABLE.split("\n", 1)[1], {}),
    "the only group": ("f_0,f_1,f_2,t,digit\n" + TABLE.split("\n", 1)[1], {}),
    "mapped group": ("f0,f1,f2,t,digit\n" + TABLE.split("\n", 1)[1], {"x": "f"}),
    "mapped columns": ("a,b,c,t,digit\n" + TABLE.split("\n", 1)[1], {"x": "a..c"}),
    "other columns": ("id,x0,x1,x2,t,digit\n" + "".join(f"name,{r}\n" for r in TABLE.split("\n")[1:4]), {}),
    "another order": ("digit,t,x2,x1,x0\n0,0.5,3,2,1\n1,-0.001,6,5,4\n2,0.25,9,8,7\n", {}),
    "line ends of Windows": (TABLE.replace("\n", "\r\n"), {}),
    "byte order mark": ("\ufeff" + TABLE, {}),
    "semicolons": (TABLE.replace(",", ";"), {}),
    "tabs": (TABLE.replace(",", "\t"), {}),
    "quotes": (TABLE.replace("4,5,6", '"4"," 5 ",6').replace("x0", '"x0"'), {}),
    "blank lines": (TABLE.replace("\n", "\n\n"), {}),
    "whole numbers with a point": (TABLE.replace(",1\n", ",1.0\n"), {}),
    "no last line end": (TABLE[:-1], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD_TABLES)
def test_tables(case: str, tmp_path: Path) -> None:
    text, mapping = GOOD_TABLES[case]
    (tmp_path / "data.csv").write_text(text, encoding="utf-8", newline="")
    data = opened(tmp_path / "data.csv", X, T, DIGIT, mapping=mapping)
    assert data.arrays["x"].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert np.array_equal(data.arrays["t"], np.array([0.5, -1e-3, 0.25], "f4"))
    assert data.arrays["digit"].tolist() == [0, 1, 2]


def test_images_and_booleans_in_a_table(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("pixel0,pixel1,flag\n0,255,true\n3,4,0\n")
    data = opened(path, PIXEL, FLAG)
    assert data.arrays["pixel"].tolist() == [[[[0, 255]]], [[[3, 4]]]]
    assert data.arrays["flag"].tolist() == [True, False]


BAD_TABLES: dict[str, tuple[str, str]] = {
    "empty": ("", r"csv:1:1: the first line is no header"),
    "no header": ("1,2,3,4,5\n1,2,3,4,5\n", "csv:1:1: the first line is no header"),
    "header only": ("x0,x1,x2,t,digit\n", "csv:1:1: there are no samples"),
    "missing column": (TABLE.replace("t,", "y,"), "csv:1:1: there is no column `t`"),
    "close name": (TABLE.replace("digit", "digits"), "`--map digit=digits` takes that one"),
    "missing group": ("a,b,c,t,digit\n1,2,3,4,0\n", "no columns `x0`, `x1`, ... and no column `x`"),
    "names of one's own": ("a,b,c,t,d\n1,2,3,4,0\n", "`--map x=a..c,digit=d` takes what fits"),
    "one column of several": (
        TABLE.replace("x0,x1,x2", "x,y,z"), "there are 3 columns in `x`, and `x` is one",
    ),
    "two of one name": (TABLE.replace("x1", "x0"), "csv:1:2: there are two columns named `x0`"),
    "gap": (TABLE.replace("x1", "x4"), "the columns `x` go from 0 to 4, and 1 is missing"),
    "too few": (TABLE.replace("x2", "z"), "`x` has 2 columns, and `x` takes 3"),
    "short line": (TABLE.replace("4,5,6,", "4,5,"), "csv:3:5: this line has 4 columns, and the header has 5"),
    "long line": (TABLE.replace("4,5,6,", "4,5,6,7,"), "csv:3:6: this line has 6 columns"),
    "text": (TABLE.replace("0.5", "half"), "csv:2:4: `t` is `half` here, and a number was expected"),
    "decimal comma": ('x0;x1;x2;t;digit\n1;2;3;"0,5";0\n', "csv:2:4: `t` is `0,5` here"),
    "empty cell": (TABLE.replace("4,5,6", "4,,6"), "csv:3:2: `x1` is empty here, and a number was expected"),
    "nan": (TABLE.replace("4,5,6", "4,nan,6"), "csv:3:2: `x1` is `nan` here, and a number was expected"),
    "underscore": (TABLE.replace("4,5,6", "4,1_0,6"), "csv:3:2: `x1` is `1_0` here"),
    "other digits": (TABLE.replace("4,5,6", "4,٣,6"), "csv:3:2: `x1` is `٣` here"),
    "too large": (TABLE.replace("4,5,6", "4,1e39,6"), r"`x` holds inf at sample 1 \(line 3\)"),
    "broken label": (TABLE.replace(",1\n", ",1.5\n"), "csv:3:5: `digit` is `1.5` here, and a whole number"),
    "label": (TABLE.replace(",2\n", ",3\n"), r"label 3 at sample 2 \(line 4\), and classes = 3"),
    "64 bits": (TABLE.replace(",2\n", f",{2**63}\n"), "csv:4:5: `digit` is 9223372036854775808 here; int64 goes"),
    "zero character": (TABLE.replace("0.5", "\0"), "csv:2:4: "),
    "open quote": (TABLE.replace("4,5", '4,"5'), "csv:3:"),
    "a field without end": (TABLE.replace("4,", '"' + "9" * 200_000 + '",'), "csv:3:1: this line cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables(case: str, tmp_path: Path) -> None:
    text, message = BAD_TABLES[case]
    (tmp_path / "data.csv").write_text(text, encoding="utf-8", newline="")
    refused(tmp_path / "data.csv", message, 2, X, T, DIGIT)


def test_a_table_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(bytes(range(256)) * 40)
    refused(tmp_path / "data.csv", r"csv:\d+:\d+: ", 2, X, T, DIGIT)


# ---- forms that are not read


OTHERS = {
    "x.pkl": "pickles are never loaded",
    "x.pt": "pickles are never loaded",
    "x.zip": "archives are not unpacked",
    "x.tar.gz": "archives are not unpacked",
    "x.h5": "data are an .npz",
    "train-images-idx3-ubyte": "give the folder",
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_forms(name: str, tmp_path: Path) -> None:
    write(tmp_path, {name: b"\x80\x04K\x01."})
    refused(tmp_path / name, OTHERS[name], 2)


def test_what_is_not_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "pipe.npz", "it is not a regular file", 4)
    refused(tmp_path / "pipe.csv", "it is not a regular file", 4)
    refused(tmp_path / "none", "no such file or folder", 4)
    with pytest.raises(RuntimeFault, match="nothing is fetched"):
        opened(Path("https://example.com/x.npz"))


# ---- from the disk


def on_disk(folder: Path, count: int = 40) -> Dataset:
    images, labels = digits(count)
    folder.mkdir()
    np.save(folder / "image.npy", images[:, None])
    np.save(folder / "digit.npy", labels.astype("i8"))
    return opened(folder)


def test_batches_from_the_disk_are_those_from_memory(tmp_path: Path) -> None:
    disk = on_disk(tmp_path / "data")
    memory = Dataset({name: np.array(array) for name, array in disk.arrays.items()}, "memory")
    assert disk.on_disk and not memory.on_disk
    buffers = {"image": np.zeros((8, 1, 4, 4), np.uint8), "digit": np.zeros(8, np.int64)}
    seen: dict[bool, list[Any]] = {True: [], False: []}
    for data in (disk, memory):
        order = epoch_order(1, 2, len(data))
        for samples in data.feed((order[at : at + 8] for at in range(0, 40, 8)), buffers):
            batch = [samples, *buffers.values()]
            seen[data.on_disk].append([part.tolist() for part in batch])
    assert len(seen[True]) == 5
    assert seen[True] == seen[False]
    for one, other in zip(disk.batches(16), memory.batches(16), strict=True):
        assert all(np.array_equal(one[name], other[name]) for name in memory.arrays)


def test_no_thread_for_what_is_in_memory() -> None:
    images, labels = digits(8)
    data = Dataset({"image": images, "digit": labels}, "memory")
    buffers = {"image": np.zeros((4, 4, 4), np.uint8), "digit": np.zeros(4, np.int64)}
    before = threading.active_count()
    for _ in data.feed(iter(np.arange(8).reshape(2, 4)), buffers):
        assert threading.active_count() == before


def test_one_task_ahead_and_faults_in_their_turn() -> None:
    started: list[int] = []
    done = threading.Event()

    def task(number: int) -> Callable[[], int]:
        def work() -> int:
            started.append(number)
            if number == 1:
                done.set()
            if number == 2:
                raise ValueError("two")
            return number

        return work

    results = ahead(task(number) for number in range(9))
    assert next(results) == 0
    assert done.wait(10)  # the next one is worked on before anyone asks for it
    assert 2 not in started
    assert next(results) == 1
    with pytest.raises(ValueError, match="two"):
        next(results)
    assert started[-1] <= 3


def test_closing_lets_the_thread_go() -> None:
    before = threading.active_count()
    results = ahead(lambda: 1 for _ in range(9))
    next(results)
    results.close()
    assert threading.active_count() == before
