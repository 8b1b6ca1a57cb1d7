"""A recording as it may be seen outside: everything that is made of its frames is made of redacted ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.common.events import ShouldStop, never_stop
from engine.redaction.pixels import Redactor
from engine.redaction.regions import Redaction
from engine.video.frame import Frame
from engine.video.source import VideoInfo, VideoSource


class RedactedVideo(VideoSource):
    """The frames of another source, redacted; closing it closes that one."""

    def __init__(self, source: VideoSource, redaction: Redaction) -> None:
        self._source = source
        info = source.info
        # Stored pixels are redacted, so that stretching mixes no more with what is around a region than decoding does.
        self._redactor = Redactor(redaction, *info.stored_px, shown_px=info.shown_px)

    @property
    def info(self) -> VideoInfo:
        """Facts of the recording itself."""
        return self._source.info

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Those of the recording."""
        return self._source.times

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        """Those of the recording."""
        return self._source.keyframes

    @property
    def numbers_are_certain(self) -> bool:
        """Whether those of the recording are."""
        return self._source.numbers_are_certain

    def verify(self, should_stop: ShouldStop = never_stop) -> None:
        """Verify the recording."""
        self._source.verify(should_stop)

    def is_changed(self) -> bool:
        """Whether the recording is."""
        return self._source.is_changed()

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        """Frame `index`, redacted."""
        return self._redacted(self._source.read(index, should_stop))

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        """Frames [start, stop), redacted."""
        return map(self._redacted, self._source.frames(start, stop, should_stop))

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Decode frames ahead."""
        self._source.prefetch(start, stop, should_stop)

    def close(self) -> None:
        """Close the recording."""
        self._source.close()

    def _redacted(self, frame: Frame) -> Frame:
        pixels = self._redactor.redacted(frame.stored, frame.index)
        pixels.flags.writeable = False
        return replace(frame, stored=pixels)


def redacted(source: VideoSource, redaction: Redaction) -> VideoSource:
    """The source itself where nothing is redacted."""
    return RedactedVideo(source, redaction) if redaction else source
