from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.commands import review_export
from engine.export.tables import write_segments_json
from engine.models.detector import load_detector
from engine.review.document import DetectorUsed, JudgedSegment, Span, Verdict
from engine.scoring.segments import Segment, SegmentRule
from engine.video import open_video
from tests.clips import make_clip, read_number
from tests.engine.commands.reviews import write_joint_review, write_review

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


def test_clips_have_sound_unless_asked_for_without(tmp_path: Path, video: Path) -> None:
    del video
    alone = ("--start", 2, "--stop", 5, "--panels", "frame", "--no-score-strip")
    with_sound = make_clip(tmp_path / "loud.mp4", 12, with_audio=True)
    for more, expected in (((), 1), (("--no-sound",), 0), (("--copy",), 1), (("--copy", "--no-sound"), 0)):
        ran = vad_export(with_sound, *alone, *more, "--out", "clip.mp4")
        assert ran.exit_code == 0, ran.output
        with av.open("clip.mp4") as clip:
            assert len(clip.streams.audio) == expected
        Path("clip.mp4").unlink()


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


# Tables of a review


def listed(path: Path) -> list[dict[str, Any]]:
    return [
        {key: each[key] for key in ("number", "start_frame", "stop_frame", "verdict", "peak_score")}
        for each in json.loads(path.read_text(encoding="utf-8"))["segments"]
    ]


def test_all_tables_of_a_review_without_its_detector(video: Path) -> None:
    confirmed = JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED, who="ann", when="2026-03-01T10:00:00+00:00")
    dismissed = JudgedSegment(start=7, stop=99, verdict=Verdict.DISMISSED, reason="animal")
    review = write_review(video, confirmed, dismissed, detector=DetectorUsed("Gone", "d1"), score="paper")
    ran = vad_export(review, "--tables", "csv,json,srt,vtt,otio", "--out", "tables")
    assert ran.exit_code == 0, ran.output
    assert "Gone is not here" in ran.stderr
    kinds = ("csv", "json", "srt", "vtt", "otio")
    assert ran.stdout.splitlines() == [f"tables/gate 視.reviewed.{kind}" for kind in kinds]
    assert listed(Path("tables/gate 視.reviewed.json")) == [
        {"number": 1, "start_frame": 2, "stop_frame": 5, "verdict": "confirmed", "peak_score": None},
        {"number": 2, "start_frame": 7, "stop_frame": 12, "verdict": "dismissed", "peak_score": None},
    ]


def test_tables_of_a_review_hold_what_is_flagged_at_its_threshold(video: Path, detector_file: Path) -> None:
    name = DetectorUsed("untrained", load_detector(detector_file)[1])
    review = write_review(
        video,
        JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED, covers=Span(2, 5)),
        detector=name,
        score="paper",
    )
    ran = vad_export(review, "--tables", "json", "--detector", detector_file, "--device", "cpu", "--quiet")
    assert (ran.exit_code, ran.stderr) == (0, ""), ran.output
    segments = listed(Path("gate 視.reviewed.json"))
    # At a threshold of 0 everything is flagged; what a person cut out of it stands beside the rests.
    assert [(each["start_frame"], each["stop_frame"]) for each in segments] == [(0, 2), (2, 5), (5, 12)]
    assert [each["verdict"] for each in segments] == ["unreviewed", "confirmed", "unreviewed"]
    assert all(0 <= each["peak_score"] <= 1 for each in segments)


def test_tables_of_chosen_verdicts(video: Path) -> None:
    review = write_review(
        video,
        JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED),
        JudgedSegment(start=7, stop=9, verdict=Verdict.UNSURE),
        JudgedSegment(start=10, stop=11, verdict=Verdict.DISMISSED),
    )
    ran = vad_export(review, "--tables", "json", "--only", "dismissed, unsure")
    assert ran.exit_code == 0, ran.output
    assert [each["number"] for each in listed(Path("gate 視.reviewed.json"))] == [2, 3]


def test_tables_of_a_segments_file(video: Path) -> None:
    write_segments(Path("gate.segments.json"), video, Segment(1, 3, 2, 0.9), Segment(6, 9, 7, 0.8))
    ran = vad_export("gate.segments.json", "--tables", "json,vtt")
    assert ran.exit_code == 0, ran.output
    assert [each["peak_score"] for each in listed(Path("gate 視.reviewed.json"))] == [0.9, 0.8]


def test_an_edl_of_a_variable_rate_is_refused(video: Path) -> None:
    review = write_review(video, JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED))
    ran = vad_export(review, "--tables", "csv,edl")
    assert ran.exit_code == 1
    assert "constant frame rate" in ran.stderr
    assert not list(Path().glob("*.csv"))


