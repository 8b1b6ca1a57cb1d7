"""The clock that a review has is that of all that `vad` hands over of its recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.export import clip
from engine.review.clock import Clock
from engine.review.document import JudgedSegment, Verdict
from engine.video.wall_clock import RecordingStart
from tests.clips import make_clip
from tests.engine.commands.reviews import write_review
from tests.engine.commands.test_redaction import PLAIN, vad, write_segments

CLOCK = Clock(offset_seconds=90.0, zone="Asia/Tokyo")
CORRECTED = "2024-01-15T10:31:30+09:00"


@pytest.fixture
def burnt_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """When the clips that are made say that the recording began."""
    found: list[str] = []

    class Watched(clip.Mosaic):
        def __init__(self, *given: Any, start: RecordingStart | None = None, **options: Any) -> None:
            found.append(start.at(0).isoformat() if start else "")
            super().__init__(*given, start=start, **options)

    monkeypatch.setattr(clip, "Mosaic", Watched)
    return found


@pytest.fixture
def video(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001  # a cache of its own
    monkeypatch.chdir(tmp_path)
    return make_clip(tmp_path / "20240115_103000.mp4", 20)


@pytest.fixture
def review(video: Path) -> Path:
    return write_review(video, JudgedSegment(start=2, stop=9, verdict=Verdict.CONFIRMED), clock=CLOCK)


@pytest.mark.parametrize("kind", ["review", "video", "segments"])
@pytest.mark.parametrize("redaction", [(), ("--no-redaction",)])
def test_clips(kind: str, redaction: tuple[str, ...], video: Path, review: Path, burnt_in: list[str]) -> None:
    given: list[object] = [review, "--clips", "all"]
    if kind == "video":
        given = [video, "--start", 2, "--stop", 9]
    elif kind == "segments":
        given[0] = write_segments(video)
    ran = vad("export", *given, *PLAIN, "--no-outlines", *redaction)
    assert ran.exit_code == 0, ran.output
    assert burnt_in == [CORRECTED]


def test_tables_of_a_segments_file(video: Path, review: Path) -> None:
    del review
    ran = vad("export", write_segments(video), "--tables", "csv", "--out", "tables")
    assert ran.exit_code == 0, ran.output
    assert "2024-01-15T10:31:30" in Path(ran.stdout.strip()).read_text("utf-8-sig")


def test_package(review: Path, burnt_in: list[str]) -> None:
    ran = vad("package", review, "--out", "package")
    assert ran.exit_code == 0, ran.output
    assert burnt_in == [CORRECTED]


def test_a_clip_is_made_where_the_clock_of_a_damaged_review_is_not_known(
    video: Path, review: Path, burnt_in: list[str]
) -> None:
    review.write_bytes(b"{")
    ran = vad("export", video, "--start", 2, "--stop", 9, *PLAIN, "--no-redaction")
    assert ran.exit_code == 0, ran.output
    assert "is not known" in ran.stderr
    assert burnt_in[0].startswith("2024-01-15T10:30:00")
