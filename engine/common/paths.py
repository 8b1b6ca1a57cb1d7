"""Where the program keeps what it can make again, and where it looks for what it can't."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """The folder that VADGUI_CACHE names, else the system's place for caches; it need not exist yet."""
    chosen = os.environ.get("VADGUI_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("vadgui", appauthor=False)


def analyses_folder() -> Path:
    """Where score stores live; safe to delete."""
    return cache_folder() / "analyses"


def indexes_folder() -> Path:
    """Where frame indexes live that took a full decode; safe to delete."""
    return cache_folder() / "indexes"


def runs_folder() -> Path:
    """Where training runs go unless another folder is named: the one of VADGUI_RUNS, else one among a person's data."""
    chosen = os.environ.get("VADGUI_RUNS")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("vadgui", appauthor=False) / "runs"


def detectors_folder() -> Path:
    """Where a person's own detectors live: the folder that VADGUI_DETECTORS names, else one among their data."""
    chosen = os.environ.get("VADGUI_DETECTORS")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("vadgui", appauthor=False) / "detectors"


def weights_folder() -> Path:
    """Where a person puts the weights of flow networks: what VADGUI_WEIGHTS names, else in the user's data folder."""
    chosen = os.environ.get("VADGUI_WEIGHTS")
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("vadgui", appauthor=False) / "weights"
