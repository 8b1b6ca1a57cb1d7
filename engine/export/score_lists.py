"""Lists of the score of every frame, as CSV for spreadsheets and as JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import numpy as np

from engine.common.language import tr
from engine.export.edit_lists import UnsuitableError
from engine.export.reviewed import ReviewedRecording
from engine.export.segment_lists import source_of

COLUMNS = ("frame", "seconds", "time", "anomaly_score", "segment")
FORMAT, VERSION = "vadgui-frame-scores", 1


def scores_csv(recording: ReviewedRecording) -> bytes:
    """A line a frame under COLUMNS; what is not known is empty.

    Raises:
        UnsuitableError: the recording's scores are not known.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for frame, (seconds, score, segment) in enumerate(_rows(recording)):
        time = recording.time_of_day(seconds)
        writer.writerow([frame, seconds, time.isoformat(timespec="milliseconds") if time else "", score, segment])
    return text.getvalue().encode("utf-8-sig")


def scores_json(recording: ReviewedRecording) -> bytes:
    """The same for programs, a list a column, with what the scores came from.

    Raises:
        UnsuitableError: the recording's scores are not known.
    """
    seconds, scores, segments = zip(*_rows(recording), strict=True)
    content = {
        "format": FORMAT,
        "version": VERSION,
        **source_of(recording),
        "seconds": seconds,
        "anomaly_scores": scores,
        "segments": segments,
    }
    return (json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _rows(recording: ReviewedRecording) -> Iterator[tuple[float, float | None, int | None]]:
    """Time, score and number of the segment of each frame; None where there is none."""
    if recording.scores is None:
        raise UnsuitableError(
            tr("The scores of this recording are not known here"),
            subject=recording.name,
            advice=tr("Bring the detector that it was reviewed with, or leave the scores out."),
        )
    numbers = np.zeros(len(recording.times), np.int64)
    for segment in recording.segments:
        numbers[segment.start : segment.stop] = segment.number
    for seconds, score, number in zip(
        recording.times.tolist(), recording.scores.tolist(), numbers.tolist(), strict=True
    ):
        yield round(seconds, 6), None if np.isnan(score) else round(score, 6), number or None
