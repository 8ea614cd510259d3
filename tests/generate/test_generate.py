"""Random specs, the same ones every time; `python -m tests.generate.run` judges as many as you like."""

from __future__ import annotations

import re
import warnings

import pytest

from dslc import registry
from tests.generate.judge import judge
from tests.generate.shrink import shrink
from tests.generate.spec import generate
from tests.generate.table import TABLE

SPECS, PARTS = 2000, 100


@pytest.mark.parametrize("part", range(PARTS))
def test_random_specs(part: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # NumPy's, of an overflow in a branch not taken
        for seed in range(part, SPECS, PARTS):
            spec = generate(seed)
            verdict = judge(spec.text)
            assert not verdict.signature, (
                f"seed {seed}: {verdict.signature}\n{verdict.details}\n{spec.text}"
            )


def test_every_operation_is_drawn() -> None:
    """An operation needs an entry in the table, or the reason why it has none."""
    missing = set(registry.operations()) - set(TABLE)
    assert not missing, f"the generator does not draw {', '.join(sorted(missing))}"
    assert not set(TABLE) - set(registry.operations())
    drawn = {name for seed in range(SPECS) for name in generate(seed).operations}
    wanted = {name for name, entry in TABLE.items() if not entry.excused}
    assert drawn == wanted


def test_few_draws_are_refused() -> None:
    """The conditions in the table are those of the operations: a refusal is a gap in one of them."""
    specs = [generate(seed) for seed in range(300)]
    assert sum(len(spec.refused) for spec in specs) < 0.2 * len(specs)


def test_a_spec_follows_from_its_seed() -> None:
    assert [generate(seed).text for seed in range(20)] == [
        generate(seed).text for seed in range(20)
    ]


def test_shrinking_keeps_what_fails() -> None:
    seed = next(seed for seed in range(100) if "tanh" in generate(seed).text)
    small = shrink(generate(seed).text, lambda text: not judge(text).signature and "tanh" in text)
    assert len(re.findall(r"\n", small)) <= 6
    assert "tanh" in small and not judge(small).signature


EITHER_WAY = {
    "the floor of a tanh at its limit": """
block Steps(b: [N, D]) {
  b -> mul { | floor | PReLU(per_channel=true) | }
}
net Drawn {
  input x: float32[N, 2]
  output y: Steps -> tanh -> Steps
}
""",
    "the least of equal numbers": """
net Drawn {
  input x: float32[1, 1, 7]
  param w: float32[7, 2] = normal(std=0.5)
  x -> add { | | hardtanh(max_val=1.0) | softmax(axis=-2) } -> softmax(axis=-3) -> sigmoid -> tanh
  output y: lrn(size=5, alpha=0.5) -> argmin
}
""",
    "a tanh among the subnormal numbers": """
block Powers(b: [N, D]) {
  b -> mul { | square | | ceil }
}
net Drawn {
  input x: float32[N, 1]
  r: (0.013333 * x) -> Powers -> Powers
  output y: mul(0.000977) -> square -> tanh
}
""",
}


@pytest.mark.parametrize("name", EITHER_WAY)
def test_what_rounding_decides_is_no_fault(name: str) -> None:
    verdict = judge(EITHER_WAY[name])
    assert not verdict.signature, f"{verdict.signature}\n{verdict.details}"
