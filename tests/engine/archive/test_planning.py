"""What the analysis of an archive costs, by a measured part of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.__main__ import cli
from engine.archive.database import Archive
from engine.archive.planning import ArchivePlan, MeasuredMinute, plan_archive
from engine.commands.archive.plan import plan_in_words
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
    assert "6 s of footage to analyse: " in result.stdout
    assert "400 hours a day: " in result.stdout
    assert "MB for an hour of footage" in result.stdout
    content = json.loads(CliRunner().invoke(cli, [*command, "--json", "--workers", "3"]).stdout)
    assert (content["workers"], content["workers_needed"] >= 1) == (3, True)


@pytest.mark.parametrize(
    ("option", "value", "limit"),
    [
        ("--hours-a-day", "1e300", "1000000"),
        ("--hours-a-day", "0", "0<x"),
        ("--workers", "1000000000000", "100000"),
        ("--cores", "1000000000000", "1024"),
    ],
)
def test_absurd_numbers_are_refused_with_the_limit(
    option: str, value: str, limit: str, calibrated_file: Path, tmp_path: Path
) -> None:
    place = str(tmp_path / "archive")
    Archive(place, create=True).close()
    command = ["archive", "plan", "--detector", str(calibrated_file), "--archive", place, option, value]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 2
    assert option in result.stderr
    assert limit in result.stderr


def test_the_plan_is_told_in_plain_words(tmp_path: Path) -> None:
    plan = ArchivePlan(MeasuredMinute(tmp_path / "a.mp4", 60, 10, 1, 60_000), 400)
    assert list(plan_in_words(plan, "cpu", 1, 1e6))[1:] == [
        "One worker does 6 hours of footage an hour.",
        "17 days of footage to analyse: 2.8 days with 1 worker.",
        "Stored analyses: 3.6 MB for an hour of footage.",
        "1,000,000 hours a day: 8,681 workers to keep up; 3,600.0 GB of analyses a day.",
    ]
    assert "All footage is analysed." in list(plan_in_words(replace(plan, waiting_hours=0), "cpu", 1, None))
