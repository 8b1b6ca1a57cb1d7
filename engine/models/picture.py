"""What the models see of a frame: a square picture; patches and flow are measured on it."""

from __future__ import annotations

import cv2
import numpy as np

from engine.video.frame import Pixels

PICTURE_SIZE = 256
"""Width and height of the square in pixels."""


def model_picture(pixels: Pixels) -> Pixels:
    """A frame of any size as uint8 [256, 256, 3], stretched to the square as in the paper."""
    height, width = pixels.shape[:2]
    shrinks = height > PICTURE_SIZE or width > PICTURE_SIZE
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (PICTURE_SIZE, PICTURE_SIZE), interpolation=interpolation), np.uint8)
