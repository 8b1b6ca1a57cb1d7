"""What an archive holds by days and cameras, and its segments as a ranking that is read where it is looked at."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.archive.database import Archive
from engine.archive.overview import Attention, days, footage_of, last_day, noted_recordings, reasons
from engine.archive.ranking import hits, ranking
from engine.archive.schema import AnalysisState, FileState, folders, metadata, recordings, segments
from engine.archive.searching import Query, search
from engine.common.errors import ArchiveError
from engine.review.document import Verdict

EVENING = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # 23:30 in Berlin; the clocks are put forward that night


@pytest.fixture(autouse=True)
def _berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def add_recording(archive: Archive, number: int, camera: str = "north", **values: object) -> None:
    common: dict[str, object] = {
        **{"id": number, "folder_id": 1, "path": Path(f"/f/{number}.mp4"), "camera": camera},
        **{"size_bytes": 1, "modified_ns": 1, "file_state": FileState.PRESENT, "analysis_state": AnalysisState.DONE},
    }
    with archive.changing() as connection:
        connection.execute(sa.insert(recordings).values(**common | values))


def add_segment(archive: Archive, recording: int, number: int, begins: datetime | None, **values: object) -> None:
    common: dict[str, object] = {
        **{"recording_id": recording, "number": number, "start": 0, "stop": 9, "start_seconds": 0.0},
        **{"stop_seconds": 60.0, "peak_seconds": 1.0, "start_time": begins, "verdict": Verdict.UNREVIEWED},
    }
    with archive.changing() as connection:
        connection.execute(sa.insert(segments).values(**common | values))


@pytest.fixture
def filled(archive: Archive) -> Archive:
    """North has an hour over midnight, south half an hour ten days later, and one that nobody can place in time."""
    with archive.changing() as connection:
        connection.execute(sa.insert(folders).values(id=1, path=Path("/f"), camera_rule={}))
    later = EVENING + timedelta(days=10)
    add_recording(archive, 1, start_time=EVENING, stop_time=EVENING + timedelta(hours=1))
    add_recording(archive, 2, "south", start_time=later, stop_time=later + timedelta(minutes=30))
    add_recording(archive, 3, "south")
    add_segment(archive, 1, 1, EVENING, peak_score=3.0, reason="too fast")
    add_segment(archive, 1, 2, EVENING + timedelta(minutes=29, seconds=30), peak_score=5.0, verdict=Verdict.CONFIRMED)
    add_segment(archive, 1, 3, EVENING + timedelta(minutes=40))
    add_segment(archive, 3, 1, None, peak_score=9.0, reason="looks odd")
    return archive


def test_days_count_what_is_recorded_on_each_side_of_midnight(filled: Archive) -> None:
    saturday, sunday, later = days(filled, date(2026, 3, 1), date(2026, 4, 30))
    assert (saturday.day, saturday.recorded_seconds, saturday.segments) == (date(2026, 3, 28), 1800, 2)
    assert (saturday.unreviewed, saturday.top_score) == (1, 5.0)
    assert (sunday.day, sunday.recorded_seconds, sunday.segments) == (date(2026, 3, 29), 1800, 1)
    assert sunday.top_score is None
    assert (later.day, later.recorded_seconds) == (date(2026, 4, 8), 1800)  # from 0:30 by summer time


def test_a_day_has_its_footage_and_what_reaches_into_it(filled: Archive) -> None:
    saturday = footage_of(filled, date(2026, 3, 28))
    north, south = saturday.lanes
    assert [(each.camera, each.start) for each in north.footage] == [("north", EVENING)]
    assert [hit.number for hit in north.hits] == [1, 2]
    assert (south.camera, south.footage, south.hits) == ("south", [], [])
    assert (saturday.before, saturday.after) == (None, date(2026, 4, 8))
    sunday = footage_of(filled, date(2026, 3, 29))
    assert [hit.number for hit in sunday.lanes[0].hits] == [2, 3]
    assert (sunday.stop - sunday.start) == timedelta(hours=23)
    assert sunday.before == date(2026, 3, 28)
    empty = footage_of(filled, date(2026, 4, 1))
    assert (empty.has_footage, empty.before, empty.after) == (False, date(2026, 3, 28), date(2026, 4, 8))


def test_the_last_day_is_that_of_the_latest_recording(filled: Archive) -> None:
    assert last_day(filled) == date(2026, 4, 8)
    with filled.changing() as connection:
        connection.execute(sa.update(recordings).values(start_time=None, stop_time=None))
    assert last_day(filled) is None


def test_what_needs_attention_is_told_with_its_reason(filled: Archive) -> None:
    add_recording(filled, 4, file_state=FileState.BROKEN, problem="no picture in it")
    add_recording(filled, 5, analysis_state=AnalysisState.FAILED, analysis_problem="frame 7", start_time=EVENING)
    add_recording(filled, 6, file_state=FileState.MISSING)
    noted = [(each.path.stem, each.attention, each.problem) for each in noted_recordings(filled)]
    assert noted == [
        ("4", Attention.BROKEN, "no picture in it"),
        ("5", Attention.FAILED, "frame 7"),
        ("6", Attention.MISSING, ""),
        ("3", Attention.UNDATED, ""),
    ]


def test_reasons_are_those_that_occur(filled: Archive) -> None:
    assert reasons(filled) == ["looks odd", "too fast"]


@pytest.mark.parametrize("query", [Query(), Query(cameras=["north"]), Query(min_score=4), Query(limit=2)])
def test_a_ranking_is_what_a_search_finds(filled: Archive, query: Query) -> None:
    keys = ranking(filled, query)
    found = hits(filled, keys)
    assert [found[key] for key in keys] == list(search(filled, query))


def test_what_is_gone_of_a_ranking_is_left_out(filled: Archive) -> None:
    assert list(hits(filled, [(1, 2), (1, 8)])) == [(1, 2)]
    assert hits(filled, []) == {}


def test_the_revision_changes_with_what_another_process_changes(filled: Archive, place: str) -> None:
    with Archive(place) as other:
        before = other.revision()
        assert other.revision() == before
        assert ranking(other, Query())
        assert other.revision() == before
        add_segment(filled, 2, 1, EVENING)
        patience = time.monotonic() + 15  # PostgreSQL counts what an idle connection did within ten seconds
        while other.revision() == before and time.monotonic() < patience:
            time.sleep(0.05)
        assert other.revision() != before


@pytest.mark.parametrize("damage", [lambda text: text[:6000], lambda text: b"\xff" * len(text)], ids=["cut", "none"])
def test_a_damaged_archive_says_what_to_do(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "site.archive"
    Archive(str(path), create=True).close()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArchiveError, match="Take back a copy of it"):
        Archive(str(path))


def test_an_archive_that_lacks_a_table_is_told(place: str) -> None:
    with Archive(place, create=True) as archive, archive.changing() as connection:
        metadata.tables["segments"].drop(connection)
    with pytest.raises(ArchiveError, match="lacks tables: segments"):
        Archive(place)


def test_an_archive_is_read_while_another_process_changes_it(filled: Archive, place: str) -> None:
    with filled.changing() as connection:
        connection.execute(sa.delete(segments))
        with Archive(place) as other:
            assert len(ranking(other, Query())) == 4
