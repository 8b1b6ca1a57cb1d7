"""Training runs: their settings and folder, which are light to import, and `trainer`, which brings torch."""

from engine.training.requests import Requests
from engine.training.run import Run
from engine.training.settings import RunSettings, spread_evenly

__all__ = ["Requests", "Run", "RunSettings", "spread_evenly"]
