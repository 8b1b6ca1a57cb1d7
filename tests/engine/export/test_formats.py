"""Clips in every format and layout, decoded again: numbers and times of their frames."""

from __future__ import annotations

import csv
import errno
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from engine.common.errors import Cancelled, ExportError
from engine.export.clip import ClipLayout, ExportOptions, export_clip, gap_notes
from engine.export.layout import plan_side_by_side
from engine.export.score_strip import ScoreStrip
from engine.scoring.where import Outline, WindowEvidence
from engine.video import open_video
from engine.video.encoding import FORMATS, ClipFormat, Encoding, Quality
from engine.video.source import ends_of
from engine.video.timing import without_gaps
from tests.clips import make_clip, read_number
from tests.engine.barcode_video import BarcodePredictor, BarcodeVideo, read_barcode

TIMES = np.cumsum([0.0, *([0.04, 0.04, 0.1, 0.03, 0.5] * 6)])[:30]
FILES = (ClipFormat.MP4, ClipFormat.FFV1, ClipFormat.GIF)


def barcode_video(times: np.ndarray = TIMES, size: tuple[int, int] = (129, 97)) -> BarcodeVideo:
    return BarcodeVideo(times.tolist(), float(times[-1]) + 0.25, size)


def export(video: Any, target: Path, start: int, stop: int, predictor: Any = None, **options: Any) -> Path:
    options = {"layout": ClipLayout.ORIGINAL, **options}
    scores = np.linspace(0, 1, len(video))
    list(export_clip(video, predictor, scores, start, stop, target, ExportOptions(**options)))
    return target


