"""Recordings of an archive analysed: the same as one by one, beside others, in spite of kills and broken files."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engine.__main__ import cli
from engine.analysis.clock import CLOCK
from engine.analysis.runner import analysis_key
from engine.analysis.score_store import ScoreStore
from engine.archive import analysing
from engine.archive.analysing import (
    AnalysisSettings,
    RecordingAnalysed,
    RecordingFailed,
    WorkersDiffer,
    analyse_divided,
    analyse_waiting,
)
from engine.archive.database import Archive
from engine.archive.leases import Leases, wait_again
from engine.archive.scanning import scan
from engine.archive.schema import recordings
from engine.archive.searching import Query, search
from engine.archive.shards import Judge, JudgedShard
from engine.archive.workers import Ended
from engine.commands.progress import finished
from engine.common.errors import Cancelled, ScoreStoreError
from engine.common.events import Progress
from engine.export.tables import read_segments_json
from engine.models.predictor import Predictor
from engine.review.clock import Clock
from engine.review.document import DetectorUsed, JudgedSegment, Recording, Verdict
from engine.scoring.scorers import default_scorer
from engine.scoring.zones import Zone, ZoneKind
from engine.video import open_video
from tests.clips import write_clip
from tests.engine.archive.conftest import LONG_AGO, scanned
from tests.engine.archive.test_dispatching import OwnWorker
from tests.engine.commands.reviews import write_review

ROOT = Path(__file__).parents[3]


@pytest.fixture
def predictor(calibrated_file: Path) -> Predictor:
    return Predictor.open(calibrated_file, "cpu")


@pytest.fixture
def settings(predictor: Predictor, cache: Path) -> AnalysisSettings:
    return settings_of(predictor, cache)


def settings_of(predictor: Predictor, folder: Path, **more: int) -> AnalysisSettings:
    calibration = predictor.settings.calibration
    scorer = default_scorer(calibration)
    detector = DetectorUsed(predictor.settings.name, predictor.fingerprint)
    return AnalysisSettings(detector, calibration, scorer, scorer.rule(100), folder, **more)


def film(path: Path, count: int = 20, seed: int = 0) -> Path:
    """A recording in which all drifts from a third of it on."""
    texture = np.random.default_rng(seed).integers(0, 256, (64, 96 + 2 * count, 3), np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    places = [max(0, n - count // 3) for n in range(count)]
    write_clip(path, [texture[:, 2 * n : 2 * n + 96] for n in places], rate=10)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def work(
    archive: Archive, predictor: Predictor, settings: AnalysisSettings
) -> Iterator[RecordingAnalysed | RecordingFailed]:
    for event in analyse_waiting(Leases(archive), predictor, settings):
        if isinstance(event, RecordingAnalysed | RecordingFailed):
            yield event


def states(archive: Archive) -> dict[str, str]:
    with archive.reading() as connection:
        return {
            path.name: state
            for path, state in connection.execute(sa.select(recordings.c.path, recordings.c.analysis_state))
        }


def test_segments_are_those_of_vad_analyse(
    archive: Archive,
    footage: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    calibrated_file: Path,
    tmp_path: Path,
) -> None:
    video = film(footage / "20260328_100000.mp4")
    scanned(archive, footage)
    assert list(work(archive, predictor, settings)) == [RecordingAnalysed(video, 1)]
    options = ["--detector", str(calibrated_file), "--false-alarms", "100", "--out", str(tmp_path / "out")]
    assert CliRunner().invoke(cli, ["analyse", str(video), *options]).exit_code == 0
    listed = read_segments_json(tmp_path / "out" / f"{video.stem}.segments.json")
    (hit,), (segment,) = list(search(archive, Query())), listed.segments
    assert (hit.start, hit.stop, hit.reason) == (segment.start, segment.stop, *listed.reasons)
    assert hit.peak_score == pytest.approx(segment.peak_score, abs=1e-6)
    assert (hit.detector_name, hit.score, hit.threshold) == ("calibrated", "calibrated", settings.rule.enter)
    assert hit.box is not None
    assert 0 <= hit.box[0] < hit.box[2] <= 1
    assert hit.start_time is not None
    assert list(search(archive, Query(region=(0, 0, 1, 1)))) == [hit]


def test_a_burnt_in_clock_does_not_count(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere = Zone.rectangle(ZoneKind.IGNORED, (0.0, 0.0), (1.0, 1.0), CLOCK)
    monkeypatch.setattr("engine.analysis.clock.find_clock", lambda *_: everywhere)
    video = film(footage / "a.mp4")
    scanned(archive, footage)
    assert list(work(archive, predictor, settings)) == [RecordingAnalysed(video, 0)]
    settings = replace(settings, zones=(Zone.rectangle(ZoneKind.IGNORED, (0.0, 0.0), (0.1, 0.1)),))
    wait_again(archive, "", failed=False)
    assert list(work(archive, predictor, settings)) == [RecordingAnalysed(video, 1)], "zones were given"


def test_verdicts_that_were_there_and_that_come_go_with_what_is_flagged(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings
) -> None:
    video = film(footage / "a.mp4")
    write_review(video, JudgedSegment(start=12, stop=14, verdict=Verdict.CONFIRMED))
    scanned(archive, footage)
    list(work(archive, predictor, settings))
    (hit,) = search(archive, Query())
    assert (hit.verdict, hit.peak_score is not None, hit.stop - hit.start > 2) == (Verdict.CONFIRMED, True, True)
    write_review(video, JudgedSegment(start=12, stop=14, verdict=Verdict.DISMISSED, reason="wind"))
    finished(scan(archive))
    (again,) = search(archive, Query())
    assert (again.verdict, again.verdict_reason) == (Verdict.DISMISSED, "wind")
    assert (again.start, again.stop, again.peak_score, again.box) == (hit.start, hit.stop, hit.peak_score, hit.box)


def test_what_is_found_has_the_time_that_the_review_says(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings
) -> None:
    video = film(footage / "a.mp4")
    write_review(video, clock=Clock(start="2026-03-28T10:00:00+00:00"))
    scanned(archive, footage)
    list(work(archive, predictor, settings))
    (hit,) = search(archive, Query())
    assert hit.start_time == datetime(2026, 3, 28, 10, tzinfo=UTC) + timedelta(seconds=hit.start_seconds)


def test_a_broken_recording_fails_alone(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings
) -> None:
    gone, whole = film(footage / "a.mp4"), film(footage / "b.mp4", seed=1)
    scanned(archive, footage)
    gone.unlink()
    events = list(work(archive, predictor, settings))
    assert [type(each) for each in events] == [RecordingFailed, RecordingAnalysed, RecordingFailed, RecordingFailed]
    assert [each.is_final for each in events if isinstance(each, RecordingFailed)] == [False, False, True]
    assert states(archive) == {gone.name: "failed", whole.name: "done"}


def test_a_recording_that_changed_since_the_scan_is_not_taken_for_the_other(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings
) -> None:
    video = film(footage / "a.mp4")
    scanned(archive, footage)
    film(video, seed=5)
    os.utime(video, (LONG_AGO + 9, LONG_AGO + 9))
    assert "changed since" in str(next(work(archive, predictor, settings)))
    finished(scan(archive))
    assert states(archive) == {"a.mp4": "waiting"}
    assert list(work(archive, predictor, settings)) == [RecordingAnalysed(video, 1)]


def test_a_full_disk_is_no_fault_of_the_recording(
    archive: Archive,
    footage: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    film(footage / "a.mp4")
    scanned(archive, footage)

    def full(*_: object) -> None:
        raise ScoreStoreError("The disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(ScoreStore, "append", full)
        with pytest.raises(ScoreStoreError):
            list(work(archive, predictor, settings))
    assert states(archive) == {"a.mp4": "waiting"}
    assert len(list(work(archive, predictor, settings))) == 1


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("can't start new thread"), av.error.BlockingIOError(11, "")]
)
def test_too_little_memory_for_a_recording_is_said_and_the_others_go_on(
    archive: Archive,
    footage: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    film(footage / "a.mp4")
    film(footage / "b.mp4", seed=1)
    scanned(archive, footage)
    opened = analysing.open_video

    def open_small(path: Path, *more: object) -> object:
        if path.name == "a.mp4":
            raise error
        return opened(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(analysing, "open_video", open_small)
    told = [str(each) for each in work(archive, predictor, settings) if isinstance(each, RecordingFailed)]
    assert told
    assert all("memory of this machine does not suffice" in each for each in told)
    assert states(archive) == {"a.mp4": "failed", "b.mp4": "done"}


def test_stopped_it_goes_on_from_there(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings
) -> None:
    video = film(footage / "a.mp4", 60)
    scanned(archive, footage)
    asked = itertools.count()
    with pytest.raises(Cancelled):
        list(analyse_waiting(Leases(archive), predictor, settings, lambda: next(asked) > 80))
    assert states(archive) == {"a.mp4": "waiting"}
    with (
        open_video(video) as source,
        ScoreStore(settings.folder, analysis_key(source, predictor, settings.scorer.sampling)) as store,
    ):
        assert 0 < len(store) < 59
    assert list(work(archive, predictor, settings)) == [RecordingAnalysed(video, 1)]


def test_what_was_found_in_a_file_that_changed_meanwhile_is_not_kept(
    archive: Archive,
    footage: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    video, other = film(footage / "a.mp4"), film(footage / "b.mp4", seed=1)
    scanned(archive, footage)
    real = analysing.recording_review

    def changes(path: Path, fingerprint: str) -> Recording | None:
        if path == video:
            film(video, 30, seed=2)
            finished(scan(archive))
        monkeypatch.setattr(analysing, "recording_review", real)
        return real(path, fingerprint)

    monkeypatch.setattr(analysing, "recording_review", changes)
    ended = list(work(archive, predictor, settings))
    assert {event.path for event in ended} == {video, other}
    (hit,) = [each for each in search(archive, Query()) if each.path == video]
    assert 20 <= hit.stop <= 30


class _Replacing(OwnWorker):
    """Puts another recording in the place of one that has just been judged."""

    def wait(self, seconds: float) -> list[Ended]:
        ended = super().wait(seconds)
        for each in ended:
            if isinstance(each.outcome, JudgedShard):
                film(each.shard.path, seed=5)
        return ended


def test_of_a_recording_that_changed_once_all_was_judged_nothing_is_kept(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings
) -> None:
    video = film(footage / "a.mp4")
    scanned(archive, footage)
    with open_video(video) as source:
        key = analysis_key(source, predictor, settings.scorer.sampling)
    workers = _Replacing(Judge(predictor, settings.scorer.sampling))
    failed = [each for each in analyse_divided(Leases(archive), workers, settings) if isinstance(each, RecordingFailed)]
    workers.close()
    assert "changed since" in str(failed[0])
    with ScoreStore(settings.folder, key) as store:
        assert len(store) == 0


def test_a_recording_that_cant_be_read_once_all_was_judged_fails_alone(
    archive: Archive,
    footage: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    film(footage / "a.mp4")
    film(footage / "b.mp4", seed=1)
    scanned(archive, footage)
    opened = analysing.open_video

    def fail(path: Path, *more: object) -> object:
        if path.name == "a.mp4":
            raise OSError(errno.EIO, "Input/output error")
        return opened(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(analysing, "open_video", fail)
    workers = OwnWorker(Judge(predictor, settings.scorer.sampling))
    failed = [each for each in analyse_divided(Leases(archive), workers, settings) if isinstance(each, RecordingFailed)]
    workers.close()
    assert failed
    assert all("can't be read from where it is" in str(each.error) for each in failed)
    assert states(archive) == {"a.mp4": "failed", "b.mp4": "done"}


def test_progress_has_the_rate_of_all_workers(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings
) -> None:
    """One recording comes back every second."""
    for name, count in (("a.mp4", 20), ("b.mp4", 10)):
        film(footage / name, count)
    scanned(archive, footage)
    seconds = itertools.count()
    worker = OwnWorker(Judge(predictor, settings.scorer.sampling))
    events = analyse_divided(Leases(archive), worker, settings, clock=lambda: next(seconds))
    told = [(each.done, each.total, each.per_second) for each in events if isinstance(each, Progress)]
    worker.close()
    assert told == [(20, 20, 20.0), (10, 10, 15.0)]


def test_workers_that_differ_are_told_once(
    archive: Archive, footage: Path, predictor: Predictor, settings: AnalysisSettings
) -> None:
    class Mixed(OwnWorker):
        kinds = ("CPU, bfloat16", "CPU, float32")

    for number in range(2):
        film(footage / f"{number}.mp4", 10, seed=number)
    scanned(archive, footage)
    worker = Mixed(Judge(predictor, settings.scorer.sampling))
    events = list(analyse_divided(Leases(archive), worker, settings))
    worker.close()
    assert [each for each in events if isinstance(each, WorkersDiffer)] == [WorkersDiffer(Mixed.kinds)]
    assert sum(isinstance(each, RecordingAnalysed) for each in events) == 2


def test_stores_keep_to_their_room(archive: Archive, footage: Path, predictor: Predictor, cache: Path) -> None:
    for number in range(3):
        film(footage / f"{number}.mp4", seed=number)
    scanned(archive, footage)
    small = settings_of(predictor, cache, max_bytes=1)
    assert len(list(work(archive, predictor, small))) == 3
    assert len(list(cache.glob("*.sqlite3"))) == 0


def vad(place: str, detector: Path, *options: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tests.tiny",
        "archive",
        "analyse",
        "--archive",
        place,
        "--detector",
        str(detector),
    ]
    return subprocess.Popen(
        [*command, "--device", "cpu", "--false-alarms", "100", *options],
        **{"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True},
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


@pytest.mark.slow
def test_two_processes_never_do_the_same(
    archive: Archive, place: str, footage: Path, calibrated_file: Path, cache: Path
) -> None:
    for number in range(6):
        film(footage / f"{number}.mp4", seed=number)
    scanned(archive, footage)
    running = [vad(place, calibrated_file) for _ in range(2)]
    told = [process.communicate(timeout=200) for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    lines = [line for out, _ in told for line in out.splitlines()]
    assert sorted(line.split("/")[-1].split(":")[0] for line in lines) == [f"{number}.mp4" for number in range(6)]
    assert set(states(archive).values()) == {"done"}
    assert len(list(cache.glob("*.sqlite3"))) == 6


@pytest.mark.slow
def test_a_killed_processs_recording_is_taken_over_where_it_was(
    archive: Archive,
    footage: Path,
    place: str,
    calibrated_file: Path,
    predictor: Predictor,
    settings: AnalysisSettings,
) -> None:
    film(footage / "a.mp4", 120)
    scanned(archive, footage)
    process = vad(place, calibrated_file, "--lease", "10")
    ends = time.monotonic() + 100
    try:
        while not list(settings.folder.glob("*-wal")) and time.monotonic() < ends and process.poll() is None:
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert states(archive) == {"a.mp4": "running"}
    taken: list[object] = []
    while not taken and time.monotonic() < ends:
        time.sleep(0.5)
        taken = list(work(archive, predictor, settings))
    assert [type(each) for each in taken] == [RecordingAnalysed]


def test_the_command_says_what_it_did(
    footage: Path, calibrated_file: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del cache
    gone = film(footage / "a.mp4")
    film(footage / "b.mp4", seed=1)
    monkeypatch.setenv("VADGUI_ARCHIVE", str(tmp_path / "site.archive"))
    assert CliRunner().invoke(cli, ["archive", "scan", str(footage)]).exit_code == 0
    gone.unlink()
    options = ["archive", "analyse", "--detector", str(calibrated_file), "--false-alarms", "100", "--device", "cpu"]
    result = CliRunner().invoke(cli, [*options, "--attempts", "1"])
    assert (result.exit_code, "b.mp4: 1 segment" in result.stdout) == (1, True)
    assert "1 recording analysed, 1 failed." in result.stderr
    assert "unusual" in (found := CliRunner().invoke(cli, ["archive", "search"]).stdout) or "rare motion" in found
    again = CliRunner().invoke(cli, [*options, "--retry", "--attempts", "1", "--quiet"])
    assert (again.exit_code, again.stdout) == (1, "")


def test_the_command_says_what_other_processes_have(
    archive: Archive, footage: Path, place: str, calibrated_file: Path, cache: Path
) -> None:
    del cache
    film(footage / "a.mp4")
    scanned(archive, footage)
    leases = Leases(archive)
    taken = leases.take()
    assert taken
    options = ["archive", "analyse", "--archive", place, "--detector", str(calibrated_file), "--device", "cpu"]
    result = CliRunner().invoke(cli, options)
    assert "0 recordings analysed, 0 failed." in result.stderr
    assert "1 recording is with other processes" in result.stderr
    leases.release(taken)
    assert "other processes" not in CliRunner().invoke(cli, options).stderr
