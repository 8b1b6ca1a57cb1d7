from __future__ import annotations

import json
import os
import sys
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.export.tables import write_scores_csv, write_segments_json
from engine.models.detector_header import read_header
from engine.review.document import DetectorUsed, JudgedSegment, Verdict
from engine.scoring.conditions import Condition, ConditionKind
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.signals import missing_signals
from engine.video import open_video
from resources import detector_path
from tests.clips import make_clip
from tests.engine.commands.reviews import write_review


def vad_report(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["report", *map(str, arguments)])


def test_the_report_of_a_review(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "gate_20260301_101500.mp4", 12)
    review = write_review(video, JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED, note="by the gate"))
    ran = vad_report(review, "--out", tmp_path / "report.html", "--quiet")
    assert (ran.exit_code, ran.stdout) == (0, f"{tmp_path / 'report.html'}\n"), ran.output
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "by the gate" in text
    assert "2026-03-01 10:15:00" in text


def test_in_another_language_with_tables_and_provenance_in_english(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "gate.mp4", 12)
    used = DetectorUsed("Plaza", "gone")
    review = write_review(video, JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED), detector=used)
    ran = vad_report(review, "--out", tmp_path / "report.html", "--language", "de", "--quiet")
    assert ran.exit_code == 0, ran.output
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<html lang="de">' in text
    assert "Der Detektor Plaza ist nicht vorhanden" in text
    folder = tmp_path / "package"
    ran = CliRunner().invoke(
        cli, ["package", str(review), "--out", str(folder), "--language", "de", "--clips", "dismissed", "--quiet"]
    )
    assert ran.exit_code == 0, ran.output
    assert '<html lang="de">' in (folder / "data" / "report.html").read_text(encoding="utf-8")
    (described,) = json.loads((folder / "data" / "provenance.json").read_text(encoding="utf-8"))["recordings"]
    assert described["notes"][0].startswith("The detector Plaza is not here")
    (table,) = (folder / "data" / "tables").rglob("*.csv")
    assert "confirmed" in table.read_text(encoding="utf-8-sig")
    # The next command speaks English again.
    ran = vad_report(review, "--out", tmp_path / "english.html", "--quiet")
    assert '<html lang="en">' in (tmp_path / "english.html").read_text(encoding="utf-8")


def analysis_of(video: Path, *segments: Segment, scores: list[float]) -> Path:
    """What `vad analyse` writes of a video whose camera was covered for a second; the path of the segments file."""
    path = video.with_suffix(".segments.json")
    with open_video(video) as source:
        covered = Condition(ConditionKind.COVERED, 0.0, 1.0)
        write_segments_json(
            path, source.info, source.times, segments, SegmentRule(), detector_name="x", detector_fingerprint="x",
            score="paper", conditions=[covered],
        )  # fmt: skip
        write_scores_csv(video.with_suffix(".scores.csv"), source.times, missing_signals(len(source)), np.array(scores))
    return path


@pytest.mark.parametrize("peak", [0.75, 0.5])
def test_the_report_of_an_analysis_shows_its_scores(tmp_path: Path, peak: float) -> None:
    scores = [0.1] * 4 + [0.5] + [0.1] * 7
    segments = analysis_of(make_clip(tmp_path / "gate.mp4", 12), Segment(3, 6, 4, peak), scores=scores)
    ran = vad_report(segments, "--out", tmp_path / "report.html", "--quiet")
    assert ran.exit_code == 0, ran.output
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "covered lens" in text
    # Where its peak is another one, the scores are those of another analysis.
    assert ("Scores are not known here" in text) == (peak != 0.5)
    assert ("dashed: the threshold" in text) == (peak == 0.5)
    assert "is missing from this report" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("is_beside", [True, False])
