"""An archive of recordings that URLs name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fsspec.implementations.memory import MemoryFileSystem

from engine.__main__ import cli
from engine.archive import scanning
from engine.archive.analysing import RecordingAnalysed, RecordingFailed, analyse_divided, analyse_waiting
from engine.archive.cameras import CameraRule
from engine.archive.database import Archive
from engine.archive.leases import Leases
from engine.archive.scanning import remember_folder, scan
from engine.archive.searching import Query, search
from engine.archive.shards import Judge
from engine.commands.progress import finished
from engine.common.errors import ArchiveError
from engine.common.remote_path import as_path
from engine.models.predictor import Predictor
from engine.review.document import JudgedSegment, Recording, Review, Verdict
from engine.review.files import located, read_review
from engine.review.store import ReviewStore, look_up
from tests.clips import make_clip
from tests.engine.archive.conftest import scanned
from tests.engine.archive.test_analysing import film, settings_of
from tests.engine.archive.test_dispatching import OwnWorker
from tests.engine.archive.test_scanning import rows, states
from tests.remote_files import MemoryStore, web_server

FOLDER = as_path("memory://cctv")


def put_clip(store: MemoryStore, folder: Path, name: str, first: int = 0) -> str:
    return store.put(name, make_clip(folder / "clip.mp4", range(first, first + 10), fps=5).read_bytes())


def test_recordings_below_a_url_have_camera_content_and_time(
    archive: Archive, store: MemoryStore, tmp_path: Path
) -> None:
    put_clip(store, tmp_path, "cctv/north/20260328_100000.mp4")
    put_clip(store, tmp_path, "cctv/south/a.mp4", 20)
    for name in ("cctv/south/notes.txt", "cctv/.trash/b.mp4", "elsewhere/c.mp4"):
        put_clip(store, tmp_path, name, 40)
    report = scanned(archive, FOLDER, rule=CameraRule("site", "{camera}/**"))
    assert (report.files, report.added, report.problems) == (2, 2, [])
    dated, undated = rows(archive)
    assert [str(row["path"]) for row in (dated, undated)] == [
        "memory://cctv/north/20260328_100000.mp4",
        "memory://cctv/south/a.mp4",
    ]
    assert (dated["camera"], undated["camera"]) == ("north", "south")
    assert dated["start_time"] == datetime(2026, 3, 28, 10).astimezone(UTC)
    assert dated["fingerprint"] != undated["fingerprint"] != ""


def test_what_did_not_change_is_not_read(
    archive: Archive, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_clip(store, tmp_path, "cctv/a.mp4")
    scanned(archive, FOLDER)
    store.fetched.clear()
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "read_header", lambda path: pytest.fail(f"opened {path}"))
        patch.setattr(MemoryFileSystem, "info", lambda *_: pytest.fail("asked for a file alone"))
        assert finished(scan(archive)).files == 1
    assert store.fetched == []


def test_files_that_changed_moved_or_went_are_noticed(archive: Archive, store: MemoryStore, tmp_path: Path) -> None:
    for number, name in enumerate("abc"):
        put_clip(store, tmp_path, f"cctv/{name}.mp4", 20 * number)
    scanned(archive, FOLDER)
    before = {row["path"].name: row["id"] for row in rows(archive)}
    put_clip(store, tmp_path, "cctv/a.mp4", 100)
    MemoryFileSystem.store["/cctv/a.mp4"].created = datetime(2024, 1, 1, tzinfo=UTC)
    store.put("cctv/moved.mp4", MemoryFileSystem.store["/cctv/b.mp4"].getvalue())
    store.remove("cctv/b.mp4")
    store.remove("cctv/c.mp4")
    report = scanned(archive, FOLDER)
    assert (report.changed, report.moved, report.added) == (1, 1, 0)
    assert states(archive) == {"a.mp4": "present", "moved.mp4": "present", "c.mp4": "missing"}
    assert {row["path"].name: row["id"] for row in rows(archive)}["moved.mp4"] == before["b.mp4"]


def test_a_file_that_was_written_to_lately_is_left_alone(archive: Archive, store: MemoryStore, tmp_path: Path) -> None:
    put_clip(store, tmp_path, "cctv/a.mp4")
    MemoryFileSystem.store["/cctv/a.mp4"].created = datetime.now(UTC)
    assert scanned(archive, FOLDER).growing == 1


def test_a_server_that_fails_loses_nothing(
    archive: Archive, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_clip(store, tmp_path, "cctv/a.mp4")
    scanned(archive, FOLDER)

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "find", refuse)
        report = finished(scan(archive))
    assert [error.subject for error in report.problems] == ["memory://cctv"]
    assert "Connection refused" in report.problems[0].advice
    assert states(archive) == {"a.mp4": "present"}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://me:secret@host/cctv",
        "https://host/cctv?X-Amz-Signature=secret",
        "https://secret@host/cctv",
        "abfs://cctv@account.dfs.core.windows.net/north?sig=secret",
    ],
)
def test_no_secret_of_a_url_gets_into_an_archive(archive: Archive, url: str) -> None:
    with pytest.raises(ArchiveError, match="holds a password or a signature") as refused:
        remember_folder(archive, as_path(url), None)
    assert "secret" not in str(refused.value)


def test_what_is_no_url_is_said_without_its_password(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="no URL of a folder") as refused:
        remember_folder(archive, as_path("https://me:secret@[host/cctv"), None)
    assert "secret" not in str(refused.value)


def test_a_folder_here_may_have_a_question_mark_in_its_name(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "what?sig=1").mkdir()
    remember_folder(archive, tmp_path / "what?sig=1", None)


def test_unknown_kinds_of_urls_and_missing_folders_are_said(archive: Archive, store: MemoryStore) -> None:
    assert store.fetched == []
    with pytest.raises(ArchiveError, match="can't be reached") as unknown:
        remember_folder(archive, as_path("nothing-such://host"), None)
    assert "nothing-such" in unknown.value.advice
    with pytest.raises(ArchiveError, match="no such folder"):
        remember_folder(archive, FOLDER, None)


@pytest.mark.parametrize("divided", [False, True], ids=["alone", "divided"])
def test_analysed_and_found_as_if_it_were_here(
    archive: Archive, store: MemoryStore, tmp_path: Path, footage: Path, calibrated_file: Path, divided: bool
) -> None:
    path = film(footage / "20260328_100000.mp4", 40)
    url = store.put("cctv/20260328_100000.mp4", path.read_bytes())
    predictor = Predictor.open(calibrated_file, "cpu")
    for folder in (footage, FOLDER):
        scanned(archive, folder)
        settings = settings_of(predictor, tmp_path / f"stores of {folder.name}")
        if divided and folder == FOLDER:
            work = analyse_divided(Leases(archive), OwnWorker(Judge(predictor, settings.scorer.sampling)), settings)
        else:
            work = analyse_waiting(Leases(archive), predictor, settings)
        events = [event for event in work if isinstance(event, RecordingAnalysed | RecordingFailed)]
        assert [type(event) for event in events] == [RecordingAnalysed], events
    hits = list(search(archive, Query()))
    here = [hit for hit in hits if hit.path == path]
    there = [hit for hit in hits if str(hit.path) == url]
    assert len(here) == len(there) > 0
    for own, other in zip(here, there, strict=True):
        assert replace(other, path=path, recording_id=own.recording_id, camera=own.camera) == own


def test_a_recording_that_can_not_be_reached_fails_alone(
    archive: Archive, store: MemoryStore, tmp_path: Path, calibrated_file: Path, cache: Path
) -> None:
    for number, name in enumerate("ab"):
        put_clip(store, tmp_path, f"cctv/{name}.mp4", 20 * number)
    scanned(archive, FOLDER)
    store.remove("cctv/a.mp4")
    predictor = Predictor.open(calibrated_file, "cpu")
    leases = Leases(archive, most_attempts=1)
    events = list(analyse_waiting(leases, predictor, settings_of(predictor, cache)))
    failed = [event for event in events if isinstance(event, RecordingFailed)]
    assert [str(event.path) for event in failed] == ["memory://cctv/a.mp4"]
    assert "There is no such file" in str(failed[0].error)
    assert sum(isinstance(event, RecordingAnalysed) for event in events) == 1


def test_a_review_is_kept_among_the_persons_data_and_read_by_the_next_scan(
    archive: Archive, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_REVIEWS", str(tmp_path / "reviews"))
    video = as_path(put_clip(store, tmp_path, "cctv/a.mp4"))
    scanned(archive, FOLDER)
    (row,) = rows(archive)
    writer = ReviewStore(look_up(video, row["fingerprint"]))
    judged = JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED)
    recording = Recording(
        name="a.mp4", path=str(video), fingerprint=row["fingerprint"], frame_count=10, segments=(judged,)
    )
    writer.write(Review(recordings=(recording,)))
    writer.close()
    assert writer.path is not None
    assert writer.path.parent == tmp_path / "reviews"
    assert read_review(writer.path).review.recordings[0].path == str(video)
    assert scanned(archive, FOLDER).reviewed == 1
    assert [hit.verdict for hit in search(archive, Query())] == [Verdict.CONFIRMED]


def test_a_review_does_not_make_the_program_follow_its_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryFileSystem, "info", lambda *_: pytest.fail("followed"))
    monkeypatch.setattr(MemoryFileSystem, "exists", lambda *_: pytest.fail("followed"))
    sent = Recording(name="a.mp4", path="memory://cctv/a.mp4", fingerprint="0" * 64, frame_count=10)
    assert located(sent, tmp_path / "a.review.json") is None


@pytest.mark.usefixtures("connections")
def test_a_web_folder_is_scanned(archive: Archive, tmp_path: Path) -> None:
    pytest.importorskip("aiohttp", reason="needs the extra http")
    (tmp_path / "cctv" / "north").mkdir(parents=True)
    make_clip(tmp_path / "cctv" / "north" / "a.mp4", 10)
    with web_server(tmp_path) as server:
        folder = as_path(f"{server.url}/cctv")
        assert scanned(archive, folder).added == 1
        assert finished(scan(archive)).changed == 0
    assert [str(row["path"]) for row in rows(archive)] == [f"{server.url}/cctv/north/a.mp4"]


def test_the_command_takes_urls(store: MemoryStore, tmp_path: Path) -> None:
    put_clip(store, tmp_path, "cctv/a.mp4")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["archive", *arguments, "--archive", str(tmp_path / "archive.sqlite3")])

    assert run("scan", "memory://cctv").stdout == "1 recording: 1 new.\n"
    assert run("scan").stdout == "1 recording: nothing new.\n"
    assert run("status").stdout.startswith("cctv: 2 s in 1 recording")
