"""What a scan makes of files that come, change, grow, break, move and go."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.archive import scanning
from engine.archive.cameras import CameraRule
from engine.archive.database import Archive
from engine.archive.scanning import remember_folder, scan
from engine.archive.schema import AnalysisState, recordings, segments
from engine.archive.searching import Query, counts, search
from engine.commands.progress import finished
from engine.common.errors import ArchiveError
from engine.review.chosen_places import remember_place
from engine.review.clock import Clock
from engine.review.document import JudgedSegment, Verdict
from engine.review.files import own_path, personal_path, usual_path
from engine.video.fingerprint import file_fingerprint
from tests.at_once import run_at_once
from tests.engine.archive.conftest import LONG_AGO, MakeRecording, scanned
from tests.engine.commands.reviews import write_review

SCANNER = """
import sys
from pathlib import Path
from engine.archive.database import Archive
from engine.archive.scanning import remember_folder, scan
from engine.commands.progress import finished
print("ready", flush=True)
for line in sys.stdin:
    with Archive(sys.argv[1], create=True) as archive:
        remember_folder(archive, Path(line.strip()), None)
        finished(scan(archive, [Path(line.strip())]))
"""


def rows(archive: Archive, table: sa.Table = recordings) -> list[Mapping[Any, Any]]:
    with archive.reading() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key)).mappings())


def states(archive: Archive) -> dict[str, str]:
    return {row["path"].name: row["file_state"] for row in rows(archive)}


def test_recordings_have_camera_content_and_time(archive: Archive, footage: Path, record: MakeRecording) -> None:
    record("north/2026-03-28/20260328_100000.mp4", count=50)
    record("south/undated.mp4")
    (footage / "north" / "notes.txt").write_text("no video")
    report = scanned(archive, footage, rule=CameraRule("site", "{camera}/**"))
    assert (report.files, report.added, report.problems) == (2, 2, [])
    dated, undated = rows(archive)
    assert (dated["camera"], undated["camera"]) == ("north", "south")
    start = datetime(2026, 3, 28, 10).astimezone(UTC)
    assert (dated["start_time"], dated["stop_time"]) == (start, start + timedelta(seconds=10))
    assert (undated["start_time"], undated["duration_seconds"]) == (None, 2)
    assert dated["fingerprint"] != undated["fingerprint"] != ""


def test_what_did_not_change_is_not_opened(
    archive: Archive, footage: Path, record: MakeRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    record("a.mp4")
    scanned(archive, footage)
    monkeypatch.setattr(scanning, "read_header", lambda path: pytest.fail(f"opened {path}"))
    report = finished(scan(archive))
    assert (report.files, report.added, report.changed) == (1, 0, 0)


def test_a_growing_file_is_left_alone_until_it_rests(archive: Archive, footage: Path, record: MakeRecording) -> None:
    now = time.time()
    path = record("a.mp4", modified=now - 5)
    assert scanned(archive, footage).growing == 1
    assert states(archive) == {"a.mp4": "growing"}
    assert rows(archive)[0]["fingerprint"] == ""
    # A share whose clock is wrong: it seems to rest, but has grown since the last look.
    with path.open("ab") as file:
        file.write(bytes(100))
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert scanned(archive, footage).growing == 1
    assert scanned(archive, footage).growing == 0
    assert states(archive) == {"a.mp4": "present"}


def test_a_file_from_the_future_is_taken_once_its_size_stays(
    archive: Archive, footage: Path, record: MakeRecording
) -> None:
    """As a recorder writes it whose clock is ahead."""
    path = record("a.mp4", modified=time.time() + 86_400)
    assert scanned(archive, footage).growing == 1
    with path.open("ab") as file:
        file.write(bytes(100))
    os.utime(path, (time.time() + 86_400,) * 2)
    assert scanned(archive, footage).growing == 1
    assert scanned(archive, footage).growing == 0
    assert states(archive) == {"a.mp4": "present"}
    assert (report := scanned(archive, footage)).growing == 0
    assert report.changed == 0


def test_a_clock_that_is_set_back_makes_nothing_grow(archive: Archive, footage: Path, record: MakeRecording) -> None:
    path = record("a.mp4", count=50)
    scanned(archive, footage)
    write_review(path, JudgedSegment(start=5, stop=10, verdict=Verdict.CONFIRMED))
    report = finished(scan(archive, clock=lambda: LONG_AGO - 86_400))
    assert (report.growing, report.reviewed) == (0, 1)
    assert states(archive) == {"a.mp4": "present"}


def test_a_broken_file_is_named_with_its_reason_and_read_again_once_it_is_whole(
    archive: Archive, footage: Path, record: MakeRecording
) -> None:
    path = footage / "a.mp4"
    path.write_bytes(b"no video at all" * 100)
    os.utime(path, (LONG_AGO, LONG_AGO))
    record("b.mp4")
    report = scanned(archive, footage)
    assert [error.subject for error in report.problems] == [str(path)]
    assert states(archive) == {"a.mp4": "broken", "b.mp4": "present"}
    assert "can't be opened as a video" in rows(archive)[0]["problem"]
    record("a.mp4", 30)
    assert scanned(archive, footage).problems == []
    assert states(archive) == {"a.mp4": "present", "b.mp4": "present"}


def test_files_that_went_are_missing_and_back_when_they_are(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path
) -> None:
    path = record("a.mp4")
    record("b.mp4", 20)
    scanned(archive, footage)
    shutil.move(path, tmp_path / "elsewhere")
    assert scanned(archive, footage).missing == 1
    assert scanned(archive, footage).missing == 0
    assert states(archive) == {"a.mp4": "missing", "b.mp4": "present"}
    shutil.move(tmp_path / "elsewhere", path)
    scanned(archive, footage)
    assert states(archive) == {"a.mp4": "present", "b.mp4": "present"}


def test_a_share_that_is_not_mounted_loses_nothing(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path
) -> None:
    record("a.mp4")
    scanned(archive, footage)
    footage.rename(tmp_path / "unmounted")
    (report,) = [finished(scan(archive))]
    assert "can't be read" in str(report.problems[0])
    footage.mkdir()
    report = finished(scan(archive))
    assert "mounted" in str(report.problems[0])
    assert states(archive) == {"a.mp4": "present"}


def test_a_moved_recording_keeps_its_number_and_gets_its_new_camera(
    archive: Archive, footage: Path, record: MakeRecording
) -> None:
    path = record("north/a.mp4")
    scanned(archive, footage, rule=CameraRule("site", "{camera}/**"))
    (before,) = rows(archive)
    (footage / "south").mkdir()
    path.rename(footage / "south" / "renamed.mp4")
    report = finished(scan(archive))
    assert (report.moved, report.added) == (1, 0)
    (after,) = rows(archive)
    assert after["id"] == before["id"]
    assert (after["path"].name, after["camera"], after["file_state"]) == ("renamed.mp4", "south", "present")


def test_a_recording_may_move_to_another_folder(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path
) -> None:
    path = record("a.mp4")
    record("b.mp4", 20)
    (tmp_path / "archived").mkdir()
    scanned(archive, tmp_path / "archived", footage)
    path.rename(tmp_path / "archived" / "a.mp4")
    assert finished(scan(archive)).moved == 1
    assert [row["path"].parent.name for row in rows(archive)] == ["archived", "footage"]


@pytest.mark.parametrize("scans_all", [False, True])
def test_recordings_of_a_renamed_folder_keep_what_is_known_of_them(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path, scans_all: bool
) -> None:
    write_review(record("day/a.mp4", count=50), JudgedSegment(start=5, stop=10, verdict=Verdict.CONFIRMED))
    record("b.mp4", 100)
    scanned(archive, footage)
    with archive.changing() as connection:
        connection.execute(sa.update(recordings).values(analysis_state=AnalysisState.DONE))
    before = [row["id"] for row in rows(archive)]
    renamed = footage.rename(tmp_path / "renamed")
    remember_folder(archive, renamed, None)
    report = finished(scan(archive, () if scans_all else [renamed]))
    assert (report.moved, report.added, report.left) == (2, 0, [footage])
    assert [row["id"] for row in rows(archive)] == before
    assert {row["path"].relative_to(renamed).name for row in rows(archive)} == {"a.mp4", "b.mp4"}
    assert {row["analysis_state"] for row in rows(archive)} == {AnalysisState.DONE}
    assert [row["verdict"] for row in rows(archive, segments)] == ["confirmed"]
    assert finished(scan(archive)).problems == []


@pytest.mark.parametrize("is_mount_point_there", [False, True])
def test_a_copy_is_no_move_while_the_share_of_the_original_is_not_mounted(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path, is_mount_point_there: bool
) -> None:
    record("site/a.mp4")
    scanned(archive, footage / "site")
    copies = shutil.copytree(footage, tmp_path / "copies")
    shutil.rmtree(footage / "site")
    if is_mount_point_there:
        (footage / "site").mkdir()
    report = scanned(archive, copies)
    assert (report.moved, report.added, report.left) == (0, 1, [])
    assert {row["file_state"] for row in rows(archive)} == {"present"}


def test_another_rule_renames_cameras_without_opening_files(
    archive: Archive, footage: Path, record: MakeRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    record("ch1/a.mp4")
    record("ch2/b.mp4", 20)
    scanned(archive, footage)
    assert {row["camera"] for row in rows(archive)} == {footage.name}
    monkeypatch.setattr(scanning, "read_header", lambda path: pytest.fail(f"opened {path}"))
    scanned(archive, footage, rule=CameraRule("site", "{camera}/**", (("ch1/*", "North gate"),)))
    assert [row["camera"] for row in rows(archive)] == ["North gate", "ch2"]
    finished(scan(archive))
    assert [row["camera"] for row in rows(archive)] == ["North gate", "ch2"]


def test_folders_in_one_another_are_refused(archive: Archive, footage: Path, record: MakeRecording) -> None:
    record("sub/a.mp4")
    scanned(archive, footage)
    for folder in (footage / "sub", footage.parent):
        with pytest.raises(ArchiveError, match="already"):
            remember_folder(archive, folder, None)
    with pytest.raises(ArchiveError, match="no such folder"):
        remember_folder(archive, footage / "none", None)


def test_verdicts_come_from_the_review_beside_whenever_it_changed(
    archive: Archive, footage: Path, record: MakeRecording
) -> None:
    path = record("20260328_100000.mp4", count=50)
    write_review(path, JudgedSegment(start=5, stop=10, verdict=Verdict.CONFIRMED, note="a thief", who="Kim"))
    assert scanned(archive, footage).reviewed == 1
    (segment,) = rows(archive, segments)
    assert (segment["start"], segment["stop"], segment["start_seconds"], segment["stop_seconds"]) == (5, 10, 1, 2)
    assert segment["start_time"] == datetime(2026, 3, 28, 10, 0, 1).astimezone(UTC)
    assert (segment["verdict"], segment["note"], segment["reviewer"]) == ("confirmed", "a thief", "Kim")
    assert finished(scan(archive)).reviewed == 0
    dismissed = JudgedSegment(start=5, stop=10, verdict=Verdict.DISMISSED, reason="shadow", when="2026")
    write_review(path, dismissed, JudgedSegment(start=20, stop=30, verdict=Verdict.UNSURE))
    assert finished(scan(archive)).reviewed == 1
    assert [row["verdict"] for row in rows(archive, segments)] == ["dismissed", "unsure"]
    assert counts(archive)[0].verdicts == {"dismissed": 1, "unsure": 1}


def test_verdicts_come_from_a_review_that_was_saved_elsewhere(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path
) -> None:
    path = record("a.mp4", 300, 50)
    scanned(archive, footage)
    elsewhere = tmp_path / "case.review.json"

    def save(verdict: Verdict) -> None:
        write_review(path, JudgedSegment(start=5, stop=10, verdict=verdict)).replace(elsewhere)

    save(Verdict.CONFIRMED)
    remember_place(rows(archive)[0]["fingerprint"], elsewhere)
    assert finished(scan(archive)).reviewed == 1
    assert [row["verdict"] for row in rows(archive, segments)] == ["confirmed"]
    assert finished(scan(archive)).reviewed == 0
    save(Verdict.DISMISSED)
    assert finished(scan(archive)).reviewed == 1
    assert [row["verdict"] for row in rows(archive, segments)] == ["dismissed"]


def test_verdicts_come_into_a_new_archive_from_a_review_saved_elsewhere(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path
) -> None:
    path = record("a.mp4", 400, 50)
    elsewhere = tmp_path / "case.review.json"
    write_review(path, JudgedSegment(start=5, stop=10, verdict=Verdict.CONFIRMED)).replace(elsewhere)
    remember_place(file_fingerprint(path), elsewhere)
    assert scanned(archive, footage).reviewed == 1


@pytest.mark.parametrize("is_personal", [False, True])
def test_verdicts_of_a_recording_with_a_long_name_come_from_its_review(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path, is_personal: bool
) -> None:
    path = record(f"{'n' * 240}.mp4", count=50)
    short = record("short.mp4", count=50)
    place = (personal_path if is_personal else own_path)(path, file_fingerprint(path))
    place.parent.mkdir(parents=True, exist_ok=True)
    write_review(short, JudgedSegment(start=5, stop=10, verdict=Verdict.CONFIRMED)).replace(place)
    short.rename(tmp_path / "short.mp4")
    assert scanned(archive, footage).reviewed == 1
    assert finished(scan(archive)).reviewed == 0
    place.unlink()
    assert finished(scan(archive)).reviewed == 1
    assert rows(archive, segments) == []


def test_times_are_by_the_clock_that_the_review_has(archive: Archive, footage: Path, record: MakeRecording) -> None:
    path = record("20260328_100000.mp4", count=50)
    recorders = datetime(2026, 3, 28, 10).astimezone(UTC)
    judged = JudgedSegment(start=5, stop=10, verdict=Verdict.CONFIRMED)

    def told() -> list[datetime]:
        (recording,), (segment,) = rows(archive), rows(archive, segments)
        return [recording["start_time"], recording["stop_time"], segment["start_time"]]

    def times_from(start: datetime) -> list[datetime]:
        return [start + timedelta(seconds=seconds) for seconds in (0, 10, 1)]

    write_review(path, judged, clock=Clock(offset_seconds=3600.0))
    scanned(archive, footage)
    set_right = times_from(recorders + timedelta(hours=1))
    assert told() == set_right
    hit = next(search(archive, Query(begins_from=recorders + timedelta(minutes=30))))
    assert hit.start_time == set_right[2]
    os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))
    finished(scan(archive))
    assert told() == set_right
    write_review(path, judged)
    finished(scan(archive))
    assert told() == times_from(recorders)


def test_a_review_that_cant_be_read_is_named_and_the_recording_stays(
    archive: Archive, footage: Path, record: MakeRecording
) -> None:
    path = record("a.mp4")
    usual_path(path).write_text("{}")
    report = scanned(archive, footage)
    assert "damaged" in str(report.problems[0])
    assert states(archive) == {"a.mp4": "present"}
    assert len(finished(scan(archive)).problems) == 1


def test_another_recording_under_an_old_name_begins_anew(
    archive: Archive, footage: Path, record: MakeRecording
) -> None:
    path = record("a.mp4", count=50)
    write_review(path, JudgedSegment(start=5, stop=10, verdict=Verdict.CONFIRMED))
    scanned(archive, footage)
    usual_path(path).unlink()
    record("a.mp4", 100, modified=LONG_AGO + 1)
    assert finished(scan(archive)).changed == 1
    assert rows(archive, segments) == []


@pytest.mark.parametrize("goes_meanwhile", [False, True])
def test_a_recording_that_was_replaced_is_read_once_it_rests(
    archive: Archive, footage: Path, record: MakeRecording, tmp_path: Path, goes_meanwhile: bool
) -> None:
    now = time.time()
    record("a.mp4")
    record("b.mp4", 200)
    scanned(archive, footage)
    before = rows(archive)[0]
    path = record("a.mp4", 100, 50, modified=now - 5)
    assert finished(scan(archive)).growing == 1
    if goes_meanwhile:
        path.rename(tmp_path / "a.mp4")
        assert finished(scan(archive)).missing == 1
        (tmp_path / "a.mp4").rename(path)
    assert finished(scan(archive, clock=lambda: now + 3600)).changed == 1
    after = rows(archive)[0]
    assert (after["file_state"], after["duration_seconds"]) == ("present", 10)
    assert after["fingerprint"] != before["fingerprint"]
    finished(scan(archive, clock=lambda: now + 7200))
    assert rows(archive)[0] == after


def test_a_recording_replaced_by_a_broken_file_is_broken_until_it_is_whole(
    archive: Archive, footage: Path, record: MakeRecording
) -> None:
    path = record("a.mp4")
    record("b.mp4", 200)
    scanned(archive, footage)
    path.write_bytes(b"no video at all" * 100)
    os.utime(path, (LONG_AGO, LONG_AGO))
    for _ in range(2):
        assert len(finished(scan(archive)).problems) == 1
        assert states(archive)["a.mp4"] == "broken"


def test_stopping_keeps_what_was_found(archive: Archive, footage: Path, record: MakeRecording) -> None:
    for number in range(4):
        record(f"{number}.mp4", 10 * number)
    remember_folder(archive, footage, None)
    finished(scan(archive, should_stop=lambda: len(rows(archive)) >= 2))
    assert len(rows(archive)) == 2
    assert finished(scan(archive)).added == 2


def test_processes_that_scan_one_folder_at_the_same_moment_add_each_file_once(
    place: str, footage: Path, record: MakeRecording
) -> None:
    names = [f"{number}/{name}.mp4" for number in range(8) for name in "abc"]
    for first, name in enumerate(names):
        record(name, first, 3)
    run_at_once(SCANNER, [place], [str(footage / str(number)) for number in range(8)])
    with Archive(place) as archive:
        assert sorted(row["path"] for row in rows(archive)) == sorted(footage / name for name in names)
