"""What can be counted of a network without running it, and how published figures are read."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from dslc import api
from dslc.network.network import Network
from dslc.network.summary import Summary, summarize
from tests.gallery.facts import Row

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


@cache
def network_of(row: Row) -> Network:
    settings = dict(setting.split("=", 1) for setting in row.settings)
    return api.load(row.path, **settings)


@cache
def summary_of(row: Row) -> Summary:
    return summarize(network_of(row))


def lines_of(row: Row) -> int:
    """Count the lines of a spec that are neither empty nor a comment."""
    return len(re.findall(r"^\s*[^\s#]", row.path.read_text(), flags=re.MULTILINE))


def rounds_to(count: int, printed: str) -> bool:
    """Tell whether a count, rounded as a printed figure is, gives that figure."""
    number, _, unit = printed.partition(" ")
    figure = Decimal(number.replace(",", ""))
    step = Decimal(1).scaleb(int(figure.as_tuple().exponent))
    return (Decimal(count) / UNITS[unit]).quantize(step) == figure
