"""Teaches a detector what is usual on its camera and what its scores mean there, from normal footage."""

from engine.calibrating.counting import COUNTING, looked_at
from engine.calibrating.footage import NormalFootage, is_left_out
from engine.calibrating.judging import JUDGING, calibrate, judged_at_most

__all__ = ["COUNTING", "JUDGING", "NormalFootage", "calibrate", "is_left_out", "judged_at_most", "looked_at"]
