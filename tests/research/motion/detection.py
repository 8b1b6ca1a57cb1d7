"""`python -m tests.research.motion.detection`: evaluates a detector whose motion model OpenVINO runs from a file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from engine.__main__ import cli
from engine.models.motion_engine import MotionEngine, OpenVinoMotionEngine
from engine.models.predictor import Predictor


def main(arguments: Sequence[str] | None = None) -> None:
    """As `vad evaluate --sampled` says it; with no file, by what runs the motion model here anyway."""
    parser = argparse.ArgumentParser(prog="python -m tests.research.motion.detection", description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--detector", default="ped2")
    parser.add_argument("--form", type=Path, metavar="XML", help="that `python -m tests.research.motion` left")
    chosen = parser.parse_args(arguments)
    evaluate = ["evaluate", chosen.dataset, "--detector", chosen.detector]
    evaluate += ["--sampled", "--score", "calibrated", "--no-cache"]
    if chosen.form is None:
        cli(evaluate, standalone_mode=False)
        return
    engines: dict[Predictor, MotionEngine] = {}

    def prepare(predictor: Predictor) -> None:
        if predictor not in engines:
            engines[predictor] = OpenVinoMotionEngine(predictor._detector.motion, chosen.form, 1)
        predictor._motion_engine = engines[predictor]

    with patch.object(Predictor, "prepare_motion", prepare):
        cli(evaluate, standalone_mode=False)


if __name__ == "__main__":
    main()
