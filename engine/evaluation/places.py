"""How well outlines show where something is, by labels with pixel masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.region_detection import RegionVideo, detection_criteria, labelled_regions
from engine.scoring.scorer import Scorer
from engine.scoring.where import Outline


@dataclass(frozen=True)
class PlaceFigures:
    """Of the frames that are abnormal and reach the threshold: in how many the first outline is where the label is."""

    frames: int
    """Of which a mask labels pixels."""
    found: int
    """In so many the outline of the highest evidence overlaps them."""
    outlined: float
    """Mean share of the frame inside that outline: one round everything would always overlap."""
    rbdc: float
    """Region-based detection criterion, in [0, 1], of the boxes round outlines of all frames."""
    tbdc: float
    """The track-based one; tracks are what masks have in common from frame to frame."""

    @property
    def share(self) -> float:
        """In [0, 1]; NaN where no frame counts."""
        return self.found / self.frames if self.frames else float("nan")


def place_figures(videos: Sequence[MeasuredVideo], scorer: Scorer) -> PlaceFigures | None:
    """Of all videos with pixel masks and outlines; None where there are none.

    Raises:
        DatasetError: masks are damaged.
    """
    threshold = scorer.rule().enter
    overlaps: list[bool] = []
    shares: list[float] = []
    regions: list[RegionVideo] = []
    known = [video for video in videos if video.outlines and video.masks]
    for video in known:
        assert video.masks
        flagged = video.abnormal & (scorer.scores(video.signals, video.seconds) >= threshold)
        masks = video.masks()
        regions.append(_regions(video, masks))
        for frame in map(int, np.flatnonzero(flagged & masks.any(axis=(1, 2)))):
            outlines = video.outlines[frame]
            inside = _inside(outlines[0], masks[frame].shape) if outlines else np.zeros_like(masks[frame])
            overlaps.append(bool((inside & masks[frame]).any()))
            shares.append(float(inside.mean()))
    if not known:
        return None
    criteria = detection_criteria(regions)
    return PlaceFigures(len(overlaps), sum(overlaps), float(np.mean(shares or [np.nan])), *criteria)


def _regions(video: MeasuredVideo, masks: npt.NDArray[np.bool_]) -> RegionVideo:
    detected = [np.array([each.box for each in found]).reshape(-1, 4) for found in video.outlines]
    scores = [np.array([each.score for each in found], np.float64) for found in video.outlines]
    return RegionVideo(*labelled_regions(masks), detected, scores)


def _inside(outline: Outline, size: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Which pixels of a picture [H, W] lie inside an outline."""
    picture = np.zeros(size, np.uint8)
    corners = np.round(outline.contour * (size[1], size[0]) - 0.5).astype(np.int32)
    return cv2.fillPoly(picture, [corners], [1]).astype(np.bool_)
