"""What is handed over of a recording whose stored pixels are not square has its true shape, and hides as much."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from engine.export.clip import ClipLayout, ExportOptions, export_clip
from engine.export.stream_copy import copy_clip
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.report.report import write_report
from engine.review.attaching import ReviewedSegment
from engine.review.document import Verdict
from engine.video import open_video
from engine.video.frame import Pixels
from tests.clips import put_pixel_aspect, write_discs
from tests.engine.barcode_video import BarcodePredictor
from tests.engine.export.reviews import judged, reviewed
from tests.engine.video.test_shape import assert_round

STORED, ASPECT, SHOWN = (352, 144), Fraction(6, 11), (352, 264)
FRAMES = 26


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disc in pixels that are higher than wide."""
    return write_discs(tmp_path_factory.mktemp("recording") / "gate.mp4", STORED, ASPECT, frames=FRAMES)


def pictures(path: Path) -> tuple[list[Pixels], float]:
    """The pictures of a clip as a player shows them, and their width by their height."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        aspect = stream.sample_aspect_ratio or 1
        made = []
        for frame in container.decode(stream):
            pixels = frame.to_ndarray(format="rgb24")
            size = (pixels.shape[1], round(pixels.shape[0] / aspect))
            made.append(np.asarray(cv2.resize(pixels, size), np.uint8))
        return made, made[0].shape[1] / made[0].shape[0]


def test_a_plain_clip_is_as_players_show_the_recording(recording: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    with open_video(recording) as source:
        options = ExportOptions(layout=ClipLayout.ORIGINAL, panels=("frame",))
        list(export_clip(source, None, np.zeros(FRAMES), 0, FRAMES, clip, options))
    with av.open(str(clip)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == SHOWN
    shown, shape = pictures(clip)
    assert shape == pytest.approx(pictures(recording)[1], abs=0.01)
    for pixels in shown[::5]:
        assert_round(pixels)


@pytest.mark.parametrize("layout", [ClipLayout.MOSAIC, ClipLayout.SIDE_BY_SIDE])
def test_panels_have_the_true_shape(recording: Path, tmp_path: Path, layout: ClipLayout) -> None:
    predictor: Any = BarcodePredictor()
    clip = tmp_path / "clip.mp4"
    with open_video(recording) as source:
        options = ExportOptions(layout=layout, panels=("frame", "predicted_frame"))
        list(export_clip(source, predictor, np.zeros(FRAMES), 5, 8, clip, options))
    shown, _ = pictures(clip)
    # The disc is the largest thing that is bright.
    count, _, boxes, _ = cv2.connectedComponentsWithStats((shown[1][..., 1] > 140).astype(np.uint8))
    assert count > 1
    _, _, width, height, _ = max(boxes[1:], key=lambda box: box[4])
    assert width > 30
    assert width == pytest.approx(height, abs=4)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_copy_is_shown_as_the_recording(recording: Path, tmp_path: Path, suffix: str) -> None:
    copy = tmp_path / f"copy{suffix}"
    with open_video(recording) as source:
        list(copy_clip(source, 12, 20, copy))
    shown, shape = pictures(copy)
    assert shape == pytest.approx(4 / 3, abs=0.01)
    assert_round(shown[2])
    with open_video(copy) as source:
        assert (source.info.width_px, source.info.height_px) == SHOWN


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_copy_keeps_what_the_container_alone_says(tmp_path: Path, suffix: str) -> None:
    silent = write_discs(tmp_path / "silent.mp4", STORED, ASPECT, frames=FRAMES, is_told=False)
    recording = put_pixel_aspect(silent, tmp_path / "gate.mp4", ASPECT)
    copy = tmp_path / f"copy{suffix}"
    with open_video(recording) as source:
        list(copy_clip(source, 12, 20, copy))
    assert pictures(copy)[1] == pytest.approx(4 / 3, abs=0.01)


@pytest.mark.parametrize(("codec", "container"), [("mpeg2video", "vob"), ("mpeg1video", "mpeg")])
def test_a_copy_of_a_program_stream(tmp_path: Path, codec: str, container: str) -> None:
    """A helper process reads, and copies, the second."""
    recording = write_discs(
        tmp_path / "gate.mpg", (352, 288), Fraction(12, 11), codec=codec, container_format=container, frames=FRAMES
    )
    copy = tmp_path / "copy.mkv"
    with open_video(recording) as source:
        list(copy_clip(source, 12, 20, copy))
    with open_video(copy) as source:
        assert (source.info.width_px, source.info.height_px) == (384, 288)


def test_pictures_of_a_report(recording: Path, tmp_path: Path) -> None:
    segment = ReviewedSegment(2, 20, 10, 3.5, judged(2, 20, Verdict.CONFIRMED))
    with open_video(recording) as source:
        found = replace(reviewed(recording, times=source.times, segments=(segment,)), info=source.info)
    report = tmp_path / "report.html"
    list(write_report([found], report))
    shown = list(embedded(report.read_text()))
    assert shown
    for pixels in shown:
        assert pixels.shape[1] / pixels.shape[0] == pytest.approx(4 / 3, abs=0.02)


def embedded(html: str) -> Iterator[Pixels]:
    for found in re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", html):
        yield np.asarray(cv2.imdecode(np.frombuffer(base64.b64decode(found), np.uint8), cv2.IMREAD_COLOR), np.uint8)


REGION = ((0.3, 0.25), (0.7, 0.25), (0.7, 0.75), (0.3, 0.75))


@pytest.fixture
def secrets(tmp_path: Path) -> list[Path]:
    """Two recordings that differ in the region alone, to the bit: their pixels are stored without loss."""
    width, height = 48, 128
    paths = []
    for seed in range(2):
        paths.append(tmp_path / f"{seed}.mp4")
        with av.open(str(paths[-1]), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"qp": "0", "threads": "1"})
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.sample_aspect_ratio = Fraction(4)
            chance, ground = np.random.default_rng(seed), np.random.default_rng(9)
            for _ in range(5):
                picture = ground.integers(0, 256, (height * 3 // 2, width), np.uint8)
                # Luma in the region, whose corners are (14.4, 32) and (33.6, 96), and colours of pairs that it touches.
                picture[32:96, 14:34] = chance.integers(0, 256, (64, 20), np.uint8)
                chroma = picture[height:].reshape(2, height // 2, width // 2)
                chroma[:, 16:48, 7:17] = chance.integers(0, 256, (2, 32, 10), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
            container.mux(stream.encode(None))
    return paths


@pytest.mark.parametrize("method", RedactionMethod)
def test_stretching_lets_nothing_of_a_region_out(tmp_path: Path, secrets: list[Path], method: RedactionMethod) -> None:
    clips: list[Path] = []
    for redaction in (Redaction((RedactedRegion(method, (Keyframe(0, REGION),)),)), Redaction()):
        for path in secrets:
            clips.append(tmp_path / f"clip-{len(clips)}.mp4")
            with open_video(path) as source:
                assert (source.info.width_px, source.info.height_px) == (192, 128)
                options = ExportOptions(layout=ClipLayout.ORIGINAL, panels=("frame",), redaction=redaction)
                list(export_clip(source, None, np.zeros(5), 0, 5, clips[-1], options))
    one, other, clear, clear_other = (path.read_bytes() for path in clips)
    assert one == other
    assert clear != clear_other
