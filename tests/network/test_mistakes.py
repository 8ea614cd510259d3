from __future__ import annotations

from pathlib import Path

import pytest

from dslc.errors import LimitError
from tests.network.cases_mistakes import FILES, IMPORTS, MISTAKES, NET, TRAINING
from tests.network.reading import mistakes_of, network_of, said, unmarked

CASES = {**MISTAKES, **TRAINING}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_said_once_at_its_place(name: str) -> None:
    marked, code, words = CASES[name]
    text, start, inside = unmarked(marked)
    (found,) = mistakes_of(text)
    span = found.primary.span
    assert (found.code, span.text, span.start) == (code, inside, start)
    assert words in said(found)


@pytest.mark.parametrize("name", IMPORTS)
def test_a_mistake_in_an_import(name: str) -> None:
    marked, code, words = IMPORTS[name]
    text, start, inside = unmarked(marked)
    found = mistakes_of(text, files=FILES)[0]
    if code == "E0703":
        assert (found.code, found.primary.span.source.path) == (code, "circle.net")
    else:
        assert (found.code, found.primary.span.text, found.primary.span.start) == (
            code,
            inside,
            start,
        )
        assert len(mistakes_of(text, files=FILES)) == 1
    assert words in said(found)


def test_an_import_of_an_import_stays_in_the_folder_of_the_spec() -> None:
    text = 'import Inner from "sub/{}.net"\nnet Net {{ input x: float32[2]\n Inner }}'
    assert [call.name for call in network_of(text.format("inner"), files=FILES).calls] == [
        "inner1.good1.relu1"
    ]
    (found,) = mistakes_of(text.format("outer"), files=FILES)
    assert (found.code, found.primary.span.source.path) == ("E0704", "sub/outer.net")


ONE_VALUE = ("huge number", "more numbers than can be counted", "as many numbers as there are")
"""Where a value alone is too large, the rest is read."""


@pytest.mark.parametrize(
    "name",
    [name for name, case in MISTAKES.items() if case[1] == "E0901" and name not in ONE_VALUE],
)
def test_a_limit_is_an_error_of_its_own(name: str) -> None:
    text, _, _ = unmarked(MISTAKES[name][0])
    with pytest.raises(LimitError):
        network_of(text)


def test_independent_mistakes_are_told_together_and_consequences_are_not() -> None:
    text = (
        "net Net {\n  input x: float32[N, 4]\n  a: Linear(3, strides=2) -> relux(2)\n"
        "  b: a -> Conv(3, 3x3) -> [N, 3]\n  c = zz + a\n  output d: Linear(«)\n}"
    )
    text = text.replace("«", "7, unit=3")
    found = mistakes_of(text)
    assert [(d.code, d.primary.span.line) for d in found] == [
        ("E0203", 3),
        ("E0201", 3),
        ("E0206", 5),
        ("E0203", 6),
    ]


def test_a_mistake_in_a_block_is_told_once_with_its_origin() -> None:
    text = (
        "block B(width) {\n  Linear(width) -> Conv(width, 3x3)\n}\n"
        "net Net {\n  input x: float32[N, 4]\n  a: B(3)\n  b: B(5)\n}"
    )
    (found,) = mistakes_of(text)
    assert found.facts[-1] == "width = 3, reached from  a: B(3) at spec.net:6"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"clases": "3"}, "did you mean `classes`?"),
        ({"classes": "[3"}, "is not a value"),
        ({"classes": '"a"'}, "the default is the number 10"),
        ({"train.epochs": "3"}, "the file has no train section"),
        ({"train.critic.ema": "0.9"}, "there is no train section `critic`"),
    ],
)
def test_what_set_says_is_checked(settings: dict[str, str], words: str) -> None:
    text = "net Net(classes=10) {\n  input x: float32[N, 4]\n  Linear(classes)\n}"
    (found,) = mistakes_of(text, settings=settings)
    assert words in said(found)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("train.ema", "--set train.judging.ema=0.5  or  --set train.making.ema=0.5"),
        ("train.makin.ema", "did you mean `making`?"),
        ("train.other.ema", "train sections: judging, making"),
        ("train.making.seed", "write  --set train.seed=0.5"),
        ("train.making.noise", "`noise` is the same for all train sections"),
    ],
)
def test_what_set_says_of_several_sections_is_checked(setting: str, words: str) -> None:
    text = (Path(__file__).parents[2] / "specs/gan.net").read_text()
    (found,) = mistakes_of(text, settings={setting: "0.5"})
    assert found.code == "E0213"
    assert words in said(found)


@pytest.mark.parametrize(("net", "words"), [("Nett", "did you mean `Net`?"), (None, "has no net")])
def test_the_net_must_be_there(net: str | None, words: str) -> None:
    (found,) = mistakes_of(NET if net else "block B { relu }", net=net)
    assert found.code == "E0506" and words in said(found)


def chain(length: int) -> str:
    blocks = "block B0 { relu }\n"
    blocks += "".join(f"block B{i} {{ add {{ | B{i - 1} | }} }}\n" for i in range(1, length))
    return f"{blocks}net Net {{ input x: float32[2]\n B{length - 1} }}"


def test_blocks_may_be_nested_sixty_deep_but_not_a_hundred() -> None:
    assert len(network_of(chain(60)).calls) == 60
    with pytest.raises(LimitError) as caught:
        network_of(chain(100))
    assert [d.code for d in caught.value.diagnostics] == ["E0902"]


def test_blocks_that_double_are_counted_without_being_expanded() -> None:
    blocks = "block B0 { relu }\n" + "".join(
        f"block B{i} {{ B{i - 1} -> B{i - 1} }}\n" for i in range(1, 60)
    )
    (found,) = mistakes_of(f"{blocks}net Net {{ input x: float32[2]\n B59 }}")
    assert found.code == "E0901" and "about 10**17" in said(found)


def test_a_long_sum_is_read() -> None:
    text = f"net Net {{ input x: float32[2]\n output y = {' + '.join(['x'] * 100)} }}"
    assert len(network_of(text).calls) == 99
