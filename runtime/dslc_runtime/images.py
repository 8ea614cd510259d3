"""Read a folder of images by class: one sub-folder for each class, PNG, JPEG or BMP files in it.

Classes are numbered in the order of the names of their folders. Samples stand in an order that
mixes the classes and depends on the names alone, so that the share held back for validation has
some of each. Every file is looked at before the first step; size and kind are known from its first
bytes, so that nothing large or odd is decoded.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc_runtime.errors import LimitFault, RuntimeFault, UserFault, file_fault, size_text
from dslc_runtime.files import open_regular
from dslc_runtime.memory import check_array
from dslc_runtime.metadata import Port

if TYPE_CHECKING:
    from PIL.Image import Image

Array = np.ndarray[Any, Any]

FORMATS = ("PNG", "JPEG", "BMP")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp")
FILE_BYTES = 100 << 20
PIXELS = 64 << 20
FILES = 10_000_000
"""What one image file may have, and how many files a folder."""

_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"BM")
_MODES = {1: "L", 3: "RGB"}
_PLAIN = ("1", "L", "P", "RGB")
_WITH_ALPHA = ("LA", "PA", "RGBA", "La", "RGBa")
_OTHERS = {
    "CMYK": "holds the four inks of print (CMYK)",
    "YCbCr": "holds brightness and colour differences (YCbCr)",
    "LAB": "holds Lab colours",
    "HSV": "holds HSV colours",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """The image files of a folder in the order of the samples, with their class numbers."""

    classes: tuple[str, ...]
    files: tuple[tuple[Path, int], ...]


def list_images(folder: Path) -> Listing:
    """Find the images of a folder. Errors: UserFault, FileFault, LimitFault."""
    classes = tuple(sorted(path.name for path in _entries(folder) if path.is_dir()))
    if len(classes) < 2:
        only = f"one class only, `{classes[0]}`" if classes else "no sub-folders"
        raise UserFault(
            f"{folder}: it has {only}; a folder of images has one sub-folder for each class"
        )
    found: list[tuple[Path, int]] = []
    for number, name in enumerate(classes):
        files = [path for path in _entries(folder / name) if _is_image(path)]
        if not files:
            raise UserFault(f"{folder / name}: this class has no images")
        found += [(path, number) for path in files]
        if len(found) > FILES:
            raise LimitFault(f"{folder}: it has more than {FILES} images")
    return Listing(classes, tuple(sorted(found, key=lambda item: _mixed(item[0]))))


def _entries(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder, but for hidden files."""
    try:
        yield from sorted(path for path in folder.iterdir() if path.name[:1] != ".")
    except OSError as error:
        raise file_fault("read", folder, error) from error


def _is_image(path: Path) -> bool:
    if path.suffix.lower() in ENDINGS and not path.is_dir():
        return True
    if path.name.lower() in ("thumbs.db", "desktop.ini"):
        return False
    what = "is a folder within a class" if path.is_dir() else "is no image file that is read"
    raise UserFault(
        f"{path}: this {what}",
        helps=(f"a class holds {', '.join(FORMATS)} files ({' '.join(ENDINGS)})",),
    )


def _mixed(path: Path) -> bytes:
    name = f"{path.parent.name}/{path.name}"
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def decode_all(listing: Listing, port: Port) -> Array:
    """Return the images as the net takes them: uint8 [N, C, H, W].

    Errors: UserFault with the file and what is wrong with it; LimitFault; FileFault.
    """
    channels, height, width = _layout(listing, port)
    check_array(f"decoded, `{port.name}`", len(listing.files) * channels * height * width)
    images = np.empty((len(listing.files), channels, height, width), np.uint8)
    for sample, (path, _) in enumerate(listing.files):
        pixels = decode(path, channels, (height, width))
        images[sample] = pixels.reshape(height, width, channels).transpose(2, 0, 1)
    return images


