"""Read many damaged specs and print figures: `python tests/fuzz/run.py 20000 [first seed]`.

Exit code 1 where one of them ended in anything but a network or a mistake in words at a place inside the file, took
longer than ten seconds, or where `dslc fmt` fails on it or is not done after once.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    sys.path[:0] = [str(ROOT), str(ROOT / "runtime")]
    from tests.fuzz.judge import LONGEST, judge, misprint
    from tests.fuzz.mutate import damaged

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    codes: Counter[str] = Counter()
    slowest, slow_seed, bad, fine = 0.0, first, 0, 0
    start = time.perf_counter()
    for seed in range(first, first + count):
        text = damaged(seed)
        verdict = judge(text)
        codes.update(set(verdict.codes))
        fine += not verdict.codes
        if verdict.seconds > slowest:
            slowest, slow_seed = verdict.seconds, seed
        wrong = (
            verdict.wrong
            or misprint(text)
            or (verdict.seconds > LONGEST and f"{verdict.seconds:.1f} s")
        )
        if wrong:
            bad += 1
            print(f"seed {seed}: {wrong}", flush=True)
    seconds = time.perf_counter() - start
    print(f"{count} specs in {seconds:.0f} s, {count / seconds:.0f} per second; {fine} compile")
    print(f"slowest: seed {slow_seed}, {slowest:.2f} s")
    print(f"{len(codes)} codes: " + ", ".join(f"{c} {n}" for c, n in sorted(codes.items())))
    print(f"{bad} wrong")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
