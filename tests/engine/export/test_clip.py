from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from engine.analysis.pipeline import Inspection, inspect
from engine.common.errors import Cancelled, ExportError, VideoError
from engine.common.events import Finished, Progress, never_stop
from engine.export.clip import PANELS, ClipLayout, ExportOptions, export_clip
from engine.export.drawing import BACKGROUND, psnr_mask
from engine.export.header import Title
from engine.export.layout import HEADER_PX, Box, Layout, plan_layout
from engine.export.mosaic import BurntIn, Mosaic
from engine.export.score_strip import ScoreStrip
from engine.flow.colour import flow_to_rgb
from engine.models.picture import model_picture
from engine.scoring.zones import Zone, ZoneKind
from engine.video import open_video
from engine.video.frame import Frame, Pixels
from engine.video.wall_clock import FROM_NAME, RecordingStart
from tests.clips import make_clip
from tests.engine.barcode_video import EXPECTED_FLOW, BarcodePredictor, BarcodeVideo, read_barcode

VARIABLE_TIMES = np.cumsum([0.0, *([0.04, 0.04, 0.1, 0.02, 0.5] * 12)])[:60]
BIG = {"max_width_px": 1920, "max_height_px": 1080}


@pytest.fixture
def video() -> BarcodeVideo:
    return BarcodeVideo(VARIABLE_TIMES.tolist(), float(VARIABLE_TIMES[-1]) + 0.25)


@pytest.fixture
def predictor() -> Any:
    return BarcodePredictor()


def scores_of(video: BarcodeVideo) -> np.ndarray:
    return np.linspace(0, 1, len(video))


def export(video: BarcodeVideo, predictor: Any, start: int, stop: int, target: Path, **options: Any) -> list[Any]:
    return list(export_clip(video, predictor, scores_of(video), start, stop, target, ExportOptions(**options)))


