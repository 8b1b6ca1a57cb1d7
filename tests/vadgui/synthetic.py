"""Sessions with synthetic recordings, for tests and benchmarks of the views."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.segments import SegmentRule
from engine.scoring.signals import RawSignals, missing_signals
from engine.video.source import VideoInfo
from vadgui.model.engine_state import DetectorSummary
from vadgui.model.frame_view import Bgra, FrameView
from vadgui.model.score_model import ScoreModel
from vadgui.model.session import ReviewSession

DETECTOR = DetectorSummary(
    name="plaza",
    path=Path("plaza.safetensors"),
    preset="fast",
    teacher="DIS",
    flow_radius_px=3.4,
    device="CPU, float32",
)


def add_rows(scoring: ScoreModel, start: int, rows: RawSignals) -> None:
    """Give a score model the raw signals of consecutive frames from `start` on."""
    scoring.add(np.arange(start, start + len(rows)), rows)


def steady_times(count: int, fps: float = 25.0) -> npt.NDArray[np.float64]:
    return np.arange(count) / fps


def variable_times(count: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """Times in seconds [count] of a recording whose frames are 0.01 to 0.5 s apart."""
    gaps = np.random.default_rng(seed).uniform(0.01, 0.5, count - 1)
    return np.concatenate([[0.0], np.cumsum(gaps)])


def video_info(times: npt.NDArray[np.float64], width_px: int = 640, height_px: int = 360) -> VideoInfo:
    duration = float(times[-1]) + (float(times[-1] - times[-2]) if len(times) > 1 else 0.04)
    return VideoInfo(
        path=Path("plaza.mp4"),
        name="plaza.mp4",
        width_px=width_px,
        height_px=height_px,
        frame_count=len(times),
        duration_seconds=duration,
        average_fps=len(times) / duration,
        codec="h264",
        fingerprint="synthetic",
    )


def signals_with_bumps(count: int, bumps: list[tuple[int, int]], seed: int = 0) -> RawSignals:
    """Raw signals of a recording that is predicted well, except in `bumps`: half-open runs of frames [start, stop)."""
    noise = np.random.default_rng(seed)
    signals = missing_signals(count)
    psnr = noise.normal(36.0, 0.2, count)
    for start, stop in bumps:
        psnr[start:stop] = noise.normal(22.0, 0.2, stop - start)
    signals["psnr_db"] = psnr
    signals["patch_psnr_db"] = psnr[:, None, None] + noise.uniform(-6, 6, (count, 4, 4))
    signals["flow_error_px"] = 0.3
    signals["patch_flow_error_px"] = 0.3
    signals[0] = missing_signals(1)[0]
    return signals


def open_session(
    times: npt.NDArray[np.float64],
    signals: RawSignals | None = None,
    *,
    width_px: int = 640,
    height_px: int = 360,
    rule: SegmentRule | None = None,
    detector: DetectorSummary = DETECTOR,
) -> ReviewSession:
    """A session with a recording, a detector and, where `signals` are given, all their scores."""
    session = ReviewSession(rule)
    session.open_video(video_info(times, width_px, height_px), times)
    session.use_detector(detector)
    if signals is not None:
        add_rows(session.scoring, 0, signals)
        while not session.scoring.catch_up():
            pass
    return session


def calibrated_signals(count: int, bumps: list[tuple[int, int]], seed: int = 0, strength: float = 12) -> RawSignals:
    """Raw signals of the footage that `calibrated_detector` was calibrated on, raised by `strength` in `bumps`.

    Bumps are half-open runs of frames [start, stop).
    """
    noise = np.random.default_rng(seed)
    signals = signals_with_bumps(count, [], seed)
    for name in EVIDENCE:
        signals[name] = noise.gamma(2, 1, count)
        for start, stop in bumps:
            signals[name][start:stop] += strength
    signals[0] = missing_signals(1)[0]
    return signals


@cache
def calibrated_detector() -> DetectorSummary:
    """DETECTOR, calibrated on five minutes of `calibrated_signals`."""
    videos = [(calibrated_signals(1500, [], seed), steady_times(1500)) for seed in range(50, 55)]
    return replace(DETECTOR, calibration=Calibration.of(videos))


def plain_picture(width_px: int, height_px: int, colour: tuple[int, int, int]) -> Bgra:
    """A BGRA picture [H, W, 4] of one colour, given as (blue, green, red)."""
    picture = np.empty((height_px, width_px, 4), np.uint8)
    picture[:] = (*colour, 255)
    return picture


def view_of(session: ReviewSession, index: int, *, complete: bool = True, missing: str = "") -> FrameView:
    """A view whose pictures all have the frame's number, modulo 256, in their blue channel."""
    assert session.video
    blue = index % 256
    small = {
        "predicted_flow": plain_picture(256, 256, (blue, 200, 10)),
        "teacher_flow": plain_picture(256, 256, (blue, 200, 20)),
        "flow_difference": plain_picture(256, 256, (blue, 200, 25)),
        "predicted_frame": plain_picture(256, 256, (blue, 200, 30)),
    }
    return FrameView(
        index=index,
        pts_seconds=float(session.times[index]),
        frame=plain_picture(session.video.width_px, session.video.height_px, (blue, 200, 40)),
        signals=signals_with_bumps(2, [], seed=index)[1] if complete else None,
        missing=missing,
        **(small if complete else {}),
    )
