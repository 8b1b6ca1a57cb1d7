"""`vad evaluate`, run as people run it: on a tiny dataset of pictures with labels, with a real detector file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.commands.output import Output
from engine.common.events import Event, Finished, LossReported, Progress, Stopped
from engine.detector_library import DetectorLibrary
from engine.evaluation.timing import Timing
from engine.models.detector import Detector, DetectorSettings, save_detector
from engine.models.predictor import Predictor
from engine.training import Run
from tests.engine.commands.conftest import MakeVideo

MakeDataset = Callable[..., Path]


@pytest.fixture
def make_dataset(tmp_path: Path, make_video: MakeVideo) -> MakeDataset:
    def make(name: str = "tiny", **truths: str) -> Path:
        """Testing clips labelled letter by letter ("x" is abnormal), and one training clip."""
        for seed, (clip, truth) in enumerate((truths or {"01": "....xx", "02": "xx.."}).items()):
            make_video(f"{name}/testing/{clip}", count=len(truth), seed=seed)
        make_video(f"{name}/training/01", count=4, seed=9)
        labels = {clip: np.array([letter == "x" for letter in truth]) for clip, truth in truths.items()}
        labels = labels or {"01": np.arange(6) > 3, "02": np.arange(4) < 2}
        np.savez(tmp_path / name / "frame_labels.npz", **labels)
        return tmp_path / name

    return make


@pytest.fixture(autouse=True)
def _cache(cache: Path) -> None:
    """No test may find another's analyses."""


