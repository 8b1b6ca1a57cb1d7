"""The tables of an archive, the same in SQLite and PostgreSQL."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    func,
    literal_column,
)

from engine.common.remote_path import as_path

VERSION = 1
"""Raised whenever tables change; an archive with a higher one is refused."""

_BYTES_PREFIX = "bytes:"
"""Absolute paths never begin so."""


class FileState(StrEnum):
    """What the last scan found of a file."""

    PRESENT = "present"
    GROWING = "growing"
    """Written to lately: left alone until it rests."""
    BROKEN = "broken"
    MISSING = "missing"


class AnalysisState(StrEnum):
    """How far the analysis of a recording is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class UtcTime(TypeDecorator[datetime]):
    """A moment, stored as date and time in UTC: SQLite knows no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Aware to naive."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Naive to aware."""
        return value.replace(tzinfo=UTC) if value else None


class FilePath(TypeDecorator[Path]):
    """A path as text; one that is no UTF-8, which no data base takes as text, with its bytes quoted."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Path | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Path to text."""
        if value is None:
            return None
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            return _BYTES_PREFIX + quote_from_bytes(os.fsencode(text))
        return text

    def process_result_value(self, value: str | None, dialect: Dialect) -> Path | None:  # noqa: ARG002
        """Text to path."""
        if value is None:
            return None
        if value.startswith(_BYTES_PREFIX):
            return Path(os.fsdecode(unquote_to_bytes(value.removeprefix(_BYTES_PREFIX))))
        return as_path(value)


metadata = MetaData()

archive_version = Table("archive_version", metadata, Column("version", Integer, nullable=False))

folders = Table(
    "folders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", FilePath, nullable=False, unique=True),
    Column("camera_rule", JSON, nullable=False),
    Column("scanned_at", UtcTime),
)


def _recording(**options: Any) -> Column[int]:
    return Column("recording_id", ForeignKey("recordings.id", ondelete="CASCADE"), nullable=False, **options)


recordings = Table(
    "recordings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("folder_id", ForeignKey("folders.id"), nullable=False, index=True),
    Column("path", FilePath, nullable=False, unique=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("reviews_stamp", Text, nullable=False, default=""),
    Column("file_state", String(16), nullable=False),
    Column("problem", Text, nullable=False, default=""),
    Column("fingerprint", String(64), nullable=False, default="", index=True),
    Column("camera", Text, nullable=False, default="", index=True),
    Column("start_time", UtcTime, index=True),
    Column("stop_time", UtcTime),
    Column("duration_seconds", Float),
    Column("analysis_state", String(16), nullable=False, default=AnalysisState.WAITING, index=True),
    Column("analysed_share", Float, nullable=False, default=0.0),
    Column("analysis_problem", Text, nullable=False, default=""),
    Column("analysed_at", UtcTime),
    Column("detector_name", Text, nullable=False, default=""),
    Column("detector_fingerprint", String(64), nullable=False, default=""),
    Column("score", Text, nullable=False, default=""),
    Column("threshold", Float),
    Column("is_other_scene", Boolean, nullable=False, default=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker", Text, nullable=False, default=""),
    Column("lease_until", UtcTime),
)

# What an analysis flagged, as it was then. `segments` is made of it and of the review.
flagged = Table(
    "flagged",
    metadata,
    _recording(primary_key=True),
    Column("start", Integer, primary_key=True),
    Column("stop", Integer, nullable=False),
    Column("peak_frame", Integer, nullable=False),
    Column("peak_score", Float, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("left", Float),
    Column("top", Float),
    Column("right", Float),
    Column("bottom", Float),
)

segments = Table(
    "segments",
    metadata,
    _recording(primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start", Integer, nullable=False),
    Column("stop", Integer, nullable=False),
    Column("start_seconds", Float, nullable=False),
    Column("stop_seconds", Float, nullable=False),
    Column("start_time", UtcTime, index=True),
    Column("peak_seconds", Float, nullable=False),
    Column("peak_score", Float),
    Column("reason", Text, nullable=False, default=""),
    Column("left", Float),
    Column("top", Float),
    Column("right", Float),
    Column("bottom", Float),
    Column("verdict", String(16), nullable=False),
    Column("verdict_reason", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column("reviewer", Text, nullable=False, default=""),
)
RANK = func.coalesce(segments.c.peak_score, literal_column("-1.0"))
"""By which segments are ranked: those without a score last, in every data base, and by an index."""
BY_RANK = Index("segments_by_rank", RANK.desc())
FORMER_INDEX = "segments_by_score"
"""Of archives that were made before `BY_RANK`, which no search can use."""
