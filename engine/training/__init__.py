"""Training runs. Their settings and folder import quickly; only `trainer` imports torch."""

from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.training.stop_control import StopControl

__all__ = ["Run", "RunSettings", "StopControl"]
