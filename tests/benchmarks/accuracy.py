"""Frame-level AUC of a detector on UCSD Ped2's testing clips by the paper's protocol."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import resources
from engine.evaluation.metrics import micro_auc
from engine.models.predictor import Predictor
from engine.pipeline import analyse
from engine.scoring.signals import RAW_SIGNALS
from engine.video import open_video

PED2 = Path(__file__).parents[3] / "shared" / "data" / "ped2"
BARS: dict[str, tuple[str, float]] = {}


def run(quick: bool = False) -> dict[str, float]:
    """Micro AUC over all testing clips, or over the first three (`quick`)."""
    if not PED2.is_dir():
        return {}
    return ped2_auc(resources.detector_path("ped2"), clips=3 if quick else None)


def ped2_auc(detector: Path, clips: int | None = None) -> dict[str, float]:
    """Per-video min-max (Eq. 11), all clips concatenated, one curve; `flow` is the same with the flow error alone."""
    predictor = Predictor.open(detector)
    labels = dict(np.load(PED2 / "frame_labels.npz"))
    truth, psnrs, flow_errors = [], [], []
    for path in sorted((PED2 / "testing").glob("*.mp4"))[:clips]:
        with open_video(path) as source:
            signals = np.array([result.signals for result in analyse(source, predictor)], RAW_SIGNALS)
        truth.append(labels[path.stem] > 0)
        psnrs.append(-signals["psnr_db"])
        flow_errors.append(signals["flow_error_px"])
    return {
        "frames": float(sum(map(len, truth))),
        "abnormal_frames": float(sum(each.sum() for each in truth)),
        "ped2_micro_auc": micro_auc(psnrs, truth),
        "ped2_micro_auc_of_flow_error": micro_auc(flow_errors, truth),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detector", type=Path, default=None)
    chosen = parser.parse_args().detector or resources.detector_path("ped2")
    print(json.dumps(ped2_auc(chosen), indent=2))
