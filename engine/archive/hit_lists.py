"""Lists of segments out of an archive, as CSV for spreadsheets and as JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.archive.searching import Hit
from engine.common.names import displayable
from engine.export.list_files import write_new
from engine.export.segment_lists import cell

FORMAT, VERSION = "vadgui-archive-segments", 1
COLUMNS = (
    *("path", "camera", "number", "start", "stop", "start_seconds", "stop_seconds", "start_time", "peak_seconds"),
    *("peak_score", "reason", "left", "top", "right", "bottom", "verdict", "verdict_reason", "note", "reviewer"),
    *("detector_name", "score", "threshold", "fingerprint"),
)


def write_hits(target: Path, hits: Iterable[Hit]) -> int:
    """Write segments into a new file, by its ending; returns how many.

    Raises:
        ExportError: it exists, or can't be written.
    """
    rows = [_row(hit) for hit in hits]
    write_new(target, FORMATS[target.suffix.lower()](rows))
    return len(rows)


def _row(hit: Hit) -> dict[str, Any]:
    """What there is to say of a segment, by COLUMNS; None where something is not known."""
    values = asdict(hit)
    box = values.pop("box") or (None,) * 4
    values |= dict(zip(("left", "top", "right", "bottom"), box, strict=True))
    values |= {
        "path": displayable(hit.path),
        "start_time": hit.start_time.astimezone().isoformat(timespec="milliseconds") if hit.start_time else None,
        "verdict": str(hit.verdict),
    }
    return {name: _rounded(values[name]) for name in COLUMNS}


def _rounded(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else value


def _csv(rows: list[dict[str, Any]]) -> bytes:
    """A line a segment under COLUMNS, after RFC 4180, with the mark by which Excel knows UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([cell(value) for value in row.values()])
    return text.getvalue().encode("utf-8-sig")


def _json(rows: list[dict[str, Any]]) -> bytes:
    content = {"format": FORMAT, "version": VERSION, "segments": rows}
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


FORMATS = {".csv": _csv, ".json": _json}
"""What makes each, by the ending of its file's name."""
