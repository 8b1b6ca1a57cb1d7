"""Reports of an evaluation: tables for people and JSON for programs."""

from __future__ import annotations

import importlib.metadata
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.common.atomic_write import atomic_write
from engine.common.durations import duration_in_words
from engine.common.errors import ExportError
from engine.common.names import displayable
from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.places import PlaceFigures
from engine.evaluation.ranked import FIRST_MOMENTS, FOOTAGE_SHARES
from engine.evaluation.score_figures import ScoreFigures

_FORMAT = "vadgui-evaluation"
_VERSION = 1
_PACKAGES = ("vadgui", "numpy", "torch", "opencv-python-headless", "av")
_NO_VALUE = "–"
_AUC_KINDS = ("micro", "macro", "unpadded_macro", "global")
_RANKED_HEADER = (
    "events seen, most suspicious first",
    *(f"{100 * share:g} % of footage" for share in FOOTAGE_SHARES),
    *(f"{count} moments" for count in FIRST_MOMENTS),
)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A detector's figures on a dataset."""

    dataset: str
    complete: bool
    """Whether the dataset is complete; AUCs on a part of one can not be compared with published ones."""
    detector: Mapping[str, str]
    """The detector's name, fingerprint, preset and teacher."""
    device: str
    videos: Sequence[MeasuredVideo]
    figures: Mapping[str, ScoreFigures]
    """Figures of each score, by the score's name."""
    signals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """AUCs of raw signals by name, if requested."""
    places: PlaceFigures | None = None
    """How well outlines show where something is, for labels with pixel masks."""

    @property
    def frames(self) -> int:
        """Number of frames in all testing videos."""
        return sum(len(video.abnormal) for video in self.videos)

    @property
    def abnormal(self) -> int:
        """Number of frames labelled abnormal."""
        return sum(int(video.abnormal.sum()) for video in self.videos)


def as_json(evaluation: Evaluation, headline: str, *, command: str, max_i: float | None) -> dict[str, Any]:
    """All figures, with the AUCs of the score `headline` at top level too; undefined figures are None."""
    chosen = evaluation.figures[headline]
    content: dict[str, Any] = {
        "format": _FORMAT,
        "version": _VERSION,
        "dataset": {"name": evaluation.dataset, "complete": evaluation.complete, "videos": len(evaluation.videos)},
        "detector": dict(evaluation.detector),
        "score": headline,
        **chosen.aucs,
        "frames": evaluation.frames,
        "abnormal": evaluation.abnormal,
        "scores": {
            name: each.aucs
            | {"events": _events(each), "misses": [asdict(point) for point in each.misses], "ranked": _ranked(each)}
            for name, each in evaluation.figures.items()
        },
        **({"signals": {name: dict(each) for name, each in evaluation.signals.items()}} if evaluation.signals else {}),
        **({"places": asdict(evaluation.places) | {"share": evaluation.places.share}} if evaluation.places else {}),
        "videos": [
            {
                "name": displayable(video.name),
                "frames": len(video.abnormal),
                "abnormal": int(video.abnormal.sum()),
                "events": len(video.events),
                "seconds": round(video.duration_seconds, 3),
                "auc": {name: each.video_aucs[index] for name, each in evaluation.figures.items()},
            }
            for index, video in enumerate(evaluation.videos)
        ],
        "max_i": "frame" if max_i is None else max_i,
        **provenance(evaluation.device, command),
    }
    finite: dict[str, Any] = without_nan(content)
    return finite


def provenance(device: str, command: str) -> dict[str, Any]:
    """Device, package versions, command and time of a report, for reproducing it."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {
        "device": device,
        "versions": {"python": platform.python_version(), **versions},
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def without_nan(value: Any) -> Any:
    """The same content with None for every NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a report, replacing an older one.

    Raises:
        ExportError: the file can't be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with atomic_write(path) as file:
            file.write(text.encode())
    except OSError as error:
        advice = f"Free some space or choose another folder ({error.strerror})."
        raise ExportError("The report can't be written", subject=path, advice=advice) from error


