"""`vad analyse` beside DVR-Scan, a motion detector: speed, labelled events found, and how much there is to watch.

DVR-Scan (https://www.dvr-scan.com) runs with its defaults. It needs an environment of its own, for it brings another
OpenCV; name its command in the environment variable DVR_SCAN:

    python -m venv dvr && dvr/bin/pip install "dvr-scan[opencv-headless]"
    DVR_SCAN=dvr/bin/dvr-scan python -m tests.benchmarks dvr_scan
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import resources
from engine.datasets import open_dataset
from engine.datasets.dataset import LabelledVideo
from engine.export.tables import read_segments_json
from engine.video import open_video

BARS: dict[str, tuple[str, float]] = {}
_DATA = Path(__file__).parents[3] / "shared" / "data"
_Spans = list[tuple[float, float]]
"""Stretches of a video in seconds."""


@dataclass(frozen=True)
class _Found:
    """What a program flagged in each video, and the processor time that it took for all of them."""

    spans: list[_Spans]
    cpu_seconds: float


def run(quick: bool = False) -> dict[str, float]:
    """Of each set of footage: frames a CPU second, events found, share to watch, for both; {} without DVR-Scan."""
    command = dvr_scan_command()
    if not command:
        return {}
    sets = {"demo": (resources.demo_video().parent, "plaza")}
    if not quick:
        # Nobody taught a bundled detector Avenue's camera.
        sets |= {"ped2": (_DATA / "ped2", "ped2"), "avenue": (_DATA / "avenue", "ped2")}
    results: dict[str, float] = {}
    for name, (folder, detector) in sets.items():
        if folder.is_dir():
            videos = open_dataset(folder).testing
            for program, found in (("dvr_scan", _dvr_scan(command, videos)), ("vadgui", _vad(detector, videos))):
                results |= {f"{name}_{program}_{key}": value for key, value in _figures(videos, found).items()}
    return results


def dvr_scan_command() -> str | None:
    """The command of DVR-Scan, if it is installed; None where it is not."""
    return os.environ.get("DVR_SCAN") or shutil.which("dvr-scan")


def scan(command: str, video: Path) -> list[str]:
    """What DVR-Scan flags in a video by its defaults: begins and ends, as it writes times."""
    arguments = [command, "--input", str(video), "--scan-only", "--quiet"]
    told = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()
    return told.split(",") if told else []


def children_cpu_seconds() -> float:
    """Processor time of all commands that this process has started, and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _figures(videos: Sequence[LabelledVideo], found: _Found) -> dict[str, float]:
    frames, detected, events, watched, length, calm_watched, calm = 0, 0, 0, 0.0, 0.0, 0.0, 0.0
    for video, spans in zip(videos, found.spans, strict=True):
        with open_video(video.path) as source:
            seconds, duration = source.times, source.info.duration_seconds
        flagged = np.zeros(len(seconds), np.bool_)
        for begin, end in spans:
            flagged |= (seconds >= begin - 1e-3) & (seconds < end)
        lasts = np.diff(seconds, append=duration)
        frames += len(seconds)
        events += len(video.events)
        detected += sum(bool(flagged[start:stop].any()) for start, stop in video.events)
        watched += float(lasts[flagged].sum())
        length += float(lasts.sum())
        calm_watched += float(lasts[flagged & ~video.abnormal].sum())
        calm += float(lasts[~video.abnormal].sum())
    return {
        "frames_a_cpu_second": frames / found.cpu_seconds,
        "events": events,
        "events_found": detected,
        "share_to_watch": watched / length,
        "share_of_normal_to_watch": calm_watched / calm,
    }


def _dvr_scan(command: str, videos: Sequence[LabelledVideo]) -> _Found:
    spans: list[_Spans] = []
    began = children_cpu_seconds()
    for video in videos:
        moments = [_seconds(each) for each in scan(command, video.path)]
        spans.append(list(zip(moments[::2], moments[1::2], strict=True)))
    return _Found(spans, children_cpu_seconds() - began)


def _vad(detector: str, videos: Sequence[LabelledVideo]) -> _Found:
    with tempfile.TemporaryDirectory() as folder:
        options = ["--detector", detector, "--device", "cpu", "--no-cache", "--quiet", "--out", folder]
        began = children_cpu_seconds()
        paths = [str(video.path) for video in videos]
        subprocess.run([sys.executable, "-m", "engine", "analyse", *paths, *options], check=True)
        cpu_seconds = children_cpu_seconds() - began
        spans = []
        for video in videos:
            with open_video(video.path) as source:
                seconds, duration = source.times, source.info.duration_seconds
            ends = np.append(seconds, duration)
            segments = read_segments_json(Path(folder) / f"{video.path.stem}.segments.json").segments
            spans.append([(float(ends[each.start]), float(ends[each.stop])) for each in segments])
    return _Found(spans, cpu_seconds)


def _seconds(timecode: str) -> float:
    hours, minutes, seconds = timecode.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
