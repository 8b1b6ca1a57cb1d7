"""Datasets: which videos a person means, and which frames of the test videos are abnormal."""

from engine.datasets.dataset import Dataset, LabelledVideo
from engine.datasets.footage import footage_videos, some_video
from engine.datasets.opening import open_dataset
from engine.video.naming import PICTURE_SUFFIXES, VIDEO_SUFFIXES

__all__ = [
    "PICTURE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Dataset",
    "LabelledVideo",
    "footage_videos",
    "open_dataset",
    "some_video",
]
