"""Of two recordings that differ only in what is redacted, everything that is handed over is the same to the byte."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from engine.analysis.pipeline import inspect_pair
from engine.common.errors import ExportError
from engine.evidence.package import PackageOptions, make_package
from engine.export.clip import ClipLayout, ExportOptions, export_clip
from engine.export.list_files import FORMATS
from engine.export.reviewed import ReviewedRecording
from engine.export.stream_copy import copy_clip
from engine.figures.drawing import SheetKind, Transition, draw_sheet
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.redaction.source import redacted
from engine.report.report import write_report
from engine.review.attaching import ReviewedSegment
from engine.review.document import Verdict
from engine.video import open_video
from engine.video.encoding import ENCODERS, ClipFormat, Encoding
from tests.clips import make_clip
from tests.engine.barcode_video import BarcodePredictor
from tests.engine.export.reviews import evidence, judged, reviewed

WIDTH, HEIGHT, FRAMES = 160, 120, 12
SECRETS = ("Ann was here", "Bob was here")
ONE = ((0.2, 0.2), (0.5, 0.2), (0.5, 0.6), (0.2, 0.6))
OTHER = ((0.5, 0.4), (0.8, 0.4), (0.8, 0.8), (0.5, 0.8))


def moving(method: RedactionMethod) -> Redaction:
    return Redaction((RedactedRegion(method, (Keyframe(0, ONE), Keyframe(FRAMES - 1, OTHER))),))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two recordings of one name that differ in the region alone."""
    region = moving(RedactionMethod.FILL).regions[0]
    paths = []
    for seed, name in enumerate("ab"):
        ground = cv2.GaussianBlur(np.random.default_rng(9).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 3)
        secret = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        paths.append(tmp_path / name / "gate")
        paths[-1].mkdir(parents=True)
        for number in range(FRAMES):
            mask = np.zeros((HEIGHT, WIDTH), np.uint8)
            corners = np.round(np.array(region.points_at(number)) * (WIDTH, HEIGHT)).astype(np.int32)
            cv2.fillPoly(mask, [corners], (255,))
            picture = np.where(mask[..., None] > 0, secret, np.roll(ground, number, axis=1))
            cv2.imwrite(str(paths[-1] / f"{number:03}.png"), picture)
    return paths[0], paths[1]


