"""Write `docs/gallery.md`; the networks named by their specs are measured anew before, with `--all` every one."""

from __future__ import annotations

import sys
import time

from tests.gallery.facts import GALLERY, ROOT
from tests.gallery.measuring import load, measure, save
from tests.gallery.page import page

PAGE = ROOT / "docs" / "gallery.md"


def main(names: list[str]) -> None:
    for row in GALLERY:
        if row.spec in names or "--all" in names:
            start = time.process_time()
            found = measure(row)
            save({**load(), row.key: found})
            print(f"{row.key}: {time.process_time() - start:.0f} s", flush=True)
    PAGE.write_text(page(load()))


if __name__ == "__main__":
    main(sys.argv[1:])
