"""`python -m tests.research.choices.camera_comparison FILE.json ...`: results of several cameras side by side."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.research.choices.tables import Result, side_by_side


def main(paths: Sequence[str]) -> int:
    """Print a table for every comparison that the cameras have in common."""
    cameras = {Path(path).stem: json.loads(Path(path).read_text(encoding="utf-8")) for path in paths}
    for title in next(iter(cameras.values())):
        results = {name: [Result(**each) for each in comparisons[title]] for name, comparisons in cameras.items()}
        print(f"\n{title}\n\n{side_by_side(results)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
