"""The index of an archive of 2,000 recordings, in SQLite and in PostgreSQL: scanning it, again, and searching it.

The recordings are real files, each of another content; what was flagged in them is made. PostgreSQL runs on the same
machine and is reached by a socket.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from engine.archive.database import Archive
from engine.archive.scanning import remember_folder, scan
from engine.archive.schema import recordings, segments
from engine.archive.searching import Query, search
from engine.commands.progress import finished
from engine.review.document import Verdict
from tests.clips import make_clip
from tests.engine.archive.postgres import postgres_server

SEGMENTS = 20
"""Of each recording."""
CAMERAS = 16
SHOWN = 200
"""Hits that a list asks for."""
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)

DATABASES = ("SQLite", "PostgreSQL")

BARS = {
    f"{name}: {what}": bar
    for name in DATABASES
    for what, bar in {"search p95, ms": ("<", 200.0), "nothing changed, s for 1,000 files": ("<", 5.0)}.items()
}


def run(quick: bool) -> dict[str, float]:
    """Of 2,000 recordings, or of 200; PostgreSQL is left out where there is no server to run."""
    count = 200 if quick else 2000
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        footage = Path(name) / "footage"
        _make_recordings(footage, count)
        for kind, place in archive_places(Path(name)):
            with Archive(place, create=True) as archive:
                figures |= {f"{kind}: {key}": value for key, value in _measure(archive, footage, count).items()}
    return figures


def archive_places(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield databases by name, and where an archive can be made in each; PostgreSQL where there is a server to run."""
    yield "SQLite", str(folder / "made.archive")
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_server())
        except pytest.skip.Exception as reason:
            print(f"PostgreSQL is left out: {reason}")
            return
        yield "PostgreSQL", f"postgresql://vadgui@/postgres?host={server.folder}"


def _measure(archive: Archive, footage: Path, count: int) -> dict[str, float]:
    remember_folder(archive, footage, None)
    first = _seconds(lambda: finished(scan(archive)))
    _flag(archive)
    again = min(_seconds(lambda: finished(scan(archive))) for _ in range(3))
    times = [_seconds(lambda query=query: list(search(archive, query))) for query in _queries()]  # type: ignore[misc]
    return {
        "first scan, s for 1,000 files": 1000 * first / count,
        "nothing changed, s for 1,000 files": 1000 * again / count,
        "search p95, ms": 1000 * float(np.percentile(times, 95)),
        "search median, ms": 1000 * float(np.median(times)),
    }


def _make_recordings(folder: Path, count: int) -> None:
    folder.mkdir()
    first = make_clip(folder / "0000.mp4", range(5), fps=5)
    content = first.read_bytes()
    long_ago = time.time() - 86_400
    for number in range(count):
        path = folder / f"{number:04}.mp4"
        if number:
            shutil.copyfile(first, path)
            # A free box behind the others: each file has its own content, and FFmpeg reads it as before.
            path.write_bytes(content + b"\0\0\0\x10free" + number.to_bytes(8, "big"))
        os.utime(path, (long_ago, long_ago))


def _flag(archive: Archive) -> None:
    random = np.random.default_rng(0)
    with archive.changing() as connection:
        rows = []
        for number, each in enumerate(connection.execute(sa.select(recordings.c.id)).scalars().all()):
            start = BEGIN + timedelta(hours=number // CAMERAS)
            camera = f"camera {number % CAMERAS:02}"
            connection.execute(
                sa.update(recordings)
                .where(recordings.c.id == each)
                .values(camera=camera, start_time=start, stop_time=start + timedelta(hours=1), duration_seconds=3600.0)
            )
            rows += [made_segment(each, place, SEGMENTS, start, random) for place in range(SEGMENTS)]
        connection.execute(sa.insert(segments), rows)


def made_segment(
    recording: int, place: int, count: int, start: datetime, random: np.random.Generator
) -> dict[str, object]:
    """One of `count` segments of a recording of an hour."""
    seconds = place * 3600 / count
    left, top = random.random(2) * 0.9
    return {
        "recording_id": recording,
        "number": place + 1,
        "start": int(seconds * 25),
        "stop": int(seconds * 25) + 100,
        "start_seconds": seconds,
        "stop_seconds": seconds + 4,
        "start_time": start + timedelta(seconds=seconds),
        "peak_seconds": seconds + 2,
        "peak_score": float(random.gamma(2.0)),
        "reason": str(random.choice(["unusually fast", "unusual direction", "unusual looks"])),
        "left": left,
        "top": top,
        "right": left + 0.1,
        "bottom": top + 0.1,
        "verdict": str(random.choice([verdict.value for verdict in Verdict])),
    }


def _queries() -> Iterator[Query]:
    """Each of what a person may ask for, alone and with the others."""
    asked: list[dict[str, object]] = [
        {"cameras": ("camera 03",)},
        {"begins_from": BEGIN + timedelta(hours=20), "begins_before": BEGIN + timedelta(hours=60)},
        {"min_score": 4.0},
        {"reasons": ("fast",)},
        {"region": (0.5, 0.0, 1.0, 0.5)},
        {"verdicts": (Verdict.CONFIRMED, Verdict.UNREVIEWED)},
    ]
    for size in range(len(asked) + 1):
        for chosen in itertools.combinations(asked, size):
            options: dict[str, object] = {}
            for each in chosen:
                options |= each
            yield Query(limit=SHOWN, **options)  # type: ignore[arg-type]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
