"""Frame-level AUC of a detector on UCSD Ped2's testing clips by the paper's protocol, and how often outlines are right.

`vad evaluate` says more.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import resources
from engine.datasets import open_dataset
from engine.evaluation.dataset_analysis import MeasuredVideo, measure
from engine.evaluation.metrics import micro_auc
from engine.evaluation.places import place_figures
from engine.models.predictor import Predictor
from engine.scoring.scorers import default_scorer

PED2 = Path(__file__).parents[3] / "shared" / "data" / "ped2"
BARS = {"ped2_place_share": (">=", 0.85)}


def run(quick: bool = False) -> dict[str, float]:
    """Micro AUC over all testing clips, or over the first three (`quick`)."""
    if not PED2.is_dir():
        return {}
    return ped2_auc(resources.detector_path("ped2"), clips=3 if quick else None)


def ped2_auc(detector: Path, clips: int | None = None) -> dict[str, float]:
    """Micro AUC of the frame's PSNR, and of the flow error alone; how often the strongest outline is on the label."""
    chosen = open_dataset(PED2).testing[:clips]
    with tempfile.TemporaryDirectory() as cache:
        predictor = Predictor.open(detector)
        events = measure(chosen, predictor, Path(cache))
        videos = [event for event in events if isinstance(event, MeasuredVideo)]
    abnormal = [video.abnormal for video in videos]
    places = place_figures(videos, default_scorer(predictor.settings.calibration))
    return {
        "frames": float(sum(map(len, abnormal))),
        "abnormal_frames": float(sum(each.sum() for each in abnormal)),
        "ped2_micro_auc": micro_auc([-video.signals["psnr_db"] for video in videos], abnormal),
        "ped2_micro_auc_of_flow_error": micro_auc([video.signals["flow_error_px"] for video in videos], abnormal),
        **({"ped2_place_share": places.share} if places else {}),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detector", type=Path, default=None)
    chosen = parser.parse_args().detector or resources.detector_path("ped2")
    print(json.dumps(ped2_auc(chosen), indent=2))
