"""Decodes a file and tells the number of every frame that it returns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from av.video.frame import VideoFrame

from engine.video.decoder import Decoder
from engine.video.frame_index import EntryPoint, FrameIndex

_SURE_LEAD_FRAMES = 16  # no codec reorders more
_MAX_FRAMES_TO_KEYFRAME = 64  # frames decoded after a seek before giving up; more than any codec reorders


class Cursor:
    """Steps through a file's frames by number; `next` returns None once the number is no longer certain."""

    def __init__(self, path: Path, index: FrameIndex, threads: int = 0) -> None:
        """Open the file before its first frame; `threads` is the number of decoder threads, 0 lets FFmpeg choose.

        Raises:
            VideoError: the file can't be opened any more.
        """
        self._decoder = Decoder(path, threads)
        self._index = index
        self._begin(position=-1, from_start=True)

    def _begin(self, position: int, from_start: bool, landing: int = 0) -> None:
        self.position = position
        """Number of the frame that came last; -1 before the first."""
        self.from_start = from_start
        """Whether every frame since the start of the file was decoded: the numbers are then certain."""
        self._landing = landing
        self._position_lost = False
        self._frames: Iterator[VideoFrame] = self._decoder.frames()

    def reaches_without_seek(self, index: int) -> bool:
        """Whether decoding on reaches frame `index` without passing a keyframe that a seek could start from."""
        position_known = not self._position_lost and (self.from_start or self.position >= 0)
        nearest_keyframe = int(self._index.keyframes[self._index.keyframe_index_before(index)])
        return position_known and nearest_keyframe - 1 <= self.position < index

    def restart(self) -> None:
        """Go back to before the first frame.

        Raises:
            VideoError: the file can't be opened any more.
        """
        self._position_lost = True
        self._decoder.restart()
        self._begin(position=-1, from_start=True)

    def jump(self, keyframe_index: int, lead_frames: int = 0) -> bool:
        """Seek to the keyframe number `keyframe_index` of the index; False when the seek fails.

        In files that are searched by presentation time, the seek goes to the frame `lead_frames` before the keyframe.
        """
        index, keyframe = self._index, int(self._index.keyframes[keyframe_index])
        by_pts = index.entry_kind is EntryPoint.PTS
        entry = index.pts[max(keyframe - lead_frames, 0)] if by_pts else index.entries[keyframe_index]
        if not self._decoder.seek(int(entry), index.entry_kind):
            self._position_lost = True
            return False
        self._begin(position=-1, from_start=False, landing=keyframe)
        return True

    def next(self) -> VideoFrame | None:
        """The next frame, whose number is then `position`; None at the end, or when its number is uncertain."""
        if self._position_lost:
            return None
        for skipped, frame in enumerate(self._frames):
            number = self._number(frame)
            if number >= self._landing:
                if self._is_unchecked_landing() and not frame.key_frame:
                    break
                self.position = number
                return frame
            # Frames shown before the keyframe may refer to frames that were not decoded, so they are skipped.
            if (number < 0 and self.position >= 0) or skipped > _MAX_FRAMES_TO_KEYFRAME:
                break
        self._position_lost = True
        return None

    def _is_unchecked_landing(self) -> bool:
        """Whether the next frame is the first after a jump, and nothing else will tell whether it is complete.

        With intra refresh (the picture is renewed in parts), containers mark frames as keyframes that are not.
        """
        return not self.from_start and self.position < 0 and self._index.checksums is None

    def _number(self, frame: VideoFrame) -> int:
        """The number of a decoded frame; -1 when it can not come after `position`."""
        index, next_number = self._index, self.position + 1
        if self.from_start and index.checksums is not None:
            return next_number if next_number < len(index) else -1
        if index.entry_kind is EntryPoint.PTS:
            number = index.find(frame.pts)
            return number if number >= next_number else -1
        if self.position >= 0:
            return next_number if next_number < len(index) else -1
        return self._landing if index.checksum_matches(frame, self._landing) else -1

    def lands_on_keyframes(self) -> bool:
        """Whether a jump to what the index calls a keyframe finds one; True also where it finds nothing."""
        keyframe_index = len(self._index.keyframes) // 2
        if not keyframe_index or not self.jump(keyframe_index, _SURE_LEAD_FRAMES):
            return True
        landing = next((frame for frame in self._frames if self._number(frame) >= self._landing), None)
        return landing is None or landing.key_frame

    def close(self) -> None:
        """Free the file; closing twice is fine."""
        self._frames = iter(())
        self._position_lost = True
        self._decoder.close()
