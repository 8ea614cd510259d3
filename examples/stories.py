"""Write small stories with a question each, in the manner of the bAbI tasks 1 and 2 of Weston et al. (2015).

    python examples/stories.py data runs/stories.npz      # 10,000 stories for `specs/memory_network.net`
    python examples/stories.py ask MODEL.onnx             # three more, with the answers of the trained network

People walk about, take things and put them down. Half of the questions ask where somebody is, which one sentence tells;
half ask where a thing is, which takes two: who has it, and where they went. `story` int64 [10000, 10, 5] begins with
the newest sentence, `question` int64 [10000, 5]; word 0 fills up. `answer` int64 [10000].
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

PEOPLE = ("daniel", "john", "mary", "sandra")
PLACES = ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")
THINGS = ("apple", "football", "milk")
WORDS = (
    "",
    "dropped",
    "is",
    "picked",
    "the",
    "to",
    "up",
    "went",
    "where",
    *PEOPLE,
    *PLACES,
    *THINGS,
)
STORIES, SENTENCES, LENGTH = 10_000, 10, 5

Story = tuple[list[str], str, str]


def tell(rng: np.random.Generator) -> Story:
    """Return the sentences of a story, oldest first, a question and its answer."""
    where: dict[str, str] = {}
    holder: dict[str, str] = {}
    story: list[str] = []
    while len(story) < SENTENCES:
        who, what = rng.choice(PEOPLE), rng.choice(THINGS)
        if who not in where or rng.random() < 0.5:
            where[who] = rng.choice([place for place in PLACES if place != where.get(who)])
            story.append(f"{who} went to the {where[who]}")
        elif holder.get(what) == who:
            del holder[what]
            where[what] = where[who]
            story.append(f"{who} dropped the {what}")
        elif what not in holder and where.get(what, where[who]) == where[who]:
            holder[what] = who
            story.append(f"{who} picked up the {what}")
    where |= {what: where[who] for what, who in holder.items()}
    things = [what for what in THINGS if what in where]
    if things and rng.random() < 0.5:
        asked = rng.choice(things)
        return story, f"where is the {asked}", where[asked]
    asked = rng.choice([who for who in PEOPLE if who in where])
    return story, f"where is {asked}", where[asked]


def numbers(sentence: str) -> list[int]:
    found = [WORDS.index(word) for word in sentence.split()]
    return found + [0] * (LENGTH - len(found))


def arrays(stories: list[Story]) -> dict[str, np.ndarray]:
    return {
        "story": np.array([[numbers(s) for s in reversed(story)] for story, _, _ in stories]),
        "question": np.array([numbers(question) for _, question, _ in stories]),
        "answer": np.array([WORDS.index(answer) for _, _, answer in stories]),
    }


def write_data(path: str) -> None:
    rng = np.random.default_rng(2015)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays([tell(rng) for _ in range(STORIES)]))


def ask(model: str) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for _ in range(3):
        story, question, answer = tell(rng)
        feeds = arrays([(story, question, answer)])
        logits = session.run(["logits"], {name: feeds[name] for name in ("story", "question")})[0]
        print(*story, f"{question}?  {WORDS[logits[0].argmax()]} (it is {answer})\n", sep="\n")


COMMANDS = {"data": write_data, "ask": ask}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](sys.argv[2])
