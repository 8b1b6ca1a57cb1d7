"""Writes and reads what the analysis of one video found: scores per frame as CSV, segments as JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.common.atomic_write import atomic_write
from engine.common.errors import ExportError
from engine.common.json_values import convert, decode
from engine.common.language import tr
from engine.common.names import displayable
from engine.common.paths import read_regular
from engine.scoring.conditions import Condition, ConditionKind
from engine.scoring.paper_scorer import PaperScorer
from engine.scoring.scorers import scorer_names
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.signals import RawSignals, is_judged
from engine.scoring.zone_files import as_features, from_features
from engine.scoring.zones import Zones
from engine.video.integrity import Integrity
from engine.video.source import VideoInfo, ends_of

SCORE_COLUMNS = ("frame", "seconds", "psnr_db", "min_patch_psnr_db", "flow_error_px", "anomaly_score", "judged")
SCORES_SUFFIX, SEGMENTS_SUFFIX = ".scores.csv", ".segments.json"
_MIN_MAX_SCORE = "min-max"
"""What the paper's score was called before there were others."""

_FORMAT = "vadgui-segments"
_VERSION = 3
"""From 2 on it tells what is wrong with the recording, from 3 on which zones applied; the rest is as before."""


@dataclass(frozen=True)
class SegmentsFile:
    """What a segments file says."""

    video_name: str
    video_path: str
    """Where the video was when it was analysed, for people: what is no text in it is written as \\xe9."""
    video_fingerprint: str
    detector_name: str
    detector_fingerprint: str
    score: str
    """Name of the score that the segments were found in."""
    rule: SegmentRule
    segments: tuple[Segment, ...]
    """People count them from 1, as the file does."""
    zones: Zones = ()
    """Which applied."""
    reasons: tuple[str, ...] = ()
    """Why each was flagged, in words; empty where that is unknown."""
    conditions: tuple[Condition, ...] = ()
    """When the camera failed."""
    is_other_scene: bool = False
    """Whether nothing was flagged for want of a detector of this camera."""


def write_scores_csv(
    path: Path, seconds: npt.NDArray[np.floating], signals: RawSignals, scores: npt.NDArray[np.floating]
) -> None:
    """Write one line per frame under SCORE_COLUMNS, replacing an older file; what was not measured is `nan`.

    `judged` is 1 for frames that were looked at; the others have the score of those near them.

    Raises:
        ExportError: the file can't be written.
    """
    worst = signals["patch_psnr_db"].min(axis=(1, 2))
    columns = (seconds, signals["psnr_db"], worst, signals["flow_error_px"], scores, is_judged(signals))
    lines = [",".join(SCORE_COLUMNS)]
    for frame, (time, psnr, worst_psnr, flow_error, score, judged) in enumerate(zip(*columns, strict=True)):
        # All that single precision holds: scores can be computed from this file even where PSNRs hardly differ.
        lines.append(f"{frame},{time:.6f},{psnr:.6f},{worst_psnr:.6f},{flow_error:.6f},{score:.6f},{judged:d}")
    _replace(path, "\n".join(lines) + "\n")


