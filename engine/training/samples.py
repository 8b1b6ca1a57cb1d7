"""Sample pictures that show what a model has learnt: the same few transitions after every epoch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.common.atomic_write import atomic_write
from engine.export.drawing import BACKGROUND, MUTED, TEXT, draw_text
from engine.models.detector import Detector
from engine.models.picture import PICTURE_SIZE
from engine.training.footage_cache import Footage
from engine.video.frame import Pixels

_COUNT = 3
_CANDIDATES = 96
_ERROR_GAIN = 4
_GAP_PX, _HEADING_PX, _TEXT_PX = 8, 38, 24  # readable when the sheet is displayed at half its size

MOTION_COLUMNS = ("frame", "real movement", "predicted")
FRAME_COLUMNS = ("real next frame", "predicted", f"error (×{_ERROR_GAIN})")


def choose_samples(footage: Footage) -> npt.NDArray[np.int64]:
    """Indices of transitions with much change, far apart in time; from held-out videos if there are any."""
    transitions = footage.held_out if len(footage.held_out) else footage.training
    candidates = np.unique(np.linspace(0, len(transitions) - 1, _CANDIDATES).astype(int))
    segments = np.array_split(transitions[candidates], min(_COUNT, len(candidates)))
    return np.array([max(segment, key=lambda n: _change(footage.pictures, n)) for segment in segments])


def _change(pictures: Pixels, n: int) -> float:
    return float(np.abs(pictures[n].astype(np.int16) - pictures[n + 1]).mean())


def motion_sheet(footage: Footage, samples: npt.NDArray[np.int64], flow_rgb: Pixels) -> Pixels:
    """I_t, the teacher's flow and the predicted flow side by side, one row per sample."""
    return _sheet(MOTION_COLUMNS, [footage.pictures[samples], footage.teacher_rgb(samples), flow_rgb])


def frame_sheet(footage: Footage, samples: npt.NDArray[np.int64], predicted: Pixels) -> Pixels:
    """Real next frame, predicted frame and their difference side by side, one row per sample."""
    real = footage.pictures[samples + 1]
    error = np.abs(real.astype(np.int16) - predicted).mean(axis=-1)
    brightness = np.minimum(error * _ERROR_GAIN, 255).astype(np.uint8)
    heat = np.stack([cv2.applyColorMap(each, cv2.COLORMAP_INFERNO)[..., ::-1] for each in brightness])
    return _sheet(FRAME_COLUMNS, [real, predicted, heat])


@torch.no_grad()
def predicted_pictures(
    detector: Detector, footage: Footage, samples: npt.NDArray[np.int64], run: Callable[[Tensor], tuple[Tensor, Tensor]]
) -> tuple[Pixels, Pixels]:
    """Predicted flow and predicted frame of the samples, uint8 [N, 256, 256, 3].

    `run` maps pictures, uint8 [N, 256, 256, 3], to flow and frame, float [N, 3, 256, 256], on the device.
    """
    detector.eval()
    flow_rgb, frame = run(torch.from_numpy(footage.pictures[samples]))
    return _pixels(flow_rgb), _pixels(frame)


def save_picture(picture: Pixels, path: Path) -> None:
    """Write an RGB picture as PNG.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _, content = cv2.imencode(".png", picture[..., ::-1])
    with atomic_write(path) as file:
        file.write(content.tobytes())


def _pixels(batch: Tensor) -> Pixels:
    return (batch * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def _sheet(columns: tuple[str, ...], pictures: list[Pixels]) -> Pixels:
    step = PICTURE_SIZE + _GAP_PX
    height = _HEADING_PX + len(pictures[0]) * step
    sheet = np.full((height, len(columns) * step + _GAP_PX, 3), BACKGROUND, np.uint8)
    for column, (heading, rows) in enumerate(zip(columns, pictures, strict=True)):
        left = _GAP_PX + column * step
        middle = left + PICTURE_SIZE // 2
        draw_text(sheet, heading, middle, _HEADING_PX / 2, _TEXT_PX, TEXT if column else MUTED, align=0.5)
        for row, picture in enumerate(rows):
            top = _HEADING_PX + row * step
            sheet[top : top + PICTURE_SIZE, left : left + PICTURE_SIZE] = picture
    return sheet
