"""What a spec may ask of the compiler and of onnxruntime, told before anything of that size is made.

How large a file and its words may be stands in `dslc.syntax.limits`, how many operations in
`dslc.elaborate.scope`, how large a number in a setting in `dslc.elaborate.conversion`.
"""

from __future__ import annotations

from dslc import dims
from dslc.elaborate.conversion import INTEGER
from dslc.elaborate.scope import Frame
from dslc.errors import LimitError
from dslc.source import Span
from dslc.types import TensorType

RANK = 8
ELEMENTS = INTEGER
"""Dimensions and elements of a tensor, with every free size as 1."""

FILES = 256
FILE_DEPTH = 16
ALL_BYTES = 8 << 20
"""Files that a spec imports: how many, how deep one behind the other, and how large together with the spec."""


def check_tensor(its_type: TensorType, what: str, span: Span, frame: Frame) -> None:
    """Refuse a tensor of more dimensions or elements than any kernel works on. Errors: LimitError (E0907)."""
    size = dims.bind(its_type.size, dict.fromkeys(dims.names(its_type.size), 1))
    assert isinstance(size, int)
    if its_type.rank > RANK:
        message = f"{what} has more than {RANK} dimensions"
        text = f"this would be {its_type}"
    elif size > ELEMENTS:
        message = f"{what} has more than {ELEMENTS:,} elements"
        text = f"{its_type} has {size:,} elements, {_bytes(size * its_type.dtype.size)}"
    else:
        return
    mistake = frame.mistake("E0907", message, span, text)
    raise LimitError([mistake.diagnostic])


def _bytes(count: int) -> str:
    """Return a number of bytes that is large: `18.4 EB`."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.3g} EB"
