"""`python -m tests.research.motion.ranges`: adds to a detector's file what int8 needs; the calibration stays."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from engine.calibrating.footage import NormalFootage
from engine.calibrating.normal_statistics import collect_statistics
from engine.commands.progress import finished
from engine.common.device import choose_compute
from engine.common.events import never_stop
from engine.models.detector import load_detector, save_detector
from engine.models.predictor import Predictor
from engine.scoring.sampling import SAMPLED


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the ranges on normal videos, as calibrating does."""
    parser = argparse.ArgumentParser(prog="python -m tests.research.motion.ranges", description=__doc__)
    parser.add_argument("detector", type=Path)
    parser.add_argument("normal", type=Path, nargs="+", metavar="VIDEO")
    chosen = parser.parse_args(arguments)
    detector, _ = load_detector(chosen.detector)
    predictor = Predictor(detector, "", choose_compute("cpu"))
    footage = NormalFootage(chosen.normal)
    ranges = finished(collect_statistics(footage, predictor, 0.1, SAMPLED, never_stop)).layer_ranges
    print(ranges)
    save_detector(detector.with_layer_ranges(ranges), chosen.detector)


if __name__ == "__main__":
    main()
