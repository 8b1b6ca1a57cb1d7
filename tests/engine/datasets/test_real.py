"""Tests the real datasets in ../shared/data, if they are there, against their published counts."""

from pathlib import Path

import numpy as np

from engine.datasets import footage_videos, open_dataset


def test_ped2_is_complete(shared_data: Path) -> None:
    ped2 = open_dataset(shared_data / "ped2")
    assert (ped2.name, ped2.complete) == ("UCSD Ped2", True)
    assert len(ped2.training) == 16
    assert [video.name for video in ped2.testing] == [f"{number:02d}" for number in range(1, 13)]
    assert sum(len(video.abnormal) for video in ped2.testing) == 2_010
    assert sum(int(video.abnormal.sum()) for video in ped2.testing) == 1_648
    assert [video.name for video in ped2.testing if video.abnormal.all()] == ["08", "09", "10", "11"]
    assert ped2.testing[0].events == [(60, 180)]


def test_ped2_pixel_masks_show_something_where_frames_are_abnormal(shared_data: Path) -> None:
    for video in open_dataset(shared_data / "ped2").testing[:3]:
        assert video.masks is not None
        masks = video.masks()
        assert masks.shape == (len(video.abnormal), 240, 360)
        assert np.array_equal(masks.any(axis=(1, 2)), video.abnormal)


def test_footage_of_ped2_is_its_training_videos(shared_data: Path) -> None:
    training = list(open_dataset(shared_data / "ped2").training)
    assert footage_videos([shared_data / "ped2"]) == training
    assert {video.parent.name for video in training} == {"training"}


def test_a_partial_avenue_is_never_named_avenue(shared_data: Path) -> None:
    avenue = open_dataset(shared_data / "avenue")
    assert (avenue.name, avenue.complete) == ("CUHK Avenue 17+20 (part)", False)
    assert [(video.name, len(video.abnormal), int(video.abnormal.sum())) for video in avenue.testing] == [
        ("17", 426, 384),
        ("20", 273, 154),
    ]
    assert footage_videos([shared_data / "avenue"]) == list(avenue.training)
    assert [video.name for video in avenue.training] == ["11.mp4", "12.avi", "16.avi"]
    read = avenue.testing[1].masks
    assert read is not None
    assert np.array_equal(read().any(axis=(1, 2)), avenue.testing[1].abnormal)
