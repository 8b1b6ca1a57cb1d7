"""`python -m tests.research.choices`: changes normal footage, measures it, and compares candidate scores on it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import cv2

from tests.research.choices.camera import Camera, labelled_footage
from tests.research.choices.camera_measurement import measure_camera
from tests.research.choices.changes import KINDS, sheet
from tests.research.choices.comparisons import comparisons
from tests.research.choices.tables import Result, result_of, table


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the cache lacks of one camera, then print the tables."""
    chosen = _parser().parse_args(arguments)
    camera = Camera(
        chosen.camera,
        chosen.normal,
        chosen.cache,
        chosen.seeds,
        chosen.changed_clips,
        chosen.kinds,
        chosen.predict_every,
        chosen.learnt_from,
        chosen.labelled,
        chosen.motion_prior_of == "held-out",
    )
    began = time.monotonic()
    for clip, change, _ in () if chosen.only_judge else measure_camera(camera, chosen.detector):
        print(f"{time.monotonic() - began:6.0f} s  {clip.name}  {change.kind if change else ''}", flush=True)
        if change and chosen.sheets:
            chosen.sheets.mkdir(parents=True, exist_ok=True)
            picture = cv2.cvtColor(sheet(clip, change), cv2.COLOR_RGB2BGR)
            cv2.imwrite(str(chosen.sheets / f"{camera.name}-{clip.name}-{change.kind.strip('()')}.jpg"), picture)
    footage = labelled_footage(camera)
    known = set.intersection(*(set(each.signals) for each in [*footage.normal, *footage.labelled]))
    results: dict[str, list[Result]] = {}
    for title, candidates in comparisons(known):
        results[title] = [result_of(footage, candidate) for candidate in candidates]
        print(f"\n{camera.name}: {title}\n\n{table(results[title])}", flush=True)
    if chosen.json:
        values = {title: [asdict(each) for each in of_title] for title, of_title in results.items()}
        chosen.json.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.research.choices", description=(__doc__ or ""))
    parser.add_argument("--camera", required=True, help="its name, and that of its folder in the cache")
    parser.add_argument("--normal", nargs="+", type=Path, required=True, metavar="PATH", help="its normal footage")
    parser.add_argument("--detector", metavar="NAME|FILE", help="without one, signals of motion alone are compared")
    parser.add_argument("--cache", type=Path, required=True, metavar="FOLDER", help="where measurements are kept")
    parser.add_argument("--changed-clips", type=int, default=16, metavar="N", help="change N of the clips")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS), metavar="KIND")
    parser.add_argument("--predict-every", type=int, default=1, metavar="N", help="predict every Nth frame only")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="change every clip once with each seed")
    parser.add_argument(
        "--learnt-from",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="more normal footage, for motion statistics only",
    )
    parser.add_argument(
        "--motion-prior-of",
        "--habits-of",  # as earlier caches call it
        default="all",
        choices=["all", "held-out"],
        help="normal footage whose motion the changes follow",
    )
    parser.add_argument("--labelled", nargs="*", type=Path, default=[], metavar="FILE", help="recordings with labels")
    parser.add_argument("--only-judge", action="store_true", help="measure nothing: compare by what the cache holds")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the results there, for `camera_comparison`"
    )
    parser.add_argument("--sheets", type=Path, metavar="FOLDER", help="write pictures of the changes there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