def in_words(evaluation: Evaluation) -> str:
    """Tables of the videos, the AUCs and the events."""
    scores = list(evaluation.figures)
    part = "" if evaluation.complete else ", not the complete dataset"
    videos = [
        [
            displayable(video.name),
            str(len(video.abnormal)),
            str(int(video.abnormal.sum())),
            str(len(video.events)),
            *(percent(evaluation.figures[name].video_aucs[index]) for name in scores),
        ]
        for index, video in enumerate(evaluation.videos)
    ]
    events = sum(len(video.events) for video in evaluation.videos)
    videos.append(["all", str(evaluation.frames), str(evaluation.abnormal), str(events), *("" for _ in scores)])
    aucs = [
        [name, *(percent(each[f"{kind}_auc"]) for kind in _AUC_KINDS)]
        for name, each in (
            *((name, each.aucs) for name, each in evaluation.figures.items()),
            *evaluation.signals.items(),
        )
    ]
    reviews = [[name, *_review_cells(each)] for name, each in evaluation.figures.items()]
    return "\n\n".join(
        [
            f"{evaluation.dataset}{part}: detector {evaluation.detector['name']} on {evaluation.device}",
            table(["video", "frames", "abnormal", "events", *(f"{name} AUC %" for name in scores)], videos),
            table(
                [
                    "score" if not evaluation.signals else "score or signal",
                    "micro AUC %",
                    "macro AUC %",
                    "macro, unpadded",
                    "global AUC %",
                ],
                aucs,
            ),
            table(["score", "events found", "median delay", "false alarms", "review effort"], reviews),
            table(_RANKED_HEADER, [[name, *_ranked_cells(each)] for name, each in evaluation.figures.items()]),
            *([_places(evaluation.places)] if evaluation.places else []),
        ]
    )


def _places(places: PlaceFigures) -> str:
    return (
        f"place: the strongest outline overlaps the labelled pixels in {percent(places.share)} % of {places.frames} "
        f"frames rightly flagged; it encloses {percent(places.outlined)} % of the frame on average\n"
        f"regions and tracks: RBDC {percent(places.rbdc)} %, TBDC {percent(places.tbdc)} %"
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A text table, its first column left-aligned and the others right-aligned."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [
        "  ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in [header, *rows])
    ]
    return "\n".join(line.rstrip() for line in lines)


def percent(auc: float) -> str:
    """An AUC in percent for a table; a dash for NaN."""
    return _NO_VALUE if math.isnan(auc) else f"{100 * auc:.2f}"


def _events(figures: ScoreFigures) -> dict[str, Any]:
    events = figures.events
    return {
        "events": events.events,
        "detected": events.detected,
        "delays_seconds": list(events.delays_seconds),
        "median_delay_seconds": events.median_delay_seconds,
        "false_alarms": events.false_alarms,
        "normal_seconds": round(events.normal_seconds, 3),
        "false_alarms_per_hour": events.false_alarms_per_hour,
        "review_effort": events.review_effort,
        "rule": asdict(figures.rule),
    }


def _ranked(figures: ScoreFigures) -> dict[str, Any]:
    """Keys of JSON are strings."""
    found = figures.ranked
    return {
        "by_footage": {f"{share:g}": count for share, count in found.by_footage.items()},
        "by_moments": {str(moments): count for moments, count in found.by_moments.items()},
    }


def _ranked_cells(figures: ScoreFigures) -> list[str]:
    found, events = figures.ranked, figures.events.events
    return [f"{count}/{events}" for count in (*found.by_footage.values(), *found.by_moments.values())]


def _review_cells(figures: ScoreFigures) -> list[str]:
    events = figures.events
    hourly = events.false_alarms_per_hour
    delay, effort = events.median_delay_seconds, events.review_effort
    return [
        f"{events.detected}/{events.events}",
        _NO_VALUE if math.isnan(delay) else f"{delay:.1f} s",
        f"{events.false_alarms} in {duration_in_words(events.normal_seconds)}"
        + ("" if math.isnan(hourly) else f" ({hourly:.0f}/h)"),
        _NO_VALUE if math.isnan(effort) else f"{100 * effort:.0f} %",
    ]
