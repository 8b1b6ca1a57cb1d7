"""A pass over chosen frames of a file that jumps over what none of them needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from av.video.frame import VideoFrame

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from engine.video.cursor import Cursor
from engine.video.frame_index import FrameIndex

_SPARED_FRAMES = 8  # by a jump, or it isn't worth it: seeking and filling the decoder anew takes as long as some five
_LEADS_FRAMES = (0, 4, 16)  # no codec reorders more


class ChosenFrames:
    """Finds frame after frame, each by decoding on or by a jump to the keyframe before it."""

    def __init__(self, cursor: Cursor, index: FrameIndex, should_stop: ShouldStop, *, jumps: bool) -> None:
        """Begin with a cursor at the file's beginning; without `jumps` every frame is decoded."""
        self._cursor = cursor
        self._index = index
        self._should_stop = should_stop
        self._jumps = jumps
        only_keyframes = len(index.keyframes) == len(index)
        self._spared_frames = 1 if only_keyframes else _SPARED_FRAMES
        self._lead_frames = 0
        self.has_jumped = False
        """Whether what is found may hang on a jump that landed elsewhere."""

    def find(self, wanted: Sequence[int]) -> Iterator[VideoFrame]:
        """The `wanted` frames, ascending; ends early at one that is not what it must be.

        Raises:
            Cancelled: `should_stop` said yes.
        """
        following = 0
        for number in wanted:
            place = self._index.place_before(number)
            if self._jumps and self._index.keyframes[place] >= following + self._spared_frames:
                decoded = self._jump_to(number, place)
            else:
                decoded = self._run_to(number, following)
            # What was decoded from the beginning is true by definition.
            if decoded is None or not (self._cursor.from_start or self._index.is_genuine(decoded, number)):
                return
            yield decoded
            following = number + 1

    def _jump_to(self, number: int, place: int) -> VideoFrame | None:
        self.has_jumped = True
        keyframe = int(self._index.keyframes[place])
        # MPEG-TS is searched by the times of storage, which lie before the frame's own, so the keyframe may be missed.
        for lead_frames in _LEADS_FRAMES:
            if lead_frames < self._lead_frames or not self._cursor.jump(place, lead_frames):
                continue
            if decoded := self._run_to(number, keyframe, keyframe):
                self._lead_frames = lead_frames
                return decoded
        return None

    def _run_to(self, number: int, following: int, landing: int | None = None) -> VideoFrame | None:
        """Frame `number` by decoding all from `following` on; None where one of them is not what it must be."""
        decoded = None
        for expected in range(following, number + 1):
            if self._should_stop():
                raise Cancelled
            decoded = self._cursor.next()
            if decoded is None or self._cursor.position != expected:
                return None
            # Where a camera refreshes its picture bit by bit, containers call frames keyframes that are none.
            if expected == landing and not decoded.key_frame:
                return None
        return decoded