def read_clip(path: Path) -> tuple[list[float], list[Pixels], float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        duration = float((stream.duration or 0) * (stream.time_base or 0))
        return [float(frame.time or 0) for frame in frames], [f.to_ndarray(format="rgb24") for f in frames], duration


def layout_of(video: BarcodeVideo, panels: int, *, strip: bool = True, legend: bool = True) -> Layout:
    return plan_layout(video.info.width_px, video.info.height_px, panels, strip=strip, legend=legend, **BIG)


def mosaic_of(video: BarcodeVideo, start: int, stop: int, **options: Any) -> tuple[Mosaic, Layout]:
    """A mosaic with all panels, and its layout."""
    layout = layout_of(video, len(PANELS))
    assert layout.strip
    strip = ScoreStrip(layout.strip.width, layout.strip.height, scores_of(video), video.times, start, stop, 0.5)
    settings = {"flow_radius_px": 4.0, "overlay_opacity": 0.0, **options}
    return Mosaic(layout, PANELS, Title(video.info.name), strip=strip, **settings), layout


# The clip


@pytest.mark.slow
@pytest.mark.parametrize(("start", "stop"), [(0, 60), (7, 8), (20, 47), (0, 1), (59, 60)])
def test_a_clip_has_exactly_the_frames_and_times_of_the_segment(
    tmp_path: Path, video: BarcodeVideo, predictor: Any, start: int, stop: int
) -> None:
    export(video, predictor, start, stop, tmp_path / "clip.mp4")
    times, pictures, duration = read_clip(tmp_path / "clip.mp4")
    large = layout_of(video, len(PANELS)).panels[0]
    assert [read_barcode(large.of(picture)) for picture in pictures] == list(range(start, stop))
    assert times == pytest.approx(video.times[start:stop] - video.times[start], abs=2e-5)
    end = video.times[stop] if stop < len(video) else video.info.duration_seconds
    assert duration == pytest.approx(end - video.times[start], abs=2e-3)


@pytest.mark.parametrize("gap_seconds", [3600.0, 24 * 365.25 * 86400.0])
def test_a_gap_is_skipped_but_for_the_times_in_the_pictures(
    tmp_path: Path, predictor: Any, gap_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = np.arange(20) / 10
    times[10:] += gap_seconds
    video = BarcodeVideo(times.tolist(), float(times[-1]) + 0.1)
    written: list[float] = []
    compose = Mosaic.compose
    monkeypatch.setattr(
        Mosaic, "compose", lambda self, frame, *rest: written.append(frame.pts_seconds) or compose(self, frame, *rest)
    )
    export(video, predictor, 5, 15, tmp_path / "clip.mp4")
    shown, _, duration = read_clip(tmp_path / "clip.mp4")
    assert shown == pytest.approx(np.arange(10) / 10, abs=2e-5)
    assert duration == pytest.approx(1.0, abs=2e-3)
    assert written == times[5:15].tolist()


@pytest.mark.parametrize("size", [(97, 131), (361, 241), (64, 48)])
def test_odd_and_tall_videos(tmp_path: Path, predictor: Any, size: tuple[int, int]) -> None:
    video = BarcodeVideo([0.0, 0.04, 0.08, 0.12], 0.16, size)
    export(video, predictor, 1, 4, tmp_path / "clip.mp4")
    _, pictures, _ = read_clip(tmp_path / "clip.mp4")
    large = layout_of(video, len(PANELS)).panels[0]
    assert [read_barcode(large.of(picture)) for picture in pictures] == [1, 2, 3]


def test_frame_alone_needs_no_predictor(tmp_path: Path, video: BarcodeVideo) -> None:
    export(video, None, 3, 9, tmp_path / "clip.mp4", panels=("frame",), score_strip=False)
    _, pictures, _ = read_clip(tmp_path / "clip.mp4")
    (box,) = layout_of(video, 1, strip=False, legend=False).panels
    assert [read_barcode(box.of(picture)) for picture in pictures] == list(range(3, 9))


def test_panels_come_in_the_order_asked_for(tmp_path: Path, video: BarcodeVideo, predictor: Any) -> None:
    panels = ("predicted_frame", "frame")
    export(video, predictor, 5, 9, tmp_path / "clip.mp4", panels=panels, score_strip=False)
    _, pictures, _ = read_clip(tmp_path / "clip.mp4")
    boxes = layout_of(video, 2, strip=False, legend=False).panels
    shown = [tuple(read_barcode(box.of(picture)) for box in boxes) for picture in pictures]
    assert shown == [(4, 5), (5, 6), (6, 7), (7, 8)]


def test_progress_counts_frames_and_ends_with_the_path(tmp_path: Path, video: BarcodeVideo, predictor: Any) -> None:
    *steps, last = export(video, predictor, 10, 15, tmp_path / "clip.mp4")
    assert last == Finished(str(tmp_path / "clip.mp4"))
    assert all(isinstance(step, Progress) for step in steps)
    assert [(step.done, step.total) for step in steps] == [(done, 5) for done in range(6)]
    assert steps[-1].seconds_left == 0


@pytest.mark.parametrize("after", [0, 1, 9])
def test_cancelling_leaves_no_file(tmp_path: Path, video: BarcodeVideo, predictor: Any, after: int) -> None:
    seen: list[Progress | Finished] = []
    clip = export_clip(
        video, predictor, scores_of(video), 0, 60, tmp_path / "clip.mp4", should_stop=lambda: len(seen) > after
    )
    with pytest.raises(Cancelled):
        seen.extend(clip)
    assert len(seen) == after + 1
    assert list(tmp_path.iterdir()) == []


def test_closing_the_generator_early_leaves_no_file(tmp_path: Path, video: BarcodeVideo, predictor: Any) -> None:
    clip = export_clip(video, predictor, scores_of(video), 0, 60, tmp_path / "clip.mp4")
    for _ in range(5):
        next(clip)
    assert len(list(tmp_path.iterdir())) == 1
    assert not (tmp_path / "clip.mp4").exists()
    clip.close()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused(tmp_path: Path, video: BarcodeVideo, predictor: Any) -> None:
    (tmp_path / "clip.mp4").write_text("precious")
    with pytest.raises(ExportError, match="already"):
        export(video, predictor, 1, 3, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_text() == "precious"


def test_a_video_that_ends_early_is_an_error_and_leaves_no_clip(
    tmp_path: Path, video: BarcodeVideo, predictor: Any
) -> None:
    video.decodes_until = 30
    with pytest.raises(ExportError, match="ended after 10"):
        export(video, predictor, 20, 40, tmp_path / "clip.mp4")
    assert list(tmp_path.iterdir()) == []


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 8)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file can't be deleted there")
@pytest.mark.parametrize("lose", [Path.unlink, cut_short])
def test_a_recording_that_goes_during_the_export_leaves_a_whole_clip_or_none(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    recording, target = make_clip(tmp_path / "recording.mkv", 60, size=(640, 480)), tmp_path / "out" / "clip.mp4"
    target.parent.mkdir()
    options = ExportOptions(panels=("frame",), score_strip=False)
    failed: ExportError | VideoError | None = None
    with open_video(recording) as source:
        try:
            for number, _ in enumerate(export_clip(source, None, np.zeros(60), 5, 55, target, options)):
                if number == 3:
                    lose(recording)
        except (ExportError, VideoError) as error:
            failed = error
    if failed:
        assert failed.advice
        assert list(target.parent.iterdir()) == []
    else:
        assert len(read_clip(target)[0]) == 50


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (5, 5), (6, 5), (50, 61)])
def test_frames_outside_the_video_are_an_error(
    tmp_path: Path, video: BarcodeVideo, predictor: Any, start: int, stop: int
) -> None:
    with pytest.raises(ExportError) as caught:
        export(video, predictor, start, stop, tmp_path / "clip.mp4")
    assert "0 to 59" in caught.value.advice


@pytest.mark.parametrize(
    "options", [{"panels": ("frame", "psnr_mask")}, {"panels": ("frame",), "overlay_opacity": 0.5}]
)
def test_panels_that_need_a_detector_are_an_error_without_one(
    tmp_path: Path, video: BarcodeVideo, options: dict[str, Any]
) -> None:
    with pytest.raises(ExportError, match="need a detector"):
        export(video, None, 1, 3, tmp_path / "clip.mp4", **options)


@pytest.mark.parametrize(
    "options", [{"panels": ()}, {"panels": ("frame", "frame")}, {"panels": ("flow",)}, {"overlay_opacity": 2}]
)
def test_invalid_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"panels must|opacity lies"):
        ExportOptions(**options)