@pytest.fixture
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timing with as few repetitions as make a median."""
    monkeypatch.setattr("engine.evaluation.timing.FRAMES", 12)
    monkeypatch.setattr("engine.evaluation.timing._MIN_REPETITIONS", 2)
    monkeypatch.setattr("engine.evaluation.timing._MAX_REPETITIONS", 2)
    monkeypatch.setattr("engine.evaluation.timing._ROUNDS", 1)
    monkeypatch.setattr("engine.evaluation.timing._BATCHES_ON_CPU", (2,))


TIMED = Timing(9.0, 8.0, 2, 10.0, 9.0, "CPU", 2, 0.0)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["evaluate", *map(str, arguments)])


def test_tables_json_and_plots(make_dataset: MakeDataset, detector_file: Path, tmp_path: Path) -> None:
    dataset, report, plots = make_dataset(), tmp_path / "found.json", tmp_path / "plots"
    options = ["--detector", detector_file, "--device", "cpu", "--json", report, "--plots", plots]
    result = run(dataset, *options, "--score", "paper-patch", "--signals")
    assert result.exit_code == 0, result.output
    assert "micro AUC %" in result.stdout
    assert "review effort" in result.stdout
    assert {path.name for path in plots.iterdir()} == {"roc.png", "scores.png"}
    found = json.loads(report.read_text(encoding="utf-8"))
    assert (found["frames"], found["abnormal"]) == (10, 4)
    assert [video["name"] for video in found["videos"]] == ["01", "02"]
    assert found["micro_auc"] == found["scores"]["paper-patch"]["micro_auc"]
    assert found["detector"]["name"] == "untrained"
    assert found["dataset"]["name"] == "tiny"
    assert found["command"].startswith(f"vad evaluate {dataset} --detector {detector_file}")
    assert "--score paper-patch" in found["command"]
    assert found["signals"]["psnr_db"]["micro_auc"] == found["scores"]["paper"]["micro_auc"]
    assert "flow_error_px" in result.stdout
    for name in ("micro_auc", "macro_auc", "global_auc"):
        assert 0 <= found[name] <= 1


def test_the_paper_s_score_leads_by_default(make_dataset: MakeDataset, detector_file: Path, tmp_path: Path) -> None:
    assert run(make_dataset(), "--detector", detector_file, "--json", tmp_path / "found.json").exit_code == 0
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["score"] == "paper"
    assert found["max_i"] == "frame"
    assert found["micro_auc"] == found["scores"]["paper"]["micro_auc"]
    assert "signals" not in found


def test_a_second_evaluation_analyses_nothing(
    make_dataset: MakeDataset, detector_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset()
    first = run(dataset, "--detector", detector_file)
    monkeypatch.setattr(Predictor, "predict", None)
    second = run(dataset, "--detector", detector_file)
    assert second.exit_code == 0, second.output
    assert second.stdout == first.stdout
    assert run(dataset, "--detector", detector_file, "--no-cache").exit_code != 0


def test_labels_of_another_length_are_an_error(make_dataset: MakeDataset, detector_file: Path) -> None:
    dataset = make_dataset()
    np.savez(dataset / "frame_labels.npz", **{"01": np.zeros(7, bool), "02": np.zeros(4, bool)})
    result = run(dataset, "--detector", detector_file)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "01" in result.stderr


def test_a_video_without_labels_is_named(make_dataset: MakeDataset, detector_file: Path) -> None:
    dataset = make_dataset()
    np.savez(dataset / "frame_labels.npz", **{"01": np.zeros(6, bool)})
    result = run(dataset, "--detector", detector_file)
    assert result.exit_code == 1
    assert str(dataset / "testing" / "02") in result.stderr


def test_no_dataset_and_no_folder_for_the_report_are_errors(
    make_dataset: MakeDataset, detector_file: Path, tmp_path: Path
) -> None:
    absent = run(tmp_path / "absent", "--detector", detector_file)
    assert absent.exit_code == 1
    assert str(tmp_path / "absent") in absent.stderr
    nowhere = run(make_dataset(), "--detector", detector_file, "--json", tmp_path / "absent" / "found.json")
    assert nowhere.exit_code == 1
    assert str(tmp_path / "absent") in nowhere.stderr


def test_without_a_detector_the_bundled_ones_are_named(make_dataset: MakeDataset) -> None:
    result = run(make_dataset())
    assert result.exit_code == 2
    assert "plaza" in result.stderr


@pytest.mark.usefixtures("_quickly")
def test_timing_of_a_detector_on_a_dataset_s_frames(
    make_dataset: MakeDataset, detector_file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "timing.json"
    result = run(make_dataset(), "--timing", "--detector", detector_file, "--device", "cpu", "--json", report)
    assert result.exit_code == 0, result.output
    assert "tiny, video testing/01, 96 x 64 px" in result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines()[-2:]] == ["prediction", "detection"]
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["prediction_fps"] > 0
    assert found["detection_fps"] > 0
    assert found["threads"] >= 1
    assert found["machine"]["processor"]
    assert found["processor_denied"] is None or 0 <= found["processor_denied"] < 1
    assert "CPU" in found["device"]
    assert "--timing" in found["command"].split()


@pytest.mark.parametrize(("share", "said"), [(0.5, "had 50 % of the processor time"), (0.01, ""), (None, "")])
def test_timing_says_so_where_others_had_the_processor(
    detector_file: Path, monkeypatch: pytest.MonkeyPatch, share: float | None, said: str
) -> None:
    found = replace(TIMED, processor_denied=share)
    monkeypatch.setattr("engine.evaluation.timing.time_detector", lambda *_: iter([Progress("Timing", 0, 1), found]))
    result = run("--timing", "--detector", detector_file)
    assert result.exit_code == 0
    assert said in result.stderr
    assert ("figures are too low" in result.stderr) is bool(said)


def test_timing_needs_frames_and_no_labels(
    make_dataset: MakeDataset, detector_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []

    def note(_: Predictor, frames: list[object]) -> Iterator[Progress | Timing]:
        counts.append(len(frames))
        yield Progress("Timing", 0, 1)
        yield TIMED

    monkeypatch.setattr("engine.evaluation.timing.time_detector", note)
    dataset = make_dataset()
    (dataset / "frame_labels.npz").unlink()
    for path, named in ((dataset, "tiny, video testing/01,"), (dataset / "training" / "01", "video 01,")):
        result = run(path, "--timing", "--detector", detector_file, "--device", "cpu")
        assert result.exit_code == 0, result.output
        assert f"\n{named}" in result.stdout
    assert counts == [6, 4]
    nothing = run(dataset / "absent", "--timing", "--detector", detector_file)
    assert nothing.exit_code == 1
    assert str(dataset / "absent") in nothing.stderr


def test_the_record_names_a_detector_of_the_library_as_a_person_does(
    make_dataset: MakeDataset, detector_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_DETECTORS", str(tmp_path / "library"))
    mine = DetectorLibrary().add(detector_file, name="North gate")
    commands: list[str] = []
    monkeypatch.setattr(
        "engine.commands.evaluate.report_evaluation", lambda *given, **_: commands.append(given[3].command)
    )
    dataset = make_dataset()
    for typed in ("north gate", mine.path, detector_file):
        assert run(dataset, "--detector", typed).exit_code == 0
    assert commands[:2] == [f"vad evaluate {dataset} --detector 'North gate'"] * 2
    assert commands[2] == f"vad evaluate {dataset} --detector {detector_file}"


def test_timing_takes_a_preset_or_a_detector(
    make_dataset: MakeDataset, detector_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed: list[object] = []

    def note(predictor: Predictor, dataset: object, output: Output) -> None:
        timed.extend([predictor.settings.preset, dataset, output.command])

    monkeypatch.setattr("engine.commands.evaluate.report_timing", note)
    assert run("--timing", "--preset", "fast", "--device", "cpu").exit_code == 0
    assert timed == ["fast", None, "vad evaluate --timing --preset fast --device cpu"]
    assert run("--timing", "--detector", "plaza").exit_code == 0
    assert timed[-1] == "vad evaluate --detector plaza --timing"
    both = run("--timing", "--preset", "fast", "--detector", detector_file)
    neither = run("--timing")
    misplaced = run(make_dataset(), "--preset", "fast", "--detector", detector_file)
    for result in (both, neither, misplaced):
        assert result.exit_code == 2, result.output


def test_without_a_dataset_there_is_nothing_to_judge_by(detector_file: Path) -> None:
    result = run("--detector", detector_file)
    assert result.exit_code == 2
    assert "dataset" in result.stderr.lower()


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, detector_file: Path) -> list[str]:
    """The runs that were trained, in order; what a training learns is nothing."""
    names: list[str] = []

    def train(run: Run, *_: object) -> Iterator[Event]:
        names.append(run.folder.name)
        yield Progress("Learning motion", 1, 2)
        yield LossReported("motion", 0, 1, 0.5)
        shutil.copy(detector_file, run.detector_path)
        yield Finished(str(run.detector_path))

    monkeypatch.setattr("engine.training.trainer.train", train)
    return names


def test_an_ablation_is_trained_judged_and_not_repeated(
    make_dataset: MakeDataset, trained: list[str], tmp_path: Path
) -> None:
    dataset, folder, report = make_dataset(), tmp_path / "table-2", tmp_path / "ablation.json"
    options = ["--ablation", folder, "--epochs", "2,1", "--device", "cpu", "--json", report]
    first = run(dataset, *options)
    assert first.exit_code == 0, first.output
    assert trained == ["exp4", "exp3", "exp2", "exp1"]
    rows = {line.split("  ")[0]: line.split()[-4:] for line in first.stdout.splitlines() if line}
    assert rows["margin loss"] == ["-", "x", "-", "x"]
    assert rows["optical flow"] == ["-", "-", "x", "x"]
    # The same detector four times over.
    assert len(set(rows["paper micro AUC %"])) == 1
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found == json.loads((folder / "ablation.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in found["experiments"]] == ["Exp1", "Exp2", "Exp3", "Exp4"]
    assert [each["margin_loss"] for each in found["experiments"]] == [False, True, False, True]
    assert all(0 <= each["micro_auc"] <= 1 for each in found["experiments"])
    assert found["epochs"] == {"motion": 2, "frame": 1}
    assert "--epochs 2,1" in found["command"]
    again = run(dataset, *options)
    assert again.stdout == first.stdout
    assert len(trained) == 4


def test_an_ablation_learns_as_the_options_say(make_dataset: MakeDataset, trained: list[str], tmp_path: Path) -> None:
    dataset, folder, weights = make_dataset(), tmp_path / "table-2", tmp_path / "raft.pth"
    weights.touch()
    options = ["--teacher", "raft", "--teacher-weights", weights, "--motion-lr", "1e-4", "--frame-lr", "3e-4"]
    options += ["--batch-size", "4", "--seed", "7", "--cache-gb", "2", "--flow-radius", "2.5"]
    assert run(dataset, "--ablation", folder, "--device", "cpu", *options).exit_code == 0
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


def test_a_detector_that_an_ablation_cannot_build_on_does_not_use_its_folder_up(
    make_dataset: MakeDataset, trained: list[str], detector_file: Path, tmp_path: Path
) -> None:
    command = (make_dataset(), "--detector", detector_file, "--ablation", tmp_path / "table-2", "--device", "cpu")
    refused = run(*command, "--flow-radius", "2.5")
    assert refused.exit_code == 1
    assert "a radius of 4.0 px, not of 2.5" in refused.stderr
    assert not trained
    assert run(*command).exit_code == 0


def test_an_ablation_is_not_begun_that_could_not_be_judged(
    make_dataset: MakeDataset, trained: list[str], tmp_path: Path
) -> None:
    motion, folder = tmp_path / "motion.safetensors", tmp_path / "table-2"
    save_detector(Detector(DetectorSettings("of RAFT", "fast", "raft", 4.0)), motion)
    result = run(make_dataset(), "--detector", motion, "--ablation", folder, "--device", "cpu")
    assert result.exit_code == 1
    assert "The teacher raft needs a file of weights" in result.stderr
    assert not trained
    assert not Run(folder / "exp4").settings_path.exists()


def test_an_ablation_that_stops_says_how_to_go_on(
    make_dataset: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.trainer.train", lambda *_: iter([Stopped("Enough.")]))
    result = run(make_dataset(), "--ablation", tmp_path / "table-2")
    assert result.exit_code == 130
    assert "Exp4" in result.stderr


def test_an_ablation_needs_footage_to_learn_from(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    shutil.rmtree(dataset / "training")
    result = run(dataset, "--ablation", tmp_path / "table-2")
    assert result.exit_code == 1
    assert "training videos" in result.stderr


@pytest.mark.parametrize(
    ("mode", "ignored"),
    [
        (["--timing"], ["--plots", "plots"]),
        (["--timing"], ["--max-i", "1"]),
        (["--ablation", "table-2"], ["--signals"]),
        ([], ["--epochs", "2,1"]),
        ([], ["--teacher", "dis-fast"]),
        ([], ["--motion-lr", "1e-4"]),
        (["--timing"], ["--seed", "1"]),
        ([], ["--flow-radius", "2"]),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(detector_file: Path, mode: list[str], ignored: list[str]) -> None:
    result = run("absent", "--detector", detector_file, *mode, *ignored)
    assert result.exit_code == 2
    assert f"{ignored[0]} has no effect" in result.stderr


@pytest.mark.parametrize("epochs", ["20", "0,1", "a,b", "3,-1"])
def test_epochs_are_two_numbers(make_dataset: MakeDataset, tmp_path: Path, epochs: str) -> None:
    result = run(make_dataset(), "--ablation", tmp_path / "table-2", "--epochs", epochs)
    assert result.exit_code == 2
    assert "20,10" in result.stderr
