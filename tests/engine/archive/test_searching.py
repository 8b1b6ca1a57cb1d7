"""Segments found by camera, time, score, reason, place and verdict; and lists of them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.archive.database import Archive
from engine.archive.hit_lists import write_hits
from engine.archive.schema import FileState, folders, recordings, segments
from engine.archive.searching import Query, counts, problems, search
from engine.common.errors import ExportError
from engine.review.document import Verdict

MORNING = datetime(2026, 3, 28, 8, tzinfo=UTC)


@pytest.fixture
def filled(archive: Archive) -> Archive:
    """Two cameras; north's segments have known times and places, one of south's was drawn."""
    with archive.changing() as connection:
        connection.execute(sa.insert(folders).values(id=1, path=Path("/f"), camera_rule={}))
        for number, camera in enumerate(("north", "south"), 1):
            connection.execute(
                sa.insert(recordings).values(
                    **{"id": number, "folder_id": 1, "path": Path(f"/f/{camera}.mp4"), "camera": camera},
                    **{"size_bytes": 1, "modified_ns": 1, "file_state": FileState.PRESENT, "duration_seconds": 7200},
                    **{"analysed_share": 0.5 * number, "start_time": MORNING if number == 1 else None},
                    **{"stop_time": MORNING + timedelta(hours=2) if number == 1 else None},
                )
            )
        add = {"stop": 9, "start_seconds": 1.5, "stop_seconds": 2, "peak_seconds": 1.5, "verdict": "unreviewed"}
        none = dict.fromkeys(("left", "top", "right", "bottom", "start_time", "peak_score"))
        box = {"left": 0.6, "top": 0.1, "right": 0.8, "bottom": 0.3}
        common = {**none, **add, "reason": "", "note": ""}
        rows = [
            {"recording_id": 1, "number": 1, "start": 0, "start_time": MORNING, "peak_score": 3.0, **box},
            {"recording_id": 1, "number": 2, "start": 5, "start_time": MORNING + timedelta(hours=1), "peak_score": 5.0},
            {"recording_id": 2, "number": 1, "start": 0, "peak_score": 4.0, "reason": "unusual looks, 100 %"},
            {"recording_id": 2, "number": 2, "start": 6, "verdict": "confirmed", "note": "=SUM(A1)"},
        ]
        connection.execute(sa.insert(segments), [common | row for row in rows])
    return archive


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["north 2", "south 1", "north 1", "south 2"]),
        (Query(limit=2), ["north 2", "south 1"]),
        (Query(cameras=["south"]), ["south 1", "south 2"]),
        (Query(min_score=4), ["north 2", "south 1"]),
        (Query(begins_from=MORNING + timedelta(minutes=1)), ["north 2"]),
        (Query(begins_before=MORNING + timedelta(hours=1)), ["north 1"]),
        (Query(reasons=["LOOKS, 100 %"]), ["south 1"]),
        (Query(reasons=["l%s"]), []),
        (Query(reasons=["l%s", "looks"]), ["south 1"]),
        (Query(region=(0.7, 0, 1, 1)), ["north 1"]),
        (Query(region=(0, 0, 0.6, 1)), []),
        (Query(verdicts=[Verdict.CONFIRMED]), ["south 2"]),
        (Query(cameras=["north"], verdicts=[Verdict.CONFIRMED]), []),
    ],
)
def test_a_query_finds_what_fits_the_most_conspicuous_first(filled: Archive, query: Query, found: list[str]) -> None:
    assert [f"{hit.camera} {hit.number}" for hit in search(filled, query)] == found


def test_times_are_those_of_another_time_zone_too(filled: Archive) -> None:
    (hit,) = search(filled, Query(begins_before=datetime.fromisoformat("2026-03-28T12:30:00+04:00")))
    assert hit.start_time == MORNING


def test_hours_are_of_what_is_there(filled: Archive) -> None:
    with filled.changing() as connection:
        connection.execute(sa.update(recordings).where(recordings.c.id == 1).values(file_state=FileState.MISSING))
    north, south = counts(filled)
    assert (north.hours, north.analysed_hours, north.missing) == (0, 0, 1)
    assert (south.hours, south.analysed_hours) == (2, 2)


def test_counts_are_by_camera(filled: Archive) -> None:
    north, south = counts(filled)
    assert (north.camera, north.hours, north.analysed_hours, north.waiting) == ("north", 2, 1, 1)
    assert (north.first, north.last) == (MORNING, MORNING + timedelta(hours=2))
    assert (south.analysed_hours, south.first, south.verdicts) == (2, None, {"unreviewed": 1, "confirmed": 1})
    assert problems(filled) == []


def test_lists_hold_what_was_found(filled: Archive, tmp_path: Path) -> None:
    assert write_hits(tmp_path / "a.csv", search(filled, Query())) == 4
    write_hits(tmp_path / "a.json", search(filled, Query()))
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["peak_score"] for row in rows] == ["5.0", "4.0", "3.0", ""]
    assert rows[3]["note"] == "'=SUM(A1)"
    content = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (content["format"], content["version"]) == ("vadgui-archive-segments", 1)
    assert [row["left"] for row in content["segments"]] == [None, None, 0.6, None]
    assert datetime.fromisoformat(content["segments"][2]["start_time"]) == MORNING
    with pytest.raises(ExportError, match="already"):
        write_hits(tmp_path / "a.csv", search(filled, replace(Query(), limit=1)))