def test_real_footage(tmp_path: Path, shared_data: Path, predictor: Any) -> None:
    video_module = pytest.importorskip("engine.video")
    with video_module.open_video(shared_data / "avenue" / "testing_videos" / "17.avi") as source:
        scores = np.full(len(source), 0.5)
        events = export_clip(source, predictor, scores, 100, 112, tmp_path / "clip.mp4", ExportOptions(threshold=0.6))
        assert list(events)[-1] == Finished(str(tmp_path / "clip.mp4"))
        times, pictures, _ = read_clip(tmp_path / "clip.mp4")
        assert times == pytest.approx(source.times[100:112] - source.times[100], abs=2e-5)
        large = plan_layout(640, 360, len(PANELS), strip=True, legend=True, **BIG).panels[0]
        for picture, index in zip(pictures, range(100, 112), strict=True):
            original = cv2.resize(source.read(index).pixels, (large.width, large.height))
            error = np.mean((large.of(picture).astype(float) - original) ** 2)
            assert 10 * np.log10(255**2 / error) > 30


# The mosaic


def inspected(video: BarcodeVideo, predictor: Any, index: int) -> Inspection:
    (inspection,) = inspect(video, predictor, index, index + 1, should_stop=never_stop)
    return inspection


def difference(panel: Pixels, expected: Pixels) -> float:
    resized = cv2.resize(expected, (panel.shape[1], panel.shape[0])).astype(float)
    return float(np.abs(panel - resized).mean())


