"""The four experiments of Table 2: settings, order, shared models and footage, and resuming."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.common.errors import TrainingError
from engine.common.events import Event, Finished, Stopped
from engine.evaluation.ablation import (
    EXPERIMENTS,
    TRAINING_ORDER,
    delete_footage,
    experiment_settings,
    train_experiment,
)
from engine.training import Run, RunSettings

BASE = RunSettings("Tiny", ("01.mp4", "02.mp4"), motion_epochs=2, frame_epochs=1)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the trained runs, in order; training is replaced by a stub that writes the files of a real run."""
    names: list[str] = []

    def train(run: Run, *_: object) -> Iterator[Event]:
        names.append(run.folder.name)
        run.footage_folder.mkdir(exist_ok=True)
        facts = run.footage_folder / "footage.npz"
        if not facts.exists():
            facts.write_text(f"read by {run.folder.name}")
        run.detector_path.write_text("a detector")
        yield Finished(str(run.detector_path))

    monkeypatch.setattr("engine.training.trainer.train", train)
    return names


@pytest.fixture
def make_footage(tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        """A folder of five pictures in which a square moves to the right."""
        folder = tmp_path / "videos" / name
        folder.mkdir(parents=True)
        for number in range(5):
            picture = np.full((64, 64, 3), 40 + int(name), np.uint8)
            cv2.rectangle(picture, (8 + 3 * number, 20), (24 + 3 * number, 40), (200, 180, 160), -1)
            cv2.imwrite(str(folder / f"{number}.png"), picture)
        return folder

    return make


def train_all(folder: Path, base: RunSettings = BASE) -> None:
    for experiment in TRAINING_ORDER:
        list(train_experiment(folder, experiment, base))


def test_the_experiments_are_the_paper_s() -> None:
    assert [(each.name, each.margin, each.flow_guidance) for each in EXPERIMENTS] == [
        ("Exp1", False, False), ("Exp2", True, False), ("Exp3", False, True), ("Exp4", True, True)
    ]  # fmt: skip


def test_experiments_differ_only_in_the_components_and_share_one_motion_model(
    tmp_path: Path, trained: list[str]
) -> None:
    train_all(tmp_path)
    assert trained == ["exp4", "exp3", "exp2", "exp1"]
    runs = {each.name: each.run(tmp_path).settings for each in EXPERIMENTS}
    for experiment in EXPERIMENTS:
        settings = runs[experiment.name]
        assert (settings.margin, settings.flow_guidance) == (experiment.margin, experiment.flow_guidance)
        assert (settings.motion_epochs, settings.frame_epochs, settings.videos) == (2, 1, BASE.videos)
        assert not settings.calibrate
    assert runs["Exp4"].motion_from is None
    for name in ("Exp1", "Exp2", "Exp3"):
        assert runs[name].motion_from == str((tmp_path / "exp4" / "detector.safetensors").resolve())


def test_all_experiments_use_the_given_motion_model(tmp_path: Path) -> None:
    ready = replace(BASE, motion_from="ready.safetensors")
    assert {experiment_settings(tmp_path, each, ready).motion_from for each in EXPERIMENTS} == {"ready.safetensors"}


def test_footage_is_read_once_and_deleted_at_the_end(tmp_path: Path, trained: list[str]) -> None:
    train_all(tmp_path)
    assert len(trained) == 4
    (left,) = tmp_path.glob("exp*/footage/footage.npz")
    assert left.read_text() == "read by exp4"
    delete_footage(tmp_path)
    assert not list(tmp_path.glob("exp*/footage"))
    assert len(list(tmp_path.glob("exp*/detector.safetensors"))) == 4


def test_finished_experiments_are_not_trained_again(tmp_path: Path, trained: list[str]) -> None:
    train_all(tmp_path)
    TRAINING_ORDER[2].run(tmp_path).detector_path.unlink()
    trained.clear()
    train_all(tmp_path)
    assert trained == ["exp2"]


def test_an_interrupted_experiment_goes_on_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Run] = []

    def train(run: Run, should_stop: object) -> Iterator[Event]:  # noqa: ARG001
        asked.append(run)
        yield Stopped("Enough.")

    monkeypatch.setattr("engine.training.trainer.train", train)
    for _ in range(2):
        assert list(train_experiment(tmp_path, EXPERIMENTS[3], BASE)) == [Stopped("Enough.")]
    assert [run.folder for run in asked] == [tmp_path / "exp4"] * 2


def test_an_experiment_of_an_older_version_is_resumed_with_the_current_settings(
    tmp_path: Path, trained: list[str]
) -> None:
    settings = experiment_settings(tmp_path, TRAINING_ORDER[0], BASE)
    run = Run.create(tmp_path / "exp4", replace(settings, calibrate=True, cache_max_bytes=1, device="cuda"))
    train_all(tmp_path)
    assert trained[0] == "exp4"
    assert run.settings == settings


@pytest.mark.parametrize("other", [{"frame_epochs": 3}, {"videos": ("03.mp4",)}, {"preset": "paper"}, {"seed": 1}])
def test_other_settings_than_the_folder_s_are_refused(
    tmp_path: Path, trained: list[str], other: dict[str, object]
) -> None:
    train_all(tmp_path)
    trained.clear()
    with pytest.raises(TrainingError, match="other settings") as raised:
        train_all(tmp_path, replace(BASE, **other))  # type: ignore[arg-type]
    assert raised.value.subject == str(tmp_path / "exp4")
    assert not trained
    # Another device is allowed, because it does not change the detector.
    train_all(tmp_path, replace(BASE, device="cpu"))


def test_a_damaged_run_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "exp4").mkdir()
    (tmp_path / "exp4" / "settings.json").write_text(json.dumps({"name": 3}))
    with pytest.raises(TrainingError):
        list(train_experiment(tmp_path, EXPERIMENTS[3], BASE))


@pytest.mark.slow
def test_the_trainer_trains_with_the_settings_of_each_experiment(
    tmp_path: Path, make_footage: Callable[[str], Path], tiny_preset: str
) -> None:
    import torch

    from engine.models.detector import load_detector

    videos = tuple(str(make_footage(name)) for name in ("01", "02"))
    base = RunSettings("Tiny", videos, preset=tiny_preset, teacher="dis-ultrafast", motion_epochs=1, frame_epochs=1,
                       batch_size=2, device="cpu")  # fmt: skip
    train_all(tmp_path, base)
    detectors = {each.name: load_detector(each.run(tmp_path).detector_path)[0] for each in EXPERIMENTS}
    assert [detectors[each.name].settings.flow_guidance for each in EXPERIMENTS] == [False, False, True, True]
    for name in ("Exp1", "Exp2", "Exp3"):
        for learnt, shared in zip(
            detectors[name].motion.state_dict().values(), detectors["Exp4"].motion.state_dict().values(), strict=True
        ):
            torch.testing.assert_close(learnt, shared)
    with_margin, without = (detectors[name].frame.state_dict() for name in ("Exp4", "Exp3"))
    assert any(not torch.equal(with_margin[name], without[name]) for name in with_margin)
    assert len(list(tmp_path.glob("exp*/footage/footage.npz"))) == 1
