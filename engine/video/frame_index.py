"""The list of a video's frames: which there are, when each is shown, and from where each can be decoded."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """A video's frames in the order they are shown."""

    pts: npt.NDArray[np.int64]
    """Presentation times [N] in units of `time_base`; strictly increasing."""
    keyframes: npt.NDArray[np.int64]
    """Frame numbers that decoding can start from, ascending, the first one 0."""
    time_base: Fraction
    checksums: npt.NDArray[np.uint32] | None = None
    """CRC32 of each frame's luma [N], known after a full decode."""
    seekable: bool = True
    """False where presentation times don't identify frames: every jump back then decodes from the start."""

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Seconds [N] since the first frame's."""
        seconds = np.asarray((self.pts - self.pts[0]) * float(self.time_base), np.float64)
        seconds.flags.writeable = False
        return seconds

    def find(self, pts: int | None) -> int:
        """Number of the frame shown at `pts`, -1 where there is none."""
        if pts is None:
            return -1
        place = int(np.searchsorted(self.pts, pts))
        return place if place < len(self.pts) and self.pts[place] == pts else -1

    def keyframe_before(self, index: int, steps_back: int = 0) -> int:
        """The keyframe at or before a frame, or one `steps_back` keyframes earlier; the first one at the earliest."""
        place = int(np.searchsorted(self.keyframes, index, side="right")) - 1 - steps_back
        return int(self.keyframes[max(place, 0)])


@dataclass(frozen=True)
class AnnouncedFrame:
    """What the container says of one frame before anything is decoded."""

    pts: int | None
    is_keyframe: bool


def announced_frames(container: av.container.InputContainer, stream: av.VideoStream) -> list[AnnouncedFrame]:
    """Every frame's packet in the file's order: some 20 ms per 1,000 frames."""
    announced: list[AnnouncedFrame] = []
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return announced
        if packet.size and not packet.is_discard:
            announced.append(AnnouncedFrame(packet.pts, packet.is_keyframe))


def index_by_announcement(
    announced: list[AnnouncedFrame], first_shown: list[int | None], time_base: Fraction
) -> FrameIndex | None:
    """The index that the container announces, or None where it can't be trusted.

    It can't be where a frame has no presentation time (raw streams), where two share one, where nothing says that the
    first one shown can be decoded, or where the times of the frames that are shown first, which were decoded, are not
    the first ones announced (AVI gives B-frames the times of their storage).
    """
    pts = [frame.pts for frame in announced if frame.pts is not None]
    shown = np.unique(np.array(pts, np.int64))
    key_pts = [frame.pts for frame in announced if frame.is_keyframe]
    if not announced or len(shown) < len(announced) or shown[0] not in key_pts:
        return None
    if shown[: len(first_shown)].tolist() != first_shown:
        return None
    return FrameIndex(shown, np.searchsorted(shown, np.sort(np.array(key_pts, np.int64))), time_base)


class IndexBuilder:
    """Collects what a full decode finds, frame by frame in the order shown."""

    def __init__(self, time_base: Fraction, frame_seconds: float) -> None:
        self._time_base = time_base
        self._frame_ticks = max(round(frame_seconds / float(time_base)), 1)
        self._pts: list[int | None] = []
        self._keyframes: list[int] = []
        self._checksums: list[int] = []

    def __len__(self) -> int:
        return len(self._pts)

    @property
    def seconds_of_last(self) -> float:
        """Time of the frame that was added last, in seconds since the first one's."""
        first, last = self._pts[0], self._pts[-1]
        ticks = (len(self) - 1) * self._frame_ticks if first is None or last is None else last - first
        return ticks * float(self._time_base)

    def add(self, frame: av.VideoFrame) -> None:
        """Take down the next frame shown."""
        if frame.key_frame:
            self._keyframes.append(len(self._pts))
        self._pts.append(frame.pts)
        self._checksums.append(luma_checksum(frame))

    def index(self) -> FrameIndex:
        """What was found.

        Frames without times of their own, or with times that go back, are put one frame's duration apart; they are
        told apart by counting alone.
        """
        announced = np.array([-1 if pts is None else pts for pts in self._pts], np.int64)
        honest = None not in self._pts and bool((np.diff(announced) > 0).all())
        pts = announced if honest else np.arange(len(announced), dtype=np.int64) * self._frame_ticks
        keyframes = np.unique(np.array([0, *self._keyframes], np.int64))
        return FrameIndex(pts, keyframes, self._time_base, np.array(self._checksums, np.uint32), seekable=honest)


def decoded(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Frames in the order shown; damaged packets are passed over, and a file cut short simply ends."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def luma_checksum(frame: av.VideoFrame) -> int:
    """CRC32 over the first plane's visible bytes: tells frames apart that presentation times don't."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height]
    visible = frame.width * -(-frame.format.components[0].bits // 8)
    return zlib.crc32(np.ascontiguousarray(rows[:, :visible]).data)