def test_a_moved_recording_is_found_and_a_vanished_or_changed_one_is_told(video: Path) -> None:
    review = write_review(video, JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED))
    moved = video.rename(video.with_name("moved.mp4"))
    assert vad_export(review, "--tables", "csv").exit_code == 0
    moved.rename("elsewhere.mp4")
    gone = vad_export(review, "--tables", "srt")
    assert (gone.exit_code, "not where it was" in gone.stderr) == (1, True)
    make_clip(video, 10)
    changed = vad_export(review, "--tables", "srt")
    assert (changed.exit_code, "changed since it was reviewed" in changed.stderr) == (1, True)


def test_of_many_recordings_a_vanished_one_is_named_and_the_others_are_handed_over(tmp_path: Path, video: Path) -> None:
    gone = make_clip(tmp_path / "footage" / "yard.mp4", range(50, 62))
    review = write_joint_review(video, gone)
    gone.unlink()
    ran = vad_export(review, "--tables", "csv", "--report", "html", "--clips", "confirmed", "--copy", "--quiet")
    assert ran.exit_code == 1
    assert ran.stdout.splitlines() == ["gate 視.reviewed.csv", "gate 視.report.html", "gate 視.segment-1.mp4"]
    assert "Left out: yard.mp4: A recording of this review is not where it was" in ran.stderr
    assert "1 of 2 recordings were left out: yard.mp4" in ran.stderr
    assert "<li>yard.mp4: " in Path("gate 視.report.html").read_text(encoding="utf-8")
    packaged = CliRunner().invoke(cli, ["package", str(review), "--out", "package", "--quiet"])
    assert (packaged.exit_code, "Left out: yard.mp4" in packaged.stderr) == (1, True), packaged.output
    (left_out,) = json.loads(Path("package/data/provenance.json").read_text(encoding="utf-8"))["left_out"]
    assert left_out["name"] == "yard.mp4"


def test_segments_past_the_end_of_the_recording_are_told(video: Path) -> None:
    with open_video(video) as source:
        last = len(source) - 1
    spans = ((2, 5), (last, last + 9), (last + 20, last + 30))
    review = write_review(
        video, *(JudgedSegment(start=start, stop=stop, verdict=Verdict.CONFIRMED) for start, stop in spans)
    )
    ran = vad_export(review, "--tables", "csv", "--report", "html")
    said = f"2 judged segments reach past the last frame, {last}: what lies past it is left out."
    assert (ran.exit_code, said in ran.stderr) == (0, True), ran.output
    assert said in Path("gate 視.report.html").read_text(encoding="utf-8")
    assert len(Path("gate 視.reviewed.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_a_damaged_review_is_told(video: Path) -> None:
    review = write_review(video, JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED))
    review.write_bytes(review.read_bytes()[:100])
    ran = vad_export(review, "--tables", "csv")
    assert (ran.exit_code, "is damaged" in ran.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tables", "csv"], "need a review"),
        (["--clips", "confirmed"], "need a review"),
        (["--report", "html"], "need a review"),
        (["--report", "docx"], "choose from html,pdf"),
        (["--tables", "xls"], "choose from csv"),
        (["--only", "sure"], "choose from unreviewed"),
    ],
)
def test_options_for_reviews_say_what_they_need(video: Path, arguments: list[str], said: str) -> None:
    ran = vad_export(video, *arguments)
    assert (ran.exit_code, said in ran.stderr) == (2, True), ran.output


def test_a_review_needs_to_be_told_what_to_export(video: Path) -> None:
    ran = vad_export(write_review(video))
    assert (ran.exit_code, "--tables" in ran.stderr) == (2, True)


# Reports


@pytest.mark.slow
def test_clips_and_report_at_once(video: Path, detector_file: Path) -> None:
    used = DetectorUsed("untrained", load_detector(detector_file)[1])
    review = write_review(video, JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED), detector=used)
    asked_for = (
        "--clips",
        "confirmed",
        "--layout",
        "mosaic",
        "--report",
        "html,pdf",
        "--out",
        "out",
        "--device",
        "cpu",
    )
    ran = vad_export(review, *asked_for, "--detector", detector_file, "--quiet")
    assert ran.exit_code == 0, ran.output
    number = ran.stdout.splitlines()[-1].split("segment-")[1].split(".")[0]
    names = ["gate 視.report.html", "gate 視.report.pdf", f"gate 視.segment-{number}.mp4"]
    assert ran.stdout.splitlines() == [f"out/{name}" for name in names]
    assert "confirmed" in Path("out/gate 視.report.html").read_text(encoding="utf-8")
    assert Path("out/gate 視.report.pdf").read_bytes().startswith(b"%PDF-")


