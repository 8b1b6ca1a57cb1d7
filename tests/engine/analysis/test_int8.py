"""Analyses whose motion model computes in 8-bit integers: a key of their own, and the same results whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.analysis.runner import analyse_to_store, analysis_key, stored_key
from engine.analysis.score_store import ScoreStore
from engine.common.device import ComputeConfig
from engine.common.errors import Cancelled
from engine.models.detector import load_detector
from engine.models.predictor import Predictor
from engine.scoring.sampling import EVERY_FRAME, SAMPLED
from engine.video import open_video
from engine.video.source import VideoSource
from resources import detector_path
from tests.clips import write_clip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed"),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoSource]:
    path = tmp_path_factory.mktemp("footage") / "gate.mp4"
    pictures = np.random.default_rng(0).integers(0, 256, (80, 12, 18, 3), np.uint8)
    write_clip(path, [np.kron(each, np.ones((20, 20, 1), np.uint8)) for each in pictures], 10)
    with open_video(path) as source:
        yield source


@pytest.fixture
def predictor(monkeypatch: pytest.MonkeyPatch) -> Predictor:
    monkeypatch.delenv("VADGUI_MOTION_ENGINE")
    predictor = Predictor(
        *load_detector(detector_path("plaza")), ComputeConfig(torch.device("cpu"), torch.float32, "CPU")
    )
    predictor.prepare_motion()
    assert predictor.device_label == "CPU, OpenVINO, int8"
    return predictor


def test_the_key_says_int8_where_samples_are_judged(source: VideoSource, predictor: Predictor, tmp_path: Path) -> None:
    key = analysis_key(source, predictor, SAMPLED)
    assert "int8" in key.settings
    assert "int8" not in analysis_key(source, predictor, EVERY_FRAME).settings
    assert predictor.with_layer_ranges(None).motion_settings == {}
    with ScoreStore(tmp_path, key) as store:
        list(analyse_to_store(source, predictor, store, sampling=SAMPLED))
    calibration = predictor.settings.calibration
    assert stored_key(tmp_path, source, predictor.fingerprint, calibration, SAMPLED) == key, "shown before torch loads"


def test_an_analysis_that_was_stopped_ends_with_the_same_bits(
    source: VideoSource, predictor: Predictor, tmp_path: Path
) -> None:
    key = analysis_key(source, predictor, SAMPLED)
    stored = []
    for folder, stops in (("whole", []), ("stopped", [9, 17])):
        with ScoreStore(tmp_path / folder, key) as store:
            for most in stops:
                with pytest.raises(Cancelled):
                    list(
                        analyse_to_store(
                            source,
                            predictor,
                            store,
                            lambda most=most, store=store: len(store) >= most,
                            sampling=SAMPLED,
                            report_seconds=0,
                        )
                    )
                assert 0 < len(store) < len(SAMPLED.frames(source.times))
            list(analyse_to_store(source, predictor, store, sampling=SAMPLED))
            frames, rows = store.read()
            stored.append(rows[np.argsort(frames)].tobytes())
    assert stored[0] == stored[1]
