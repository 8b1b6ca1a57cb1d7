from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from tests.clips import make_clip


def calibrate(detector: Path, footage: Path, out: Path, *options: str) -> Result:
    arguments = ["calibrate", "--detector", detector, "--footage", footage, "--out", out, "--device", "cpu", "--quiet"]
    return CliRunner().invoke(cli, [str(each) for each in (*arguments, *options)])


@pytest.mark.slow
def test_of_footage_that_nobody_reviewed_no_number_of_false_alarms_is_told(detector_file: Path, tmp_path: Path) -> None:
    video, found = make_clip(tmp_path / "slow.mp4", 60, fps=1), tmp_path / "calibrated.safetensors"
    ran = calibrate(detector_file, video, found, "--unreviewed")
    assert ran.exit_code == 0, ran.output
    assert "nobody reviewed the footage: how many false alarms a threshold gives is not known" in ran.stdout
    assert "expected" not in ran.stdout
    analysed = CliRunner().invoke(
        cli, ["analyse", str(video), "--detector", str(found), "--out", str(tmp_path / "out"), "--false-alarms", "600"]
    )
    assert analysed.exit_code == 0, analysed.output
    assert "no number can be promised: nobody reviewed the" in analysed.stdout
    assert "expected" not in analysed.stdout


@pytest.mark.slow
def test_a_full_disk_is_told(detector_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("engine.models.detector.save_detector", full)
    ran = calibrate(detector_file, make_clip(tmp_path / "slow.mp4", 40, fps=1), tmp_path / "calibrated.safetensors")
    assert ran.exit_code == 1, ran.output
    assert "The disk is full" in ran.stderr


def test_a_folder_that_may_not_be_written_is_told_before_the_work(
    detector_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.commands.detector_option.may_write", lambda folder: folder != tmp_path)
    ran = calibrate(detector_file, tmp_path / "there is none.mp4", tmp_path / "calibrated.safetensors")
    assert ran.exit_code == 1, ran.output
    assert "You may not write there" in ran.stderr


def test_the_detector_that_is_calibrated_is_not_replaced(detector_file: Path, tmp_path: Path) -> None:
    before = detector_file.read_bytes()
    ran = calibrate(detector_file, make_clip(tmp_path / "slow.mp4", 40, fps=1), detector_file)
    assert ran.exit_code == 1, ran.output
    assert "This is the detector that is to be calibrated" in ran.stderr
    assert detector_file.read_bytes() == before
