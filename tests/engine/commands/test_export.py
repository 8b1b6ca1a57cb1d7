from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.export.tables import write_segments_json
from engine.models.detector import load_detector
from engine.scoring.segments import Segment, SegmentRule
from engine.video import open_video
from tests.clips import make_clip, read_number

TIMES = np.cumsum([0.0, *([0.04, 0.1, 0.02] * 4)])[:12].tolist()


@pytest.fixture
def video(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001  # a cache of its own
    monkeypatch.chdir(tmp_path)
    (tmp_path / "footage").mkdir()
    return make_clip(tmp_path / "footage" / "gate 視.mp4", 12, times=TIMES)


def vad_export(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["export", *map(str, arguments)])


def write_segments(path: Path, video: Path, *segments: Segment, detector: str = "x") -> None:
    with open_video(video) as source:
        write_segments_json(
            path,
            source.info,
            source.times,
            segments,
            SegmentRule(),
            detector_name="x",
            detector_fingerprint=detector,
            score="paper",
        )


def numbers_and_times(clip: Path) -> tuple[list[int], list[float]]:
    """Barcode numbers and times of a clip that shows only the frame, without score strip."""
    with av.open(str(clip)) as container:
        frames = list(container.decode(video=0))
    pictures = [frame.to_ndarray(format="rgb24")[70:-16, 16:-16] for frame in frames]
    return [read_number(picture) for picture in pictures], [float(frame.time or 0) for frame in frames]


def test_frames_without_a_detector(video: Path) -> None:
    ran = vad_export(video, "--start", 5, "--stop", 12, "--panels", "frame", "--no-score-strip", "--out", "clip.mp4")
    assert (ran.exit_code, ran.stdout) == (0, "clip.mp4\n")
    numbers, times = numbers_and_times(Path("clip.mp4"))
    assert numbers == list(range(5, 12))
    assert times == pytest.approx(np.array(TIMES[5:12]) - TIMES[5], abs=2e-5)


@pytest.mark.slow
def test_a_segment_of_a_file_with_all_panels(video: Path, detector_file: Path) -> None:
    segments = Segment(1, 3, 2, 0.9), Segment(6, 9, 7, 0.8)
    write_segments(Path("gate.segments.json"), video, *segments, detector=load_detector(detector_file)[1])
    ran = vad_export(video, "--detector", detector_file, "--segments", "gate.segments.json", "--segment", 2, "--quiet")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "gate 視.segment-2.mp4\n", "")
    with av.open("gate 視.segment-2.mp4") as container:
        assert sum(1 for _ in container.decode(video=0)) == 3


@pytest.mark.slow
def test_a_segment_found_anew_and_a_free_name(video: Path, detector_file: Path) -> None:
    for expected in ("gate 視.segment-1.mp4", "gate 視.segment-1-2.mp4"):
        ran = vad_export(video, "--detector", detector_file, "--segment", 1, "--panels", "frame", "--device", "cpu")
        assert (ran.exit_code, ran.stdout) == (0, f"{expected}\n"), ran.output
        assert Path(expected).exists()


def test_a_name_that_is_no_text_is_exported_under_one_that_is(tmp_path: Path, video: Path, detector_file: Path) -> None:
    """OpenCV crashes where it has to draw such a name."""
    odd = video.rename(tmp_path / os.fsdecode(b"caf\xe9.mp4"))
    ran = vad_export(odd, "--start", 2, "--stop", 5, "--detector", detector_file, "--device", "cpu", "--quiet")
    assert (ran.exit_code, ran.stdout) == (0, "caf_xe9.frames-2-4.mp4\n"), ran.output
    assert Path("caf_xe9.frames-2-4.mp4").is_file()


def test_a_clip_of_a_recording_with_a_long_name_gets_a_shorter_one(tmp_path: Path, video: Path) -> None:
    long = video.rename(tmp_path / ("視" * 83 + ".mp4"))
    ran = vad_export(long, "--start", 2, "--stop", 5, "--panels", "frame", "--no-score-strip", "--quiet")
    assert ran.exit_code == 0, ran.output
    clip = Path(ran.stdout.strip())
    assert clip.name.startswith("視視")
    assert clip.name.endswith(".frames-2-4.mp4")
    assert numbers_and_times(clip)[0] == [2, 3, 4]


