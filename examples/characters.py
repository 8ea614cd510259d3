"""Predict the next character of Python's standard library: the data for `specs/characters.net`, and an n-gram to beat.

    python examples/characters.py data FOLDER            # writes FOLDER/train.npz and FOLDER/held_back.npz
    python examples/characters.py data FOLDER 128        # the same, both in windows of 128 characters
    python examples/characters.py ngram FOLDER           # bits per character of an n-gram on held_back.npz
    python examples/characters.py sample MODEL.onnx      # twenty lines of the trained network

The n-gram sees five characters back. Of two smoothings, Witten and Bell's (1991) and Kneser and Ney's as modified by
Chen and Goodman (1998), it takes the one that does better on the last tenth of the training text.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import numpy as np

HELD_BACK = (
    "bisect", "calendar", "configparser", "csv", "difflib", "fractions", "heapq", "imaplib",
    "mailbox", "pprint", "queue", "shlex", "statistics", "tarfile", "textwrap", "uuid",
)  # fmt: skip
"""The modules that nothing is fitted on."""

ALPHABET = "\0\n" + "".join(map(chr, range(32, 127)))
"""The characters, each at its number; the first stands for every other."""

SIZE = len(ALPHABET)
ORDER = 5
TRAINING_WINDOW, HELD_BACK_WINDOW = 64, 512
TEMPERATURE = 0.7

Smoothing = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Level = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def modules() -> tuple[list[Path], list[Path]]:
    """Return the modules of the standard library that are one file: to train on, and held back."""
    library = Path(sysconfig.get_path("stdlib"))
    files = [library / f"{name}.py" for name in sorted(sys.stdlib_module_names)]
    there = [file for file in files if file.is_file()]
    return (
        [file for file in there if file.stem not in HELD_BACK],
        [file for file in there if file.stem in HELD_BACK],
    )


def numbers(text: str) -> np.ndarray:
    """Return the number of each character in the alphabet."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    table = np.zeros(128, np.int64)
    table[[ord(character) for character in ALPHABET]] = np.arange(SIZE)
    return np.where(codes < 128, table[np.minimum(codes, 127)], 0)


def windows(stream: np.ndarray, length: int) -> dict[str, np.ndarray]:
    """Cut a stream into windows, each beside the characters that follow its own; every one is predicted once."""
    used = (len(stream) - 1) // length * length
    return {
        "text": stream[:used].reshape(-1, length),
        "next_char": stream[1 : used + 1].reshape(-1, length),
    }


def stream_of(file: Path) -> np.ndarray:
    """Return the stream that was cut into windows."""
    with np.load(file) as arrays:
        return np.append(arrays["text"][0, 0], arrays["next_char"])


def write_data(folder: Path, window: str | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lengths = (int(window), int(window)) if window else (TRAINING_WINDOW, HELD_BACK_WINDOW)
    names = ("train", "held_back")
    for name, length, files in zip(names, lengths, modules(), strict=True):
        stream = numbers("".join(file.read_text("utf-8") for file in files))
        np.savez_compressed(folder / f"{name}.npz", **windows(stream, length))
        print(f"{name}.npz: {len(files)} modules, {len(stream):,} characters")


def witten_bell(count: np.ndarray, total: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Take as much from the characters seen behind a context as if each kind of them had been new once more."""
    return count * kinds / (total + kinds)


def kneser_ney(count: np.ndarray, total: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Take a fixed part: one from counts of 1, one from 2, one from more. Chen and Goodman, 1998, equation 26."""
    n1, n2, n3, n4 = np.maximum(np.bincount(np.minimum(count, 5), minlength=6)[1:5], 1)
    part = n1 / (n1 + 2 * n2)
    parts = np.array([0, 1 - 2 * part * n2 / n1, 2 - 3 * part * n3 / n2, 3 - 4 * part * n4 / n3])
    if parts[1:].min() <= 0:
        parts[1:] = (
            0.5  # a text too short for these estimates: something has to be left for what was not seen
        )
    return parts[np.minimum(count, 3)]


def grams(stream: np.ndarray, length: int) -> np.ndarray:
    """Return, for each character, itself and those in front of it as one number; line ends stand before the first."""
    padded = np.concatenate([np.full(length - 1, ALPHABET.index("\n")), stream])
    return sum(padded[k : k + len(stream)] * SIZE ** (length - 1 - k) for k in range(length))


def fit(stream: np.ndarray, smoothing: Smoothing) -> list[Level]:
    """Return, for each length of context, what characters keep of it and what it leaves to the shorter ones."""
    levels = []
    longer = None
    for length in range(ORDER + 1, 0, -1):
        seen = grams(stream, length)
        if smoothing is kneser_ney and longer is not None:
            seen = (
                longer % SIZE**length
            )  # counts the different characters in front, not the occurrences
        longer, count = np.unique(seen, return_counts=True)
        contexts, place = np.unique(longer // SIZE, return_inverse=True)
        total = np.bincount(place, count)
        taken = smoothing(count, total[place], np.bincount(place)[place])
        own, rest = (count - taken) / total[place], np.bincount(place, taken) / total
        levels.append((longer, own, contexts, rest))
    return levels[::-1]


def probabilities(levels: list[Level], stream: np.ndarray) -> np.ndarray:
    """Return the probability of each character, given those in front of it."""
    result = np.full(len(stream), 1 / SIZE)
    for length, (seen, own, contexts, rest) in enumerate(levels, start=1):
        gram = grams(stream, length)
        result = look_up(seen, own, gram, 0.0) + look_up(contexts, rest, gram // SIZE, 1.0) * result
    return result


def look_up(
    keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, otherwise: float
) -> np.ndarray:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], otherwise)


def bits(levels: list[Level], stream: np.ndarray) -> float:
    """Return the bits per character, the first one of the stream left out: there is nothing to predict it from."""
    return float(-np.log2(probabilities(levels, stream)[1:]).mean())


def better_smoothing(stream: np.ndarray) -> Smoothing:
    """Return the smoothing that does better on the last tenth of a text, fitted on the rest."""
    start, end = np.split(stream, [len(stream) * 9 // 10])
    costs = {smoothing: bits(fit(start, smoothing), end) for smoothing in (witten_bell, kneser_ney)}
    for smoothing, cost in costs.items():
        print(
            f"{smoothing.__name__}: {cost:.3f} bits per character on the last tenth of the training text"
        )
    return min(costs, key=costs.get)


def judge_ngram(folder: Path) -> None:
    training, held_back = (stream_of(folder / f"{name}.npz") for name in ("train", "held_back"))
    smoothing = better_smoothing(training)
    cost = bits(fit(training, smoothing), held_back)
    print(
        f"{smoothing.__name__}, {ORDER} characters back: {cost:.3f} bits per character on held_back.npz"
    )


def sample(model: Path, start: str = "class ", lines: int = 20) -> None:
    """Print what the network makes up, a character at a time; it sees the last 256 of them."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    text = start
    while text.count("\n") < lines:
        (logits,) = session.run(["logits"], {"text": numbers(text[-256:])[None]})
        weights = np.exp((logits[0, -1] - logits[0, -1].max()) / TEMPERATURE)
        text += ALPHABET[rng.choice(SIZE, p=weights / weights.sum())]
    print(text, end="")


COMMANDS = {"data": write_data, "ngram": judge_ngram, "sample": sample}

if __name__ == "__main__":
    is_known = len(sys.argv) > 2 and sys.argv[1] in COMMANDS
    if not is_known or len(sys.argv) > (4 if sys.argv[1] == "data" else 3):
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
