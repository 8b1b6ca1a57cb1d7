"""The index of a video's frames: their number, presentation times, and the keyframes to decode them from."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from engine.video.frame import ConcealedFrames, LostFrames
from engine.video.planes import picture_checksum
from engine.video.time_repair import repaired_ticks


class EntryPoint(Enum):
    """What to seek by, in order of preference; only PTS tells the number of a decoded frame after a seek."""

    PTS = "pts"
    """Presentation time."""
    DTS = "dts"
    """Decoding time, for files whose presentation times are wrong (B-frames in AVI)."""
    BYTE = "byte"
    """Byte offset, for files without times (raw streams) or whose times start over (joined broadcasts)."""


_Ticks = npt.NDArray[np.float64]
_FINER = 1024
"""Made times may lie between two ticks of the container, which may be as long as a frame."""


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
    """`picture_checksum` of each frame [N]; only after a full decode, which makes the index canonical."""
    lost: tuple[LostFrames, ...] = ()
    """Frames that could not be decoded; known after a full decode."""
    concealed: tuple[ConcealedFrames, ...] = ()
    """Frames whose pictures may be wrong; known after a full decode."""
    replaced: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Frames whose stored times did not go forward and were replaced, ascending."""

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
        return self.checksums is None or int(self.checksums[index]) == picture_checksum(frame)


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
        """`frame_seconds` is how long a frame lasts where no time says it."""
        self._time_base = time_base
        self._frame_ticks = max(frame_seconds / float(time_base), 1.0)
        self._has_timestamps = has_timestamps
        self._pts = array("d")
        self._keyframes = array("q")
        self._checksums = array("I")
        self._key_pts = array("d")
        self._key_dts: list[int | None] = []
        self._key_bytes: list[int | None] = []
        self._packet_pts = array("d")
        self._packet_dts = array("d")
        self._packets_before = array("q")
        self._lead = 0
        self._failures = array("q")
        self._is_corrupt = bytearray()
        self._is_bidirectional = bytearray()
        self._is_interlaced = False
        self._last_tick = 0.0

    def __len__(self) -> int:
        return len(self._pts)

    @property
    def last_seconds(self) -> float:
        """Time of the frame added last, in seconds since the first one's; the finished index may know better."""
        return (self._last_tick - self._first_tick) * float(self._time_base)

    def add_packet(self, packet: Packet[VideoStream]) -> None:
        """Add the next compressed frame, in file order."""
        if packet.is_discard:
            return
        if packet.is_keyframe:
            if not self._key_pts:
                self._lead = len(self._packet_pts)
            self._key_pts.append(_tick(packet.pts))
            self._key_dts.append(packet.dts)
            self._key_bytes.append(packet.pos)
        if not _is_hidden(packet):
            self._packet_pts.append(_tick(packet.pts))
            self._packet_dts.append(_tick(packet.dts))

    def add_failure(self) -> None:
        """A packet could not be decoded."""
        self._failures.append(len(self))

    def add(self, frame: VideoFrame) -> None:
        """Add the next decoded frame, in presentation order."""
        if frame.key_frame:
            self._keyframes.append(len(self))
        tick = _tick(frame.pts)
        if not len(self):
            self._first_tick = self._last_tick = tick if tick == tick else 0.0
        elif tick > self._last_tick and self._has_timestamps:
            self._last_tick = tick
        else:
            self._last_tick += self._frame_ticks
        self._is_interlaced |= frame.interlaced_frame
        self._pts.append(tick)
        self._packets_before.append(len(self._packet_pts))
        self._is_corrupt.append(frame.is_corrupt)
        self._is_bidirectional.append(frame.pict_type == PictureType.B)
        self._checksums.append(picture_checksum(frame))

    def index(self) -> FrameIndex:
        """The canonical index, with times that go forward in place of those that don't."""
        stored = np.asarray(self._pts, np.float64)
        checksums = np.asarray(self._checksums, np.uint32)
        keyframes = np.asarray(self._keyframes, np.int64)
        if self._has_timestamps and (np.diff(stored) > 0).all() and not np.isnan(stored).any():
            pts = stored.astype(np.int64)
            # Where the picture is renewed in parts, no frame is a keyframe, but decoding can start at those of the
            # container: after a whole renewal the checksum is right.
            entries = np.flatnonzero(np.isin(pts, np.asarray(self._key_pts, np.float64)))
            keyframes = np.union1d(np.union1d(keyframes, entries), [0])
            lost = self._lost_by_times(stored, stored)
            concealed = self._concealed(lost, np.setdiff1d(entries, self._keyframes))
            return FrameIndex(
                pts,
                keyframes,
                self._time_base,
                pts[keyframes],
                checksums=checksums,
                lost=lost,
                concealed=concealed,
            )
        kind, entries = self._entries_without_pts()
        if len(entries) != len(keyframes) or not len(keyframes) or keyframes[0] != 0:
            # Packets can not be matched with frames, so decoding always has to start at the beginning.
            keyframes, entries = np.zeros(1, np.int64), np.zeros(1, np.int64)
        ticks, replaced, lost = self._made_times(stored)
        fine = np.round((ticks - ticks[:1]) * _FINER).astype(np.int64)
        # Where there are more frames than ticks between two times.
        order = np.arange(len(fine))
        pts = np.maximum.accumulate(fine - order) + order
        time_base = self._time_base / _FINER
        concealed = self._concealed(lost, np.empty(0, np.int64))
        return FrameIndex(
            pts,
            keyframes,
            time_base,
            entries,
            kind,
            checksums,
            lost,
            concealed,
            # In program streams only the first frame of a packet has a time; that of the others is nobody's mistake.
            np.flatnonzero(replaced & ~np.isnan(stored)),
        )

    def _made_times(self, stored: _Ticks) -> tuple[_Ticks, npt.NDArray[np.bool_], tuple[LostFrames, ...]]:
        """Times [N] that go forward, which of them are not the stored ones, and the lost frames."""
        if not self._has_timestamps:
            lost = self._lost_by_order()
            # Frames that are lost took their time, too.
            numbers = np.arange(len(self))
            for each in lost:
                numbers[each.frame :] += each.count
            return numbers.astype(np.float64) * self._frame_ticks, np.zeros(len(self), np.bool_), lost
        if self._are_decoding_times(stored):
            decoded = np.asarray(self._packet_dts, np.float64)[self._lead :]
            shown = decoded if len(decoded) == len(stored) else np.sort(stored)
            return *repaired_ticks(shown, self._frame_ticks), self._lost_by_order()
        ticks, replaced = repaired_ticks(stored, self._frame_ticks)
        has_distinct_times = len(np.unique(self._packet_pts)) == len(self._packet_pts)
        lost = self._lost_by_times(stored, ticks) if has_distinct_times else self._lost_by_order()
        return ticks, replaced, lost

    def _are_decoding_times(self, stored: _Ticks) -> bool:
        """Whether the frames' times [N] are those of decoding, so that the k-th frame shown has the k-th of them.

        AVI stores no others, and FFmpeg hands them on with frames as they come: then frames seem to go back in time,
        but packets do not.
        """
        frames_go_back = (np.diff(stored) < 0).any() or np.isnan(stored).any()
        return bool(frames_go_back and not (np.diff(np.asarray(self._packet_pts)) < 0).any())

    def _lost_by_times(self, stored: _Ticks, shown: _Ticks) -> tuple[LostFrames, ...]:
        """The packets whose times are not `stored` with any frame; those before the first frame began in the middle."""
        packets = np.asarray(self._packet_pts, np.float64)
        lost = np.setdiff1d(packets[packets > stored[:1]], stored)
        if self._is_interlaced:
            # Half of a frame may be a packet of its own.
            lost = lost[: len(self._failures)]
        return _runs_of_lost(np.searchsorted(shown, lost))

    def _lost_by_order(self) -> tuple[LostFrames, ...]:
        """The packets from the first keyframe on of which no frame came, where the decoder fell behind them."""
        if self._is_interlaced:
            return _runs_of_lost(np.asarray(self._failures, np.int64))
        ahead = np.asarray(self._packets_before) - np.arange(len(self))
        total = max(len(self._packet_pts) - self._lead - len(self), 0)
        before = np.maximum.accumulate((ahead - ahead[:1]).clip(0, total))
        return _runs_of_lost(np.repeat(np.arange(len(self) + 1), np.diff(before, prepend=0, append=total)))

    def _concealed(self, lost: tuple[LostFrames, ...], renewals: npt.NDArray[np.int64]) -> tuple[ConcealedFrames, ...]:
        """What was decoded with damage, or from frames that were damaged or are lost.

        At `renewals` the picture begins to be renewed in parts, which is done when the next one begins.
        """
        is_corrupt = np.frombuffer(bytes(self._is_corrupt), np.bool_)
        damaged = np.flatnonzero(is_corrupt)
        if not lost and not len(damaged):
            return ()
        count = len(self)
        keyframes = np.asarray(self._keyframes, np.int64)
        whole = np.append(keyframes[~is_corrupt[keyframes]], count)
        renewed = np.concatenate([renewals, [count, count]])
        is_concealed = np.zeros(count, np.bool_)
        for frame in sorted({*damaged.tolist(), *(each.frame for each in lost)}):
            start = frame
            while start and self._is_bidirectional[start - 1]:
                start -= 1  # shown before the damage, but made of it, too
            stop = min(whole[np.searchsorted(whole, frame)], renewed[np.searchsorted(renewals, frame, "right") + 1])
            is_concealed[start:stop] = True
        edges = np.flatnonzero(np.diff(is_concealed, prepend=False, append=False))
        return tuple(map(ConcealedFrames, edges[::2].tolist(), edges[1::2].tolist()))

    def _entries_without_pts(self) -> tuple[EntryPoint, npt.NDArray[np.int64]]:
        for kind, key_entries in ((EntryPoint.DTS, self._key_dts), (EntryPoint.BYTE, self._key_bytes)):
            entries = np.array([entry for entry in key_entries if entry is not None], np.int64)
            if len(entries) == len(key_entries) and (np.diff(entries) > 0).all():
                return kind, entries
        return EntryPoint.BYTE, np.empty(0, np.int64)


def _tick(time: int | None) -> float:
    return np.nan if time is None else float(time)


def _runs_of_lost(places: npt.NDArray[np.integer]) -> tuple[LostFrames, ...]:
    frames, counts = np.unique(places, return_counts=True)
    return tuple(map(LostFrames, frames.tolist(), counts.tolist()))


def _is_hidden(packet: Packet[VideoStream]) -> bool:
    """Whether a packet is a VP8 reference frame that is never shown; containers list it like any other frame."""
    return packet.stream.codec_context.name == "vp8" and not memoryview(packet)[0] & 0x10