def test_each_panel_shows_its_own_picture(video: BarcodeVideo, predictor: Any) -> None:
    inspection = inspected(video, predictor, 23)
    mosaic, layout = mosaic_of(video, 20, 40)
    canvas = mosaic.compose(inspection.frame, inspection, 0.4)
    shown = dict(zip(PANELS, (box.of(canvas) for box in layout.panels), strict=True))
    assert read_barcode(shown["frame"]) == 23
    assert difference(shown["frame"], video.read(23).pixels) < 1
    assert read_barcode(shown["predicted_frame"]) == 22
    assert difference(shown["predicted_frame"], model_picture(video.read(22).pixels)) < 1
    assert shown["predicted_flow"].reshape(-1, 3).mean(axis=0) == pytest.approx(np.array(EXPECTED_FLOW) * 255, abs=1)
    flow = predictor.teacher.flow(model_picture(video.read(22).pixels), model_picture(video.read(23).pixels))
    assert difference(shown["teacher_flow"], flow_to_rgb(flow, 4.0)) < 1
    # Motion to the right is red on the colour wheel.
    red, _, blue = shown["teacher_flow"][-40:].reshape(-1, 3).mean(axis=0)
    assert red > blue + 30
    mask = psnr_mask(inspection.signals["patch_psnr_db"])[8::64, 8::64]
    height, width = shown["psnr_mask"].shape[:2]
    assert (shown["psnr_mask"][height // 32 :: height // 4, width // 32 :: width // 4][:4, :4] == mask).mean() > 0.9


def test_frame_0_shows_a_placeholder_instead_of_predictions(video: BarcodeVideo) -> None:
    mosaic, layout = mosaic_of(video, 0, 20)
    canvas = mosaic.compose(video.read(0), None, 0.0)
    frame, *others = (box.of(canvas) for box in layout.panels)
    assert read_barcode(frame) == 0
    for panel in others:
        written = (panel != panel[0, 0]).any(axis=2).mean()
        assert 0.005 < written < 0.2


def test_nothing_of_the_previous_frame_remains(video: BarcodeVideo, predictor: Any) -> None:
    used, _ = mosaic_of(video, 0, 40)
    for index in (31, 8):
        inspection = inspected(video, predictor, index)
        used.compose(inspection.frame, inspection, 0.987)
    used.compose(video.read(0), None, np.nan)
    inspection = inspected(video, predictor, 9)
    fresh, _ = mosaic_of(video, 0, 40)
    expected = fresh.compose(inspection.frame, inspection, 0.1)
    assert np.array_equal(used.compose(inspection.frame, inspection, 0.1), expected)


def test_frame_number_and_time_are_drawn(video: BarcodeVideo) -> None:
    mosaic, layout = mosaic_of(video, 0, 40)
    headers = [layout.header.of(mosaic.compose(video.read(index), None, 0.0)).copy() for index in (10, 11, 10)]
    assert np.array_equal(headers[0], headers[2])
    changed = np.nonzero((headers[0] != headers[1]).any(axis=(0, 2)))[0]
    assert changed.size
    assert changed.min() > layout.header.width / 2  # the name on the left is unchanged


START = RecordingStart(datetime(2026, 3, 1, 8, tzinfo=UTC), FROM_NAME)


@pytest.mark.parametrize("off", [each.name for each in fields(BurntIn)])
def test_each_text_in_the_picture_can_be_switched_off(tmp_path: Path, video: BarcodeVideo, off: str) -> None:
    def picture(burnt_in: BurntIn) -> Pixels:
        target = tmp_path / f"{hash(burnt_in)}.mp4"
        options = ExportOptions(("frame",), threshold=0.5, verdict="confirmed", burnt_in=burnt_in, start=START)
        list(export_clip(video, None, scores_of(video), 5, 6, target, options))
        return read_clip(target)[1][0]

    changed = np.abs(picture(BurntIn()).astype(int) - picture(replace(BurntIn(), **{off: False}))).max(axis=2) > 60
    rows, _ = np.nonzero(changed)
    assert rows.size
    assert bool(rows.max() < HEADER_PX) is (off != "score")


def test_nothing_is_written_above_the_picture_with_all_texts_switched_off(video: BarcodeVideo) -> None:
    none = BurntIn(**dict.fromkeys((each.name for each in fields(BurntIn)), False))
    layout = layout_of(video, 1, strip=False, legend=False)
    mosaic = Mosaic(
        layout, ["frame"], Title(), strip=None, flow_radius_px=None, overlay_opacity=0, burnt_in=none, start=START
    )
    header = layout.header.of(mosaic.compose(video.read(3), None, 0.5))
    assert (header == BACKGROUND).all()


def test_overlay_marks_the_frame_panel_only(video: BarcodeVideo, predictor: Any) -> None:
    inspection = inspected(video, predictor, 23)
    inspection.signals["patch_psnr_db"][:] = 35
    inspection.signals["patch_psnr_db"][3, 3] = 20
    (plain, layout), (marked, _) = (mosaic_of(video, 20, 40, overlay_opacity=opacity) for opacity in (0.0, 0.7))
    touched = (
        plain.compose(inspection.frame, inspection, 0.4) != marked.compose(inspection.frame, inspection, 0.4)
    ).any(axis=2)
    large = layout.panels[0]
    corner = touched[large.y + 3 * large.height // 4 + 2 : large.y + large.height]
    corner = corner[:, large.x + 3 * large.width // 4 + 2 : large.x + large.width]
    assert corner.mean() > 0.95
    assert touched.sum() == pytest.approx(corner.sum(), rel=0.03)


# The score strip


def playhead(strip: Pixels) -> float:
    """Position of the white line, as a fraction of the strip's width."""
    bright = (strip[: strip.shape[0] // 2].min(axis=2) > 225).mean(axis=0)
    return float(np.flatnonzero(bright > 0.5).mean() / strip.shape[1])


def drawn_strip(
    index: int, scores: np.ndarray, threshold: float | None = None, clip: tuple[int, int] = (250, 500)
) -> Pixels:
    picture = np.zeros((120, 700, 3), np.uint8)
    ScoreStrip(700, 120, scores, np.arange(len(scores)) / 25, *clip, threshold).draw(picture, index)
    return picture


def test_playhead_moves_with_time() -> None:
    positions = [playhead(drawn_strip(index, np.zeros(1000))) for index in (250, 312, 375, 437, 499)]
    assert np.diff(positions) == pytest.approx([np.diff(positions).mean()] * 4, abs=0.004)
    assert positions[0] == pytest.approx(0.25, abs=0.04)  # 5 of 20 seconds: context on both sides
    assert positions[-1] == pytest.approx(0.75, abs=0.02)


def test_playhead_reaches_both_ends_of_a_whole_video() -> None:
    whole = (0, 1000)
    positions = [playhead(drawn_strip(index, np.zeros(1000), clip=whole)) for index in (0, 999)]
    assert positions[0] < 0.06
    assert positions[1] > 0.98


def test_the_labels_of_the_scale_are_not_cut_off() -> None:
    scores = np.linspace(0, 4.6, 1000)
    picture = drawn_strip(300, scores, threshold=3.3, clip=(700, 1000))
    assert (picture[:, :2] == picture[-1, 0]).all()


def test_higher_scores_are_drawn_higher() -> None:
    def curve_height(score: float) -> float:
        strip = drawn_strip(260, np.full(1000, score))
        blue = (strip[:, 400:500, 2].astype(int) - strip[:, 400:500, 0]) > 80
        return float(np.nonzero(blue.any(axis=1))[0].mean())

    heights = [curve_height(score) for score in (0.0, 0.25, 0.5, 1.0)]
    assert all(lower > higher for lower, higher in pairwise(heights))
    assert heights[0] - heights[2] == pytest.approx(heights[2] - heights[3], abs=1.5)


def test_threshold_is_a_line_at_its_score() -> None:
    def rows(threshold: float | None) -> list[int]:
        strip = drawn_strip(260, np.full(1000, np.nan), threshold).astype(int)
        orange = (strip[..., 0] > 220) & (strip[..., 2] < 100)
        return np.flatnonzero(orange.mean(axis=1) > 0.3).tolist()

    assert rows(None) == []
    (middle,), (high,) = rows(0.5), rows(0.9)
    assert high < middle


def test_frames_without_score_have_no_curve() -> None:
    scores = np.full(1000, 0.6)
    scores[300:450] = np.nan
    known, gap = drawn_strip(260, np.full(1000, 0.6)), drawn_strip(260, scores)
    changed = np.flatnonzero((known != gap).any(axis=(0, 2))) / 700
    # Frames 300 to 450 are 7 to 13 of the 20 seconds in view.
    assert changed.min() == pytest.approx(0.37, abs=0.02)
    assert changed.max() == pytest.approx(0.66, abs=0.02)


@pytest.mark.parametrize("size", [(640, 360), (240, 400)])
def test_the_threshold_label_is_complete_or_left_out(size: tuple[int, int]) -> None:
    layout = plan_layout(*size, len(PANELS), strip=True, legend=True, **BIG)
    assert layout.strip

    def label(scores: np.ndarray) -> int:
        """Number of orange pixels above the strip, after a score was drawn there too."""
        strip = ScoreStrip(layout.strip.width, layout.strip.height, scores, np.arange(99) / 25, 0, 9, 0.7)
        mosaic = Mosaic(layout, PANELS, Title("clip"), strip=strip, flow_radius_px=2.0, overlay_opacity=0.0)
        canvas = mosaic.compose(Frame(np.zeros((size[1], size[0], 3), np.uint8), 0, 0.0), None, float(scores[0]))
        caption = layout.strip.caption().of(canvas).astype(int)
        return int(((caption[..., 0] > 200) & (caption[..., 2] < 100)).sum())

    whole = label(np.full(99, 0.5))
    assert whole == label(np.full(99, np.nan))
    assert (whole > 0) == (size[0] > size[1])


# The layout


@pytest.mark.parametrize(
    "size", [(360, 240), (640, 360), (1920, 1080), (3840, 2160), (360, 640), (500, 500), (4000, 300)]
)
@pytest.mark.parametrize("panels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("strip", "legend"), [(True, True), (True, False), (False, True), (False, False)])
def test_boxes_of_a_layout_do_not_overlap_and_are_aligned(
    size: tuple[int, int], panels: int, strip: bool, legend: bool
) -> None:
    layout = plan_layout(*size, panels, strip=strip, legend=legend, **BIG)
    assert layout.width <= 1920
    assert layout.height <= 1080
    floor = [box for box in (layout.strip, layout.legend) if box]
    assert len(floor) == strip + legend
    boxes = [*layout.panels, *floor]
    occupied = np.zeros((layout.height, layout.width), int)
    for box in [layout.header, *boxes, *(box.caption() for box in boxes)]:
        assert not any(number % 2 for number in (box.x, box.y, box.width, box.height))
        assert min(box.x, box.y) >= 0
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height
        occupied[box.y : box.y + box.height, box.x : box.x + box.width] += 1
    assert occupied.max() == 1
    assert layout.width % 2 == layout.height % 2 == 0
    large = layout.panels[0]
    for box in layout.panels:
        assert box.height == pytest.approx(box.width * size[1] / size[0], abs=3)
        assert box.width <= large.width
    # All columns end at one line: small panels at the end of the footer, equal ones above it.
    equal = all(box.width == large.width for box in layout.panels)
    bottoms = {box.y + box.height for box in [large, *floor]}
    for box in layout.panels[1:]:
        is_last = not any(other.x == box.x and other.y > box.y for other in layout.panels)
        if is_last and not equal:
            assert box.y + box.height == pytest.approx(max(bottoms), abs=2)


def test_small_videos_are_enlarged_and_large_ones_are_not() -> None:
    def large(width: int, height: int) -> Box:
        return plan_layout(width, height, 1, strip=False, legend=False, max_width_px=4000, max_height_px=4000).panels[0]

    assert large(360, 240).width == pytest.approx(860, abs=2)
    assert (large(1280, 720).width, large(1280, 720).height) == (1280, 720)


def test_too_small_limits_are_an_error() -> None:
    with pytest.raises(ValueError, match="no layout"):
        plan_layout(640, 360, 5, strip=True, legend=True, max_width_px=100, max_height_px=100)


def test_an_extreme_video_shape_is_an_export_error(predictor: Any, tmp_path: Path) -> None:
    video = BarcodeVideo(VARIABLE_TIMES.tolist(), 5.0, (2000, 8))
    for layout in (ClipLayout.MOSAIC, ClipLayout.SIDE_BY_SIDE):
        with pytest.raises(ExportError, match="No clip can show these panels"):
            export(video, predictor, 1, 3, tmp_path / "clip.mp4", layout=layout)


def test_zones_are_hatched_in_the_frame_of_a_clip(tmp_path: Path, video: BarcodeVideo) -> None:
    plain, hatched = tmp_path / "plain.mp4", tmp_path / "hatched.mp4"
    zones = (Zone.rectangle(ZoneKind.IGNORED, (0, 0), (1, 0.5)),)
    look: dict[str, Any] = {"panels": ("frame",), "score_strip": False}
    export(video, None, 3, 5, plain, **look)
    export(video, None, 3, 5, hatched, **look, zones=zones)
    box = layout_of(video, 1, strip=False, legend=False).panels[0]
    before, after = (box.of(read_clip(path)[1][0]).astype(int) for path in (plain, hatched))
    half = box.height // 2
    changed = np.abs(after - before).max(axis=2) > 12
    assert changed[: half - 8].mean() > 0.2
    assert changed[half + 8 :].mean() < 0.01


@pytest.mark.parametrize(("layout", "is_hatched"), [(ClipLayout.ORIGINAL, False), (ClipLayout.OUTLINES, True)])
def test_zones_are_hatched_where_anything_is_drawn(
    tmp_path: Path, video: BarcodeVideo, layout: ClipLayout, is_hatched: bool
) -> None:
    zones = (Zone.rectangle(ZoneKind.IGNORED, (0, 0), (1, 0.5)),)
    export(video, None, 3, 5, tmp_path / "plain.mp4", layout=layout)
    export(video, None, 3, 5, tmp_path / "zones.mp4", layout=layout, zones=zones)
    before, after = (read_clip(tmp_path / f"{name}.mp4")[1][0].astype(int) for name in ("plain", "zones"))
    half = len(before) // 2
    changed = np.abs(after - before).max(axis=2) > 12
    assert bool(changed[: half - 8].mean() > 0.2) is is_hatched
    assert changed[half + 8 :].mean() < 0.01
