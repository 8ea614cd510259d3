"""The standard library is there for every spec, and a spec's own files stay its own."""

from __future__ import annotations

import pytest

from dslc import std
from dslc.elaborate.elaborate import elaborate
from dslc.format.formatting import format_source
from dslc.source import Source
from dslc.syntax.parser import parse
from tests.network.reading import mistakes_of, network_of, said

SPEC = """import {name} from "{path}"
net Net {{
  input x: float32[N, 3, 8, 8]
  output y: {name}(4, 3x3)
}}
"""
OWN = "block {name}(units, k) {{ Conv(units, k, padding=k // 2) -> tanh }}"


@pytest.mark.parametrize("path", std.shipped())
def test_a_shipped_file_is_formatted(path: str) -> None:
    text = std.file_of(path).source.text
    assert format_source(Source(path, text)) == text


def test_it_is_there_where_nothing_else_can_be_read() -> None:
    text = SPEC.format(name="ConvBN", path="std/convolution.net")
    network = elaborate(parse(Source("spec.net", text)))
    assert [parameter.name for parameter in network.parameters] == [
        "y.conv1.weight",
        *(f"y.batchnorm1.{name}" for name in ("weight", "bias", "running_mean", "running_var")),
    ]


def test_a_folder_of_that_name_is_reached_by_a_dot() -> None:
    files = {
        "std/convolution.net": OWN.format(name="ConvBN"),
        "std/own.net": OWN.format(name="Own"),
    }
    shipped = network_of(SPEC.format(name="ConvBN", path="std/convolution.net"), files=files)
    own = network_of(SPEC.format(name="ConvBN", path="./std/convolution.net"), files=files)
    assert [type(call.operation).__name__ for call in shipped.calls] == ["Conv", "BatchNorm"]
    assert [type(call.operation).__name__ for call in own.calls] == ["Conv", "Tanh"]
    (mistake,) = mistakes_of(SPEC.format(name="Own", path="std/own.net"), files=files)
    assert mistake.code == "E0702"
    assert '"./std/own.net"' in said(mistake)


def test_a_file_of_ones_own_has_no_part_in_a_shipped_one() -> None:
    """Both at once: two files whose paths differ by the dot alone are two files."""
    files = {"std/convolution.net": OWN.format(name="Own")}
    text = 'import ConvBN from "std/convolution.net"\n' + SPEC.format(
        name="Own", path="./std/convolution.net"
    ).replace("Own(4, 3x3)", "Own(4, 3x3) -> ConvBN(4, 1x1)")
    network = network_of(text, files=files)
    assert [type(call.operation).__name__ for call in network.calls] == [
        "Conv",
        "Tanh",
        "Conv",
        "BatchNorm",
    ]


@pytest.mark.parametrize(
    "path", ["std/../own.net", "std/./convolution.net", "std/", "std/__init__.py"]
)
def test_only_names_of_the_library_are_found(path: str) -> None:
    files = {"own.net": OWN.format(name="Own"), path: OWN.format(name="Own")}
    (mistake,) = mistakes_of(SPEC.format(name="Own", path=path), files=files)
    assert mistake.code == "E0702"
    assert "it has: std/" in said(mistake)
