"""`python -m tests.benchmarks.choices.together FILE.json ...`: the results of several cameras beside each other."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.choices.tables import Result, together


def main(paths: Sequence[str]) -> int:
    """Print a table for every question that the cameras have in common."""
    cameras = {Path(path).stem: json.loads(Path(path).read_text(encoding="utf-8")) for path in paths}
    for title in next(iter(cameras.values())):
        results = {name: [Result(**each) for each in answers[title]] for name, answers in cameras.items()}
        print(f"\n{title}\n\n{together(results)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
