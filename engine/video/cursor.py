"""A pass of decoding that knows the number of every frame that comes out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from av.video.frame import VideoFrame

from engine.video.decoder import Decoder
from engine.video.frame_index import EntryPoint, FrameIndex

_SEARCHED_FRAMES = 64  # after a jump, until the keyframe must have come; more than any codec reorders


class Cursor:
    """Steps through a file's frames by number; after a jump it may lose its way, and says so."""

    def __init__(self, path: Path, index: FrameIndex, threads: int = 0) -> None:
        """Stand before the first frame; `threads` decode, 0 for as many as FFmpeg likes.

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
        """Whether all was decoded since the file's beginning: what comes is then true by definition."""
        self._landing = landing
        self._lost = False
        self._frames: Iterator[VideoFrame] = self._decoder.frames()

    def leads_to(self, index: int) -> bool:
        """Whether frame `index` lies ahead, and no keyframe after the next one would be a shorter way."""
        known = not self._lost and (self.from_start or self.position >= 0)
        nearest_keyframe = int(self._index.keyframes[self._index.place_before(index)])
        return known and nearest_keyframe - 1 <= self.position < index

    def restart(self) -> None:
        """Stand before the first frame again."""
        self._decoder.restart()
        self._begin(position=-1, from_start=True)

    def jump(self, place: int, lead_frames: int = 0) -> bool:
        """Stand before the keyframe at `place` of the index's; False where the file refuses.

        The file is asked for the time of the frame `lead_frames` before it, where it goes by presentation times.
        """
        index, keyframe = self._index, int(self._index.keyframes[place])
        by_pts = index.entry_kind is EntryPoint.PTS
        entry = index.pts[max(keyframe - lead_frames, 0)] if by_pts else index.entries[place]
        if not self._decoder.seek(int(entry), index.entry_kind):
            self._lost = True
            return False
        self._begin(position=-1, from_start=False, landing=keyframe)
        return True

    def next(self) -> VideoFrame | None:
        """The next frame, whose number is then `position`; None at the end, or where its number can't be told."""
        if self._lost:
            return None
        for skipped, frame in enumerate(self._frames):
            number = self._number(frame)
            if number >= self._landing:
                self.position = number
                return frame
            # Frames shown before the keyframe may refer to some that were not decoded.
            if (number < 0 and self.position >= 0) or skipped > _SEARCHED_FRAMES:
                break
        self._lost = True
        return None

    def _number(self, frame: VideoFrame) -> int:
        """Which frame this is, -1 where it is none that can follow."""
        index, following = self._index, self.position + 1
        if self.from_start and index.checksums is not None:
            return following if following < len(index) else -1
        if index.entry_kind is EntryPoint.PTS:
            number = index.find(frame.pts)
            return number if number >= following else -1
        if self.position >= 0:
            return following if following < len(index) else -1
        return self._landing if index.is_genuine(frame, self._landing) else -1

    def close(self) -> None:
        """Free the file; closing twice is fine."""
        self._frames = iter(())
        self._lost = True
        self._decoder.close()
