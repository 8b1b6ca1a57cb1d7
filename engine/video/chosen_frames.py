"""Decodes chosen frames of a file in one pass and seeks past the frames between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from av.video.frame import VideoFrame

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from engine.video.cursor import Cursor
from engine.video.frame_index import FrameIndex

_MIN_SKIPPED_FRAMES = 8  # a seek costs as much as decoding five frames, so one that skips fewer than 8 is not worth it
MAX_REORDERED_FRAMES = 16
"""No codec reorders more."""
_SEEK_LEADS_FRAMES = (0, 4, MAX_REORDERED_FRAMES)  # how much earlier to seek, tried in turn


class ChosenFrames:
    """Finds one frame after another, either by decoding on or by seeking to the keyframe before it."""

    def __init__(self, cursor: Cursor, index: FrameIndex, should_stop: ShouldStop, *, jumps: bool) -> None:
        """`cursor` stands at the start of the file; without `jumps` every frame is decoded and nothing is skipped."""
        self._cursor = cursor
        self._index = index
        self._should_stop = should_stop
        self._jumps = jumps
        only_keyframes = len(index.keyframes) == len(index)
        self._min_skipped_frames = 1 if only_keyframes else _MIN_SKIPPED_FRAMES
        self._lead_frames = 0
        self.has_jumped = False
        """Whether a seek was made, which may have landed on another frame than intended."""

    def find(self, wanted: Sequence[int]) -> Iterator[VideoFrame]:
        """Yield the `wanted` frames, ascending; end early when a decoded frame is not the expected one.

        Raises:
            Cancelled: `should_stop` said yes.
        """
        next_number = 0
        for number in wanted:
            keyframe_index = self._index.keyframe_index_before(number)
            if self._jumps and self._index.keyframes[keyframe_index] >= next_number + self._min_skipped_frames:
                decoded = self._jump_to(number, keyframe_index)
            else:
                decoded = self._decode_to(number, next_number)
            # Frames decoded from the start of the file define the numbering, so they need no check.
            if decoded is None or not (self._cursor.from_start or self._index.checksum_matches(decoded, number)):
                return
            yield decoded
            next_number = number + 1

    def _jump_to(self, number: int, keyframe_index: int) -> VideoFrame | None:
        self.has_jumped = True
        keyframe = int(self._index.keyframes[keyframe_index])
        # FFmpeg seeks MPEG-TS by decoding time, which is before the presentation time, so it may miss the keyframe.
        for lead_frames in _SEEK_LEADS_FRAMES:
            if lead_frames < self._lead_frames or not self._cursor.jump(keyframe_index, lead_frames):
                continue
            if decoded := self._decode_to(number, keyframe):
                self._lead_frames = lead_frames
                return decoded
        return None

    def _decode_to(self, number: int, next_number: int) -> VideoFrame | None:
        """Decode frames `next_number` to `number` and return the last; None when one of them is unexpected."""
        decoded = None
        for expected in range(next_number, number + 1):
            if self._should_stop():
                raise Cancelled
            decoded = self._cursor.next()
            if decoded is None or self._cursor.position != expected:
                return None
            if decoded.is_corrupt and self._index.checksums is None:
                return None  # only a full decode tells which frames are damaged
        return decoded
