"""PyTorch with `torch.compile`: forward and backward are compiled, the update is the fused one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from bench.sides import pytorch


class Side(pytorch.Side):
    """As eager, save that the twin is compiled at its first call."""

    def compiled(self, twin: nn.Module) -> Callable[..., torch.Tensor]:
        function: Callable[..., torch.Tensor] = torch.compile(twin)
        return function
