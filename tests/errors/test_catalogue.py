"""The pages of `dslc explain`: the failing spec has that mistake and no other, the mended one none."""

from __future__ import annotations

import pytest
from dslc_runtime.errors import UserFault

from dslc.cli.explaining import explain, mistakes_of
from dslc.errors import InternalError
from dslc.explain.catalogue import catalogue, read_page


@pytest.mark.parametrize("code", catalogue())
def test_the_wrong_spec_has_this_mistake(code: str) -> None:
    assert {found.code for found in mistakes_of(catalogue()[code].wrong)} == {code}


@pytest.mark.parametrize("code", catalogue())
def test_the_mended_spec_has_none(code: str) -> None:
    assert mistakes_of(catalogue()[code].mended) == ()


@pytest.mark.parametrize("code", catalogue())
def test_a_page_can_be_read(code: str) -> None:
    entry = catalogue()[code]
    assert entry.title and not entry.title.endswith(".")
    assert entry.text.endswith(".")
    assert max(len(line) for line in entry.text.split("\n")) <= 120
    page = list(explain(code.lower()))
    assert page[0] == f"{code}: {entry.title}"
    assert any(f"[{code}]" in line for line in page)


def test_without_a_code_all_are_listed() -> None:
    assert [line[:5] for line in explain(None)] == list(catalogue())


def test_an_unknown_code_is_a_mistake_in_the_arguments() -> None:
    with pytest.raises(UserFault, match="did you mean `E0301`"):
        list(explain("E03O1"))


@pytest.mark.parametrize(
    "page", ["", "# E0000: A\n\ntext\n", "# E0001: A\n\ntext\n\n## Wrong\n\n## Mended\n"]
)
def test_a_page_of_another_form_is_a_fault_of_ours(page: str) -> None:
    with pytest.raises(InternalError):
        read_page("E0000", page)
