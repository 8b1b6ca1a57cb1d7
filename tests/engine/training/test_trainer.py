import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.errors import TrainingError, VideoError
from engine.events import CheckpointSaved, Finished, LossReported, Stopped
from engine.models.detector import load_detector
from engine.training import Run, RunSettings, trainer
from engine.training.trainer import train


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> tuple[str, ...]:
    """Two short videos of a bright square that moves right."""
    folders = []
    for start in (0, 40):
        folder = tmp_path_factory.mktemp("video")
        for number in range(5):
            picture = np.full((128, 128, 3), 40, np.uint8)
            cv2.rectangle(picture, (start + 4 * number, 40), (start + 4 * number + 30, 80), (200, 180, 160), -1)
            cv2.imwrite(str(folder / f"{number}.png"), picture)
        folders.append(str(folder))
    return tuple(folders)


@pytest.fixture
def settings(videos: tuple[str, ...]) -> RunSettings:
    return RunSettings("Square", videos, motion_epochs=2, frame_epochs=2, batch_size=2, device="cpu")


def losses(events: list) -> list[tuple[str, int, float]]:
    return [(event.stage, event.epoch, event.loss) for event in events if isinstance(event, LossReported)]


@pytest.fixture
def uninterrupted(settings: RunSettings, tmp_path: Path) -> list:
    return list(train(Run.create(tmp_path / "whole", settings)))


def test_both_stages_learn_and_leave_a_detector(uninterrupted: list, tmp_path: Path) -> None:
    assert [(stage, epoch) for stage, epoch, _ in losses(uninterrupted)] == [
        ("motion", 0),
        ("motion", 1),
        ("frame", 0),
        ("frame", 1),
    ]
    first, second, *_ = (loss for _, _, loss in losses(uninterrupted))
    assert second < first
    assert uninterrupted[-1] == Finished(str(tmp_path / "whole" / "detector.safetensors"))
    detector, _ = load_detector(tmp_path / "whole" / "detector.safetensors")
    assert detector.settings.name == "Square"
    assert detector.settings.teacher == "dis-medium"
    assert detector.settings.flow_radius_px > 0
    record = json.dumps(detector.settings.training)
    assert str(tmp_path) not in record  # file names only: the folders are nobody's business


def test_a_run_stopped_after_an_epoch_goes_on_as_if_it_never_was(
    uninterrupted: list, settings: RunSettings, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "stopped", settings)
    seen: list = []
    for event in train(run, should_stop=lambda: sum(isinstance(e, CheckpointSaved) for e in seen) == 3):
        seen.append(event)  # noqa: PERF402 - should_stop looks at it while it grows
    assert isinstance(seen[-1], Stopped)
    rest = list(train(Run(run.folder)))
    assert losses(seen) + losses(rest) == losses(uninterrupted)
    whole, _ = load_detector(tmp_path / "whole" / "detector.safetensors")
    resumed, _ = load_detector(run.detector_path)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, rtol=0, atol=0)


def test_the_motion_model_rests_while_the_frame_model_learns(settings: RunSettings, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", replace(settings, motion_epochs=1, frame_epochs=1))
    states = {}
    for event in train(run):
        if isinstance(event, CheckpointSaved):
            checkpoint = torch.load(run.checkpoint_path, weights_only=True)
            states[checkpoint["stage"]] = checkpoint["detector"]
    for name, tensor in states["frame"].items():
        if name.startswith("motion."):
            torch.testing.assert_close(tensor, states["motion"][name], rtol=0, atol=0)


def test_a_detector_is_improved_from_where_it_stands(
    uninterrupted: list, settings: RunSettings, tmp_path: Path
) -> None:
    base_path = tmp_path / "whole" / "detector.safetensors"
    improving = replace(settings, start_from=str(base_path), motion_epochs=1, frame_epochs=1)
    events = list(train(Run.create(tmp_path / "better", improving)))
    assert losses(events)[0][2] < losses(uninterrupted)[0][2]
    base, better = load_detector(base_path)[0], load_detector(tmp_path / "better" / "detector.safetensors")[0]
    assert better.settings.flow_radius_px == base.settings.flow_radius_px
    assert better.settings.training["start_from"] == "detector.safetensors"


def test_only_a_detector_of_the_same_preset_can_be_improved(
    uninterrupted: list, settings: RunSettings, tmp_path: Path
) -> None:
    assert isinstance(uninterrupted[-1], Finished)
    base = str(tmp_path / "whole" / "detector.safetensors")
    with pytest.raises(TrainingError, match="preset fast"):
        list(train(Run.create(tmp_path / "other", replace(settings, preset="paper", start_from=base))))


def test_a_loss_that_is_no_number_stops_with_a_clear_word(settings: RunSettings, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(trainer, "flow_loss", lambda predicted, _: predicted.mean() * float("nan"))
    with pytest.raises(TrainingError, match="motion stage is no longer a number"):
        list(train(Run.create(tmp_path / "run", settings)))


def test_a_folder_takes_one_run(settings: RunSettings, tmp_path: Path) -> None:
    next(train(Run.create(tmp_path / "run", settings)))
    with pytest.raises(TrainingError, match="already holds"):
        Run.create(tmp_path / "run", settings)


def test_a_run_whose_footage_was_wrong_can_be_begun_anew(settings: RunSettings, tmp_path: Path) -> None:
    with pytest.raises(VideoError):
        next(train(Run.create(tmp_path / "run", replace(settings, videos=(str(tmp_path / "gone.mp4"),)))))
    assert Run.create(tmp_path / "run", settings).settings == settings


def test_a_folder_that_cannot_be_made_is_said(settings: RunSettings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="can't be written"):
        Run.create(tmp_path / "file" / "run", settings)


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 cut short"])
def test_a_damaged_checkpoint_is_said(content: bytes, settings: RunSettings, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", settings)
    run.checkpoint_path.write_bytes(content)
    with pytest.raises(TrainingError, match="checkpoint can't be read"):
        list(train(run))


def test_a_folder_without_a_run_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training run") as caught:
        list(train(Run(tmp_path)))
    assert "--footage" in caught.value.advice
