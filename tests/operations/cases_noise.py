"""Rows for what is drawn anew in each step of training."""

from __future__ import annotations

from dslc.layers.dropout import Dropout, SpatialDropout
from dslc.layers.noise import GaussianDropout, GaussianNoise
from dslc.types import float32, int64
from tests.operations.harness import Case, N, T, WrongCall, fixed

_image = float32(N, 4, 5, 3)

CASES = (
    Case("dropout", Dropout(), (_image,)),
    Case("dropout, few", Dropout(0.1), (float32(N, 67, 31),)),
    Case("dropout, size that is no multiple of four", Dropout(0.7), (float32(N, 7),)),
    Case("dropout, p=0", Dropout(0.0), (_image,)),
    Case("dropout, p=1", Dropout(1.0), (_image,)),
    Case("dropout, scalar", Dropout(0.3), (float32(),)),
    Case("spatial_dropout", SpatialDropout(), (_image,)),
    Case("spatial_dropout of a sequence", SpatialDropout(0.2), (float32(N, 7, T),)),
    Case("spatial_dropout of a volume", SpatialDropout(0.7), (float32(N, 3, 1, 2, 3),)),
    Case("spatial_dropout of one channel", SpatialDropout(0.3), (float32(1, 1, 1),)),
    Case("spatial_dropout of free channels", SpatialDropout(0.3), (float32(N, T, 8),)),
    Case("spatial_dropout, p=0", SpatialDropout(0.0), (_image,)),
    Case("spatial_dropout, p=1", SpatialDropout(1.0), (_image,)),
    Case("gaussian_noise", GaussianNoise(0.5), (_image,)),
    Case("gaussian_noise of an odd size", GaussianNoise(2.0), (float32(N, 7),)),
    Case("gaussian_noise, std=0", GaussianNoise(0.0), (float32(N, 7),)),
    Case("gaussian_noise, scalar", GaussianNoise(1.0), (float32(),)),
    Case("gaussian_noise on zeros", GaussianNoise(1.0), (float32(N, 99, 101),), (fixed(0.0),)),
    Case("gaussian_dropout", GaussianDropout(), (_image,)),
    Case("gaussian_dropout, most", GaussianDropout(0.9), (float32(N, 9),)),
    Case("gaussian_dropout, p=0", GaussianDropout(0.0), (float32(N, 2),)),
)

WRONG_CALLS = (
    WrongCall("dropout: whole numbers", Dropout(), (int64(N, 4),), "E0401"),
    WrongCall("spatial_dropout: whole numbers", SpatialDropout(), (int64(N, 4, 2),), "E0401"),
    WrongCall("spatial_dropout: features", SpatialDropout(), (float32(N, 4),), "E0303", ("[N, C",)),
    WrongCall("gaussian_noise: whole numbers", GaussianNoise(1.0), (int64(N, 4),), "E0401"),
)
