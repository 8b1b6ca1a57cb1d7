"""Learns from normal footage what is normal at a camera, and what a detector's scores mean there."""

from engine.calibrating.calibrate import HELD_OUT_PHASE, Calibrated, calibrate, max_held_out_frames
from engine.calibrating.footage import NormalFootage, is_left_out
from engine.calibrating.normal_statistics import STATISTICS_PHASE, appearance_frames

__all__ = [
    "HELD_OUT_PHASE",
    "STATISTICS_PHASE",
    "Calibrated",
    "NormalFootage",
    "appearance_frames",
    "calibrate",
    "is_left_out",
    "max_held_out_frames",
]
