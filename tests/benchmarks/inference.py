"""Prediction and detection speed of both presets, and their share of this machine's matrix product throughput."""

from __future__ import annotations

import numpy as np
import torch

from engine.common.device import ComputeConfig, choose_compute
from engine.evaluation.timing import Timing, drifting_texture, median_seconds, time_detector
from engine.flow.colour import rgb_to_flow
from engine.models.detector import PRESETS, Detector, DetectorSettings
from engine.models.predictor import Predictor
from engine.scoring.psnr import flow_error, prediction_psnr

GFLOP_A_FRAME = {"paper": 88.6, "fast": 9.56}
BARS = {"fast_scoring_share_of_prediction": ("<", 0.05), "paper_scoring_share_of_prediction": ("<", 0.05)}


def run(quick: bool = False) -> dict[str, float]:
    """Frames a second at batch 1, the best batch, and shares; medians over repetitions."""
    plan = choose_compute()
    matrix_gflops = _matrix_product_gflops(plan)
    results = {"matrix_product_gflops": matrix_gflops}
    for preset in PRESETS:
        figures = _preset_figures(preset, plan, matrix_gflops, timeout_seconds=0.5 if quick else 6.0)
        results |= {f"{preset}_{key}": value for key, value in figures.items()}
    return results


def _preset_figures(preset: str, plan: ComputeConfig, matrix_gflops: float, timeout_seconds: float) -> dict[str, float]:
    torch.manual_seed(0)
    predictor = Predictor(Detector(DetectorSettings("benchmark", preset, "dis-medium", 4.0)), "", plan)
    pictures = drifting_texture(256, 256)
    *_, timing = time_detector(predictor, pictures, timeout_seconds=timeout_seconds)
    assert isinstance(timing, Timing)
    batched = 1 / timing.prediction_fps_best_batch
    return {
        "prediction_fps_batch_1": timing.prediction_fps,
        "prediction_fps_best_batch": timing.prediction_fps_best_batch,
        "detection_fps_batch_1": timing.detection_fps,
        "share_of_matrix_rate": GFLOP_A_FRAME[preset] / batched / matrix_gflops,
        "scoring_share_of_prediction": _scoring_seconds(predictor, pictures) / batched,
        "flow_error_share_of_prediction": _flow_error_seconds(predictor, pictures) / batched,
    }


def _scoring_seconds(predictor: Predictor, pictures: list[np.ndarray]) -> float:
    """PSNR of one frame, its patches and windows."""
    (prediction,) = predictor.predict(pictures[:1])
    truth = pictures[1].astype(np.float32) / 255
    return median_seconds(lambda: prediction_psnr(truth, prediction.frame))


def _flow_error_seconds(predictor: Predictor, pictures: list[np.ndarray]) -> float:
    """Teacher flow, reading the predicted flow's colours, and their distance, of one frame."""
    (prediction,) = predictor.predict(pictures[:1])
    return median_seconds(
        lambda: flow_error(predictor.teacher.flow(*pictures[:2]), rgb_to_flow(prediction.flow_rgb, 4.0))
    )


def _matrix_product_gflops(plan: ComputeConfig, size: int = 2048) -> float:
    left, right = (torch.randn(size, size).to(plan.device, plan.dtype) for _ in range(2))

    def multiply() -> None:
        torch.mm(left, right)
        if plan.device.type == "cuda":
            torch.cuda.synchronize()

    return 2 * size**3 / median_seconds(multiply) / 1e9


if __name__ == "__main__":
    for key, value in run().items():
        print(f"{key:45} {value:10.3f}")
