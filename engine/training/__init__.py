"""Training runs: their settings and folder, which are light to import, and `trainer`, which brings torch."""

from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.training.stop_control import StopControl

__all__ = ["Run", "RunSettings", "StopControl"]