def test_one_report_of_all_recordings_of_a_review(tmp_path: Path, video: Path) -> None:
    review = write_joint_review(video, make_clip(tmp_path / "footage" / "yard.mp4", range(50, 62)))
    ran = vad_export(review, "--report", "html", "--only", "confirmed", "--language", "de", "--quiet")
    assert (ran.exit_code, ran.stdout) == (0, "gate 視-and-1-more.report.html\n"), ran.output
    text = Path("gate 視-and-1-more.report.html").read_text(encoding="utf-8")
    assert ('<html lang="de">' in text, "gate 視.mp4" in text, "yard.mp4" in text) == (True, True, True)
    assert (text.count("the confirmed one"), text.count("the dismissed one")) == (2, 0)


@pytest.mark.parametrize("there", ["gate 視.report.html", "gate 視.report.pdf"])
def test_an_existing_report_is_kept_and_nothing_is_written(video: Path, there: str) -> None:
    review = write_review(video, JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED))
    Path(there).write_text("precious")
    before = sorted(Path().iterdir())
    ran = vad_export(review, "--report", "html,pdf", "--tables", "csv", "--quiet")
    assert (ran.exit_code, "already" in ran.stderr) == (1, True), ran.output
    assert (Path(there).read_text(), sorted(Path().iterdir())) == ("precious", before)


# Clips of a review, and cuts without re-encoding


def cut_numbers(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [read_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_a_cut_says_how_much_earlier_it_begins(video: Path, tmp_path: Path) -> None:
    del video
    gate = make_clip(tmp_path / "gate.mp4", 60, gop=12, b_frames=0)
    ran = vad_export(gate, "--start", 30, "--stop", 40, "--copy")
    assert (ran.exit_code, ran.stdout) == (0, "gate.frames-30-39.mp4\n"), ran.output
    assert "keyframe 24, 0.24 s before frame 30" in ran.stderr
    assert cut_numbers(Path("gate.frames-30-39.mp4")) == list(range(24, 40))


def test_clips_of_the_confirmed_segments(tmp_path: Path, video: Path) -> None:
    del video
    gate = make_clip(tmp_path / "gate.mp4", 60, gop=12, b_frames=0)
    review = write_review(
        gate,
        JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED),
        JudgedSegment(start=20, stop=25, verdict=Verdict.DISMISSED),
        JudgedSegment(start=30, stop=40, verdict=Verdict.CONFIRMED),
    )
    ran = vad_export(review, "--clips", "confirmed", "--copy", "--tables", "csv", "--out", "clips")
    assert ran.exit_code == 0, ran.output
    names = ["gate.reviewed.csv", "gate.segment-1.mp4", "gate.segment-3.mp4"]
    assert ran.stdout.splitlines() == [f"clips/{name}" for name in names]
    assert cut_numbers(Path("clips/gate.segment-3.mp4")) == list(range(24, 40))
    ran = vad_export(review, "--clips", "all", "--panels", "frame", "--no-score-strip", "--out", "encoded", "--quiet")
    assert ran.exit_code == 0, ran.output
    numbers, _ = numbers_and_times(Path("encoded/gate.segment-3.mp4"))
    assert numbers == list(range(30, 40))
    assert len(list(Path("encoded").iterdir())) == 3


def test_clips_with_a_margin(tmp_path: Path, video: Path) -> None:
    del video
    gate = make_clip(tmp_path / "gate.mp4", 60, gop=12, b_frames=0)
    review = write_review(gate, JudgedSegment(start=30, stop=40, verdict=Verdict.CONFIRMED))
    ran = vad_export(
        review, "--clips", "all", "--margin", "0.2", "--names", "{first}", "--panels", "frame", "--no-score-strip"
    )
    assert (ran.exit_code, ran.stdout) == (0, "30.mp4\n"), ran.output
    assert "1 clip, 1 s in all" in ran.stderr
    assert numbers_and_times(Path("30.mp4"))[0] == list(range(25, 45))


@pytest.mark.parametrize(("answer", "is_made"), [("y", True), ("n", False)])
def test_much_is_asked_about_in_a_terminal_before_anything_is_written(
    tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch, answer: str, is_made: bool
) -> None:
    del video
    gate = make_clip(tmp_path / "gate.mp4", 60, gop=12, b_frames=0)
    review = write_review(gate, JudgedSegment(start=30, stop=40, verdict=Verdict.CONFIRMED))
    monkeypatch.setattr(review_export, "free_bytes", lambda _: 1000)
    given = ["export", str(review), "--clips", "all", "--copy", "--tables", "csv", "--quiet", "--out"]
    script = CliRunner().invoke(cli, [*given, "script"])
    assert (script.exit_code, script.stderr) == (0, "")
    monkeypatch.setattr(review_export, "_is_at_terminal", lambda: True)
    asked = CliRunner().invoke(cli, [*given, "out"], input=answer)
    assert "1 clip, 1 s in all, about 0.0 MB; 0 MB are free" in asked.stderr
    assert "Export that much?" in asked.stderr
    assert (asked.exit_code == 0) is is_made
    assert (tmp_path / "out").exists() is is_made


def test_a_clip_that_fails_does_not_stop_the_others(
    tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del video
    gate = make_clip(tmp_path / "gate.mp4", 60, gop=12)
    review = write_review(
        gate,
        JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED),
        JudgedSegment(start=30, stop=40, verdict=Verdict.CONFIRMED),
    )
    real = os.fsync
    calls = []

    def fail_once(file: int) -> None:
        calls.append(file)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file)

    monkeypatch.setattr("os.fsync", fail_once)
    ran = vad_export(review, "--clips", "all", "--copy", "--out", "clips")
    assert ran.exit_code == 1
    assert "disk is full" in ran.stderr
    assert "1 of 2 clips failed" in ran.stderr
    assert [path.name for path in Path("clips").iterdir()] == ["gate.segment-2.mp4"]