def _layout(listing: Listing, port: Port) -> tuple[int, int, int]:
    """Return channels, height and width; free ones are those of the first image."""
    if len(port.shape) != 4 or port.shape[1] not in _MODES or port.dtype != np.uint8:
        shape = ", ".join(str(size) for size in port.shape)
        raise UserFault(
            f"{listing.files[0][0].parent.parent}: images are uint8[N, C, H, W] "
            f"with C = 1 or 3, and `{port.name}` is {port.dtype.name}[{shape}]",
            helps=(
                f"let the net take what the data are:  input {port.name}: uint8[N, 3, 224, 224]",
                "and begin with  cast(float32) -> mul(1/255)",
            ),
        )
    channels, height, width = port.shape[1:]
    if isinstance(height, str) or isinstance(width, str):
        first = size_of(listing.files[0][0])
        height = first[0] if isinstance(height, str) else height
        width = first[1] if isinstance(width, str) else width
    return int(channels), height, width


def size_of(path: Path) -> tuple[int, int]:
    """Return height and width of an image without decoding it."""
    with _opened(path) as image:
        return image.height, image.width


def decode(path: Path, channels: int, size: tuple[int, int]) -> Array:
    """Return the pixels of one image: uint8, height x width x channels.

    Errors: UserFault; LimitFault for one that is too large; FileFault.
    """
    with _opened(path) as image:
        found = (image.height, image.width)
        if found != size:
            raise UserFault(
                f"{path}: this image is {found[0]} high and {found[1]} wide, "
                f"and the net takes {size[0]} by {size[1]}",
                helps=("scale the images to one size first",),
            )
        _check_kind(path, image)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return np.asarray(_converted(path, image, _MODES[channels]))
        except RuntimeFault:
            raise
        except Exception as error:  # as above
            raise UserFault(f"{path}: this image is damaged: {_first_line(error)}") from error


def _opened(path: Path) -> Image:
    """Return an image whose first bytes are read; its pixels are not."""
    from PIL import Image

    content = _content(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_large(path, "more") from error
    except Exception as error:  # the decoders raise errors of many kinds on broken files
        if content.startswith(_STARTS):
            raise UserFault(f"{path}: this image is damaged: its head cannot be read") from error
        raise UserFault(
            f"{path}: offset 0: this is no {', '.join(FORMATS)} image, whatever its name: "
            f"it starts with {content[:8].hex(' ') or 'nothing'}"
        ) from error
    if image.width * image.height > PIXELS:
        raise _too_large(path, f"{image.width * image.height:,}")
    return image


def _content(path: Path) -> bytes:
    with open_regular(path) as file:
        try:
            content = file.read(FILE_BYTES + 1)
        except OSError as error:
            raise file_fault("read", path, error) from error
    if len(content) > FILE_BYTES:
        raise LimitFault(f"{path}: an image file may have {size_text(FILE_BYTES)}; this has more")
    return content


def _too_large(path: Path, pixels: str) -> LimitFault:
    return LimitFault(
        f"{path}: this image has {pixels} pixels; {PIXELS:,} is the most", helps=("scale it down",)
    )


def _check_kind(path: Path, image: Image) -> None:
    """Refuse what cannot become 8 bits of grey or of red, green and blue without a choice."""
    if image.format == "PNG" and getattr(image, "n_frames", 1) > 1:
        raise UserFault(f"{path}: this image is animated", helps=("save one frame of it",))
    if image.mode in _PLAIN or image.mode in _WITH_ALPHA:
        return
    about = _OTHERS.get(image.mode, "has more than 8 bits per channel")
    raise UserFault(f"{path}: this image {about}", helps=("save it as 8-bit RGB or grey",))


def _converted(path: Path, image: Image, mode: str) -> Image:
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema()[0] != 255:
            raise UserFault(
                f"{path}: parts of this image are transparent",
                helps=("put it on a background first",),
            )
        image = image.convert("RGB")
    return image.convert(mode)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