def test_it_is_said_that_sound_is_not_kept(tmp_path: Path, video: Path) -> None:
    alone = ("--start", 2, "--stop", 5, "--panels", "frame", "--no-score-strip", "--quiet")
    with_sound = make_clip(tmp_path / "loud.mp4", 12, with_audio=True)
    ran = vad_export(with_sound, *alone)
    assert (ran.exit_code, ran.stdout) == (0, "loud.frames-2-4.mp4\n")
    assert "The recording has sound; the clip has none." in ran.stderr
    with av.open("loud.frames-2-4.mp4") as clip:
        assert not clip.streams.audio
    assert "sound" not in vad_export(video, *alone).stderr


@pytest.mark.parametrize(
    ("target", "advice"), [("n" * 300 + ".mp4", "choose a shorter one"), ("no/clip.mp4", "no such folder")]
)
def test_a_target_that_can_not_be_is_said_before_the_analysis(
    video: Path, detector_file: Path, target: str, advice: str
) -> None:
    ran = vad_export(video, "--segment", 1, "--detector", detector_file, "--device", "cpu", "--out", target)
    assert ran.exit_code == 1
    assert advice in ran.stderr
    assert "Analysing" not in ran.stderr


def test_an_existing_file_is_refused(video: Path) -> None:
    Path("clip.mp4").write_text("precious")
    ran = vad_export(video, "--start", 5, "--stop", 7, "--panels", "frame", "--no-score-strip", "--out", "clip.mp4")
    assert ran.exit_code == 1
    assert "already" in ran.stderr
    assert Path("clip.mp4").read_text() == "precious"


@pytest.mark.parametrize("wrong", [["--out", "taken.mp4"], ["--out", "clip.avi"], ["--stop", 99]])
def test_what_can_not_be_exported_is_said_before_an_analysis(
    video: Path, detector_file: Path, cache: Path, wrong: list[object]
) -> None:
    Path("taken.mp4").touch()
    ran = vad_export(video, "--detector", detector_file, "--start", 5, "--stop", 7, *wrong)
    assert ran.exit_code == 1
    assert "Error: " in ran.stderr
    assert not list(cache.glob("*"))


def test_segments_of_another_video_are_refused(video: Path, tmp_path: Path) -> None:
    write_segments(Path("s.json"), make_clip(tmp_path / "other.mp4", 10), Segment(1, 3, 2, 0.9))
    ran = vad_export(video, "--segments", "s.json", "--segment", 1, "--panels", "frame", "--no-score-strip")
    assert ran.exit_code == 1
    assert "another video" in ran.stderr


def test_a_segment_that_is_not_there(video: Path) -> None:
    write_segments(Path("s.json"), video, Segment(1, 3, 2, 0.9))
    ran = vad_export(video, "--segments", "s.json", "--segment", 2, "--panels", "frame", "--no-score-strip")
    assert ran.exit_code == 1
    assert "no segment 2" in ran.stderr
    assert "1 to 1" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "either --segment"),
        (["--segment", 1, "--start", 2, "--stop", 3], "either --segment"),
        (["--start", 2], "either --segment"),
        (["--segment", 1], "--detector"),
        (["--start", 3, "--stop", 2], "above --start"),
        (["--start", 2, "--stop", 3, "--panels", "frame"], "--detector"),
        (["--start", 2, "--stop", 3, "--panels", "frame,flow"], "predicted_flow"),
        (["--start", 2, "--stop", 3, "--panels", "frame,frame"], "at most once"),
        (["--start", 2, "--stop", 3, "--segments", "s.json"], "--segments needs"),
    ],
)
def test_what_was_asked_for_wrongly_is_explained(video: Path, arguments: list[object], said: str) -> None:
    ran = vad_export(video, *arguments)
    assert ran.exit_code == 2
    assert said in ran.stderr


def test_segments_of_another_detector_are_refused(video: Path, detector_file: Path) -> None:
    write_segments(Path("s.json"), video, Segment(1, 3, 2, 0.9), detector="somebody else's")
    ran = vad_export(video, "--detector", detector_file, "--segments", "s.json", "--segment", 1)
    assert ran.exit_code == 1
    assert "another detector" in ran.stderr
