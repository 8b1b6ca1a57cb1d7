"""Labelled datasets, as several commands open and analyse them."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands.progress import follow
from engine.common.errors import DatasetError
from engine.common.events import Progress
from engine.datasets import Dataset, open_dataset
from engine.evaluation.dataset_analysis import MeasuredVideo, measure
from engine.evaluation.repetition import repetition
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.zones import Zones

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


def labelled_dataset(path: Path) -> Dataset:
    """The dataset of a folder, which must have labelled videos.

    Raises:
        DatasetError: there is no dataset, its layout is not what it should be, or nothing in it is labelled.
    """
    dataset = open_dataset(path)
    if not dataset.testing:
        raise DatasetError(
            "There are no labelled videos here",
            subject=path,
            advice="Evaluating needs a dataset's testing videos with their labels.",
        )
    return dataset


def measured_videos(
    dataset: Dataset,
    predictor: Predictor,
    cache: Path,
    *,
    max_i: float | None = 1.0,
    sampling: Sampling = EVERY_FRAME,
    zones: Zones = (),
    quiet: bool = False,
) -> list[MeasuredVideo]:
    """Analyse every testing video, with one progress bar; signals of windows are those inside `zones`."""
    events = measure(dataset.testing, predictor, cache, max_i=max_i, sampling=sampling, zones=zones)
    return _followed(dataset, events, quiet)


def repeated_videos(dataset: Dataset, *, quiet: bool = False) -> list[MeasuredVideo]:
    """Every testing video, as a predictor sees it that repeats the frame before, with one progress bar."""
    return _followed(dataset, repetition(dataset.testing), quiet)


def _followed(
    dataset: Dataset, events: Generator[Progress | MeasuredVideo, None, None], quiet: bool
) -> list[MeasuredVideo]:
    videos: list[MeasuredVideo] = []

    def progress() -> Generator[Progress, None, None]:
        for event in events:
            if isinstance(event, MeasuredVideo):
                videos.append(event)
            else:
                yield event

    try:
        follow(progress(), label=dataset.name, hidden=quiet)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Stopped. What was analysed is kept: the same command goes on from there.") from None
    return videos
