"""Values with channels in dimension 1, for layers that treat each channel by itself."""

from __future__ import annotations

from dslc.errors import RuleError
from dslc.layers.rules import need_float
from dslc.layers.windows import known_size
from dslc.types import TensorType, shape_text


def channels_of(name: str, x: TensorType) -> int:
    """Return the number of channels of [N, C, ...] (E0303: there are none, or nobody knows how many)."""
    need_channels(name, x)
    return known_size(name, x, 1, "channels")


def need_channels(name: str, x: TensorType, space: bool = False) -> None:
    """Refuse what has no channels, or no `space` behind them (E0303); and what is not float (E0401)."""
    need_float(name, x)
    if x.rank < 2 + space:
        form = "[N, C, ...]" if not space else "[N, C, L], [N, C, H, W] and so on"
        raise RuleError(
            "E0303",
            f"`{name}` works on {form}; the value is {shape_text(x.shape)}",
            about=0,
            text=f"this is {shape_text(x.shape)}",
        )
