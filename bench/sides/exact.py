"""PyTorch in float64: not timed, but the yardstick where two sides in float32 lie apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import fx

from bench.sides import pytorch


class Side(pytorch.Side):
    """The twin with every float of it in float64: weights, batch, constants and casts."""

    def __init__(self, folder: Path, threads: int) -> None:
        super().__init__(folder, threads)
        assert isinstance(self.twin, fx.GraphModule)
        self.twin.double()
        for node in self.twin.graph.nodes:
            node.args = fx.node.map_aggregate(node.args, _wide)
        self.twin.recompile()
        self.feeds = {name: _wide(tensor) for name, tensor in self.feeds.items()}


def _wide(found: Any) -> Any:
    """Return a float tensor, or the type, in float64; anything else as it is."""
    if isinstance(found, torch.Tensor) and found.is_floating_point():
        return found.double()
    return torch.float64 if found is torch.float32 else found
