"""Teaches a detector what is usual on its camera and what its scores mean there, from normal footage."""

from engine.calibrating.calibrate import JUDGING, calibrate, max_judged_frames
from engine.calibrating.footage import NormalFootage, is_left_out
from engine.calibrating.normal_life import COUNTING, looked_at

__all__ = ["COUNTING", "JUDGING", "NormalFootage", "calibrate", "is_left_out", "looked_at", "max_judged_frames"]
