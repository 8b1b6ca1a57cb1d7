"""Tests the published counts of datasets with synthetic videos that have exactly these counts."""

from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import DatasetError
from engine.datasets import Dataset, LabelledVideo
from engine.datasets.official import (
    CUHK_AVENUE,
    SHANGHAITECH,
    UCSD_PED1,
    UCSD_PED2,
    PublishedCounts,
    checked_dataset,
    official_dataset,
)

ROOT, LABELS = Path("dataset"), Path("dataset/labels.mat")


def videos(count: int, frames: int, abnormal: int) -> list[LabelledVideo]:
    """`count` test videos with the given total numbers of frames and abnormal frames."""
    shares = np.array_split(np.arange(frames) < abnormal, count)
    return [LabelledVideo(f"{number:02d}", ROOT / f"{number:02d}", share) for number, share in enumerate(shares, 1)]


def checked(
    official: PublishedCounts, testing: list[LabelledVideo], *, lacking: int = 0, official_labels: bool = True
) -> Dataset:
    training = [ROOT / str(number) for number in range(official.training_videos - lacking)]
    return checked_dataset(official, ROOT, training, testing, labels=LABELS, official_labels=official_labels)


@pytest.mark.parametrize(
    ("official", "counts"),
    [
        (UCSD_PED1, (36, 36 * 200, 4_000)),
        (UCSD_PED2, (12, 2_010, 1_648)),
        (CUHK_AVENUE, (21, 15_324, 3_712)),
        (SHANGHAITECH, (107, 40_791, 17_326)),
    ],
)
def test_a_complete_set_has_the_published_counts(official: PublishedCounts, counts: tuple[int, int, int]) -> None:
    dataset = checked(official, videos(*counts))
    assert (dataset.name, dataset.complete) == (official.name, True)
    count, frames, abnormal = counts
    with pytest.raises(DatasetError, match=f"{frames - 1:,} frames; {official.name} has {frames:,}") as caught:
        checked(official, videos(count, frames - 1, abnormal))
    assert caught.value.subject == str(ROOT)


@pytest.mark.parametrize("official", [UCSD_PED2, CUHK_AVENUE, SHANGHAITECH])
def test_labels_must_be_the_published_ones(official: PublishedCounts) -> None:
    assert official.abnormal_frames is not None
    testing = videos(official.test_videos, official.test_frames, official.abnormal_frames + 1)
    with pytest.raises(
        DatasetError, match=f"{official.abnormal_frames + 1:,} abnormal frames; {official.name}"
    ) as caught:
        checked(official, testing)
    assert caught.value.subject == str(LABELS)


def test_the_unofficial_avenue_labels_are_accepted_and_named() -> None:
    dataset = checked(CUHK_AVENUE, videos(21, 15_324, 3_867), official_labels=False)
    assert dataset.name == "CUHK Avenue (other labels: 3,867 abnormal frames, not 3,712)"
    assert dataset.complete
    assert checked(CUHK_AVENUE, videos(21, 15_324, 3_712), official_labels=False).name == "CUHK Avenue"
    with pytest.raises(DatasetError, match="UCSD Ped2 has 1,648"):
        checked(UCSD_PED2, videos(12, 2_010, 1_650), official_labels=False)


def test_missing_videos_are_in_the_name() -> None:
    part = checked(UCSD_PED2, videos(12, 2_010, 1_648)[3:6])
    assert (part.name, part.complete) == ("UCSD Ped2 04+05+06 (part)", False)
    assert checked(UCSD_PED2, videos(12, 2_010, 1_648)[1:]).name == "UCSD Ped2 11 of 12 test videos (part)"
    lacking = checked(UCSD_PED2, videos(12, 2_010, 1_648), lacking=3)
    assert (lacking.name, lacking.complete) == ("UCSD Ped2 (13 of 16 training videos)", False)


def test_more_videos_than_published_are_refused() -> None:
    with pytest.raises(DatasetError, match="UCSD Ped2 has 16 and 12"):
        checked(UCSD_PED2, videos(13, 2_010, 1_648))
    with pytest.raises(DatasetError, match="17 training"):
        checked(UCSD_PED2, videos(12, 2_010, 1_648), lacking=-1)


def test_datasets_are_recognised_by_common_spellings() -> None:
    for names, official in (
        (("UCSD ped2",), UCSD_PED2),
        (("UCSDped1",), UCSD_PED1),
        (("", "Avenue Dataset"), CUHK_AVENUE),
        (("labels", "shanghaitech"), SHANGHAITECH),
        (("ped1", "ped2"), UCSD_PED1),
        (("5th avenue camera", "back yard"), None),
    ):
        assert official_dataset(*names) is official