def test_the_report_of_an_analysis_of_a_recording_whose_name_is_no_text(tmp_path: Path, is_beside: bool) -> None:
    folder = tmp_path / os.fsdecode(b"T\xfcr")
    folder.mkdir()
    video = make_clip(tmp_path / "gate.mp4", 12).rename(folder / os.fsdecode(b"gate\xe9.mp4"))
    segments = analysis_of(video, Segment(3, 6, 4, 0.5), scores=[0.1] * 4 + [0.5] + [0.1] * 7)
    if not is_beside:
        segments = segments.rename(tmp_path / "gate.segments.json")
    ran = vad_report(segments, "--out", tmp_path / "report.html", "--quiet")
    assert ran.exit_code == 0, ran.output
    assert "gate\\xe9.mp4" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("damage", ["", "frame,anomaly_score\n0,x\n", "frame,anomaly_score\n0,0.5\n", "\xff\0"])
def test_scores_that_cannot_be_read_are_not_known(tmp_path: Path, damage: str) -> None:
    video = make_clip(tmp_path / "gate.mp4", 12)
    segments = analysis_of(video, Segment(3, 6, 4, 0.5), scores=[0.5] * 12)
    video.with_suffix(".scores.csv").write_text(damage, encoding="latin-1")
    ran = vad_report(segments, "--out", tmp_path / "report.html", "--quiet")
    assert (ran.exit_code, ran.stderr) == (0, ""), ran.output
    assert "Scores are not known here" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_pdf_beside_it(tmp_path: Path) -> None:
    review = write_review(make_clip(tmp_path / "gate.mp4", 12), JudgedSegment(start=2, stop=5))
    ran = vad_report(review, "--out", tmp_path / "report.html", "--pdf", "--quiet")
    assert (ran.exit_code, ran.stdout.splitlines()) == (
        0,
        [str(tmp_path / f"report.{kind}") for kind in ("html", "pdf")],
    )
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.slow
def test_ped2s_cyclist_is_reported_and_packaged_with_outlines(tmp_path: Path, cache: Path, shared_data: Path) -> None:
    del cache
    clip = tmp_path / "01.mp4"
    clip.symlink_to(shared_data / "ped2" / "testing" / "01.mp4")
    used = DetectorUsed("ped2", read_header(detector_path("ped2")).fingerprint)
    cyclist = JudgedSegment(start=70, stop=120, verdict=Verdict.CONFIRMED)
    review = write_review(clip, cyclist, detector=used, score="calibrated")
    ran = vad_report(review, "--out", tmp_path / "report.html", "--device", "cpu", "--quiet")
    assert ran.exit_code == 0, ran.output
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "lines mark what stands out" in text
    assert "Every segment has a verdict." in text
    assert "Heat map of 01.mp4" in text
    assert "usual once in" in text
    folder = tmp_path / "package"
    ran = CliRunner().invoke(cli, ["package", str(review), "--out", str(folder), "--device", "cpu", "--quiet"])
    assert ran.exit_code == 0, ran.output
    with av.open(str(folder / "data/clips/01.segment-1.working-copy.annotated.mp4")) as container:
        at_the_peak = next(islice(container.decode(video=0), 87 - 69, None))
    picture = at_the_peak.to_ndarray(format="rgb24").astype(int)
    # Ped2 is grey: yellow lines round the cyclist are the only colour in the frame.
    frame = picture[80:600, 40:-40]
    assert ((frame[..., 0] - frame[..., 2]) > 100).sum() > 100


@pytest.mark.parametrize(
    ("name", "out", "said"),
    [
        ("gate.mp4", "report.html", "NAME.review.json"),
        ("gate.mp4.review.json", "report.txt", "HTML"),
        ("gate.mp4.review.json", "missing/report.html", "can't be written"),
        ("gate.mp4.review.json", "gate.mp4", "already"),
    ],
)
def test_what_can_not_be_reported_is_told(tmp_path: Path, name: str, out: str, said: str) -> None:
    write_review(make_clip(tmp_path / "gate.mp4", 12), JudgedSegment(start=2, stop=5, verdict=Verdict.UNSURE))
    before = sorted(tmp_path.iterdir())
    ran = vad_report(tmp_path / name, "--out", tmp_path / out)
    assert (ran.exit_code > 0, said in ran.stderr) == (True, True), ran.output
    assert sorted(tmp_path.iterdir()) == before
