"""How videos and detectors are opened; tests give openers of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.common.events import ShouldStop
from engine.video.source import VideoSource

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


class VideoOpener(Protocol):
    """Opens a video; has the signature of `engine.video.open_video`."""

    def __call__(
        self, path: Path, should_stop: ShouldStop = ..., on_progress: Callable[[float], None] | None = ...
    ) -> VideoSource:
        """The source of a file or picture folder; `on_progress` is called with the share done, from 0 to 1."""
        ...


PredictorOpener = Callable[[Path, str], "Predictor"]
"""Opens a detector from path and device; has the signature of `engine.models.predictor.Predictor.open`."""
