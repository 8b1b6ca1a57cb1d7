"""What a predictor is worth that has learnt nothing: it repeats the frame before."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from engine.common.errors import DatasetError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.datasets import LabelledVideo
from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.models.picture import model_picture
from engine.scoring.psnr import prediction_psnr
from engine.scoring.signals import missing_signals
from engine.video import open_video

PHASE = "Repeating frames"


def repetition(
    videos: Sequence[LabelledVideo], should_stop: ShouldStop = never_stop
) -> Generator[Progress | MeasuredVideo, None, None]:
    """Measure every video's PSNR of the frame before against each frame; no other signal is known.

    Raises:
        DatasetError: a video has another number of frames than labels.
        VideoError: a video can't be read.
        Cancelled: `should_stop` said yes.
    """
    done, total = 0, sum(len(video.abnormal) for video in videos)
    for video in videos:
        yield Progress(PHASE, done, total)
        signals = missing_signals(len(video.abnormal))
        with open_video(video.path, should_stop) as source:
            previous = None
            number = -1
            for number, frame in enumerate(source.frames(0, len(video.abnormal), should_stop)):
                picture = model_picture(frame.stored).astype(np.float32) / np.float32(255)
                if previous is not None:
                    psnr = prediction_psnr(picture, previous)
                    signals[number]["psnr_db"], signals[number]["patch_psnr_db"], _ = psnr
                previous = picture
            if number + 1 != len(video.abnormal):
                raise DatasetError(
                    f"A video has {number + 1} frames, its labels are of {len(video.abnormal)}",
                    subject=video.path,
                    advice="Get the video again from the dataset's own site: labels fit nothing else, frame by frame.",
                )
            duration, seconds = source.info.duration_seconds, source.times
        done += len(video.abnormal)
        yield MeasuredVideo(video.name, video.abnormal, tuple(video.events), seconds, duration, signals)
