"""`vad ablation` from its command line, on a tiny labelled dataset of pictures; training is a stub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.common.events import Event, Finished, LossReported, Progress, Stopped
from engine.models.detector import Detector, DetectorSettings, save_detector
from engine.training import Run
from tests.engine.commands.conftest import MakeDataset


@pytest.fixture(autouse=True)
def _cache(cache: Path) -> None:
    """Every test has an empty cache of analyses."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["ablation", *map(str, arguments)])


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, detector_file: Path) -> list[str]:
    """Names of the trained runs, in order; training is replaced by a stub that copies an untrained detector."""
    names: list[str] = []

    def train(run: Run, *_: object) -> Iterator[Event]:
        names.append(run.folder.name)
        yield Progress("Learning motion", 1, 2)
        yield LossReported("motion", 0, 1, 0.5)
        shutil.copy(detector_file, run.detector_path)
        yield Finished(str(run.detector_path))

    monkeypatch.setattr("engine.training.trainer.train", train)
    return names


@pytest.mark.slow
def test_an_ablation_is_trained_evaluated_and_not_repeated(
    make_dataset: MakeDataset, trained: list[str], tmp_path: Path
) -> None:
    dataset, folder, report = make_dataset(), tmp_path / "table-2", tmp_path / "ablation.json"
    options = [folder, "--epochs", "2,1", "--device", "cpu", "--json", report]
    first = run(dataset, *options)
    assert first.exit_code == 0, first.output
    assert trained == ["exp4", "exp3", "exp2", "exp1"]
    rows = {line.split("  ")[0]: line.split()[-4:] for line in first.stdout.splitlines() if line}
    assert rows["margin loss"] == ["-", "x", "-", "x"]
    assert rows["optical flow"] == ["-", "-", "x", "x"]
    # All four experiments have the same detector.
    assert len(set(rows["paper micro AUC %"])) == 1
    assert "repeat" in first.stdout.split()
    found = json.loads(report.read_text(encoding="utf-8"))
    assert 0 <= found["repeat"]["micro_auc"] <= 1
    assert found == json.loads((folder / "ablation.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in found["experiments"]] == ["Exp1", "Exp2", "Exp3", "Exp4"]
    assert [each["margin_loss"] for each in found["experiments"]] == [False, True, False, True]
    assert all(0 <= each["micro_auc"] <= 1 for each in found["experiments"])
    assert found["epochs"] == {"motion": 2, "frame": 1}
    assert "--epochs 2,1" in found["command"]
    again = run(dataset, *options)
    assert again.stdout == first.stdout
    assert len(trained) == 4


@pytest.mark.slow
def test_an_ablation_trains_with_the_options(make_dataset: MakeDataset, trained: list[str], tmp_path: Path) -> None:
    dataset, folder, weights = make_dataset(), tmp_path / "table-2", tmp_path / "raft.pth"
    weights.touch()
    options = ["--teacher", "raft", "--teacher-weights", weights, "--motion-lr", "1e-4", "--frame-lr", "3e-4"]
    options += ["--batch-size", "4", "--seed", "7", "--cache-gb", "2", "--flow-radius", "2.5"]
    assert run(dataset, folder, "--device", "cpu", *options).exit_code == 0
    assert len(trained) == 4
    for name in trained:
        settings = Run(folder / name).settings
        assert (settings.teacher, settings.teacher_weights) == ("raft", str(weights))
        assert (settings.motion_learning_rate, settings.frame_learning_rate) == (1e-4, 3e-4)
        assert (settings.batch_size, settings.seed, settings.cache_max_bytes) == (4, 7, 2_000_000_000)
        assert settings.flow_radius_px == 2.5
        assert not settings.calibrate
    found = json.loads((folder / "ablation.json").read_text(encoding="utf-8"))
    assert (found["teacher"], found["teacher_weights"]) == ("raft", "raft.pth")
    assert found["learning_rates"] == {"motion": 1e-4, "frame": 3e-4}
    assert (found["batch_size"], found["seed"], found["flow_radius_px"]) == (4, 7, 2.5)


@pytest.mark.slow
def test_a_detector_that_an_ablation_cannot_build_on_does_not_use_its_folder_up(
    make_dataset: MakeDataset, trained: list[str], detector_file: Path, tmp_path: Path
) -> None:
    command = (make_dataset(), tmp_path / "table-2", "--detector", detector_file, "--device", "cpu")
    refused = run(*command, "--flow-radius", "2.5")
    assert refused.exit_code == 1
    assert "a radius of 4.0 px, not of 2.5" in refused.stderr
    assert not trained
    assert run(*command).exit_code == 0


def test_an_ablation_without_labels_is_refused(make_dataset: MakeDataset, trained: list[str], tmp_path: Path) -> None:
    motion, folder = tmp_path / "motion.safetensors", tmp_path / "table-2"
    save_detector(Detector(DetectorSettings("of RAFT", "fast", "raft", 4.0)), motion)
    result = run(make_dataset(), folder, "--detector", motion, "--device", "cpu")
    assert result.exit_code == 1
    assert "The teacher raft needs a file of weights" in result.stderr
    assert not trained
    assert not Run(folder / "exp4").settings_path.exists()


def test_an_ablation_that_stops_says_how_to_go_on(
    make_dataset: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.trainer.train", lambda *_: iter([Stopped("Enough.")]))
    result = run(make_dataset(), tmp_path / "table-2")
    assert result.exit_code == 130
    assert "Exp4" in result.stderr


def test_an_ablation_needs_footage_to_learn_from(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    shutil.rmtree(dataset / "training")
    result = run(dataset, tmp_path / "table-2")
    assert result.exit_code == 1
    assert "training videos" in result.stderr


@pytest.mark.parametrize("epochs", ["20", "0,1", "a,b", "3,-1"])
def test_epochs_are_two_numbers(make_dataset: MakeDataset, tmp_path: Path, epochs: str) -> None:
    result = run(make_dataset(), tmp_path / "table-2", "--epochs", epochs)
    assert result.exit_code == 2
    assert "20,10" in result.stderr


def test_an_ablation_takes_a_preset_or_a_detector_s(make_dataset: MakeDataset, detector_file: Path) -> None:
    result = run(make_dataset(), "runs", "--preset", "fast", "--detector", detector_file)
    assert result.exit_code == 2
    assert "--preset goes instead of --detector" in result.stderr


def test_an_ablation_compares_the_paper_s_scores(make_dataset: MakeDataset) -> None:
    result = run(make_dataset(), "runs", "--score", "calibrated")
    assert result.exit_code == 2
    assert "paper-patch" in result.stderr


def test_an_option_of_another_command_is_refused() -> None:
    result = run("absent", "table-2", "--signals")
    assert result.exit_code == 2
    assert "No such option" in result.stderr
    assert "--signals" in result.stderr
