"""A check's findings as text: the worst error of every tensor, and what is at fault."""

from __future__ import annotations

from dslc.checking.check import Report
from dslc.checking.measure import Finding

KINDS = {
    "initial": "init graph against NumPy",
    "forward": "forward, call by call",
    "gradient": "gradients, call by call",
    "simplified": "gradients before and after simplification",
    "finite": "train graph: finite",
    "loss": "losses, train and eval",
    "metric": "metrics, train and eval",
    "update": "next state of one step",
    "output": "outputs of the closed network",
    "difference": "interpreter against finite differences",
}
COLUMNS = ("forward", "gradient", "difference", "update")


def report_lines(report: Report, *, everything: bool = False) -> list[str]:
    """Return a report as text; every tensor has a line where `everything` is wanted or something failed."""
    rows = [*tensor_table(report), ""] if everything or not report.passed else []
    return [*rows, *summary_lines(report), verdict(report)]


def summary_lines(report: Report) -> list[str]:
    """Return one line per kind of comparison: how many, and the worst of them."""
    lines = []
    for kind, title in KINDS.items():
        findings = [finding for finding in report.findings if finding.kind == kind]
        if findings:
            worst = max(findings, key=_badness)
            mark = "ok  " if all(finding.passed for finding in findings) else "FAIL"
            lines.append(
                f"{mark} {title:<42} {len(findings):>5}  worst {worst.error:.1e} of {worst.bound:.1e}"
                f"  {worst.tensor}"
            )
    return lines


def tensor_table(report: Report) -> list[str]:
    """Return one line per tensor: its worst error of each kind (`*` marks one beyond its bound)."""
    rows: dict[str, dict[str, Finding]] = {}
    for finding in report.findings:
        row = rows.setdefault(finding.tensor, {})
        if finding.kind not in row or _badness(finding) > _badness(row[finding.kind]):
            row[finding.kind] = finding
    width = max((len(name) for name in rows), default=6)
    head = f"{'tensor':<{width}}  " + "  ".join(f"{title:>10}" for title in COLUMNS)
    shown = {name: row for name, row in rows.items() if any(kind in row for kind in COLUMNS)}
    return [head, *(_row(name, row, width) for name, row in shown.items())]


def verdict(report: Report) -> str:
    """Return the last line: passed, or the first call that disagrees."""
    if report.passed:
        return f"check passed: {len(report.findings)} comparisons"
    failed = sum(not finding.passed for finding in report.findings)
    text = f"check FAILED: {failed} of {len(report.findings)} comparisons"
    if report.culprits:
        names = " or ".join(f"`{call.name}` ({call.span})" for call in report.culprits)
        text += f"; the first layer that disagrees: {names}"
    return text


def _row(name: str, row: dict[str, Finding], width: int) -> str:
    cells = []
    for kind in COLUMNS:
        finding = row.get(kind)
        mark = "" if finding is None or finding.passed else "*"
        cells.append(f"{'' if finding is None else f'{finding.error:.1e}{mark}':>10}")
    return f"{name:<{width}}  " + "  ".join(cells)


def _badness(finding: Finding) -> float:
    if finding.error != finding.error:
        return float("inf")
    return finding.error / finding.bound if finding.bound else finding.error
