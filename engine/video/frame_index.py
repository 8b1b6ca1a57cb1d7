"""The index of a video's frames: their number, presentation times, and the keyframes to decode them from."""

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
    """What to seek by, in order of preference; only PTS tells the number of a decoded frame after a seek."""

    PTS = "pts"
    """Presentation time."""
    DTS = "dts"
    """Decoding time, for files whose presentation times are wrong (B-frames in AVI)."""
    BYTE = "byte"
    """Byte offset, for files without times (raw streams) or whose times start over (joined broadcasts)."""


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
    """`luma_checksum` of each frame [N]; only after a full decode, which makes the index canonical."""

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Presentation times [N] in seconds since the first frame's, read-only."""
        seconds = np.asarray((self.pts - self.pts[0]) * float(self.time_base), np.float64)
        seconds.flags.writeable = False
        return seconds

    def find(self, pts: int | None) -> int:
        """Number of the frame shown at `pts`, -1 where there is none."""
        if pts is None:
            return -1
        number = int(np.searchsorted(self.pts, pts))
        return number if number < len(self.pts) and self.pts[number] == pts else -1

    def keyframe_index_before(self, index: int) -> int:
        """Index into `keyframes` of the last keyframe at or before frame `index`."""
        return int(np.searchsorted(self.keyframes, index, side="right")) - 1

    def checksum_matches(self, frame: VideoFrame, index: int) -> bool:
        """Whether a decoded frame has the checksum of frame `index`; True while there are no checksums."""
        return self.checksums is None or int(self.checksums[index]) == luma_checksum(frame)


class PacketIndexBuilder:
    """Builds an index from the container's packets without decoding: about 20 ms per 1,000 frames."""

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._pts = array("q")
        self._key_pts = array("q")

    def add(self, packet: Packet[VideoStream]) -> bool:
        """Add the next compressed frame; False when the container's times can not be trusted.

        They can not when a frame has no presentation time, when the first frame is no keyframe, or when times go back
        further than B-frames explain, as in joined recordings, where they start over.
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
        """The index, or None when it can not be trusted.

        It can not when two frames share a time, when a frame is shown before the first keyframe, or when `first_shown`,
        the times of the first decoded frames, are not the first times in the container (AVI stores the decoding times
        of B-frames).
        """
        shown = np.unique(np.asarray(self._pts, np.int64))
        if not len(shown) or len(shown) < len(self._pts) or shown[0] != self._key_pts[0]:
            return None
        if shown[: len(first_shown)].tolist() != first_shown:
            return None
        entries = np.asarray(self._key_pts, np.int64)
        return FrameIndex(shown, np.searchsorted(shown, entries), self._time_base, entries)


class DecodedIndexBuilder:
    """Builds the canonical index during a full decode, from every packet and every decoded frame."""

    def __init__(self, time_base: Fraction, frame_seconds: float, has_timestamps: bool) -> None:
        self._time_base = time_base
        self._frame_ticks = max(round(frame_seconds / float(time_base)), 1)
        self._times_are_usable = has_timestamps
        self._pts = array("q")
        self._keyframes = array("q")
        self._checksums = array("I")
        self._key_dts: list[int | None] = []
        self._key_bytes: list[int | None] = []

    def __len__(self) -> int:
        return len(self._pts)

    @property
    def last_seconds(self) -> float:
        """Presentation time of the frame added last, in seconds since the first one's."""
        ticks = self._pts[-1] - self._pts[0] if self._times_are_usable else (len(self) - 1) * self._frame_ticks
        return ticks * float(self._time_base)

    def add_packet(self, packet: Packet[VideoStream]) -> None:
        """Add the next compressed frame, in file order."""
        if packet.is_keyframe and not packet.is_discard:
            self._key_dts.append(packet.dts)
            self._key_bytes.append(packet.pos)

    def add(self, frame: VideoFrame) -> None:
        """Add the next decoded frame, in presentation order."""
        if frame.key_frame:
            self._keyframes.append(len(self))
        if frame.pts is None or (self._pts and frame.pts <= self._pts[-1]):
            self._times_are_usable = False
        self._pts.append(frame.pts or 0)
        self._checksums.append(luma_checksum(frame))

    def index(self) -> FrameIndex:
        """The canonical index.

        When frames have no times, or times that go back, all frames are spaced by one frame's duration.
        """
        checksums = np.asarray(self._checksums, np.uint32)
        keyframes = np.asarray(self._keyframes, np.int64)
        if self._times_are_usable:
            pts = np.asarray(self._pts, np.int64)
            keyframes = np.union1d(keyframes, [0])
            return FrameIndex(pts, keyframes, self._time_base, pts[keyframes], checksums=checksums)
        pts = np.arange(len(self), dtype=np.int64) * self._frame_ticks
        kind, entries = self._entries_without_pts()
        if len(entries) != len(keyframes) or not len(keyframes) or keyframes[0] != 0:
            # Packets can not be matched with frames, so decoding always has to start at the beginning.
            keyframes, entries = np.zeros(1, np.int64), np.zeros(1, np.int64)
        return FrameIndex(pts, keyframes, self._time_base, entries, kind, checksums)

    def _entries_without_pts(self) -> tuple[EntryPoint, npt.NDArray[np.int64]]:
        for kind, key_entries in ((EntryPoint.DTS, self._key_dts), (EntryPoint.BYTE, self._key_bytes)):
            entries = np.array([entry for entry in key_entries if entry is not None], np.int64)
            if len(entries) == len(key_entries) and (np.diff(entries) > 0).all():
                return kind, entries
        return EntryPoint.BYTE, np.empty(0, np.int64)


def luma_checksum(frame: VideoFrame) -> int:
    """CRC32 over the visible bytes of the first plane; identifies frames whose presentation times do not."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height]
    bits = (
        frame.format.padded_bits_per_pixel if len(frame.planes) == 1 else -(-frame.format.components[0].bits // 8) * 8
    )
    visible = -(-frame.width * bits // 8)
    return zlib.crc32(np.ascontiguousarray(rows[:, :visible]).data)


def _is_hidden(packet: Packet[VideoStream]) -> bool:
    """Whether a packet is a VP8 reference frame that is never shown; containers list it like any other frame."""
    return packet.stream.codec_context.name == "vp8" and not memoryview(packet)[0] & 0x10
