"""Each experiment once from its command line, in seconds; their other tests run by `pytest -m research`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.calibrating.held_out_signals import HeldOutSignals, save_held_out_signals
from engine.models.detector import load_detector, save_detector
from engine.scoring.evidence import EVIDENCE
from engine.scoring.sampling import EVERY_FRAME
from engine.scoring.signals import missing_signals
from engine.video.writer import ClipWriter
from resources import demo_video, detector_path
from tests.research.choices import camera_comparison
from tests.research.choices.__main__ import main as compare_candidates
from tests.research.density.__main__ import main as compare_densities
from tests.research.motion.__main__ import main as time_motion_models
from tests.research.promise.__main__ import main as count_false_alarms
from tests.research.street import street_pictures
from tests.research.unreviewed.__main__ import RULES
from tests.research.unreviewed.__main__ import main as compare_rules


@pytest.mark.slow
def test_candidate_scores_are_compared_on_changed_footage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seconds, fps = 60, 2  # three clips, of which two have the half minute that a calibration needs
    with ClipWriter(tmp_path / "street.mp4", 256, 256, average_fps=fps) as writer:
        for t, picture in enumerate(street_pictures(seconds * fps)):
            writer.write(picture, t / fps, 1 / fps)
    command = ["--camera", "street", "--normal", str(tmp_path / "street.mp4"), "--cache", str(tmp_path / "cache")]
    command += ["--kinds", "too fast", "(pasted)", "--changed-clips", "1"]
    assert compare_candidates([*command, "--json", str(tmp_path / "street.json")]) == 0
    report = capsys.readouterr().out
    assert "too fast" in report
    assert "street: each signal alone" in report
    assert "| speed rarity |" in report
    assert compare_candidates([*command, "--only-judge"]) == 0
    assert capsys.readouterr().out == report[report.index("\nstreet: each signal alone") :]
    assert camera_comparison.main([str(tmp_path / "street.json")]) == 0
    assert "| speed rarity |" in capsys.readouterr().out


@pytest.mark.slow
def test_samples_are_compared_with_every_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seconds, fps = 60, 2
    with ClipWriter(tmp_path / "street.mp4", 256, 256, average_fps=fps) as writer:
        for t, picture in enumerate(street_pictures(seconds * fps)):
            writer.write(picture, t / fps, 1 / fps)
    detector = load_detector(detector_path("plaza"))[0]
    calibration = detector.settings.calibration
    assert calibration is not None
    settings = replace(detector.settings, calibration=replace(calibration, sampling=EVERY_FRAME))
    save_detector(detector.with_settings(settings), tmp_path / "every.safetensors")
    command = ["--camera", "plaza", str(tmp_path / "every.safetensors"), str(tmp_path / "street.mp4")]
    command += ["--kinds", "too fast", "--judged", str(tmp_path / "judged")]
    tables = []
    for _ in range(2):  # the second time by what is kept
        assert compare_densities(command) == 0
        tables.append(capsys.readouterr().out)
    assert tables[0] == tables[1]
    rows = [row.split(" | ") for row in tables[0].splitlines()[2:]]
    assert [row[:2] for row in rows] == [
        [f"| {kind}", density] for kind in ("too fast", "all") for density in ("every frame", "samples")
    ]
    assert {row[2] for row in rows} == {str(len(list((tmp_path / "judged").iterdir())) // 2)}
    with pytest.raises(ValueError, match="must be"):
        compare_densities([*command[:1], "plaza", "plaza", *command[3:]])


def test_false_alarms_are_counted_against_the_promise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(5)
    videos = []
    for number in range(2):
        signals = missing_signals(600)
        for name in EVIDENCE:
            signals[name][1:] = random.normal(3, 1, 599)
        videos.append(HeldOutSignals(Path(f"{number}.mp4"), np.arange(600) / 10, signals))
    save_held_out_signals(tmp_path / "signals.npz", videos)
    command = ["--detector", "plaza", "--held-out", "normal", "--judged", str(tmp_path / "signals.npz")]
    assert count_false_alarms(command) == 0
    first, *counts = capsys.readouterr().out.splitlines()
    assert first == "2 videos, 2.0 minutes"
    assert [line.split(":")[0] for line in counts] == ["at 2 an hour", "at 10 an hour", "at 60 an hour"]


@pytest.mark.slow
def test_forms_of_the_motion_model_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    command = ["--judged", str(demo_video()), "--pictures", "1", "--rounds", "1"]
    try:
        assert time_motion_models([*command, "--threads", "1"]) == 0
    finally:
        torch.set_num_threads(threads)
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    by_name = {row[0].removeprefix("| "): row for row in rows}
    assert float(by_name["torch float32"][-2]) == 0
    assert 0 < float(by_name["torch bfloat16"][-2]) < 0.2
    assert len(by_name["half widths"]) == len(by_name["torch float32"])


@pytest.mark.slow
def test_rules_for_rare_seconds_are_compared(
    drift_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds, fps = 20, 2
    pictures = list(street_pictures(4 * seconds * fps))
    for number in range(4):
        with ClipWriter(tmp_path / f"{number}.mp4", 256, 256, average_fps=fps) as writer:
            for t, picture in enumerate(pictures[number * seconds * fps : (number + 1) * seconds * fps]):
                writer.write(picture, t / fps, 1 / fps)
    command = ["--normal", *(str(tmp_path / f"{number}.mp4") for number in range(4)), "--detector", str(drift_file)]
    command += ["--changed", "1", "--seconds", "5", "--others", "2", "--draws", "1"]
    assert compare_rules([*command, "--measured", str(tmp_path / "measured")]) == 0
    report = capsys.readouterr().out
    head, _, *rows = report.splitlines()
    assert "found: 5 s" in head
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(RULES)
    assert compare_rules([*command, "--measured", str(tmp_path / "measured")]) == 0
    assert capsys.readouterr().out == report