@pytest.fixture
def films(folders: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The same two as videos, which tell their secret in a title, a cover picture and the sound, too."""
    paths = []
    for number, folder in enumerate(folders):
        paths.append(tmp_path / f"film-{number}" / "gate.mkv")
        paths[-1].parent.mkdir()
        pictures = [cv2.imread(str(each))[..., ::-1].copy() for each in sorted(folder.iterdir())]
        with av.open(str(paths[-1]), "w") as container:
            container.metadata["title"] = container.metadata["comment"] = SECRETS[number]
            video = container.add_stream("ffv1", rate=25, width=WIDTH, height=HEIGHT, pix_fmt="bgr0")
            video.metadata["title"] = SECRETS[number]
            sound = container.add_stream("pcm_s16le", rate=48000, layout="mono")
            container.add_attachment("cover.png", "image/png", sorted(folder.iterdir())[0].read_bytes())
            for picture in pictures:
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            wave = np.random.default_rng(number).integers(-9999, 9999, (1, 1920 * FRAMES), np.int16)
            heard = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            heard.sample_rate = 48000
            container.mux(sound.encode(heard))
            for stream in (video, sound):
                container.mux(stream.encode(None))
    return paths[0], paths[1]


def recording(path: Path, redaction: Redaction) -> ReviewedRecording:
    segments = (ReviewedSegment(2, 8, 5, 3.5, judged(2, 8, Verdict.CONFIRMED)),)
    with open_video(path) as source:
        found = reviewed(path, times=source.times, segments=segments)
        return replace(found, info=source.info, redaction=redaction)


@pytest.mark.parametrize(
    "redaction", [*map(moving, RedactionMethod), replace(moving(RedactionMethod.FILL), blurs_picture=True)]
)
def test_clips_with_all_panels(tmp_path: Path, folders: tuple[Path, Path], redaction: Redaction) -> None:
    predictor: Any = BarcodePredictor()
    clips = []
    for options in (ExportOptions(redaction=redaction, overlay_opacity=0.5), ExportOptions()):
        for path in folders:
            clips.append(tmp_path / f"{len(clips)}.mp4")
            with open_video(path) as source:
                list(export_clip(source, predictor, np.linspace(0, 1, FRAMES), 0, FRAMES, clips[-1], options))
    one, other, clear, clear_other = (path.read_bytes() for path in clips)
    assert one == other
    assert clear != clear_other


def contents(path: Path) -> dict[str, bytes]:
    """Of a file, or of all files of a folder, by name."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {each.name if path.is_dir() else "": each.read_bytes() for each in files}


ENCODINGS = (
    *(Encoding(encoder=encoder) for encoder in ENCODERS),
    Encoding(max_bytes=60_000),
    *(Encoding(format=each) for each in ClipFormat if each is not ClipFormat.MP4),
)


@pytest.mark.parametrize(
    "look",
    [
        *(ExportOptions(encoding=encoding) for encoding in ENCODINGS),
        *(ExportOptions(layout=layout) for layout in ClipLayout if layout is not ClipLayout.MOSAIC),
    ],
    ids=lambda look: f"{look.layout}-{look.encoding.format}-{look.encoding.encoder}-{look.encoding.max_bytes}",
)
def test_clips_of_every_format_and_layout(tmp_path: Path, films: tuple[Path, Path], look: ExportOptions) -> None:
    predictor: Any = BarcodePredictor()
    look = replace(look, outlines=True, threshold=0.1)
    made = []
    for options in (replace(look, redaction=moving(RedactionMethod.BLUR)), look):
        for path in films:
            made.append(tmp_path / f"{len(made)}{look.encoding.facts.suffix}")
            scores = np.linspace(0, 1, FRAMES)
            with open_video(path) as source:
                list(export_clip(source, predictor, scores, 0, 7, made[-1], options, evidence=lambda _: evidence()))
    one, other, clear, clear_other = map(contents, made)
    assert one == other
    assert clear != clear_other
    assert not [secret for secret in SECRETS for each in one.values() if secret.encode() in each]


@pytest.mark.parametrize("method", RedactionMethod)
@pytest.mark.parametrize("kind", SheetKind)
def test_sheets_of_figures(folders: tuple[Path, Path], kind: SheetKind, method: RedactionMethod) -> None:
    predictor: Any = BarcodePredictor()
    sheets = []
    for redaction in (moving(method), Redaction()):
        for path in folders:
            with redacted(open_video(path), redaction) as source:
                previous, frame = source.read(4), source.read(5)
            inspection = inspect_pair(previous, frame, predictor)
            transition = Transition("gate", previous, inspection, None, [], [])
            sheets.append(draw_sheet(kind, [transition], predictor.settings.flow_radius_px))
    assert np.array_equal(sheets[0], sheets[1])
    assert not np.array_equal(sheets[2], sheets[3])


@pytest.mark.parametrize("method", RedactionMethod)
def test_pictures_of_a_report(tmp_path: Path, folders: tuple[Path, Path], method: RedactionMethod) -> None:
    pictures = []
    for redaction in (moving(method), Redaction()):
        for path in folders:
            target = tmp_path / f"{len(pictures)}.html"
            list(
                write_report(
                    [recording(path, redaction)], target, evidence_of=lambda _: nullcontext(lambda _: evidence())
                )
            )
            text = target.read_text(encoding="utf-8")
            assert (f"1 region ({method})" in text) is bool(redaction)
            pictures.append(re.findall(r'src="(data:image[^"]+)"', text))
    assert len(pictures[0]) == 5, "four of the segment, and the heat map"
    assert pictures[0] == pictures[1]
    assert not set(pictures[2]) & set(pictures[3])


def packaged(folder: Path, recording: ReviewedRecording, **options: Any) -> dict[str, bytes]:
    list(make_package([recording], [("gate.review.json", b"{}\n")], folder, PackageOptions(**options)))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_holds_no_recording_and_the_same_clips(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    one, other = (
        packaged(tmp_path / name, recording(path, moving(RedactionMethod.BLUR)))
        for name, path in zip("xy", folders, strict=True)
    )
    (clip,) = (name for name in one if name.endswith(".mp4"))
    assert one[clip] == other[clip]
    assert not [name for name in one if "originals" in name]
    assert b'"redacted": "1 region (blur)"' in one["data/provenance.json"]
    spoken = packaged(tmp_path / "z", recording(folders[0], moving(RedactionMethod.BLUR)), with_redacted=True)
    assert len([name for name in spoken if "originals" in name]) == FRAMES
    assert spoken[clip] == one[clip]


def test_names_and_tables_of_a_package_tell_no_more(tmp_path: Path, films: tuple[Path, Path]) -> None:
    told = []
    for name, path in zip("xy", films, strict=True):
        of = recording(path, moving(RedactionMethod.PIXELATE))
        files = packaged(tmp_path / name, of)
        fingerprint = of.info.fingerprint[:8]
        assert not [secret for secret in SECRETS for each in files.values() if secret.encode() in each]
        told.append(
            {
                file.replace(fingerprint, "FINGERPRINT"): content.replace(of.info.fingerprint.encode(), b"FINGERPRINT")
                for file, content in files.items()
                if file.startswith(("data/tables/", "data/clips/"))
            }
        )
    assert len(told[0]) == len(FORMATS) + 1
    assert told[0] == told[1]


def test_nothing_is_cut_without_re_encoding(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "gate.mp4", 150)
    redaction = moving(RedactionMethod.FILL)
    with open_video(video) as source, pytest.raises(ExportError, match="would show what is redacted"):
        list(copy_clip(source, 0, 10, tmp_path / "cut.mp4", redaction=redaction))
    files = packaged(tmp_path / "package", replace(reviewed(video), redaction=redaction))
    assert [name for name in files if name.endswith((".mp4", ".mkv"))] == [
        f"data/clips/gate.segment-{number}.working-copy.annotated.mp4" for number in (1, 4)
    ]


def test_a_redacted_clip_is_silent(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "gate.mp4", 50, with_audio=True)
    for redaction, streams in ((Redaction(), 1), (moving(RedactionMethod.FILL), 0), (Redaction((), True), 0)):
        target = tmp_path / f"{bool(redaction)}-{redaction.blurs_picture}.mp4"
        options = ExportOptions(("frame",), score_strip=False, redaction=redaction)
        with open_video(video) as source:
            list(export_clip(source, None, np.full(50, np.nan), 0, 20, target, options))
        with av.open(str(target)) as container:
            assert len(container.streams.audio) == streams
