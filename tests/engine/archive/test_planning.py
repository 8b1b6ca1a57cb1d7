"""What the analysis of an archive costs, by a measured part of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.__main__ import cli
from engine.archive.database import Archive
from engine.archive.planning import ArchivePlan, MeasuredMinute, plan_archive
from engine.common.errors import ArchiveError
from engine.models.predictor import Predictor
from engine.scoring.sampling import SAMPLED
from tests.engine.archive.conftest import scanned
from tests.engine.archive.test_analysing import film


def test_workers_and_hours_follow_from_the_speed() -> None:
    measured = MeasuredMinute(Path("a.mp4"), 60, 10, 1, 60_000)
    plan = ArchivePlan(measured, 400)
    assert plan.speed == 6
    assert plan.hours_for(400, 4) == pytest.approx(16.67, abs=0.01)
    # Six hours an hour, busy for 19.2 hours a day: 115.2 hours a day.
    assert [plan.workers_for(hours) for hours in (1, 115, 116, 400)] == [1, 1, 2, 4]
    assert plan.stored_bytes_an_hour == 3_600_000


def test_a_part_of_the_longest_recording_is_measured_and_nothing_stored(
    footage: Path, calibrated_file: Path, cache: Path, tmp_path: Path
) -> None:
    film(footage / "a.mp4", 20)
    long = film(footage / "b.mp4", 60)
    predictor = Predictor.open(calibrated_file, "cpu")
    with Archive(str(tmp_path / "archive"), create=True) as archive:
        scanned(archive, footage)
        plan = plan_archive(archive, predictor, SAMPLED)
    assert plan.measured.path == long
    assert plan.measured.footage_seconds == pytest.approx(6 - 16 * 0.2, abs=0.5)
    assert plan.waiting_hours == pytest.approx(8 / 3600)
    assert plan.measured.work_seconds > 0
    assert not cache.exists()


def test_without_a_recording_that_is_long_enough_it_says_so(
    footage: Path, calibrated_file: Path, tmp_path: Path
) -> None:
    predictor = Predictor.open(calibrated_file, "cpu")
    with Archive(str(tmp_path / "archive"), create=True) as archive:
        with pytest.raises(ArchiveError, match="no recording"):
            plan_archive(archive, predictor, SAMPLED)
        film(footage / "a.mp4", 20)
        scanned(archive, footage)
        with pytest.raises(ArchiveError, match="too short"):
            plan_archive(archive, predictor, SAMPLED)


def test_the_command_says_how_many_workers_keep_up(
    footage: Path, calibrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film(footage / "a.mp4", 60)
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)
    monkeypatch.setenv("VADGUI_ARCHIVE", str(tmp_path / "archive"))
    assert CliRunner().invoke(cli, ["archive", "scan", str(footage)]).exit_code == 0
    command = ["archive", "plan", "--detector", str(calibrated_file), "--device", "cpu", "--hours-a-day", "400"]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 0, result.output
    assert "400 hours a day: " in result.stdout
    content = json.loads(CliRunner().invoke(cli, [*command, "--json", "--workers", "3"]).stdout)
    assert (content["workers"], content["workers_needed"] >= 1) == (3, True)
