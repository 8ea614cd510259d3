from __future__ import annotations

import pytest

from tests.network.cases_mistakes import MISTAKES
from tests.network.reading import mistakes_of, said, unmarked


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_said_once_at_its_place(name: str) -> None:
    marked, code, words = MISTAKES[name]
    text, start, inside = unmarked(marked)
    (found,) = mistakes_of(text)
    span = found.primary.span
    assert (found.code, span.text, span.start) == (code, inside, start)
    assert words in said(found)


