"""A row for each setting of each block of the standard library: a net around it, and what flows in.

Every row is checked (interpreter, onnxruntime, finite differences), and has a twin in tests/torch/blocks.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from dslc import std
from dslc.syntax import tree


@dataclass(frozen=True)
class Case:
    """The inputs and rows of a net with `output y`, and the sizes that its free dimensions get."""

    inputs: str
    rows: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    twin: bool = True
    """Whether PyTorch has a number for it, too."""

    @property
    def spec(self) -> str:
        """The whole spec: the slots of its first step are the gradients."""
        files = {name: path for path in std.shipped() for name in blocks_of(path)}
        used = [name for name in files if name in self.rows]
        imports = "".join(f'import {name} from "{files[name]}"\n' for name in used)
        sizes = "".join(f"  {name} = {size}\n" for name, size in self.sizes.items())
        return (
            f"{imports}\nnet Case {{\n{_lines(self.inputs)}{_lines(self.rows)}}}\n\n"
            "train {\n  loss mean(y**4)\n  optimizer = SGD(lr=0.1, momentum=0.9)\n"
            f"{sizes}  batch = 3\n  steps = 2\n}}\n"
        )


@cache
def blocks_of(path: str) -> tuple[str, ...]:
    """Return the names of the blocks in a file of the standard library."""
    items = std.file_of(path).items
    return tuple(item.name.text for item in items if isinstance(item, tree.Block))


def _lines(text: str) -> str:
    return "".join(f"  {line.strip()}\n" for line in text.strip().split("\n"))


X = "input x: float32[N, T, 6]"
X_AND_MEMORY = "input x: float32[N, T, 6]\ninput memory: float32[N, S, 4]"
MEMORY = "input x: float32[N, T, 6]\ninput memory: float32[N, S, 6]"
IMAGE = "input x: float32[N, 3, 7, 8]"
T3, T3_S4 = {"T": 3}, {"T": 3, "S": 4}
EARLIER = "(range(3) -> unsqueeze(1)) >= range(3) -> unsqueeze(0)"

CASES: Mapping[str, Case] = {
    # ---- convolution.net
    "ConvBN": Case(IMAGE, "output y: ConvBN(4, 3x3)"),
    "ConvBN of stride 2": Case(IMAGE, "output y: ConvBN(5, 1x1, stride=2)"),
    "ConvBN in groups": Case(IMAGE, "output y: ConvBN(6, 5x5, groups=3)"),
    # ---- attention.net
    "self-attention": Case(X, "output y: MultiheadAttention(heads=3)", T3),
    "one head": Case(X, "output y: MultiheadAttention(heads=1)", T3),
    "a head for each feature": Case(X, "output y: MultiheadAttention(heads=6)", T3),
    "a sequence of one": Case(X, "output y: MultiheadAttention(heads=3, causal=true)", {"T": 1}),
    "a length that is known": Case(
        "input x: float32[N, 7, 8]", "output y: MultiheadAttention(heads=2, causal=true)"
    ),
    "attention without biases": Case(X, "output y: MultiheadAttention(heads=3, bias=false)", T3),
    "attention that drops": Case(
        X, "output y: MultiheadAttention(heads=3, dropout=0.4)", T3, twin=False
    ),
    "causal attention": Case(X, "output y: MultiheadAttention(heads=3, causal=true)", T3),
    "attention to a memory": Case(
        MEMORY, "output y: x -> MultiheadAttention(memory, heads=3)", T3_S4
    ),
    "keys of another width": Case(
        X_AND_MEMORY, "output y: x -> MultiheadAttention(memory, heads=2)", T3_S4
    ),
    "values of a third width": Case(
        X_AND_MEMORY + "\ninput content: float32[N, S, 2]",
        "output y: MultiheadAttention(x, memory, content, heads=2)",
        T3_S4,
    ),
    "causal attention to a memory": Case(
        MEMORY, "output y: x -> MultiheadAttention(memory, heads=3, causal=true)", T3_S4
    ),
    "a mask for all": Case(
        "input x: float32[N, 3, 6]",
        f"seen = {EARLIER}\noutput y: x -> MultiheadAttention(mask=seen, heads=3)",
    ),
    "lengths": Case(
        MEMORY + "\ninput lengths: int64[N]",
        "seen = range(S) < unsqueeze(lengths, [1, 2])\n"
        "output y: x -> MultiheadAttention(memory, mask=seen, heads=3)",
        T3_S4,
    ),
    "a mask and causal": Case(
        X + "\ninput seen: bool[N, T, T]",
        "output y: x -> MultiheadAttention(mask=seen, heads=3, causal=true)",
        T3,
    ),
    "queries that may look nowhere": Case(
        X + "\ninput seen: bool[N, 1, T]",
        "nothing = seen and not seen\noutput y: x -> MultiheadAttention(mask=nothing, heads=3)",
        T3,
        twin=False,
    ),
    # ---- transformer.net
    "FeedForward": Case(X, "output y: FeedForward", T3),
    "FeedForward with settings": Case(X, "output y: FeedForward(7, act=silu)", T3),
    "FeedForward that drops": Case(X, "output y: FeedForward(dropout=0.4)", T3, twin=False),
    "TransformerBlock": Case(X, "output y: TransformerBlock(heads=3)", T3),
    "TransformerBlock as in 2017": Case(
        X, "output y: TransformerBlock(heads=3, hidden=20, act=relu, norm_first=false)", T3
    ),
    "TransformerBlock with a mask, causal": Case(
        X + "\ninput seen: bool[N, T, T]",
        "output y: x -> TransformerBlock(mask=seen, heads=3, causal=true)",
        T3,
    ),
    "TransformerBlock that drops": Case(
        X, "output y: TransformerBlock(heads=3, dropout=0.2)", T3, twin=False
    ),
    "TransformerDecoderBlock": Case(
        MEMORY, "output y: x -> TransformerDecoderBlock(memory, heads=3)", T3_S4
    ),
    "TransformerDecoderBlock as in 2017": Case(
        MEMORY,
        "output y: x -> TransformerDecoderBlock(memory, heads=2, act=relu, norm_first=false)",
        T3_S4,
    ),
    "TransformerDecoderBlock with masks": Case(
        MEMORY + "\ninput seen: bool[N, T, T]\ninput there: bool[N, 1, S]",
        "output y: TransformerDecoderBlock(x, memory, seen, there, heads=3, causal=false)",
        T3_S4,
    ),
    # ---- positions.net
    "SinusoidalPositions": Case(X, "Linear(6)\noutput y: SinusoidalPositions()", T3),
    "SinusoidalPositions of a known length": Case(
        "input x: float32[N, 9, 2]", "Linear(2)\noutput y: SinusoidalPositions()"
    ),
    "LearnedPositions": Case(X, "output y: LearnedPositions(8)", T3),
    "LearnedPositions, as many as there are": Case(
        "input x: float32[N, 5, 4]", "output y: LearnedPositions(5, init=ones)"
    ),
}