def read(path: Path) -> tuple[list[float], list[np.ndarray], float]:
    """Times and pictures of all frames, and the file's duration."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        length = (container.duration or 0) / av.time_base
        return [float(each.time or 0) for each in frames], [f.to_ndarray(format="rgb24") for f in frames], length


@pytest.mark.parametrize("clip_format", FILES)
@pytest.mark.parametrize(("start", "stop"), [(0, 30), (4, 5), (7, 23)])
def test_frames_and_times_are_those_of_the_recording(
    tmp_path: Path, clip_format: ClipFormat, start: int, stop: int
) -> None:
    video, facts = barcode_video(), FORMATS[clip_format]
    clip = export(video, tmp_path / f"clip{facts.suffix}", start, stop, encoding=Encoding(clip_format))
    times, pictures, length = read(clip)
    assert [read_barcode(each) for each in pictures] == list(range(start, stop))
    assert times == pytest.approx(video.times[start:stop] - video.times[start], abs=float(facts.tick) / 2 + 1e-6)
    end = ends_of(video.info, video.times)[stop - 1]
    assert length == pytest.approx(end - video.times[start], abs=float(facts.tick) + 2e-3)


def test_ffv1_loses_nothing(tmp_path: Path) -> None:
    video = barcode_video()
    clip = export(video, tmp_path / "clip.mkv", 3, 9, encoding=Encoding(ClipFormat.FFV1))
    for picture, number in zip(read(clip)[1], range(3, 9), strict=True):
        assert np.array_equal(picture, video.read(number).pixels)


def test_pictures_in_a_folder_lose_nothing_and_say_their_times(tmp_path: Path) -> None:
    times = TIMES.copy()
    times[12:] += 3600
    video = barcode_video(times, (400, 300))
    folder = export(video, tmp_path / "clip", 8, 20, encoding=Encoding(ClipFormat.PNG))
    rows = list(csv.DictReader((folder / "frames.csv").open(encoding="utf-8")))
    assert sorted(path.name for path in folder.iterdir()) == [*(row["file"] for row in rows), "frames.csv"]
    assert [int(row["frame"]) for row in rows] == list(range(8, 20))
    for row in rows:
        picture = cv2.cvtColor(cv2.imread(str(folder / row["file"])), cv2.COLOR_BGR2RGB)
        assert read_barcode(picture) == int(row["frame"])
        if int(row["frame"]) < 12:  # later ones say that there is a gap
            assert np.array_equal(picture, video.read(int(row["frame"])).pixels)
    assert [float(row["recording_seconds"]) for row in rows] == pytest.approx(times[8:20])
    seconds = [float(row["seconds"]) for row in rows]
    ends = ends_of(video.info, times)[8:20]
    assert [float(row["duration_seconds"]) for row in rows] == pytest.approx(ends - times[8:20])
    played = without_gaps(times)[8:20]
    assert seconds == pytest.approx(played - played[0], abs=1e-5)
    assert seconds[-1] < 3
    with open_video(folder) as source:
        assert len(source) == 12


def test_a_gif_shows_no_more_than_fifty_frames_a_second_and_keeps_time(tmp_path: Path) -> None:
    video = barcode_video(np.arange(100) / 100, (64, 48))
    times, pictures, length = read(export(video, tmp_path / "c.gif", 0, 100, encoding=Encoding(ClipFormat.GIF)))
    assert [read_barcode(each) for each in pictures] == list(range(0, 100, 2))
    assert times == pytest.approx(np.arange(50) / 50, abs=1e-6)
    assert length == pytest.approx(1.0, abs=0.02)


def test_a_recording_with_sound(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "gate.mp4", 50, with_audio=True)
    with open_video(path) as source:
        for clip_format in FILES:
            facts = FORMATS[clip_format]
            clip = export(source, tmp_path / f"c{facts.suffix}", 10, 35, encoding=Encoding(clip_format))
            with av.open(str(clip)) as container:
                assert [each.codec_context.name for each in container.streams.audio] == [facts.sound] * bool(
                    facts.sound
                )
                samples = sum(each.samples for each in container.decode(audio=0)) if facts.sound else 16_000
            assert samples == pytest.approx(16_000, abs=1024)
            assert [read_number(each) for each in read(clip)[1]] == list(range(10, 35))


# Quality and size


def noisy_video(frames: int = 75) -> Any:
    video = barcode_video(np.arange(frames) / 25, (320, 240))
    dice, plain = np.random.default_rng(0), video.read

    def noisy(index: int, *rest: Any) -> Any:
        frame = plain(index, *rest)
        frame.pixels[80:] = dice.integers(0, 256, (160, 320, 3), np.uint8)
        return frame

    video.read = noisy  # type: ignore[method-assign]
    return video


def test_quality_decides_how_large_a_clip_is(tmp_path: Path) -> None:
    video = noisy_video(15)
    sizes = [
        export(video, tmp_path / f"{quality}.mp4", 0, 15, encoding=Encoding(quality=quality)).stat().st_size
        for quality in Quality
    ]
    assert all(one > 1.2 * other for one, other in pairwise(sizes))


@pytest.mark.parametrize("megabytes", [0.25, 1.0])
def test_a_clip_fits_its_size(tmp_path: Path, megabytes: float) -> None:
    limit = round(megabytes * 1e6)
    clip = export(noisy_video(), tmp_path / "clip.mp4", 0, 75, encoding=Encoding(max_bytes=limit))
    assert 0.5 * limit < clip.stat().st_size <= limit
    assert len(read(clip)[0]) == 75


def test_what_can_not_fit_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExportError, match="can't be made to fit"):
        export(noisy_video(), tmp_path / "clip.mp4", 0, 75, encoding=Encoding(max_bytes=20_000))
    # An encoder that does not keep to its rate.
    monkeypatch.setattr(Encoding, "_bit_rate", lambda *_, **__: 10_000_000)
    with pytest.raises(ExportError, match="became larger"):
        export(noisy_video(), tmp_path / "clip.mp4", 0, 75, encoding=Encoding(max_bytes=50_000))
    assert not list(tmp_path.iterdir())
    with pytest.raises(ExportError, match=r"Only MP4 with H\.264"):
        Encoding(ClipFormat.GIF, max_bytes=10**6)
    with pytest.raises(ExportError, match="no such encoder"):
        Encoding(encoder="libx266")


# Layouts


@pytest.mark.parametrize("size", [(129, 97), (64, 48), (2560, 64)])
def test_the_original_is_the_frame_in_its_own_size(tmp_path: Path, size: tuple[int, int]) -> None:
    video = barcode_video(size=size)
    clip = export(video, tmp_path / "clip.mkv", 3, 6, BarcodePredictor(), encoding=Encoding(ClipFormat.FFV1))
    assert np.array_equal(read(clip)[1][0], video.read(3).pixels)


def test_outlines_are_drawn_on_the_original_where_a_frame_is_flagged(tmp_path: Path, monkeypatch: Any) -> None:
    contour = np.array([[0.3, 0.5], [0.7, 0.5], [0.7, 0.9], [0.3, 0.9]])
    evidence: Any = object.__new__(WindowEvidence)
    monkeypatch.setattr(WindowEvidence, "outlines", lambda *_, **__: [Outline(contour, 3.0, "fast", "")])
    video = barcode_video(size=(400, 300))
    pictures = {}
    for layout in (ClipLayout.ORIGINAL, ClipLayout.OUTLINES):
        options = ExportOptions(layout=layout, outlines=True, threshold=0.5, encoding=Encoding(ClipFormat.FFV1))
        target, scores = tmp_path / f"{layout}.mkv", np.where(np.arange(30) < 5, 0.0, 9.0)
        list(export_clip(video, None, scores, 4, 6, target, options, evidence=lambda _: evidence))
        pictures[layout] = read(target)[1]
    calm, flagged = (
        (one != other).any(axis=2) for one, other in zip(*(pictures[each] for each in pictures), strict=True)
    )
    assert not calm.any()
    assert flagged[148:153, 120:280].mean() > 0.9
    assert not flagged[180:240, 150:250].any()


def test_panels_side_by_side_are_of_one_size(tmp_path: Path) -> None:
    panels = ("frame", "predicted_frame", "psnr_mask")
    video = barcode_video(size=(128, 96))
    clip = export(video, tmp_path / "clip.mp4", 5, 9, BarcodePredictor(), layout=ClipLayout.SIDE_BY_SIDE, panels=panels)
    layout = plan_side_by_side(128, 96, 3, max_width_px=1920, max_height_px=1080)
    assert {(box.width, box.height, box.y) for box in layout.panels} == {(128, 96, layout.panels[0].y)}
    _, pictures, _ = read(clip)
    assert pictures[0].shape[:2] == (layout.height, layout.width)
    shown = [tuple(read_barcode(box.of(picture)) for box in layout.panels[:2]) for picture in pictures]
    assert shown == [(5, 4), (6, 5), (7, 6), (8, 7)]


@pytest.mark.parametrize(("size", "count"), [((1920, 1080), 2), ((1280, 720), 5), ((64, 400), 3)])
def test_side_by_side_fits_into_full_hd(size: tuple[int, int], count: int) -> None:
    layout = plan_side_by_side(*size, count, max_width_px=1920, max_height_px=1080)
    assert layout.width <= 1920
    assert layout.height <= 1080
    first = layout.panels[0]
    assert first.width / first.height == pytest.approx(size[0] / size[1], rel=0.03)


# Gaps


@pytest.mark.parametrize("layout", [ClipLayout.ORIGINAL, ClipLayout.MOSAIC])
def test_a_gap_is_closed_and_marked_for_a_second(tmp_path: Path, layout: ClipLayout) -> None:
    times = np.arange(60) / 25
    later = times.copy()
    later[20:] += 7200
    clips = []
    for each in (times, later):
        options = {"encoding": Encoding(ClipFormat.FFV1), "layout": layout, "panels": ("frame",), "score_strip": False}
        clips.append(export(barcode_video(each, (400, 300)), tmp_path / f"{len(clips)}.mkv", 10, 60, **options))
    (seconds, plain, _), (closed, marked, _) = (read(clip) for clip in clips)
    assert closed == seconds
    top = 0 if layout is ClipLayout.ORIGINAL else 70
    differs = [
        (one[top : top + 60, :300] != other[top : top + 60, :300]).any()
        for one, other in zip(plain, marked, strict=True)
    ]
    assert differs == [10 <= place < 35 for place in range(50)]
    assert set(gap_notes(later, 10, 60).values()) == {"The recording stops here for 2 h"}
    assert not gap_notes(later, 20, 60)  # the clip begins after it


def test_the_score_strip_has_a_dashed_line_at_a_gap() -> None:
    seconds = np.arange(400) / 25
    later = np.where(np.arange(400) < 200, seconds, seconds + 3600)
    pictures = []
    for times in (seconds, later):
        pictures.append(np.zeros((120, 700, 3), np.uint8))
        ScoreStrip(700, 120, np.zeros(400), times, 100, 300, None).draw(pictures[-1], 100)
    columns = np.flatnonzero((pictures[0] != pictures[1])[:90].any(axis=(0, 2)))
    assert len(columns) == 1
    assert columns[0] == pytest.approx(34 + 666 / 2, abs=30)


# Failures leave nothing


@pytest.mark.parametrize("clip_format", ClipFormat)
def test_a_cancelled_or_failed_clip_leaves_nothing(
    tmp_path: Path, clip_format: ClipFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, target = barcode_video(), tmp_path / f"clip{FORMATS[clip_format].suffix}"
    options = ExportOptions(layout=ClipLayout.ORIGINAL, encoding=Encoding(clip_format))
    seen: list[object] = []
    with pytest.raises(Cancelled):
        seen.extend(export_clip(video, None, np.zeros(30), 0, 30, target, options, lambda: len(seen) > 4))
    assert not list(tmp_path.iterdir())

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ExportError) as caught:
        list(export_clip(video, None, np.zeros(30), 0, 30, target, options))
    assert "full" in caught.value.advice
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("clip_format", ClipFormat)
def test_nothing_is_replaced(tmp_path: Path, clip_format: ClipFormat) -> None:
    target = tmp_path / f"clip{FORMATS[clip_format].suffix}"
    target.mkdir()
    with pytest.raises(ExportError, match="already"):
        export(barcode_video(), target, 0, 3, encoding=Encoding(clip_format))
    assert not list(target.iterdir())
