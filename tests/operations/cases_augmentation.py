"""Rows for augmentations: the same pictures in NumPy and on onnxruntime, from the same counter."""

from __future__ import annotations

from typing import Any

from dslc.augmentations.base import Augmentation
from dslc.augmentations.colour import Cutout, RandomBrightness, RandomContrast, RandomNoise
from dslc.augmentations.crop import RandomCrop, RandomFlip
from dslc.augmentations.warp import RandomAffine, RandomResizedCrop, RandomRotation
from dslc.dims import free
from dslc.types import DType, Size, TensorType, float32
from tests.operations.harness import Case, N, WrongCall

H = free("H")


def size(*sizes: int) -> Size:
    return Size(sizes)


def uint8(*shape: Any) -> TensorType:
    return TensorType(DType.UINT8, shape)


CHANGES: dict[str, Augmentation] = {
    "flip": RandomFlip(),
    "flip never": RandomFlip(p=0.0),
    "flip always": RandomFlip(p=1.0, direction="vertical"),
    "brightness": RandomBrightness(0.4),
    "brightness zero": RandomBrightness(0.0),
    "contrast": RandomContrast(1.0),
    "noise": RandomNoise(12.0),
    "cutout": Cutout(3),
    "cutout even": Cutout(4, p=0.5),
    "cutout large": Cutout(40),
    "rotation": RandomRotation(30.0),
    "rotation zero": RandomRotation(0.0),
    "rotation any": RandomRotation(180.0),
    "affine": RandomAffine(degrees=20.0, translate=0.2, scale=(0.8, 1.2)),
    "affine shift": RandomAffine(translate=1.0),
    "affine scale": RandomAffine(scale=(0.5, 0.5)),
    "resized crop": RandomResizedCrop(size(5)),
    "resized crop wide": RandomResizedCrop(size(3, 9), scale=(0.9, 1.0), ratio=(2.0, 3.0)),
}

SHAPES = {"1": (1, 7, 8), "3": (3, 9, 7), "row": (2, 1, 3), "pixel": (1, 1, 1)}


def pictures(name: str, change: Augmentation, type: TensorType, samples: int = 3) -> Case:
    """Return a row; the gradient of the data is stopped, so there is no difference to compare it with."""
    return Case(f"augment {name}", change, (type,), sizes={"N": samples}, differences=False)


CASES = (
    *(
        pictures(f"{name} {shape} {type.__name__}", change, type(N, *SHAPES[shape]))
        for name, change in CHANGES.items()
        for shape in SHAPES
        for type in (uint8, float32)
    ),
    *(
        pictures(f"crop {name} {type.__name__}", crop, type(N, 2, *shape))
        for name, crop, shape in (
            ("same", RandomCrop(size(7, 8)), (7, 8)),
            ("one pixel", RandomCrop(size(1)), (3, 2)),
            ("row", RandomCrop(size(1, 9)), (8, 9)),
            ("padded", RandomCrop(size(9), padding=2), (9, 9)),
            ("out of the padding", RandomCrop(size(3), padding=1), (1, 2)),
        )
        for type in (uint8, float32)
    ),
    pictures("one picture", RandomCrop(size(4)), uint8(N, 1, 7, 7), samples=1),
)

WRONG_CALLS = (
    WrongCall("crop of features", RandomCrop(size(3)), (float32(N, 7),), "E0303", ("pictures",)),
    WrongCall(
        "crop larger than the picture",
        RandomCrop(size(9), padding=1),
        (uint8(N, 3, 6, 7),),
        "E0303",
        ("9x9 out of 8x9", "padding=1"),
    ),
    WrongCall(
        "crop with three numbers", RandomCrop(size(3, 3, 3)), (uint8(N, 3, 9, 9),), "E0303", ()
    ),
    WrongCall("pictures of any size", RandomFlip(), (uint8(N, 3, H, H),), "E0303", ("known size",)),
    WrongCall(
        "pictures of words",
        RandomRotation(5.0),
        (TensorType(DType.INT64, (N, 1, 4, 4)),),
        "E0401",
        ("uint8 or float32",),
    ),
)
