"""Recordings of a texture that drifts to the right, and a detector that is calibrated on them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch

from engine.calibrating.calibrate import calibrate
from engine.calibrating.footage import NormalFootage
from engine.commands.progress import finished
from engine.common.device import ComputeConfig
from engine.models.detector import Detector, DetectorSettings, save_detector
from engine.review.document import Span

RATE, COUNT = 5, 160
SEGMENT = Span(100, 130)
PLAN = ComputeConfig(torch.device("cpu"), torch.float32, "CPU")
RIGHT, LEFT, DOWN = (-1, 0), (1, 0), (0, -1)


def film(path: Path, seed: int, meanwhile: tuple[int, int] = RIGHT) -> Path:
    """A texture that drifts to the right, and in the segment's frames elsewhere."""
    texture = np.random.default_rng(7).integers(0, 256, (300, 500, 3), np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (64, 64))
    place = np.array([400 - seed, 100])
    for frame in range(COUNT):
        x, y = place
        writer.write(np.ascontiguousarray(texture[y : y + 64, x : x + 64]))
        place = place + (meanwhile if SEGMENT.start <= frame < SEGMENT.stop else RIGHT)
    writer.release()
    return path


def normal_films(folder: Path) -> tuple[Path, Path]:
    return film(folder / "first.avi", 0), film(folder / "second.avi", 3)


def write_drift_detector(path: Path, footage: tuple[Path, ...], preset: str) -> None:
    torch.manual_seed(3)
    untaught = Detector(DetectorSettings("Drift", preset, "dis-ultrafast", 8.0)).eval()
    save_detector(finished(calibrate(untaught, PLAN, NormalFootage(list(footage)))).detector, path)
