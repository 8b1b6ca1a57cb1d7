"""The models' input picture: a square to which each frame is resized; windows and flow are measured on it in px."""

from __future__ import annotations

import cv2
import numpy as np

from engine.video.frame import Pixels

PICTURE_SIZE = 256
"""Width and height of the square in px."""


def model_picture(pixels: Pixels) -> Pixels:
    """Resize a frame of any size to uint8 [256, 256, 3], ignoring its aspect ratio, as in the paper."""
    height, width = pixels.shape[:2]
    shrinks = height > PICTURE_SIZE or width > PICTURE_SIZE
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (PICTURE_SIZE, PICTURE_SIZE), interpolation=interpolation), np.uint8)