def read_scores_csv(path: Path, frames: int) -> npt.NDArray[np.float64] | None:
    """The anomaly scores [frames] that `write_scores_csv` wrote; None where there are none of so many frames."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = islice(csv.DictReader(file), frames + 1)
            scores = np.array([float(row["anomaly_score"]) for row in rows])
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return None
    return scores if len(scores) == frames else None


def write_segments_json(
    path: Path,
    video: VideoInfo,
    seconds: npt.NDArray[np.floating],
    segments: Sequence[Segment],
    rule: SegmentRule,
    *,
    detector_name: str,
    detector_fingerprint: str,
    score: str,
    reasons: Sequence[str] = (),
    zones: Zones = (),
    conditions: Sequence[Condition] = (),
    is_other_scene: bool = False,
) -> None:
    """Write segments [start, stop) with their times, how they were found and in what, replacing an older file.

    `score` is the name of the score that they were found in; `reasons` say of each why it was flagged, where that is
    known. `zones` are those that applied, `conditions` say when the camera failed; `is_other_scene`, that nothing was
    flagged for want of a detector of this camera.

    Raises:
        ExportError: the file can't be written.
    """
    start = {"start_time": video.start.at(0).isoformat(), "start_time_from": video.start.origin} if video.start else {}
    ends = ends_of(video, seconds)
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "video": {"name": video.name, "path": displayable(video.path), "fingerprint": video.fingerprint} | start,
        "detector": {"name": detector_name, "fingerprint": detector_fingerprint},
        "score": score,
        "rule": asdict(rule),
        "zones": as_features(zones),
        "recording": _integrity(Integrity.of(video, seconds)),
        "segments": [
            {
                "number": number,
                "start": segment.start,
                "stop": segment.stop,
                "start_seconds": round(float(seconds[segment.start]), 6),
                "stop_seconds": round(float(ends[segment.stop - 1]), 6),
                "peak_frame": segment.peak_frame,
                "peak_seconds": round(float(seconds[segment.peak_frame]), 6),
                "peak_score": round(float(segment.peak_score), 6),
                "reason": reason or None,
            }
            for number, (segment, reason) in enumerate(zip(segments, reasons or [""] * len(segments), strict=True), 1)
        ],
        "other_scene": is_other_scene,
        "conditions": [_condition_values(condition, seconds) for condition in conditions],
    }
    _replace(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _integrity(integrity: Integrity) -> dict[str, Any]:
    return {
        "frames": integrity.frames,
        "lost_frames": integrity.lost_frames,
        "lost": [{"frames": each.count, **_span(each.start_seconds, each.stop_seconds)} for each in integrity.lost],
        "concealed_frames": integrity.concealed_frames,
        "concealed": [
            {"frames": each.count, **_span(each.start_seconds, each.stop_seconds)} for each in integrity.concealed
        ],
        "gaps": [{"frame": gap.frame, **_span(gap.start_seconds, gap.stop_seconds)} for gap in integrity.gaps],
        "replaced_times": integrity.replaced_frames,
        "replaced": [round(seconds, 6) for seconds in integrity.replaced],
        "cut_seconds": round(integrity.cut_seconds, 6),
        "unread_bytes": integrity.unread_bytes,
        "other_videos": integrity.other_videos,
    }


def _span(start: float, stop: float) -> dict[str, float]:
    return {"start_seconds": round(start, 6), "stop_seconds": round(stop, 6)}


def _condition_values(condition: Condition, seconds: npt.NDArray[np.floating]) -> dict[str, Any]:
    # Found at the times of frames: the first one at each is its.
    start, last = np.searchsorted(seconds, [condition.start_seconds, condition.stop_seconds])
    return {
        "kind": condition.kind.value,
        "start": int(start),
        "stop": int(min(last + 1, len(seconds))),
        "start_seconds": round(condition.start_seconds, 6),
        "stop_seconds": round(condition.stop_seconds, 6),
    }


def _condition(values: dict[str, Any]) -> Condition:
    span = (convert(values[key], float) for key in ("start_seconds", "stop_seconds"))
    return Condition(ConditionKind(values["kind"]), *span)


def read_segments_json(path: Path) -> SegmentsFile:
    """What `write_segments_json` wrote.

    Raises:
        ExportError: the file can't be read, is no segments file, or was made by a newer version.
    """
    try:
        content = decode(read_regular(path), dict[str, Any])
        if content["format"] != _FORMAT:
            raise KeyError(_FORMAT)
        if content["version"] > _VERSION:
            raise ExportError(
                tr("This segments file was made by a newer version of vadgui"),
                subject=path,
                advice=tr("Update vadgui."),
            )
        video, detector = (convert(content[key], dict[str, str]) for key in ("video", "detector"))
        return SegmentsFile(
            video_name=video["name"],
            video_path=video["path"],
            video_fingerprint=video["fingerprint"],
            detector_name=detector["name"],
            detector_fingerprint=detector["fingerprint"],
            score=_known_score(content["score"]),
            rule=convert(content["rule"], SegmentRule, exact=True),
            segments=convert(content["segments"], tuple[Segment, ...]),
            zones=from_features(content.get("zones", [])),
            reasons=tuple(str(each.get("reason") or "") for each in content["segments"]),
            conditions=tuple(map(_condition, content.get("conditions", []))),
            is_other_scene=convert(content.get("other_scene", False), bool),
        )
    except OSError as error:
        raise ExportError(
            tr("The segments file can't be read"),
            subject=path,
            advice=tr("Check the path ({reason}).").format(reason=error.strerror),
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(
            tr("This is not a segments file"),
            subject=path,
            advice=tr("Choose a NAME.segments.json made by `vad analyse`."),
        ) from error


def _known_score(name: str) -> str:
    if name == _MIN_MAX_SCORE:
        return PaperScorer.name
    if name not in scorer_names():
        raise ValueError(name)
    return name


def _replace(path: Path, text: str) -> None:
    """Give `path` this content at once: whoever reads it sees the old or the new one whole."""
    try:
        with atomic_write(path) as file:
            file.write(text.encode())
    except OSError as error:
        advice = tr("Free some space or choose another folder ({reason}).").format(reason=error.strerror)
        raise ExportError(tr("The file can't be written"), subject=path, advice=advice) from error
