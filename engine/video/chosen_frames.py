"""A pass over chosen frames of a file that jumps over what none of them needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from av.video.frame import VideoFrame

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from engine.video.cursor import Cursor
from engine.video.frame_index import FrameIndex

KEYFRAMES_TRIED = 2
"""Before decoding starts over at the beginning of the file: some containers land after the time they are asked for."""
_WORTH_A_JUMP = 1


def chosen_frames(
    cursor: Cursor, index: FrameIndex, wanted: Sequence[int], should_stop: ShouldStop, *, jumps: bool
) -> Iterator[VideoFrame]:
    """Frames `wanted`, ascending, by a cursor at the file's beginning; ends early at one that is not what it must be.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    following = 0
    for number in wanted:
        nearest = index.place_before(number)
        if jumps and index.keyframes[nearest] >= following + _WORTH_A_JUMP:
            decoded = _jump_to(cursor, index, following, number, should_stop)
        else:
            decoded = _run_to(cursor, following, number, should_stop)
        # What was decoded from the beginning is true by definition.
        if decoded is None or not (cursor.from_start or index.is_genuine(decoded, number)):
            return
        yield decoded
        following = number + 1


def _jump_to(
    cursor: Cursor, index: FrameIndex, following: int, number: int, should_stop: ShouldStop
) -> VideoFrame | None:
    nearest = index.place_before(number)
    for place in range(nearest, max(nearest - KEYFRAMES_TRIED, -1), -1):
        keyframe = int(index.keyframes[place])
        if keyframe >= following and cursor.jump(place):
            decoded = _run_to(cursor, keyframe, number, should_stop)
            if decoded:
                return decoded
    return None


def _run_to(cursor: Cursor, following: int, number: int, should_stop: ShouldStop) -> VideoFrame | None:
    """Frame `number` by decoding all from `following` on; None where one on the way is missing."""
    decoded = None
    for expected in range(following, number + 1):
        if should_stop():
            raise Cancelled
        decoded = cursor.next()
        if decoded is None or cursor.position != expected:
            return None
    return decoded
