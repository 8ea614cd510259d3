"""Data files that cannot be trained on are refused with the array, the reason and the sample."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime.data import Dataset, epoch_order, open_data
from dslc_runtime.errors import RuntimeFault
from dslc_runtime.metadata import Port

from tests.runtime.tiny import samples

X = Port("x", np.dtype("float32"), ("N", 4))
LABEL = Port("label", np.dtype("int64"), ("N",))
GOOD = samples(6)
Write = Callable[[Path], None]


def npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def with_header(header: str, content: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + content


def npz(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> Write:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in members:
                archive.writestr(name, content)

    return write


def saved(**arrays: Any) -> Write:
    return npz([(f"{name}.npy", npy(np.asarray(array))) for name, array in arrays.items()])


def raw(content: bytes) -> Write:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def x(content: bytes) -> Write:
    return npz([("x.npy", content), ("label.npy", npy(GOOD["label"]))])


def cut(write: Write, bytes_less: int) -> Write:
    def shorter(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[:-bytes_less])

    return shorter


def flipped(path: Path) -> None:
    saved(**GOOD)(path)
    content = bytearray(path.read_bytes())
    content[content.index(npy(GOOD["x"])) + 150] ^= 1
    path.write_bytes(content)


def changed(name: str, index: Any, value: Any) -> dict[str, Any]:
    array = GOOD[name].copy()
    array[index] = value
    return GOOD | {name: array}


def bomb(path: Path) -> None:
    content = npy(np.zeros((1 << 21, 4), np.float32))
    npz([("x.npy", content), ("label.npy", npy(GOOD["label"]))], zipfile.ZIP_DEFLATED)(path)


def duplicate(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        npz([("x.npy", npy(GOOD["x"]))] * 2)(path)


HEADER = "{'descr': %s, 'fortran_order': False, 'shape': %s, }"
BAD: dict[str, tuple[Write, int, str]] = {
    "missing file": (lambda path: None, 4, "cannot read it: no such file"),
    "empty file": (raw(b""), 2, "not an .npz file, or a damaged one"),
    "text": (raw(b"hello"), 2, "not an .npz file, or a damaged one"),
    "cut off": (cut(saved(**GOOD), 30), 2, "not an .npz file, or a damaged one"),
    "flipped bit": (flipped, 2, "`x` is damaged: Bad CRC-32"),
    "no array of that name": (saved(image=GOOD["x"], label=GOOD["label"]), 2, "no array `x`"),
    "names of others": (
        saved(images=GOOD["x"], labels=GOOD["label"]), 2, "--map x=images,label=labels",
    ),
    "names that say nothing": (
        saved(a=GOOD["label"], b=GOOD["x"]), 2, "--map x=b,label=a",
    ),
    "what is left": (saved(pictures=GOOD["x"][:, :3], label=GOOD["label"]), 2, "--map x=pictures"),
    "nothing that fits": (
        saved(a=GOOD["x"][:, :3], b=GOOD["x"][0, 0]), 2, "it holds a, b$",
    ),
    "close name": (saved(x=GOOD["x"], labels=GOOD["label"]), 2, "--map label=labels"),
    "two of one name": (duplicate, 2, "two arrays named `x`"),
    "path outside": (npz([("../x.npy", npy(GOOD["x"]))]), 2, "`../x.npy` is not an array"),
    "not an array": (npz([("x.txt", b"1 2 3")]), 2, "`x.txt` is not an array"),
    "objects": (saved(x=np.array([[{}]]), label=[0]), 2, "pickles are never loaded"),
    "pickle": (x(b"\x80\x04K\x01."), 2, "this is a pickle, and pickles are never loaded"),
    "nested zip": (x(b"PK\x03\x04" + bytes(64)), 2, "this is not an .npy file"),
    "structured": (x(npy(np.zeros(6, [("a", "f4")]))), 2, "several fields"),
    "text elements": (saved(x=np.full((6, 4), "a"), label=GOOD["label"]), 2, "`<U1`"),
    "complex": (saved(x=GOOD["x"] * 1j, label=GOOD["label"]), 2, "numbers and booleans"),
    "negative shape": (x(with_header(HEADER % ("'<f4'", "(-1, 4)"))), 2, "not that of an array"),
    "huge shape": (
        x(with_header(HEADER % ("'<f4'", "(1099511627776, 4)"))), 2, "size disagree",
    ),
    "wrapping shape": (
        x(with_header(HEADER % ("'<f4'", "(4294967296, 4294967296)"))), 2, "size disagree",
    ),
    "digits": (x(with_header(HEADER % ("'<f4'", f"({'9' * 50},)"))), 2, "beyond any array"),
    "code in header": (x(with_header("{'descr': exit(), 'shape': ()}")), 2, "not that of an array"),
    "nested header": (x(with_header("(" * 5000)), 2, "not that of an array"),
    "long header": (x(b"\x93NUMPY\x02\x00" + b"\xff\xff\xff\x7f"), 2, "header claims 2147483647"),
    "short header": (x(b"\x93NUMPY\x01\x00\x50\x00{"), 2, "header is cut off"),
    "short content": (x(npy(GOOD["x"])[:-4]), 2, "92 bytes are there"),
    "bomb": (bomb, 3, "200 to 1 is the most"),
    "float64": (saved(x=GOOD["x"].astype("f8"), label=GOOD["label"]), 2, "x.astype|array.astype"),
    "float labels": (saved(x=GOOD["x"], label=GOOD["label"] * 1.0), 2, "the net takes int64"),
    "unsigned 64 bits": (saved(x=GOOD["x"], label=GOOD["label"].astype("u8")), 2, "is uint64"),
    "one-hot": (
        saved(x=GOOD["x"], label=np.eye(3)[GOOD["label"]]), 2, r"`array.argmax\(axis=1\)`$",
    ),
    "one-hot in whole numbers": (
        saved(x=GOOD["x"], label=np.eye(3, dtype="i8")[GOOD["label"]]), 2, "not one-hot",
    ),
    "a column of labels": (
        saved(x=GOOD["x"], label=GOOD["label"][:, None]), 2, r"`array\[..., 0\]`$",
    ),
    "a column of real labels": (
        saved(x=GOOD["x"], label=GOOD["label"][:, None] * 1.0), 2,
        r"`array\[..., 0\].astype\(np.int64\)`$",
    ),
    "rank": (saved(x=GOOD["x"][0], label=GOOD["label"]), 2, r"\[4\], and the net takes \[N, 4\]"),
    "size": (saved(x=GOOD["x"][:, :3], label=GOOD["label"]), 2, r"\[6, 3\]"),
    "counts differ": (saved(x=GOOD["x"], label=GOOD["label"][:5]), 2, "N is 6 in the other arrays"),
    "no samples": (saved(x=GOOD["x"][:0], label=GOOD["label"][:0]), 2, "is empty"),
    "nan": (saved(**changed("x", (4, 1), np.nan)), 2, "`x` holds nan at sample 4"),
    "infinity": (saved(**changed("x", (5, 3), -np.inf)), 2, "`x` holds -inf at sample 5"),
    "label too large": (saved(**changed("label", 3, 3)), 2, "label 3 at sample 3, and classes = 3"),
    "labels from 1": (saved(x=GOOD["x"], label=np.array([1, 2, 3, 3, 1, 2])), 2, "save them as `array - 1`"),
    "label negative": (saved(**changed("label", 2, -1)), 2, "label -1 at sample 2"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_file(case: str, tmp_path: Path) -> None:
    write, code, message = BAD[case]
    path = tmp_path / "data.npz"
    write(path)
    with pytest.raises(RuntimeFault, match=message) as caught:
        open_data(path, (X, LABEL), classes={"label": 3})
    assert caught.value.exit_code == code
    assert str(path) in str(caught.value)


SHAPES = {
    "no channels": ((6, 4, 5), ("N", 1, 4, 5), r"`array\[:, None\]`"),
    "channels last": ((6, 4, 5, 3), ("N", 3, 4, 5), r"`array.transpose\(0, 3, 1, 2\)`"),
    "channels last, of any size": ((6, 4, 5, 3), ("N", 3, "H", "W"), "transpose"),
    "flat": ((6, 60), ("N", 3, 4, 5), r"`array.reshape\(-1, 3, 4, 5\)`"),
    "not flat": ((6, 3, 4, 5), ("N", 60), r"`array.reshape\(-1, 60\)`"),
    "masks one-hot": ((6, 9, 4, 5), ("N", 4, 5), r"`array.argmax\(axis=1\)`"),
    "masks one-hot, channels last": ((6, 4, 5, 9), ("N", 4, 5), r"`array.argmax\(axis=3\)`"),
}


@pytest.mark.parametrize("case", SHAPES)
def test_another_shape_is_told_with_what_mends_it(case: str, tmp_path: Path) -> None:
    """The edit is run as well: what it makes is taken."""
    shape, wanted, edit = SHAPES[case]
    array = np.zeros(shape, np.int64)
    port = Port("x", np.dtype(np.int64), wanted)
    np.savez(tmp_path / "a.npz", x=array)
    with pytest.raises(RuntimeFault, match=edit) as caught:
        open_data(tmp_path / "a.npz", (port,))
    (help_,) = caught.value.helps
    np.savez(tmp_path / "a.npz", x=eval(help_.split("`")[1], {"array": array}))
    open_data(tmp_path / "a.npz", (port,))


def test_good_forms(tmp_path: Path) -> None:
    x, label = GOOD["x"], GOOD["label"]
    saved(**GOOD)(tmp_path / "stored.npz")
    np.savez_compressed(tmp_path / "packed.npz", **GOOD)
    saved(x=np.asfortranarray(x).astype(">f4"), label=label.astype("u1"))(tmp_path / "other.npz")
    folder = tmp_path / "folder"
    folder.mkdir()
    np.save(folder / "x.npy", np.asfortranarray(x))
    np.save(folder / "label.npy", label.astype(">i4"))
    for name in ("stored.npz", "packed.npz", "other.npz", "folder"):
        dataset = open_data(tmp_path / name, (X, LABEL), classes={"label": 3})
        assert np.array_equal(dataset.arrays["x"], x), name
        assert np.array_equal(dataset.arrays["label"], label), name


def test_arrays_in_a_folder_stay_on_the_disk(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", GOOD["x"])
    assert isinstance(open_data(tmp_path, (X,)).arrays["x"], np.memmap)


def test_mapping(tmp_path: Path) -> None:
    saved(pictures=GOOD["x"], label=GOOD["label"])(tmp_path / "a.npz")
    dataset = open_data(tmp_path / "a.npz", (X, LABEL), mapping={"x": "pictures"})
    assert np.array_equal(dataset.arrays["x"], GOOD["x"])
    with pytest.raises(RuntimeFault, match="`z`, which is no input or target"):
        open_data(tmp_path / "a.npz", (X, LABEL), mapping={"z": "pictures"})


def test_ignored_label(tmp_path: Path) -> None:
    saved(**changed("label", 2, 255))(tmp_path / "a.npz")
    open_data(tmp_path / "a.npz", (X, LABEL), classes={"label": 3}, ignore={"label": 255})
    with pytest.raises(RuntimeFault, match="255 at sample 2"):
        open_data(tmp_path / "a.npz", (X, LABEL), classes={"label": 3}, ignore={"label": 9})


def test_split_holds_back_the_last_samples() -> None:
    dataset = Dataset(samples(10), "data")
    train, held_back = dataset.split(0.25)
    assert (len(train), len(held_back), held_back.first) == (8, 2, 8)
    assert np.array_equal(held_back.arrays["x"], dataset.arrays["x"][8:])
    for fraction in (0.0, 1.0, 0.01):
        with pytest.raises(RuntimeFault, match="leaves"):
            dataset.split(fraction)


def test_batches_cover_all_samples() -> None:
    sizes = [len(batch["label"]) for batch in Dataset(samples(10), "data").batches(4)]
    assert sizes == [4, 4, 2]


def test_order_is_a_permutation_that_changes_with_seed_and_epoch() -> None:
    orders = [tuple(epoch_order(seed, epoch, 50)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4
    assert all(sorted(order) == list(range(50)) for order in orders)
