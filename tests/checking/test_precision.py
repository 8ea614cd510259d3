"""Networks of the gallery with `precision = float16`: the check passes, and tells what no rounding explains."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslc.checking import measure
from dslc.checking.check import check
from dslc.checking.report import verdict
from dslc.checking.situation import Situation
from dslc.tasks.reading import open_spec
from tests.checking.test_check import execute, situation
from tests.gallery.facts import GALLERY
from tests.gallery.measuring import reduced

NETS: dict[str, tuple[str, ...]] = {
    "lenet5": (),
    "transformer": (),
    "lstm": (),
    "heat": (),
    "style_transfer": (),  # Gram matrices: both sides are rounded alike, and the gradient adds them up
    "perceptron": ("train.batch=1",),  # the sample is told right, and the loss exactly zero
}


@pytest.mark.parametrize("name", NETS)
def test_a_network_in_halves(name: str, tmp_path: Path) -> None:
    row = next(row for row in GALLERY if row.path.stem == name)
    settings = (*row.settings, *row.small, *NETS[name], "train.precision=float16")
    at = _situation(reduced(row, tmp_path), settings)
    report = check(at, with_differences=False)
    assert at.mixed and report.passed, verdict(report)


def _situation(path: Path, settings: tuple[str, ...]) -> Situation:
    (section,) = open_spec(str(path), settings, None).sections()
    return Situation(section.learning.fed, section.resting, execute)


def test_evaluation_and_the_network_itself_stay_float32() -> None:
    """No bound of theirs is that of halves."""
    report = check(situation("mixed precision"), with_differences=False)
    outputs = [finding for finding in report.findings if finding.kind == "output"]
    assert outputs and all(finding.bound < measure.YARDSTICK * 1e-5 for finding in outputs)
    assert any(finding.bound > 2.0**-11 for finding in report.findings if finding.kind == "forward")
