"""Chooses the frames and regions that tell most of a detector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.flow.colour import rgb_to_flow
from engine.scoring.paper_scorer import PaperPatchScorer
from engine.scoring.signals import PATCH_GRID
from engine.video.frame import Pixels

_APART_SECONDS = 1.0
_CLEAR_OF_EVENTS_SECONDS = 0.5  # labels begin and end where somebody thought they should
_MIN_SIDE = 0.3  # of a zoomed region, as a share of the frame's height
_MARGIN = 1.15
_MIN_BLOB = 1 / 4000  # of the frame: less is dust in a mask


@dataclass(frozen=True)
class Choice:
    """A frame to show."""

    video: int
    """Its place in the list of videos."""
    frame: int
    abnormal: bool | None
    """As labelled; None without labels."""


@dataclass(frozen=True)
class Region:
    """A rectangle as shares of the frame's width and height, so that it fits pictures of any size."""

    left: float
    top: float
    right: float
    bottom: float


def telling_frames(videos: Sequence[MeasuredVideo], count: int, *, labelled: bool) -> list[Choice]:
    """Up to `count` pairs of an unusual frame and an ordinary one, in turn; by the worst patch's PSNR.

    With labels: the worst frame of each abnormal event, the worst events first, a video's second event only when
    every other video has had its turn; and normal frames nearest to the median of all normal frames, half a second
    clear of events. Without: the worst frames, and those nearest to the median. Frames of one video are a second apart.
    """
    values = [PaperPatchScorer().raw_scores(video.signals, video.seconds) for video in videos]
    if labelled:
        # Frame 0 has no transition to show.
        peaks = [
            (place, max(start, 1) + int(np.argmax(values[place][max(start, 1) : stop])))
            for place, video in enumerate(videos)
            for start, stop in video.events
            if stop > 1
        ]
        unusual = _first_of_each(sorted(peaks, key=lambda peak: -values[peak[0]][peak[1]]))
        usable = [_clear_of_events(video) for video in videos]
    else:
        usable = [np.arange(len(video.abnormal)) > 0 for video in videos]
        unusual = _all_frames(usable)
        unusual.sort(key=lambda peak: -values[peak[0]][peak[1]])
    ordinary = _all_frames(usable)
    if ordinary:
        middle = float(np.median([values[place][frame] for place, frame in ordinary]))
        ordinary.sort(key=lambda each: abs(values[each[0]][each[1]] - middle))
        ordinary = _first_of_each(ordinary)
    chosen: list[tuple[int, int]] = []
    unusual = _apart(videos, unusual, count, chosen)
    ordinary = _apart(videos, ordinary, count, chosen)
    pairs = [
        [Choice(*place, abnormal=known if labelled else None) for place in places]
        for known, places in ((True, unusual), (False, ordinary))
    ]
    return [choices[turn] for turn in range(count) for choices in pairs if turn < len(choices)]


def labelled_regions(mask: npt.NDArray[np.bool_]) -> list[Region]:
    """Boxes around the separate things in a pixel mask [H, W], the largest first."""
    height, width = mask.shape
    count, _, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    blobs = sorted((facts[n] for n in range(1, count)), key=lambda each: -int(each[cv2.CC_STAT_AREA]))
    return [
        Region(left / width, top / height, (left + across) / width, (top + down) / height)
        for left, top, across, down, area in (map(int, blob) for blob in blobs)
        if area >= _MIN_BLOB * width * height
    ]


def darkest_patch(patch_psnr_db: npt.NDArray[np.floating]) -> Region:
    """Where the prediction was worst."""
    row, column = divmod(int(np.argmin(patch_psnr_db)), PATCH_GRID)
    return Region(column / PATCH_GRID, row / PATCH_GRID, (column + 1) / PATCH_GRID, (row + 1) / PATCH_GRID)


def fastest_region(teacher_flow: Pixels, aspect: float) -> Region | None:
    """The smallest region to be zoomed that holds the most motion, in a teacher's flow as colours and a frame of this
    width / height; None where all stands still.
    """
    flow = rgb_to_flow(np.asarray(teacher_flow / 255, np.float32), 1.0)
    speed = np.hypot(flow[0], flow[1])
    if not speed.any():
        return None
    height, width = speed.shape
    across, down = max(round(_MIN_SIDE / aspect * width), 1), max(round(_MIN_SIDE * height), 1)
    sums = cv2.integral(speed)
    inside = sums[down:, across:] - sums[:-down, across:] - sums[down:, :-across] + sums[:-down, :-across]
    top, left = np.unravel_index(int(np.argmax(inside)), inside.shape)
    return Region(left / width, top / height, (left + across) / width, (top + down) / height)


def squared(region: Region, aspect: float) -> Region:
    """The region with some margin, grown to a square in a frame of this width / height, and moved into it."""
    height = (region.bottom - region.top) * _MARGIN
    width = (region.right - region.left) * _MARGIN * aspect  # in frame heights
    side = min(max(height, width, _MIN_SIDE * _MARGIN), 1.0, aspect)
    across, down = side / aspect, side
    left = min(max((region.left + region.right - across) / 2, 0.0), 1 - across)
    top = min(max((region.top + region.bottom - down) / 2, 0.0), 1 - down)
    return Region(left, top, left + across, top + down)


def _clear_of_events(video: MeasuredVideo) -> npt.NDArray[np.bool_]:
    usable = ~video.abnormal
    usable[0] = False
    for start, stop in video.events:
        near = (video.seconds > video.seconds[start] - _CLEAR_OF_EVENTS_SECONDS) & (
            video.seconds < video.seconds[stop - 1] + _CLEAR_OF_EVENTS_SECONDS
        )
        usable &= ~near
    return usable


def _all_frames(usable: Sequence[npt.NDArray[np.bool_]]) -> list[tuple[int, int]]:
    return [(place, int(frame)) for place, flags in enumerate(usable) for frame in np.flatnonzero(flags)]


def _first_of_each(ranked: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same in another order: every video's first, then every video's second, and so on."""
    turns: dict[int, int] = {}
    keyed = []
    for rank, (place, frame) in enumerate(ranked):
        turns[place] = turns.get(place, -1) + 1
        keyed.append((turns[place], rank, (place, frame)))
    return [each for _, _, each in sorted(keyed)]


def _apart(
    videos: Sequence[MeasuredVideo], ranked: Iterable[tuple[int, int]], count: int, taken: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The first `count` that are a second away from all taken before, to which they are added."""
    found: list[tuple[int, int]] = []
    for place, frame in ranked:
        if len(found) == count:
            break
        seconds = videos[place].seconds
        near = (abs(seconds[frame] - seconds[other]) < _APART_SECONDS for where, other in taken if where == place)
        if not any(near):
            found.append((place, frame))
            taken.append((place, frame))
    return found
