"""Results on an NVIDIA GPU match those on the CPU; skipped on machines without one."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.analysis.pipeline import analyse
from engine.common.device import choose_compute
from engine.common.events import LossReported, Stopped
from engine.evaluation.timing import drifting_texture
from engine.flow.teachers import teacher_by_name
from engine.models.detector import load_detector
from engine.models.picture import model_picture
from engine.models.predictor import Predictor
from engine.training import Run, RunSettings
from engine.training.trainer import train
from engine.video import open_video
from resources import demo_video, detector_path

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


@pytest.fixture(scope="module")
def predictors() -> tuple[Predictor, Predictor]:
    """The demo scene's detector on the GPU and on the CPU."""
    gpu, cpu = (Predictor.open(detector_path("plaza"), device) for device in ("cuda", "cpu"))
    return gpu, cpu


def test_by_itself_the_gpu_is_chosen() -> None:
    plan = choose_compute()
    assert plan.device.type == "cuda"
    assert torch.cuda.get_device_name() in plan.label


def test_predictions_are_those_of_the_cpu(predictors) -> None:
    pictures = [model_picture(frame) for frame in drifting_texture(count=5)]
    for gpu, cpu in zip(*(each.predict(pictures) for each in predictors), strict=True):
        # Half precision has about three digits.
        assert np.abs(gpu.flow_rgb - cpu.flow_rgb).mean() < 0.01
        assert np.abs(gpu.frame - cpu.frame).mean() < 0.005


def test_a_gpu_analyses_as_the_cpu_does(predictors) -> None:
    found = []
    for predictor in predictors:
        with open_video(demo_video()) as source:
            found.append(np.array([each.signals for each in islice(analyse(source, predictor), 40)]))
    gpu, cpu = found
    np.testing.assert_allclose(gpu["psnr_db"], cpu["psnr_db"], atol=0.3)
    np.testing.assert_allclose(gpu["flow_error_px"], cpu["flow_error_px"], atol=0.02)
    # These signals do not depend on the networks.
    np.testing.assert_array_equal(gpu["speed_rarity"], cpu["speed_rarity"])


def test_a_video_larger_than_memory_is_cut_into_smaller_batches(predictors, monkeypatch) -> None:
    gpu, _ = predictors
    most = gpu.batch_size
    honest = gpu._predict_batch

    def short_of_memory(pictures):
        if len(pictures) > 4:
            raise torch.OutOfMemoryError
        return honest(pictures)

    monkeypatch.setattr(gpu, "_predict_batch", short_of_memory)
    try:
        assert len(gpu.predict([model_picture(frame) for frame in drifting_texture(count=10)])) == 10
        assert gpu.batch_size <= 4
    finally:
        gpu.batch_size = most


def test_raft_on_the_gpu_is_raft_on_the_cpu(shared_data: Path) -> None:
    weights = shared_data / "weights" / "raft-small.pth"
    before, after = (model_picture(frame) for frame in drifting_texture(count=2))
    gpu, cpu = (teacher_by_name("raft", weights=weights, device=device) for device in ("cuda", "cpu"))
    assert np.abs(gpu.flow(before, after) - cpu.flow(before, after)).max() < 0.1


@pytest.fixture
def settings(tmp_path: Path) -> RunSettings:
    """Two videos of a drifting texture, as picture folders."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        for number, frame in enumerate(drifting_texture(96, 64, 20)):
            cv2.imwrite(str(folder / f"{number:02}.png"), frame)
    return RunSettings("x", tuple(map(str, folders)), motion_epochs=3, frame_epochs=2, batch_size=8, device="cuda")


def test_both_stages_learn_on_the_gpu_and_go_on_where_they_stopped(settings: RunSettings, tmp_path: Path) -> None:
    asked = 0

    def after_a_while() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    run = Run.create(tmp_path / "run", settings)
    assert isinstance(list(train(run, after_a_while))[-1], Stopped)
    list(train(Run(tmp_path / "run")))
    losses = {"motion": [], "frame": []}
    for event in run.events():
        if isinstance(event, LossReported):
            losses[event.stage].append(event.loss)
    assert [len(each) for each in losses.values()] == [3, 2]
    assert all(each[-1] < each[0] for each in losses.values())
    detector, _ = load_detector(run.detector_path)
    assert detector.settings.preset == "fast"


@pytest.mark.parametrize("preset", ["fast", "paper"])
def test_a_step_takes_each_preset_in_half_precision(preset: str, settings: RunSettings, tmp_path: Path) -> None:
    small = replace(settings, preset=preset, motion_epochs=1, frame_epochs=1, videos=settings.videos[:1])
    run = Run.create(tmp_path / "run", small)
    list(train(run))
    reported = [event for event in run.events() if isinstance(event, LossReported)]
    assert all(np.isfinite(event.loss) for event in reported)
