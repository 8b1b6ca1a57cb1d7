"""Selects representative frames, and regions in them, for figures of a detector."""

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

_MIN_DISTANCE_SECONDS = 1.0  # between frames chosen from one video
_EVENT_MARGIN_SECONDS = 0.5  # around events, because annotators place their starts and ends differently
_MIN_SIDE = 0.3  # of a zoomed region, as a fraction of the frame's height
_MARGIN = 1.15
_MIN_BLOB = 1 / 4000  # of the frame's area; smaller components of a mask are annotation noise


@dataclass(frozen=True)
class ChosenFrame:
    """A frame selected for a figure."""

    video: int
    """Index in the list of videos."""
    frame: int
    abnormal: bool | None
    """The frame's label; None without labels."""


@dataclass(frozen=True)
class Region:
    """A rectangle in fractions of the frame's width and height, so that it applies to pictures of any size."""

    left: float
    top: float
    right: float
    bottom: float


def representative_frames(videos: Sequence[MeasuredVideo], count: int, *, labelled: bool) -> list[ChosenFrame]:
    """Up to `count` anomalous and `count` typical frames, alternating, ranked by the PSNR of their worst patch.

    With labels, anomalous frames are the worst frames of the worst events, one event per video before any second one,
    and typical frames are the normal frames nearest to the median of all normal frames, at least half a second from
    events. Without labels, they are the worst frames and the frames nearest to the median. Frames of one video are at
    least a second apart.
    """
    values = [PaperPatchScorer().raw_scores(video.signals, video.seconds) for video in videos]
    if labelled:
        # Frame 0 has no transition to it that could be shown.
        worst_frames = [
            (index, max(start, 1) + int(np.argmax(values[index][max(start, 1) : stop])))
            for index, video in enumerate(videos)
            for start, stop in video.events
            if stop > 1
        ]
        anomalous = _round_robin(sorted(worst_frames, key=lambda candidate: -values[candidate[0]][candidate[1]]))
        usable = [_away_from_events(video) for video in videos]
    else:
        usable = [np.arange(len(video.abnormal)) > 0 for video in videos]
        anomalous = _all_frames(usable)
        anomalous.sort(key=lambda candidate: -values[candidate[0]][candidate[1]])
    typical = _all_frames(usable)
    if typical:
        median = float(np.median([values[index][frame] for index, frame in typical]))
        typical.sort(key=lambda candidate: abs(values[candidate[0]][candidate[1]] - median))
        typical = _round_robin(typical)
    chosen: list[tuple[int, int]] = []
    anomalous = _spaced_apart(videos, anomalous, count, chosen)
    typical = _spaced_apart(videos, typical, count, chosen)
    pairs = [
        [ChosenFrame(*candidate, abnormal=is_anomalous if labelled else None) for candidate in candidates]
        for is_anomalous, candidates in ((True, anomalous), (False, typical))
    ]
    return [choices[rank] for rank in range(count) for choices in pairs if rank < len(choices)]


def labelled_regions(mask: npt.NDArray[np.bool_]) -> list[Region]:
    """Bounding boxes of the connected components of a pixel mask [H, W], the largest first."""
    height, width = mask.shape
    count, _, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    blobs = sorted((facts[n] for n in range(1, count)), key=lambda each: -int(each[cv2.CC_STAT_AREA]))
    return [
        Region(left / width, top / height, (left + across) / width, (top + down) / height)
        for left, top, across, down, area in (map(int, blob) for blob in blobs)
        if area >= _MIN_BLOB * width * height
    ]


def darkest_patch(patch_psnr_db: npt.NDArray[np.floating]) -> Region:
    """The patch with the lowest PSNR, out of `patch_psnr_db` [4, 4]."""
    row, column = divmod(int(np.argmin(patch_psnr_db)), PATCH_GRID)
    return Region(column / PATCH_GRID, row / PATCH_GRID, (column + 1) / PATCH_GRID, (row + 1) / PATCH_GRID)


def fastest_region(teacher_flow: Pixels, aspect: float) -> Region | None:
    """The region of minimum size with the most motion; None without any motion.

    `teacher_flow` is the flow as colours, `aspect` the frame's width / height.
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


def square_around(region: Region, aspect: float) -> Region:
    """The region with a margin, enlarged to a square and moved inside a frame with this width / height."""
    height = (region.bottom - region.top) * _MARGIN
    width = (region.right - region.left) * _MARGIN * aspect  # in frame heights
    side = min(max(height, width, _MIN_SIDE * _MARGIN), 1.0, aspect)
    across, down = side / aspect, side
    left = min(max((region.left + region.right - across) / 2, 0.0), 1 - across)
    top = min(max((region.top + region.bottom - down) / 2, 0.0), 1 - down)
    return Region(left, top, left + across, top + down)


def _away_from_events(video: MeasuredVideo) -> npt.NDArray[np.bool_]:
    usable = ~video.abnormal
    usable[0] = False
    for start, stop in video.events:
        near = (video.seconds > video.seconds[start] - _EVENT_MARGIN_SECONDS) & (
            video.seconds < video.seconds[stop - 1] + _EVENT_MARGIN_SECONDS
        )
        usable &= ~near
    return usable


def _all_frames(usable: Sequence[npt.NDArray[np.bool_]]) -> list[tuple[int, int]]:
    return [(index, int(frame)) for index, flags in enumerate(usable) for frame in np.flatnonzero(flags)]


def _round_robin(ranked: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Reorder (video, frame) pairs round-robin: every video's first, then every video's second, and so on."""
    turns: dict[int, int] = {}
    keyed = []
    for rank, (index, frame) in enumerate(ranked):
        turns[index] = turns.get(index, -1) + 1
        keyed.append((turns[index], rank, (index, frame)))
    return [pair for _, _, pair in sorted(keyed)]


def _spaced_apart(
    videos: Sequence[MeasuredVideo], ranked: Iterable[tuple[int, int]], count: int, taken: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The first `count` pairs at least a second from all pairs in `taken`, to which they are added."""
    spaced: list[tuple[int, int]] = []
    for index, frame in ranked:
        if len(spaced) == count:
            break
        seconds = videos[index].seconds
        near = (
            abs(seconds[frame] - seconds[taken_frame]) < _MIN_DISTANCE_SECONDS
            for taken_index, taken_frame in taken
            if taken_index == index
        )
        if not any(near):
            spaced.append((index, frame))
            taken.append((index, frame))
    return spaced
