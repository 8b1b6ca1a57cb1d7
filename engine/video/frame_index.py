"""The list of a video's frames: which there are, when each is shown, and from where each can be decoded."""

from __future__ import annotations

import zlib
from array import array
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream


class EntryPoint(Enum):
    """What to seek by, the best first; only with the first do frames tell their numbers themselves."""

    PTS = "pts"
    """Presentation time."""
    DTS = "dts"
    """Storage time, where presentation times lie (B-frames in AVI)."""
    BYTE = "byte"
    """Place in the file, where there are no times (raw streams), or they start over (joined broadcasts)."""


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """A video's frames in the order they are shown."""

    pts: npt.NDArray[np.int64]
    """Presentation times [N] in units of `time_base`; strictly increasing."""
    keyframes: npt.NDArray[np.int64]
    """Frame numbers [K] that decoding can start from, ascending, the first one 0."""
    time_base: Fraction
    entries: npt.NDArray[np.int64]
    """Where to seek to for each keyframe [K]."""
    entry_kind: EntryPoint = EntryPoint.PTS
    checksums: npt.NDArray[np.uint32] | None = None
    """`luma_checksum` of each frame [N], known after a full decode; such an index is canonical."""

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

    def place_before(self, index: int) -> int:
        """Place in `keyframes` of the last one at or before a frame."""
        return int(np.searchsorted(self.keyframes, index, side="right")) - 1

    def is_genuine(self, frame: VideoFrame, index: int) -> bool:
        """Whether a decoded frame looks as frame `index` must; always, while nobody knows how."""
        return self.checksums is None or int(self.checksums[index]) == luma_checksum(frame)


class AnnouncedIndex:
    """Collects what a container says of its frames before any is decoded: some 20 ms per 1,000 frames."""

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._pts = array("q")
        self._key_pts = array("q")

    def add(self, packet: Packet[VideoStream]) -> bool:
        """Take down the next compressed frame; False where the container turns out not to be trusted.

        It is not where a frame has no presentation time, where the first one is no keyframe, or where times go back
        further than B-frames explain: they start over in joined recordings.
        """
        if not packet.size or packet.is_discard or _is_hidden(packet):
            return True
        pts = packet.pts
        if pts is None or not (packet.is_keyframe or self._key_pts):
            return False
        if packet.is_keyframe:
            if self._key_pts and pts <= self._key_pts[-1]:
                return False
            self._key_pts.append(pts)
        elif len(self._key_pts) > 1 and pts <= self._key_pts[-2]:
            return False
        self._pts.append(pts)
        return True

    def index(self, first_shown: list[int | None]) -> FrameIndex | None:
        """The index announced, or None where it can't be trusted.

        It can't be where two frames share a time, where frames are shown that come before the first keyframe, or where
        the times of the frames shown first, which were decoded, are not the first ones announced (AVI gives B-frames
        the times of their storage).
        """
        shown = np.unique(np.asarray(self._pts, np.int64))
        if not len(shown) or len(shown) < len(self._pts) or shown[0] != self._key_pts[0]:
            return None
        if shown[: len(first_shown)].tolist() != first_shown:
            return None
        entries = np.asarray(self._key_pts, np.int64)
        return FrameIndex(shown, np.searchsorted(shown, entries), self._time_base, entries)


class IndexBuilder:
    """Collects what a full decode finds: every compressed frame, and every frame in the order shown."""

    def __init__(self, time_base: Fraction, frame_seconds: float, has_timestamps: bool) -> None:
        self._time_base = time_base
        self._frame_ticks = max(round(frame_seconds / float(time_base)), 1)
        self._times_tell = has_timestamps
        self._pts = array("q")
        self._keyframes = array("q")
        self._checksums = array("I")
        self._key_dts: list[int | None] = []
        self._key_bytes: list[int | None] = []

    def __len__(self) -> int:
        return len(self._pts)

    @property
    def seconds_of_last(self) -> float:
        """Time of the frame that was added last, in seconds since the first one's."""
        ticks = self._pts[-1] - self._pts[0] if self._times_tell else (len(self) - 1) * self._frame_ticks
        return ticks * float(self._time_base)

    def add_packet(self, packet: Packet[VideoStream]) -> None:
        """Take down the next compressed frame."""
        if packet.is_keyframe and not packet.is_discard:
            self._key_dts.append(packet.dts)
            self._key_bytes.append(packet.pos)

    def add(self, frame: VideoFrame) -> None:
        """Take down the next frame shown."""
        if frame.key_frame:
            self._keyframes.append(len(self))
        if frame.pts is None or (self._pts and frame.pts <= self._pts[-1]):
            self._times_tell = False
        self._pts.append(frame.pts or 0)
        self._checksums.append(luma_checksum(frame))

    def index(self) -> FrameIndex:
        """What was found.

        Frames without times of their own, or with times that go back, are put one frame's duration apart.
        """
        checksums = np.asarray(self._checksums, np.uint32)
        keyframes = np.asarray(self._keyframes, np.int64)
        if self._times_tell:
            pts = np.asarray(self._pts, np.int64)
            keyframes = np.union1d(keyframes, [0])
            return FrameIndex(pts, keyframes, self._time_base, pts[keyframes], checksums=checksums)
        pts = np.arange(len(self), dtype=np.int64) * self._frame_ticks
        kind, entries = self._entries_without_pts()
        if len(entries) != len(keyframes) or not len(keyframes) or keyframes[0] != 0:
            # Nothing says which compressed frame became which: all decoding starts at the beginning.
            keyframes, entries = np.zeros(1, np.int64), np.zeros(1, np.int64)
        return FrameIndex(pts, keyframes, self._time_base, entries, kind, checksums)

    def _entries_without_pts(self) -> tuple[EntryPoint, npt.NDArray[np.int64]]:
        for kind, found in ((EntryPoint.DTS, self._key_dts), (EntryPoint.BYTE, self._key_bytes)):
            known = np.array([entry for entry in found if entry is not None], np.int64)
            if len(known) == len(found) and (np.diff(known) > 0).all():
                return kind, known
        return EntryPoint.BYTE, np.empty(0, np.int64)


def luma_checksum(frame: VideoFrame) -> int:
    """CRC32 over the first plane's visible bytes: tells frames apart that presentation times don't."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height]
    bits = (
        frame.format.padded_bits_per_pixel if len(frame.planes) == 1 else -(-frame.format.components[0].bits // 8) * 8
    )
    visible = -(-frame.width * bits // 8)
    return zlib.crc32(np.ascontiguousarray(rows[:, :visible]).data)


def _is_hidden(packet: Packet[VideoStream]) -> bool:
    """Whether a compressed frame is only there for others to refer to: VP8 stores such as if they were shown."""
    return packet.stream.codec_context.name == "vp8" and not memoryview(packet)[0] & 0x10
