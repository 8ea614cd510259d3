"""Run what README.md shows: every command in a `sh` block, every `python` block, and the `.net` text at its top.

Creating and filling the environment is left out: whoever runs this stands in it already.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
INSTALLING = re.compile(r"^python3 -m venv \.venv|^\. \.venv|^pip install")
TESTING = re.compile(r"^pytest")


def blocks(text: str) -> list[tuple[str, str]]:
    """Return language and text of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[str]:
    """Return the commands of a block that are to be run here."""
    parts = [part.strip() for line in block.splitlines() for part in line.split(" && ")]
    return [p for p in parts if p and not INSTALLING.match(p) and not TESTING.match(p)]


def run(arguments: list[str], **options: object) -> None:
    print("$", " ".join(arguments)[:100], flush=True)
    subprocess.run(arguments, check=True, cwd=ROOT, **options)  # type: ignore[call-overload]  # passed on


def main() -> None:
    found = blocks((ROOT / "README.md").read_text())
    for language, block in found:
        if language == "sh":
            for command in commands(block):
                run(["bash", "-c", command])
        elif language == "python":
            run([sys.executable, "-c", block])
        elif block.lstrip().startswith("## LeNet-5"):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "lenet5.net"
                path.write_text(block)
                run(["dslc", "summary", str(path)])
    print(f"README: {len(found)} blocks")


if __name__ == "__main__":
    main()
