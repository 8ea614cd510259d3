"""Judge many random specs: `python -m tests.generate.run --from 0 --count 100000 --jobs 2 --out failures.txt`.

Every failure goes to the file with its seed, what is wrong, and the spec made small. Exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

CHUNK = 50


@dataclass(frozen=True)
class Failure:
    """A spec that fails, and how."""

    seed: int
    signature: str
    details: str
    text: str


def judge_chunk(seeds: range) -> tuple[int, Counter[str], list[Failure]]:
    """Judge some seeds; return how many, the operations they drew, and the failures."""
    from tests.generate.judge import judge
    from tests.generate.spec import generate

    warnings.simplefilter("ignore")
    gc.disable()  # looking for circles among the many objects of a spec takes a tenth of the time
    drawn: Counter[str] = Counter()
    failures = []
    for seed in seeds:
        spec = generate(seed)
        drawn.update(spec.operations)
        verdict = judge(spec.text)
        if verdict.signature:
            failures.append(Failure(seed, verdict.signature, verdict.details, spec.text))
    gc.collect()
    return len(seeds), drawn, failures


def small(failure: Failure) -> str:
    """Return the failing spec made small."""
    from tests.generate.judge import judge
    from tests.generate.shrink import shrink

    return shrink(failure.text, lambda text: judge(text).signature == failure.signature)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("failures.txt"))
    chosen = parser.parse_args()
    last = chosen.first + chosen.count
    chunks = [range(s, min(s + CHUNK, last)) for s in range(chosen.first, last, CHUNK)]
    kinds: Counter[str] = Counter()
    drawn: Counter[str] = Counter()
    done, start = 0, time.perf_counter()
    with (
        multiprocessing.get_context("spawn").Pool(chosen.jobs) as pool,
        chosen.out.open("w") as out,
    ):
        for count, operations, failures in pool.imap_unordered(judge_chunk, chunks):
            done += count
            drawn += operations
            for failure in failures:
                kinds[failure.signature] += 1
                shown = small(failure) if kinds[failure.signature] <= 3 else failure.text
                out.write(
                    f"seed {failure.seed}: {failure.signature}\n{failure.details}\n\n{shown}\n{'-' * 80}\n"
                )
                out.flush()
            seconds = time.perf_counter() - start
            print(
                f"{done} specs, {done / seconds:.1f} per second, {kinds.total()} failures",
                flush=True,
            )
    for signature, count in kinds.most_common():
        print(f"{count:6d}  {signature}")
    rarest = ", ".join(f"{name} {count}" for name, count in drawn.most_common()[:-9:-1])
    print(f"{len(drawn)} operations drawn; the rarest: {rarest}")
    return kinds.total() > 0


if __name__ == "__main__":
    sys.exit(main())
