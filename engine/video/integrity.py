"""How whole a recording is: frames lost or damaged, gaps in its clock, times that had to be replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.common.clock_text import clock_text
from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_n
from engine.video.frame import ConcealedFrames, LostFrames
from engine.video.source import VideoInfo
from engine.video.timing import Gap, Times, gaps

_NAMED = 3
"""Of many gaps or losses so many are named."""
_MIN_CUT_SECONDS = 1.0
_MIN_CUT_SHARE = 0.02
"""Headers are rounded, and sound may go on for a little."""


@dataclass(frozen=True)
class LostStretch:
    """A stretch of time in which frames are lost."""

    start_seconds: float
    """The end of the frame before, as if the lost ones had been evenly spaced."""
    stop_seconds: float
    """The beginning of the frame after, or the end; the same as the start of what is lost at the end."""
    count: int


@dataclass(frozen=True)
class ConcealedStretch:
    """A stretch of time in which pictures may be wrong, as the decoder made up for damage."""

    start_seconds: float
    stop_seconds: float
    """The beginning of the first frame that is right again, or the end."""
    count: int


@dataclass(frozen=True)
class Integrity:
    """What has to be known of a recording before anything that is said of its times is believed."""

    frames: int = 0
    """How many there are, without the lost ones."""
    lost: tuple[LostStretch, ...] = ()
    concealed: tuple[ConcealedStretch, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Those that no lost frames explain."""
    replaced: tuple[float, ...] = ()
    """Times of the frames of which the stored ones did not go forward: the first of each run."""
    replaced_frames: int = 0
    cut_seconds: float = 0.0
    """How much longer the file says that it lasts; 0 where that is little."""
    unread_bytes: int = 0
    """How much of the file is damaged so that nobody knows what was recorded there."""
    other_videos: int = 0
    """How many videos of the file are not shown."""

    @classmethod
    def of(cls, video: VideoInfo, times: Times) -> Integrity:
        """Of a recording with frames at `times` [N]."""
        lost = {each.frame for each in video.lost}
        return cls(
            frames=len(times),
            lost=_stretches(video.lost, times, video.duration_seconds),
            concealed=_concealed(video.concealed, times, video.duration_seconds),
            gaps=tuple(gap for gap in gaps(times) if gap.frame not in lost),
            replaced=tuple(float(times[frame]) for frame in _run_starts(video.replaced_times) if frame < len(times)),
            replaced_frames=len(video.replaced_times),
            cut_seconds=_cut_seconds(video),
            unread_bytes=video.unread_bytes,
            other_videos=video.other_videos,
        )

    @property
    def lost_frames(self) -> int:
        """How many frames are lost in all."""
        return sum(each.count for each in self.lost)

    @property
    def concealed_frames(self) -> int:
        """How many frames may show wrong pictures in all."""
        return sum(each.count for each in self.concealed)

    def in_words(self) -> list[str]:
        """A sentence of each kind, without a full stop; none where all is well."""
        return [
            *self.tell_cut(),
            *self.tell_unread(),
            *self.tell_lost(),
            *self.tell_concealed(),
            *self.tell_gaps(),
            *self.tell_replaced(),
            *self.tell_other_videos(),
        ]

    def tell_cut(self) -> Iterator[str]:
        """That its end is missing."""
        if self.cut_seconds:
            text = tr("Cut short: by its header the file lasts {duration} longer than its pictures")
            yield text.format(duration=duration_in_words(self.cut_seconds))

    def tell_unread(self) -> Iterator[str]:
        """That parts of the file can't be read."""
        if self.unread_bytes:
            text = tr("{count} kB of the file can't be read: what was recorded there is not known")
            yield text.format(count=max(round(self.unread_bytes / 1000), 1))

    def tell_other_videos(self) -> Iterator[str]:
        """That the file holds more videos."""
        if self.other_videos:
            yield tr_n(
                "The file holds another video, such as that of a second camera, which is not shown",
                "The file holds {count} more videos, such as those of other cameras, which are not shown",
                self.other_videos,
            ).format(count=self.other_videos)

    def tell_lost(self) -> Iterator[str]:
        """Which frames are lost."""
        if self.lost:
            text = tr("{lost} of {frames} frames are damaged and lost: {spans}")
            spans = _listed([_span(each.start_seconds, each.stop_seconds) for each in self.lost])
            yield text.format(lost=self.lost_frames, frames=self.frames + self.lost_frames, spans=spans)

    def tell_concealed(self) -> Iterator[str]:
        """Which pictures are damaged."""
        if self.concealed:
            text = tr_n(
                "The picture of a frame is damaged and no evidence: {spans}",
                "Pictures of {count} frames are damaged and no evidence: {spans}",
                self.concealed_frames,
            )
            spans = _listed([_span(each.start_seconds, each.stop_seconds) for each in self.concealed])
            yield text.format(count=self.concealed_frames, spans=spans)

    def tell_gaps(self) -> Iterator[str]:
        """When nothing was recorded."""
        if self.gaps:
            spans = [
                tr("{duration} from {time}").format(
                    duration=duration_in_words(gap.seconds), time=clock_text(gap.start_seconds, 1)
                )
                for gap in self.gaps
            ]
            count = len(self.gaps)
            text = tr_n("A gap without pictures: {spans}", "{count} gaps without pictures: {spans}", count)
            yield text.format(count=count, spans=_listed(spans))

    def tell_replaced(self) -> Iterator[str]:
        """Which times are not as they were stored."""
        if self.replaced_frames:
            text = tr_n(
                "The time of a frame does not go forward and was replaced: at {times}",
                "Times of {count} frames do not go forward and were replaced: at {times}",
                self.replaced_frames,
            )
            times = _listed([clock_text(seconds, 1) for seconds in self.replaced])
            yield text.format(count=self.replaced_frames, times=times)


def _cut_seconds(video: VideoInfo) -> float:
    missing = video.announced_seconds - video.duration_seconds
    return missing if missing > max(_MIN_CUT_SECONDS, _MIN_CUT_SHARE * video.announced_seconds) else 0.0


def _stretches(lost: Sequence[LostFrames], times: Times, end_seconds: float) -> tuple[LostStretch, ...]:
    bounds = np.append(times, end_seconds)

    def stretch(each: LostFrames) -> LostStretch:
        stop = float(bounds[each.frame])
        if not 0 < each.frame < len(times):
            return LostStretch(stop, stop, each.count)
        before = float(bounds[each.frame - 1])
        return LostStretch(before + (stop - before) / (each.count + 1), stop, each.count)

    return tuple(stretch(each) for each in lost if each.frame <= len(times))


def _concealed(concealed: Sequence[ConcealedFrames], times: Times, end_seconds: float) -> tuple[ConcealedStretch, ...]:
    bounds = np.append(times, end_seconds)
    return tuple(
        ConcealedStretch(float(bounds[each.start]), float(bounds[each.stop]), each.stop - each.start)
        for each in concealed
        if each.stop <= len(times)
    )


def _run_starts(frames: Sequence[int]) -> list[int]:
    numbers = np.asarray(frames, np.int64)
    return [int(number) for number in numbers[np.diff(numbers, prepend=-2) > 1]]


def _span(start: float, stop: float) -> str:
    begin, end = clock_text(start, 1), clock_text(max(start, stop), 1)
    text = tr("{start} to {stop}") if begin != end else tr("at {start}")
    return text.format(start=begin, stop=end)


def _listed(texts: Sequence[str]) -> str:
    named, more = ", ".join(texts[:_NAMED]), len(texts) - _NAMED
    return tr("{named} and {count} more").format(named=named, count=more) if more > 0 else named
