"""Region- and track-based detection criteria: RBDC and TBDC of Ramachandra and Jones, Street Scene (WACV 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]
"""[K, 4]: left, top, right and bottom, as shares of the frame's width and height."""
Masks = npt.NDArray[np.bool_]

MIN_OVERLAP = 0.1
"""Intersection over union from which on a region is detected."""
MIN_TRACK_SHARE = 0.1
"""Share of its regions from which on a track is."""
_MIN_AREA_PX = 20
"""Specks of masks are no regions."""


@dataclass(frozen=True, eq=False)
class RegionVideo:
    """Regions of one video: as labelled, and as detected."""

    labelled: Sequence[Boxes]
    """[N] of each frame."""
    tracks: Sequence[npt.NDArray[np.intp]]
    """[N]: to which of the video's tracks each labelled region belongs."""
    detected: Sequence[Boxes]
    scores: Sequence[npt.NDArray[np.float64]]
    """[N]: the score of each detected region."""


def labelled_regions(masks: Masks) -> tuple[list[Boxes], list[npt.NDArray[np.intp]]]:
    """Boxes round what is connected in each of a video's masks [N, H, W], and the track that each belongs to.

    Masks say nothing of tracks: a region goes on with the track of that one in the frame before which it overlaps most.
    """
    height, width = masks.shape[1:]
    boxes: list[Boxes] = []
    tracks: list[npt.NDArray[np.intp]] = []
    count = 0
    for mask in masks:
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        stats = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= _MIN_AREA_PX].astype(np.float64)
        found = np.concatenate([stats[:, :2], stats[:, :2] + stats[:, 2:4]], axis=1) / (width, height, width, height)
        mine = np.empty(len(found), np.intp)
        overlap = overlaps(found, boxes[-1]) if boxes and len(boxes[-1]) else np.zeros((len(found), 0))
        for number, row in enumerate(overlap):
            if row.size and row.max() > 0:
                mine[number] = tracks[-1][int(row.argmax())]
            else:
                mine[number] = count
                count += 1
        boxes.append(found)
        tracks.append(mine)
    return boxes, tracks


def overlaps(first: Boxes, second: Boxes) -> npt.NDArray[np.float64]:
    """Intersection over union of each of boxes [K, 4] with each of others [L, 4], [K, L]."""
    least, most = first[:, None, :], second[None, :, :]
    size = np.minimum(least[..., 2:], most[..., 2:]) - np.maximum(least[..., :2], most[..., :2])
    shared = np.prod(np.maximum(size, 0), axis=-1)
    areas = [np.prod(each[..., 2:] - each[..., :2], axis=-1) for each in (least, most)]
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, 1e-12))


def detection_criteria(videos: Sequence[RegionVideo]) -> tuple[float, float]:
    """RBDC and TBDC, in [0, 1]; NaN where nothing is labelled.

    Areas under the share of regions, or of tracks, that are detected, over false regions a frame from 0 to 1.
    """
    regions: list[float] = []
    tracks: list[float] = []
    false: list[float] = []
    for video in videos:
        of_track: dict[int, list[float]] = {}
        for boxes, track, detected, scores in zip(
            video.labelled, video.tracks, video.detected, video.scores, strict=True
        ):
            matches = overlaps(boxes, detected) >= MIN_OVERLAP
            best = np.where(matches, scores[None, :], -np.inf).max(axis=1, initial=-np.inf)
            false += scores[~matches.any(axis=0)].tolist()
            for number, score in zip(track.tolist(), best.tolist(), strict=True):
                of_track.setdefault(number, []).append(score)
        for found in of_track.values():
            regions += found
            tracks.append(sorted(found, reverse=True)[max(math.ceil(MIN_TRACK_SHARE * len(found)), 1) - 1])
    frames = sum(len(video.labelled) for video in videos)
    return _area(regions, false, frames), _area(tracks, false, frames)


def _area(scores: Sequence[float], false: Sequence[float], frames: int) -> float:
    """Area under the share of `scores` that a threshold lets through, over how many `false` ones it does a frame."""
    if not scores:
        return math.nan
    found = np.array(scores)
    # Each counts from the false alarms on that its score lets through.
    rates = (len(false) - np.searchsorted(np.sort(false), found, "right")) / frames
    return float(np.where(np.isfinite(found), np.maximum(1 - rates, 0), 0).mean())
