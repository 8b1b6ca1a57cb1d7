"""What a review redacts stays out of what `vad` hands over, unless that is said aloud."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.export.tables import write_segments_json
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.review.document import JudgedSegment, Verdict
from engine.scoring.segments import Segment, SegmentRule
from engine.video import open_video
from tests.clips import make_clip, read_number
from tests.engine.commands.conftest import MakeVideo
from tests.engine.commands.reviews import write_review

WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
REDACTION = Redaction((RedactedRegion(RedactionMethod.FILL, (Keyframe(0, WHOLE),)),))


@pytest.fixture
def video(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001  # a cache of its own
    monkeypatch.chdir(tmp_path)
    return make_clip(tmp_path / "gate.mp4", 20)


@pytest.fixture
def review(video: Path) -> Path:
    return write_review(video, JudgedSegment(start=2, stop=9, verdict=Verdict.CONFIRMED), redaction=REDACTION)


def vad(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def numbers(clip: Path) -> list[int]:
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="rgb24")[70:-16, 16:-16] for frame in container.decode(video=0)]
    return [read_number(picture) for picture in pictures]


def write_segments(video: Path) -> Path:
    path = Path("gate.segments.json")
    with open_video(video) as source:
        write_segments_json(
            path,
            source.info,
            source.times,
            [Segment(2, 9, 5, 1.0)],
            SegmentRule(),
            detector_name="x",
            detector_fingerprint="x",
            score="paper",
        )
    return path


PLAIN = ("--panels", "frame", "--no-score-strip")


@pytest.mark.parametrize("kind", ["review", "video", "segments"])
def test_clips_are_redacted_whatever_they_are_asked_for_by(kind: str, video: Path, review: Path) -> None:
    given: list[object] = [review, "--clips", "all"]
    clip = "gate.segment-1.mp4"
    if kind == "video":
        given, clip = [video, "--start", 2, "--stop", 9], "gate.frames-2-8.mp4"
    elif kind == "segments":
        given[0] = write_segments(video)
    out = ["--out", "clips" if kind != "video" else clip]
    ran = vad("export", *given, *PLAIN, *out, "--no-outlines")
    assert ran.exit_code == 0, ran.output
    assert "gate.mp4: redacted: 1 region (fill)." in ran.stderr
    path = Path(clip) if kind == "video" else Path("clips") / clip
    assert numbers(path) == [-1] * 7
    path.unlink()
    ran = vad("export", *given, *PLAIN, *out, "--no-outlines", "--no-redaction")
    assert ran.exit_code == 0, ran.output
    assert ("NOT redacted, as asked for" in ran.stderr) is (kind == "review")
    assert numbers(path) == list(range(2, 9))


@pytest.mark.parametrize("given", [("gate.mp4.review.json", "--clips", "all"), ("gate.mp4", "--start", 2, "--stop", 9)])
def test_nothing_redacted_is_cut_without_re_encoding(review: Path, given: tuple[object, ...]) -> None:
    del review
    ran = vad("export", *given, "--copy", "--out", "cut.mp4")
    assert ran.exit_code == 1
    assert "would show what is redacted" in ran.stderr
    assert not Path("cut.mp4").exists()
    ran = vad("export", *given, "--copy", "--out", "cut.mp4", "--no-redaction")
    assert ran.exit_code == 0, ran.output


def test_the_report_says_that_it_is_redacted(review: Path) -> None:
    assert vad("report", review, "--out", "report.html").exit_code == 0
    assert "Redacted in all pictures: 1 region (fill)" in Path("report.html").read_text(encoding="utf-8")
    assert vad("report", review, "--out", "clear.html", "--no-redaction").exit_code == 0
    assert "Redacted" not in Path("clear.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "has_original", "is_redacted"),
    [((), False, True), (("--with-redacted",), True, True), (("--no-redaction",), True, False)],
)
def test_packages(review: Path, options: tuple[str, ...], has_original: bool, is_redacted: bool) -> None:
    ran = vad("package", review, "--out", "package", *options)
    assert ran.exit_code == 0, ran.output
    assert Path("package/data/originals").exists() is has_original
    clips = sorted(path.name.split(".")[-2] for path in Path("package/data/clips").iterdir())
    assert clips == (["annotated"] if is_redacted else ["annotated", "cut"])
    assert vad("verify", "package").exit_code == 0


def test_figures(make_video: MakeVideo, detector_file: Path, cache: Path, tmp_path: Path) -> None:
    del cache
    sheets = []
    for seed, folder in enumerate("abc"):
        video = make_video(f"{folder}/gate", count=6, seed=seed)
        if folder != "c":
            write_review(video, redaction=REDACTION)
        out = tmp_path / folder / "sheets"
        ran = vad("figures", video, "--detector", detector_file, "--out", out, "--frames", "2,4", "--kind", "1")
        assert ran.exit_code == 0, ran.output
        sheets.append(Path(ran.stdout.strip()).read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]


def test_a_review_that_can_not_be_read_might_redact(video: Path, review: Path) -> None:
    review.write_bytes(b"{")
    ran = vad("export", video, "--start", 2, "--stop", 9, *PLAIN)
    assert (ran.exit_code, "damaged" in ran.stderr) == (1, True)
    ran = vad("export", video, "--start", 2, "--stop", 9, *PLAIN, "--no-redaction", "--quiet")
    assert ran.exit_code == 0, ran.output


def test_a_recording_that_changed_since_it_was_redacted_is_not_handed_over(video: Path, review: Path) -> None:
    del review
    make_clip(video, 21)
    ran = vad("export", video, "--start", 2, "--stop", 9, *PLAIN)
    assert (ran.exit_code, "redacted" in ran.stderr) == (1, True)
    assert vad("export", video, "--start", 2, "--stop", 9, *PLAIN, "--no-redaction").exit_code == 0


def test_a_review_of_other_content_that_redacts_nothing_hinders_nobody(video: Path) -> None:
    write_review(video, JudgedSegment(start=2, stop=9, verdict=Verdict.CONFIRMED))
    make_clip(video, 21)
    assert vad("export", video, "--start", 2, "--stop", 9, *PLAIN).exit_code == 0
