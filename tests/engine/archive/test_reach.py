"""A share or disk that is away for a while: its recordings wait for it."""

# ruff: noqa: F811 - fixtures

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engine.__main__ import cli
from engine.archive import analysing, reach
from engine.archive.analysing import (
    AnalysisSettings,
    Event,
    FoldersOutOfReach,
    RecordingAnalysed,
    RecordingFailed,
    analyse_divided,
    analyse_waiting,
)
from engine.archive.database import Archive
from engine.archive.leases import Leases
from engine.archive.reach import Reach
from engine.archive.schema import recordings
from engine.archive.shards import Judge
from engine.common.errors import Cancelled
from engine.common.events import ShouldStop, never_stop
from engine.common.reach import is_out_of_reach
from engine.models.predictor import Predictor
from tests.engine.archive.conftest import scanned
from tests.engine.archive.test_analysing import film, predictor, settings, states  # noqa: F401
from tests.engine.archive.test_dispatching import OwnWorker


def test_what_is_out_of_reach(tmp_path: Path) -> None:
    folder = tmp_path / "mounted" / "cam"
    folder.mkdir(parents=True)
    assert is_out_of_reach(folder)  # empty, as where nothing is mounted
    (folder / "a.mp4").touch()
    assert not is_out_of_reach(folder)
    unmount(folder)
    assert is_out_of_reach(folder)
    folder.rmdir()
    assert is_out_of_reach(folder)  # below a mount point that is empty
    (folder.parent / "cam 2").mkdir()
    assert not is_out_of_reach(folder)  # renamed


def test_a_folder_is_looked_at_now_and_then(tmp_path: Path) -> None:
    seconds = [0.0]
    known = Reach(lambda: seconds[0])
    assert known.is_missing(tmp_path)
    (tmp_path / "a.mp4").touch()
    assert known.missing() == [tmp_path]
    seconds[0] = reach.LOOK_AGAIN_SECONDS
    assert known.missing() == []


def unmount(folder: Path) -> None:
    folder.rename(_server(folder))
    folder.mkdir()


def mount(folder: Path) -> None:
    folder.rmdir()
    _server(folder).rename(folder)


def _server(folder: Path) -> Path:
    return folder.parent.with_name(f"{folder.parent.name} server")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "LOOK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(analysing, "FOLDER_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(analysing, "_WAIT_SECONDS", 0.01)


@pytest.fixture(params=["alone", "divided"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def events(
    way: str, archive: Archive, predictor: Predictor, settings: AnalysisSettings, should_stop: ShouldStop = never_stop
) -> Generator[Event, None, None]:
    leases = Leases(archive)
    if way == "alone":
        yield from analyse_waiting(leases, predictor, settings, should_stop)
        return
    worker = OwnWorker(Judge(predictor, settings.scorer.sampling))
    yield from analyse_divided(leases, worker, settings, should_stop)
    worker.close()


@pytest.mark.usefixtures("quick")
def test_recordings_of_a_share_that_was_away_are_analysed_once_it_is_back(
    archive: Archive,
    footage: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    way: str,
) -> None:
    for number in range(3):
        film(footage / f"{number}.mp4", seed=number)
    scanned(archive, footage)
    done, missing = [], []
    unmount(footage)
    for event in events(way, archive, predictor, settings):
        match event:
            case RecordingAnalysed():
                done.append(event.path.name)
            case RecordingFailed():
                assert not event.is_final
            case FoldersOutOfReach():
                missing.append(event)
                assert set(states(archive).values()) == {"waiting"}
                mount(footage)
    assert missing == [FoldersOutOfReach([footage], is_final=False)]
    assert sorted(done) == ["0.mp4", "1.mp4", "2.mp4"]
    with archive.reading() as connection:
        assert set(connection.execute(sa.select(recordings.c.attempts)).scalars()) == {0}


@pytest.mark.usefixtures("quick")
def test_a_share_that_stays_away_fails_no_recording(
    archive: Archive,
    footage: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    way: str,
) -> None:
    film(footage / "a.mp4")
    scanned(archive, footage)
    unmount(footage)
    told = list(events(way, archive, predictor, settings))
    assert told[-2:] == [FoldersOutOfReach([footage], is_final=each) for each in (False, True)]
    assert states(archive) == {"a.mp4": "waiting"}
    mount(footage)
    assert RecordingAnalysed(footage / "a.mp4", 1) in list(events(way, archive, predictor, settings))


@pytest.mark.usefixtures("quick")
def test_waiting_for_a_share_can_be_stopped(
    archive: Archive,
    footage: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(analysing, "FOLDER_PATIENCE_SECONDS", 1e9)
    film(footage / "a.mp4")
    scanned(archive, footage)
    unmount(footage)
    told: set[type[Event]] = set()
    with pytest.raises(Cancelled):  # noqa: PT012 - events come one by one
        for event in events("alone", archive, predictor, settings, lambda: FoldersOutOfReach in told):
            told.add(type(event))
    assert states(archive) == {"a.mp4": "waiting"}


@pytest.mark.usefixtures("quick")
def test_others_are_analysed_meanwhile(
    archive: Archive,
    footage: Path,
    tmp_path: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    way: str,
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    film(footage / "a.mp4")
    film(other / "b.mp4", seed=1)
    scanned(archive, footage)
    scanned(archive, other)
    unmount(footage)
    list(events(way, archive, predictor, settings))
    assert states(archive) == {"a.mp4": "waiting", "b.mp4": "done"}


@pytest.mark.usefixtures("quick")
def test_the_command_tells_what_it_waits_for(footage: Path, calibrated_file: Path, tmp_path: Path) -> None:
    film(footage / "a.mp4")
    place = str(tmp_path / "archive.sqlite3")
    assert CliRunner().invoke(cli, ["archive", "scan", str(footage), "--archive", place]).exit_code == 0
    unmount(footage)
    ended = CliRunner().invoke(
        cli, ["archive", "analyse", "--archive", place, "--detector", str(calibrated_file), "--device", "cpu"]
    )
    assert ended.exit_code == 1
    assert f"Waiting for a disk or share that can't be reached: {footage}" in ended.output
    assert f"Out of reach for too long: {footage}" in ended.output
    with sqlite3.connect(place) as connection:
        assert connection.execute("SELECT analysis_state, attempts FROM recordings").fetchall() == [("waiting", 0)]
