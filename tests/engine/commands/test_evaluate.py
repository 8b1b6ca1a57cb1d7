"""`vad evaluate` from its command line, on a tiny labelled dataset of pictures, with a real detector file."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.detector_library import DetectorLibrary
from engine.models.predictor import Predictor
from engine.scoring.zone_files import write_zones
from engine.scoring.zones import Zone, ZoneKind
from tests.engine.commands.conftest import MakeDataset


@pytest.fixture(autouse=True)
def _cache(cache: Path) -> None:
    """Every test has an empty cache of analyses."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["evaluate", *map(str, arguments)])


@pytest.mark.slow
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
    assert found["max_i"] == 1.0
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


def test_without_a_dataset_there_is_nothing_to_judge_by(detector_file: Path) -> None:
    result = run("--detector", detector_file)
    assert result.exit_code == 2
    assert "dataset" in result.stderr.lower()


def test_a_preset_is_no_detector_to_evaluate(make_dataset: MakeDataset, detector_file: Path) -> None:
    assert run(make_dataset(), "--preset", "fast", "--detector", detector_file).exit_code == 2


@pytest.mark.parametrize(
    "foreign", [["--epochs", "2,1"], ["--teacher", "dis-fast"], ["--motion-lr", "1e-4"], ["--flow-radius", "2"]]
)
def test_an_option_of_another_command_is_refused(detector_file: Path, foreign: list[str]) -> None:
    result = run("absent", "--detector", detector_file, *foreign)
    assert result.exit_code == 2
    assert "No such option" in result.stderr
    assert foreign[0] in result.stderr


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        ("data --ablation runs --preset paper --epochs 20,10", "vad ablation data runs --preset paper --epochs 20,10"),
        ("data --preset fast --ablation=runs", "vad ablation data runs --preset fast"),
        ("--device cpu --ablation 'my runs' data", "vad ablation --device cpu data 'my runs'"),
        ("data --ablation", "vad ablation data RUNS"),
        ("--preset fast --timing", "vad timing --preset fast"),
        ("data/ped2 --detector ped2 --timing --json t.json", "vad timing data/ped2 --detector ped2 --json t.json"),
    ],
)
def test_earlier_spellings_say_what_to_type_instead(earlier: str, now: str) -> None:
    result = run(*shlex.split(earlier))
    assert result.exit_code == 2
    assert result.stderr.endswith(f" is a command of its own now. Type: {now}\n")


def test_zones_apply_to_calibrated_scores_alone(
    make_dataset: MakeDataset, calibrated_file: Path, tmp_path: Path
) -> None:
    dataset, zones = make_dataset(), tmp_path / "half.zones.json"
    write_zones(zones, (Zone.rectangle(ZoneKind.IGNORED, (0, 0), (0.5, 1)),))
    options = ["--detector", calibrated_file, "--device", "cpu", "--json", tmp_path / "found.json", "--quiet"]
    refused = run(dataset, *options, "--zones", zones)
    assert refused.exit_code == 2
    assert "--zones needs the calibrated score" in refused.stderr
    result = run(dataset, *options, "--score", "calibrated", "--zones", zones)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert set(found["scores"]) == {"calibrated", "calibrated-live"}
    assert f"--zones {zones}" in found["command"]
