"""Datasets: finding the videos in files and folders, and reading the frame labels of test videos."""

from engine.datasets.dataset import Dataset, LabelledVideo
from engine.datasets.footage import any_video, footage_videos
from engine.datasets.opening import open_dataset
from engine.video.naming import PICTURE_SUFFIXES, VIDEO_SUFFIXES

__all__ = [
    "PICTURE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Dataset",
    "LabelledVideo",
    "any_video",
    "footage_videos",
    "open_dataset",
]
