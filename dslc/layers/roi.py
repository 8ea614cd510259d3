"""Pooling of regions: every region of interest becomes an image of one size."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.layers.rules import need_index, same_dtype
from dslc.layers.windows import check_image, spread
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, Size, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Regions(Function, ABC):
    """A pool over regions [R, 4], each the left, top, right and bottom of a box in an image of x."""

    def check(self, name: str, size: Size, types: tuple[TensorType, ...]) -> TensorType:
        """Return the type of the result."""
        x, rois, batch_index = types
        check_image(name, x)
        same_dtype(name, (x, rois))
        need_index(name, batch_index, 2)
        if x.rank != 4:
            raise RuleError(
                "E0303",
                f"`{name}` needs images [N, C, H, W]",
                about=0,
                text=f"this is {shape_text(x.shape)}",
            )
        if rois.rank != 2 or rois.shape[1] != 4:
            raise RuleError(
                "E0303",
                f"`{name}` needs regions [R, 4]",
                about=1,
                text=f"this is {shape_text(rois.shape)}",
                facts=("a region is the left, top, right and bottom of a box",),
            )
        if batch_index.shape != rois.shape[:1]:
            raise RuleError(
                "E0317",
                f"`{name}` needs the number of an image for every region",
                about=2,
                text=f"this is {shape_text(batch_index.shape)}, "
                f"for {shape_text(rois.shape[:1])} regions",
            )
        if not all(isinstance(dim, int) for dim in x.shape[1:]):
            raise RuleError(
                "E0313",
                f"`{name}` needs to know the size of the images",
                about=0,
                text=f"this is {shape_text(x.shape)}",
            )
        return x.with_shape((rois.shape[0], x.shape[1], *spread(size, 2, "size")))

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {2: types[0].shape[0]}


@dataclass(frozen=True)
class RoiAlign(Regions):
    """Sample every region on a regular grid between the pixels, and take means.

    `rois` holds left, top, right and bottom of a box for each region, in pixels of the picture that
    was `1/scale` times as large as x; `batch_index` the number of its image. A region is divided into
    `size` cells, and a cell is the mean of `sampling_ratio` x `sampling_ratio` values, interpolated
    between the four nearest elements; outside of the image (by more than one element) they are 0.
    `aligned` takes elements as squares whose centre is at a half (half_pixel in ONNX); without it
    they are points, and a region is at least 1 wide and high. No gradient reaches the boxes.

    Shapes: [N, C, H, W], [R, 4], [R] -> [R, C, *size]
    Errors: E0303 not images or regions, E0313 images of a free size, E0317 not one number per
        region, E0401 numbers of images that are not whole, E0407 boxes of another element type
    Source: He, Gkioxari, Dollár and Girshick, "Mask R-CNN" (2017), section 3
    Example:
        input features: float32[N, 16, 32, 32]
        input boxes: float32[R, 4]
        input image_number: int64[R]
        output y: roi_align(features, boxes, image_number, 7x7, scale=0.25)
    """

    size: Size = setting(minimum=1)
    sampling_ratio: int = setting(2, minimum=1)
    scale: float = setting(1.0, above=0.0)
    aligned: bool = True

    def infer(self, x: TensorType, rois: TensorType, batch_index: TensorType) -> TensorType:
        return self.check("roi_align", self.size, (x, rois, batch_index))

    def lower(self, g: Builder, x: ir.Value, rois: ir.Value, batch_index: ir.Value) -> ir.Value:
        height, width = spread(self.size, 2, "size")
        index = g.cast(batch_index, DType.INT64)
        if not g.differentiated:
            alone: ir.Value = g.RoiAlign(
                x,
                rois,
                index,
                coordinate_transformation_mode="half_pixel"
                if self.aligned
                else "output_half_pixel",
                mode="avg",
                output_height=height,
                output_width=width,
                sampling_ratio=self.sampling_ratio,
                spatial_scale=self.scale,
            )
            return alone
        return self._as_products(g, x, g.stop_gradient(rois), index)

    def _as_products(self, g: Builder, x: ir.Value, rois: ir.Value, index: ir.Value) -> ir.Value:
        """Interpolate along one axis after the other: each is a product with a matrix per region.

        The first product is one of all regions with all images, of which each region takes its own
        by zeros: the images are never copied for the regions, which are many. Where the number of
        images is free, they are.
        """
        images, channels, rows, columns = g.bound(g.shape_of(x))
        regions = g.bound(g.shape_of(rois))[0]
        height, width = spread(self.size, 2, "size")
        left, top, right, bottom = g.Split(rois, axis=1, num_outputs=4)
        down = self._weights(g, top, bottom, height, rows)
        across = g.Transpose(self._weights(g, left, right, width, columns), perm=[0, 2, 1])
        result: ir.Value
        if not isinstance(images, int):
            lines = g.MatMul(g.Unsqueeze(down, g.axes(1)), g.Gather(x, index, axis=0))
            result = g.MatMul(lines, g.Unsqueeze(across, g.axes(1)))
            return result
        own = g.OneHot(index, g.constant(images, DType.INT64), g.constant([0, 1], DType.FLOAT32))
        own = g.cast(own, g.dtype_of(x))  # float64 has no kernel
        chosen = g.Mul(g.Unsqueeze(own, g.axes(1, 3)), g.Unsqueeze(down, g.axes(2)))
        flat = g.reshape(g.Transpose(x, perm=[0, 2, 1, 3]), (images * rows, channels * columns))
        lines = g.MatMul(g.reshape(chosen, (regions * height, images * rows)), flat)
        cells = g.MatMul(g.reshape(lines, (regions, height * channels, columns)), across)
        apart = g.reshape(cells, (regions, height, channels, width))
        result = g.Transpose(apart, perm=[0, 2, 1, 3])
        return result

    def _weights(
        self, g: Builder, start: ir.Value, end: ir.Value, cells: int, size: Any
    ) -> ir.Value:
        """Return what each place along an axis counts in each cell: [regions, cells, size]."""
        dtype = g.dtype_of(start)
        start = g.Sub(g.Mul(start, self.scale), 0.5 if self.aligned else 0.0)
        end = g.Sub(g.Mul(end, self.scale), 0.5 if self.aligned else 0.0)
        extent = g.Sub(end, start)
        if not self.aligned:
            extent = g.Max(extent, 1.0)
        samples = cells * self.sampling_ratio
        steps = g.constant((np.arange(samples) + 0.5) / samples, dtype)
        at = g.Add(start, g.Mul(extent, steps))
        inside = g.And(g.GreaterOrEqual(at, -1.0), g.LessOrEqual(at, float(size)))
        near = g.Unsqueeze(g.Clip(at, 0.0, float(size - 1)), g.axes(2))
        distance = g.Abs(g.Sub(near, g.constant(np.arange(size), dtype)))
        hats = g.Relu(g.Sub(g.constant(1.0, dtype), distance))
        kept = g.Mul(hats, g.Unsqueeze(g.cast(inside, dtype), g.axes(2)))
        regions = g.bound(g.shape_of(start))[0]
        split = g.reshape(kept, (regions, cells, self.sampling_ratio, size))
        result: ir.Value = g.ReduceMean(split, g.axes(2), keepdims=0)
        return result

    def reference(self, run: Run, x: Array, rois: Array, batch_index: Array) -> Reference:
        height, width = self.size.of(2)
        y = np.zeros((len(rois), x.shape[1], height, width), x.dtype)
        touched: list[tuple[tuple[int, ...], int, int, int, float]] = []
        for region, (left, top, right, bottom) in enumerate(rois):
            image = int(batch_index[region])
            rows = self._samples(top, bottom, height, x.shape[2])
            columns = self._samples(left, right, width, x.shape[3])
            for i, row, share in rows:
                for j, column, other in columns:
                    weight = share * other
                    y[region, :, i, j] += weight * x[image, :, row, column]
                    touched.append(((region, i, j), image, row, column, weight))

        def backward(dy: Array) -> tuple[Array | None, ...]:
            dx = np.zeros(x.shape, dy.dtype)
            for (region, i, j), image, row, column, weight in touched:
                dx[image, :, row, column] += weight * dy[region, :, i, j]
            return dx, None, None

        return y, backward

    def _samples(
        self, start: float, end: float, cells: int, size: int
    ) -> list[tuple[int, int, float]]:
        """Return which places each cell interpolates between, and what each counts."""
        start, end = start * self.scale, end * self.scale
        if self.aligned:
            start, end = start - 0.5, end - 0.5
        else:
            end = max(end, start + 1)
        step = (end - start) / cells
        found = []
        for cell in range(cells):
            for sample in range(self.sampling_ratio):
                at = start + step * (cell + (sample + 0.5) / self.sampling_ratio)
                if not -1 <= at <= size:
                    continue
                at = min(max(at, 0.0), size - 1.0)
                low = math.floor(at)
                high = min(low + 1, size - 1)
                share = 1 / self.sampling_ratio
                found.append((cell, low, (1 - (at - low)) * share))
                found.append((cell, high, (at - low) * share))
        return found


@dataclass(frozen=True)
class RoiMaxPool(Regions):
    """Divide every region into cells and take the maximum of each.

    `rois` holds left, top, right and bottom of a box for each region, in pixels of the picture that
    was `1/scale` times as large as x; `batch_index` the number of its image. The corners are rounded
    to whole elements (halves up), both belong to the region, and it is at least one element wide and
    high. A cell that holds no element is 0. The boxes have no gradient.

    Shapes: [N, C, H, W], [R, 4], [R] -> [R, C, *size]
    Formula: cell i of k covers the rows from top + floor(i*h/k) up to, and without,
        top + ceil((i + 1)*h/k), with h = bottom - top + 1
    Errors: E0303 not images or regions, E0313 images of a free size, E0317 not one number per
        region, E0401 numbers of images that are not whole, E0407 boxes of another element type
    Kinks: of equal values the first one, in row-major order, gets the gradient
    Source: Girshick, "Fast R-CNN" (2015), section 2.1
    Example:
        input features: float32[N, 16, 32, 32]
        input boxes: float32[R, 4]
        input image_number: int64[R]
        output y: roi_max_pool(features, boxes, image_number, 7x7, scale=0.25)
    """

    size: Size = setting(minimum=1)
    scale: float = setting(1.0, above=0.0)

    def infer(self, x: TensorType, rois: TensorType, batch_index: TensorType) -> TensorType:
        return self.check("roi_max_pool", self.size, (x, rois, batch_index))

    def lower(self, g: Builder, x: ir.Value, rois: ir.Value, batch_index: ir.Value) -> ir.Value:
        """Find where the maxima stand, and take what stands there.

        So the gradient keeps one number per element of the result, and not what was compared.
        """
        shape = g.bound(g.shape_of(x))
        channels, rows, columns = (dims.count((dim,)) for dim in shape[1:])
        height, width = spread(self.size, 2, "size")
        index = g.cast(batch_index, DType.INT64)
        corners = g.Floor(g.Add(g.Mul(rois, self.scale), 0.5))
        left, top, right, bottom = g.Split(g.cast(corners, DType.INT64), axis=1, num_outputs=4)
        down = _cells(g, top, bottom, height, rows)
        across = _cells(g, left, right, width, columns)
        lowest = g.constant(-np.inf, g.dtype_of(x))
        images = g.Gather(x, index, axis=0)
        best, at = [], []
        for column in range(width):
            mask = g.Unsqueeze(g.Gather(across, g.axes(column), axis=1), g.axes(2))
            line = g.Where(mask, images, lowest)
            best.append(g.Unsqueeze(g.ReduceMax(line, g.axes(3), keepdims=0), g.axes(2)))
            at.append(g.Unsqueeze(g.ArgMax(line, axis=3, keepdims=0), g.axes(2)))
        # [regions, channels, width, rows]: the best of each row, and the column where it stands.
        bests, columns_at = g.Concat(*best, axis=2), g.Concat(*at, axis=2)
        masked = g.Where(g.Unsqueeze(down, g.axes(1, 2)), g.Unsqueeze(bests, g.axes(3)), lowest)
        row = g.ArgMax(masked, axis=4, keepdims=0)
        column = g.GatherElements(columns_at, row, axis=3)
        plane = g.Add(
            g.Mul(g.Unsqueeze(index, g.axes(1)), np.int64(channels)),
            g.constant(np.arange(channels, dtype=np.int64)),
        )
        place = g.Add(
            g.Add(g.Mul(g.Unsqueeze(plane, g.axes(2, 3)), np.int64(rows * columns)), column),
            g.Mul(row, np.int64(columns)),
        )
        found = g.Gather(g.reshape(x, (dims.product(shape),)), place, axis=0)
        # [regions, width, height], as the rest is until the end.
        filled = g.And(
            g.Unsqueeze(_any(g, across), g.axes(2)), g.Unsqueeze(_any(g, down), g.axes(1))
        )
        kept = g.Where(g.Unsqueeze(filled, g.axes(1)), found, 0.0)
        result: ir.Value = g.Transpose(kept, perm=[0, 1, 3, 2])
        return result

    def reference(self, run: Run, x: Array, rois: Array, batch_index: Array) -> Reference:
        height, width = self.size.of(2)
        places = np.full((len(rois), x.shape[1], height, width), -1)
        numbers = np.arange(x.size).reshape(x.shape)
        for region, corners in enumerate(np.floor(rois * self.scale + 0.5).astype(int)):
            left, top, right, bottom = (int(corner) for corner in corners)
            rows = _parts(top, bottom, height, x.shape[2])
            columns = _parts(left, right, width, x.shape[3])
            for i, j in np.ndindex(height, width):
                box = (int(batch_index[region]), slice(None), rows[i], columns[j])
                inside = x[box].reshape(x.shape[1], -1)
                if inside.size:
                    found = np.arange(x.shape[1]), inside.argmax(axis=1)
                    places[region, :, i, j] = numbers[box].reshape(x.shape[1], -1)[found]
        places = run.decide(places)
        filled = places >= 0

        def backward(dy: Array) -> tuple[Array | None, ...]:
            dx = np.zeros(x.size, dy.dtype)
            np.add.at(dx, places[filled], dy[filled])
            return dx.reshape(x.shape), None, None

        return np.where(filled, x.reshape(-1)[places], 0), backward


def _cells(g: Builder, start: ir.Value, end: ir.Value, cells: int, size: Any) -> ir.Value:
    """Return which places along an axis each cell holds: bool [regions, cells, size]."""
    extent = g.Max(g.Add(g.Sub(end, start), np.int64(1)), np.int64(1))
    number = g.constant(np.arange(cells, dtype=np.int64))
    whole = np.int64(cells)
    low = g.Add(start, g.Div(g.Mul(extent, number), whole))
    ends = g.Add(g.Mul(extent, g.Add(number, np.int64(1))), np.int64(cells - 1))
    high = g.Add(start, g.Div(ends, whole))
    at = g.constant(np.arange(size, dtype=np.int64))
    after = g.GreaterOrEqual(at, g.Unsqueeze(low, g.axes(2)))
    result: ir.Value = g.And(after, g.Less(at, g.Unsqueeze(high, g.axes(2))))
    return result


def _any(g: Builder, mask: ir.Value) -> ir.Value:
    """Return whether a cell holds any place: bool [regions, cells]."""
    held = g.ReduceMax(g.cast(mask, DType.INT64), g.axes(2), keepdims=0)
    result: ir.Value = g.Greater(held, np.int64(0))
    return result


def _parts(start: int, end: int, cells: int, size: int) -> list[slice]:
    """Return the places of each cell that lie inside the image (NumPy's side)."""
    extent = max(end - start + 1, 1)
    edges = [
        (start + math.floor(i * extent / cells), start + math.ceil((i + 1) * extent / cells))
        for i in range(cells)
    ]
    return [slice(min(max(a, 0), size), min(max(b, 0), size)) for a, b in edges]
