"""What is handed over of a recording: its segments with what a person said of them, and their times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.common.language import tr, tr_n
from engine.common.names import displayable
from engine.export.caveats import Caveats, blind_in_words
from engine.redaction.regions import NOTHING_REDACTED, Redaction
from engine.review.attaching import ReviewedSegment
from engine.review.document import DetectorUsed, JudgedSegment, Verdict
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.where import Outline
from engine.scoring.zones import Zones
from engine.video.source import VideoInfo, ends_of

Times = npt.NDArray[np.floating]

_SAME_RATE = 1e-3  # of a frame's duration: what printing a rate with three decimals loses
_SHORTEST_TICK_SECONDS = 1.1e-3  # Matroska and others keep times in whole milliseconds
_ROUNDING_SECONDS = 1e-6
_NTSC = 1000 / 1001


@dataclass(frozen=True)
class ListedSegment(ReviewedSegment):
    """A segment as people count them."""

    number: int = 0
    """From 1, in order of time, whatever is left out of a list."""
    flagged_because: str = ""
    """Why it was flagged, in words; empty where nobody knows or a person drew it."""
    peak_in_words: str = ""
    """What its highest score means; empty where that is not known."""
    outlines: tuple[Outline, ...] = field(default=(), compare=False)
    """What stands out in its peak frame; none where that is not known."""

    @property
    def has_score(self) -> bool:
        """Whether the scores of its frames are known."""
        return math.isfinite(self.peak_score)

    @property
    def verdict_in_words(self) -> str:
        """The verdict, and the reason given for it."""
        return f"{self.verdict} ({self.judged.reason})" if self.judged and self.judged.reason else str(self.verdict)

    def in_words(self) -> list[str]:
        """Its number and verdict, why it was flagged, and the note, in lines none of which is empty."""
        said = [f"Segment {self.number}, {self.verdict_in_words}", self.flagged_because]
        said += self.judged.note.splitlines() if self.judged else []
        return [line.strip() for line in said if line.strip()]


@dataclass(frozen=True)
class ReviewedRecording:
    """One recording with all of its segments."""

    info: VideoInfo
    times: Times
    """Of all frames [N], in seconds since the first."""
    segments: tuple[ListedSegment, ...]
    scores: Times | None = None
    """Anomaly scores [N], NaN where not analysed; None where they are not known."""
    score_name: str = ""
    rule: SegmentRule | None = None
    """How scores became segments; None where that is not known."""
    detector: DetectorUsed | None = None
    lacks_detector: bool = False
    """Whether the detector that it was reviewed with is not here: nobody knows the scores and what else was flagged."""
    caveats: Caveats = field(default_factory=Caveats)
    """Where nothing is flagged or scores mean less, and why."""
    zones: Zones = ()
    """Of the picture: what counts in the scores."""
    redaction: Redaction = NOTHING_REDACTED
    """What is not to be seen in pictures and clips of it."""
    media_url: str = ""
    """By which edit lists find the recording, relative to them; empty for the path of `info`."""
    hidden: tuple[JudgedSegment, ...] = ()
    """What was judged where nothing is flagged at the threshold."""
    past_end: int = 0
    """How many judged segments reach past the last frame."""

    @property
    def name(self) -> str:
        """The recording's name as text that can be shown and stored."""
        return displayable(self.info.name)

    @property
    def notice(self) -> str:
        """What a person should know of how this came about; empty where there is nothing."""
        said = []
        if self.lacks_detector and self.detector:
            text = tr("The detector {name} is not here: only what a person judged is listed, and scores are missing.")
            said.append(text.format(name=self.detector.name))
        if self.past_end:
            text = tr_n(
                "{count} judged segment reaches past the last frame, {last}: what lies past it is left out.",
                "{count} judged segments reach past the last frame, {last}: what lies past it is left out.",
                self.past_end,
            )
            said.append(text.format(count=self.past_end, last=len(self.times) - 1))
        return " ".join(said)

    @property
    def conditions(self) -> list[str]:
        """What did not count, where nothing is flagged or scores mean less, and why, in sentences."""
        return [*blind_in_words(self.zones), *self.caveats.in_words()]

    def only(self, verdicts: Iterable[Verdict]) -> ReviewedRecording:
        """The same with the segments that have one of these verdicts; they keep their numbers."""
        wanted = set(verdicts)
        return replace(self, segments=tuple(each for each in self.segments if each.verdict in wanted))

    def start_seconds(self, segment: Segment) -> float:
        """When a segment begins."""
        return float(self.times[segment.start])

    def stop_seconds(self, segment: Segment) -> float:
        """When it ends: its last frame leaves the screen then."""
        return float(self.ends[segment.stop - 1])

    def widened(self, segment: ListedSegment, margin_seconds: float) -> ListedSegment:
        """A segment with so much of the recording before and after it, as far as there is some."""
        if not margin_seconds:
            return segment
        begin = self.start_seconds(segment) - margin_seconds - _ROUNDING_SECONDS
        end = self.stop_seconds(segment) + margin_seconds + _ROUNDING_SECONDS
        first, after = int(np.searchsorted(self.times, begin)), int(np.searchsorted(self.ends, end))
        return replace(segment, start=min(first, segment.start), stop=max(after, segment.stop))

    @cached_property
    def ends(self) -> Times:
        """When each frame [N] leaves the screen."""
        return ends_of(self.info, self.times)

    def time_of_day(self, seconds: float) -> datetime | None:
        """The time of day at so many seconds, in this machine's time zone; None where nothing tells it."""
        return self.info.start.at(seconds) if self.info.start else None

    def constant_fps(self) -> float | None:
        """Frames a second if all frames last as long, to a millisecond; whole and NTSC rates exactly. None if not."""
        if len(self.times) < 2:
            return None
        seconds = float(self.times[-1] - self.times[0]) / (len(self.times) - 1)
        even = self.times[0] + np.arange(len(self.times)) * seconds
        if seconds <= 0 or float(np.abs(self.times - even).max()) > _SHORTEST_TICK_SECONDS:
            return None
        whole = max(round(1 / seconds), 1)
        for usual in (float(whole), math.ceil(1 / seconds) * _NTSC):
            if abs(usual * seconds - 1) < _SAME_RATE / 2:
                return usual
        return 1 / seconds


def numbered(
    segments: Sequence[ReviewedSegment],
    reasons: Sequence[str] = (),
    peaks: Sequence[str] = (),
    outlines: Sequence[Sequence[Outline]] = (),
) -> tuple[ListedSegment, ...]:
    """Segments in order of time with their numbers, and what else a `ListedSegment` knows of each."""
    nothing = [""] * len(segments)
    said = zip(segments, reasons or nothing, peaks or nothing, outlines or [()] * len(segments), strict=True)
    return tuple(
        ListedSegment(
            each.start, each.stop, each.peak_frame, each.peak_score, each.judged, number, reason, peak, tuple(seen)
        )
        for number, (each, reason, peak, seen) in enumerate(said, 1)
    )