# Layouts and formats


def test_layouts_and_formats_of_a_segment(video: Path) -> None:
    review = write_review(video, JudgedSegment(start=3, stop=9, verdict=Verdict.CONFIRMED))
    given = [review, "--clips", "all", "--layout", "original", "--out", "clips"]
    names = {"mp4": ".mp4", "ffv1": ".mkv", "gif": ".gif", "png": ""}
    for kind, suffix in names.items():
        ran = vad_export(*given, "--format", kind)
        assert ran.exit_code == 0, ran.output
        path = Path("clips") / f"gate 視.segment-1{suffix}"
        assert ran.stdout.strip() == str(path)
        if path.is_file():
            assert cut_numbers(path) == list(range(3, 9))
        else:
            assert len(list(path.glob("*.png"))) == 6


def test_frames_in_another_format_and_its_own_name(video: Path) -> None:
    given = [video, "--start", 2, "--stop", 6, "--layout", "original"]
    ran = vad_export(*given, "--format", "gif")
    assert ran.exit_code == 0, ran.output
    assert cut_numbers(Path(ran.stdout.strip())) == [2, 3, 4, 5]
    assert ran.stdout.strip().endswith(".frames-2-5.gif")
    ran = vad_export(*given, "--format", "gif", "--out", "clip.mp4")
    assert (ran.exit_code, "ends in .gif" in ran.stderr) == (1, True)
    ran = vad_export(*given, "--max-mb", "0.2", "--out", "clip.mp4")
    assert ran.exit_code == 0, ran.output
    assert Path("clip.mp4").stat().st_size <= 200_000
    ran = vad_export(*given, "--max-mb", "0.2", "--encoder", "libvpx-vp9", "--out", "other.mp4")
    assert (ran.exit_code, "H.264" in ran.stderr) == (1, True)


def test_clips_are_called_as_a_template_says(tmp_path: Path, video: Path) -> None:
    segments = [JudgedSegment(start=start, stop=start + 2, verdict=Verdict.CONFIRMED) for start in (2, 6)]
    review = write_review(video, *segments)
    clips = (
        review,
        "--clips",
        "confirmed",
        "--panels",
        "frame",
        "--no-score-strip",
        "--out",
        tmp_path / "out",
        "--quiet",
    )
    ran = vad_export(*clips, "--names", "{verdict} {first}-{last}")
    assert ran.exit_code == 0, ran.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["confirmed 2-3.mp4", "confirmed 6-7.mp4"]
    ran = vad_export(*clips, "--names", "{verdict}")
    assert ran.exit_code > 0
    assert "{segment}" in ran.stderr
    ran = vad_export(*clips, "--names", "{number}")
    assert ran.exit_code > 0
    assert "{recording}" in ran.stderr


def test_texts_in_the_picture_are_those_asked_for(tmp_path: Path, video: Path) -> None:
    def header(*options: str) -> np.ndarray:
        target = tmp_path / f"{len(list(tmp_path.iterdir()))}.mp4"
        frames = ("--start", 2, "--stop", 3, "--panels", "frame", "--no-score-strip", "--out", target, "--quiet")
        ran = vad_export(video, *frames, *options)
        assert ran.exit_code == 0, ran.output
        with av.open(str(target)) as container:
            return next(container.decode(video=0)).to_ndarray(format="rgb24")[:36].max(axis=(0, 2)) > 120

    half = len(header()) // 2
    assert header()[:half].any()
    assert header()[half:].any()
    assert header("--texts", "camera")[:half].any()
    assert not header("--texts", "camera")[half:].any()
    assert not header("--texts", "").any()
    assert vad_export(video, "--texts", "clock").exit_code == 2
