"""A predictor that repeats the frame before: PSNR between neighbouring frames, without any network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.common.errors import DatasetError
from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.repetition import repetition
from engine.models.picture import model_picture
from engine.video import open_video
from tests.engine.evaluation.conftest import MakeVideo


def test_the_error_is_the_change_since_the_frame_before(make_labelled: MakeVideo) -> None:
    labelled = make_labelled("01", "...xx.", flashes=[3])
    (found,) = (each for each in repetition([labelled]) if isinstance(each, MeasuredVideo))
    with open_video(labelled.path) as source:
        pictures = [model_picture(frame.pixels).astype(float) / 255 for frame in source.frames()]
    psnr_db = found.signals["psnr_db"]
    assert np.isnan(psnr_db[0])
    for number in range(1, 6):
        error = ((pictures[number] - pictures[number - 1]) ** 2).mean()
        assert psnr_db[number] == pytest.approx(-10 * np.log10(error), abs=1e-3)
    assert set(np.argsort(psnr_db[1:])[:2] + 1) == {3, 4}
    assert found.events == ((3, 5),)


def test_another_number_of_frames_than_labels_is_an_error(make_labelled: MakeVideo) -> None:
    labelled = replace(make_labelled("01", "...x"), abnormal=np.zeros(7, np.bool_))
    with pytest.raises(DatasetError, match="4 frames, its labels are of 7"):
        list(repetition([labelled]))
