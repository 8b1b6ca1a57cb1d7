"""Redacted regions of a recording: where they are in each frame, and what takes the place of what is there."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from engine.common.language import tr, tr_n, tr_noop
from engine.scoring.zones import MAX_POINTS, Points

MAX_REGIONS, MAX_KEYFRAMES = 64, 1000


class RedactionMethod(StrEnum):
    """What is shown in place of a region. None of them lets anything through of what was there."""

    FILL = tr_noop("fill")
    """Black."""
    PIXELATE = tr_noop("pixelate")
    """Squares in the colours of what is around the region."""
    BLUR = tr_noop("blur")
    """The colours of what is around the region, running into one another."""


@dataclass(frozen=True)
class Keyframe:
    """Where a region is in one frame."""

    frame: int
    points: Points


@dataclass(frozen=True)
class RedactedRegion:
    """A polygon that moves from keyframe to keyframe, its corners in straight lines and equally far each frame.

    Before the first and after the last keyframe it stays where it is there.
    """

    method: RedactionMethod
    keyframes: tuple[Keyframe, ...]
    """At least one, ascending, all with the same number of corners."""
    start: int = 0
    stop: int | None = None
    """Frames [start, stop) are redacted; None for all up to the last."""

    @property
    def is_fixed(self) -> bool:
        """Whether it stays where it is."""
        return len(self.keyframes) == 1

    def covers(self, frame: int) -> bool:
        """Whether it is there in a frame."""
        return self.start <= frame and (self.stop is None or frame < self.stop)

    def has_keyframe(self, frame: int) -> bool:
        """Whether a person has said where it is in this frame."""
        return any(each.frame == frame for each in self.keyframes)

    def points_at(self, frame: int) -> Points:
        """Its corners in a frame."""
        after = bisect_right(self.keyframes, frame, key=lambda each: each.frame)
        if after == 0 or after == len(self.keyframes):
            return self.keyframes[max(after - 1, 0)].points
        one, other = self.keyframes[after - 1], self.keyframes[after]
        share = (frame - one.frame) / (other.frame - one.frame)
        return tuple(
            (x + share * (to_x - x), y + share * (to_y - y))
            for (x, y), (to_x, to_y) in zip(one.points, other.points, strict=True)
        )

    def with_keyframe(self, frame: int, points: Points) -> RedactedRegion:
        """The region that is here in this frame."""
        others = (each for each in self.keyframes if each.frame != frame)
        return replace(self, keyframes=tuple(sorted((*others, Keyframe(frame, points)), key=lambda each: each.frame)))

    def without_keyframe(self, frame: int) -> RedactedRegion:
        """The region without what was said of this frame; the last keyframe stays."""
        others = tuple(each for each in self.keyframes if each.frame != frame)
        return replace(self, keyframes=others or self.keyframes)


@dataclass(frozen=True)
class Redaction:
    """All that is redacted in a recording."""

    regions: tuple[RedactedRegion, ...] = ()
    blurs_picture: bool = False
    """Whether the whole picture is blurred, too: outlines of what stands out stay sharp."""

    def __bool__(self) -> bool:
        return bool(self.regions) or self.blurs_picture


NOTHING_REDACTED = Redaction()


def check_redaction(redaction: Redaction) -> None:
    """Check that regions lie in the picture and have keyframes that fit one another.

    Raises:
        ValueError: they do not; why, as a part of a sentence.
    """
    if len(redaction.regions) > MAX_REGIONS:
        raise ValueError(
            tr("there are {count} redacted regions, and {most} at most are possible").format(
                count=len(redaction.regions), most=MAX_REGIONS
            )
        )
    for number, region in enumerate(redaction.regions, 1):
        if not 1 <= len(region.keyframes) <= MAX_KEYFRAMES:
            raise ValueError(
                tr("redacted region {number} has {count} keyframes, not 1 to {most}").format(
                    number=number, count=len(region.keyframes), most=MAX_KEYFRAMES
                )
            )
        if region.start < 0 or (region.stop is not None and region.stop <= region.start):
            raise ValueError(tr("redacted region {number} has no frame").format(number=number))
        if any(one.frame >= after.frame for one, after in pairwise(region.keyframes)) or region.keyframes[0].frame < 0:
            raise ValueError(tr("the keyframes of redacted region {number} do not ascend").format(number=number))
        counts = {len(each.points) for each in region.keyframes}
        if len(counts) != 1 or not 3 <= min(counts) <= MAX_POINTS:
            raise ValueError(
                tr("the keyframes of redacted region {number} do not have the same 3 to {most} corners").format(
                    number=number, most=MAX_POINTS
                )
            )
        points = (point for each in region.keyframes for point in each.points)
        if not all(math.isfinite(value) and 0 <= value <= 1 for point in points for value in point):
            raise ValueError(
                tr("redacted region {number} reaches beyond the picture, whose coordinates go from 0 to 1").format(
                    number=number
                )
            )


def redaction_in_words(redaction: Redaction) -> str:
    """What is redacted, such as "2 regions (fill), whole picture blurred"; empty where nothing is."""
    counts = Counter(each.method for each in redaction.regions)
    parts = [_counted(counts[method], method) for method in RedactionMethod if counts[method]]
    return ", ".join([*parts, *([tr("whole picture blurred")] if redaction.blurs_picture else [])])


def _counted(count: int, method: RedactionMethod) -> str:
    text = tr_n("{count} region ({method})", "{count} regions ({method})", count)
    return text.format(count=count, method=tr(method))
