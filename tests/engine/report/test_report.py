from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.common.errors import Cancelled, ExportError, VideoError
from engine.common.events import Finished, Noted, Progress
from engine.common.left_out import LeftOut
from engine.export.reviewed import ReviewedRecording
from engine.report.pictures import chosen_frames
from engine.report.report import write_report
from engine.report.timeline import WIDTH, timeline_of
from engine.review.attaching import ReviewedSegment
from engine.review.document import Verdict
from engine.scoring.motion import PLACES
from engine.scoring.segments import SegmentRule
from engine.scoring.where import Outline, WindowEvidence
from engine.scoring.zones import Zone, ZoneKind
from engine.video.frame import LostFrames
from tests.clips import make_clip, read_number
from tests.engine.export.reviews import HOSTILE, SEGMENTS, judged, reviewed
from tests.engine.scoring.test_where import NAMES, calibration

VOID = {"meta", "img", "br", "link", "input", "line", "rect", "polyline"}


class Page(HTMLParser):
    """What a report's file holds, and that its tags are balanced."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += " ".join(data.split()) + " "

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "gate 視.mp4", 150)


def picture_of(image: dict[str, str]) -> np.ndarray:
    data = base64.b64decode(image["src"].removeprefix("data:image/jpeg;base64,"))
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(int)


def report(tmp_path: Path, *recordings: ReviewedRecording, **options: object) -> Page:
    target = tmp_path / "report.html"
    events = list(write_report(recordings, target, **options))  # type: ignore[arg-type]
    assert events[-1] == Finished(str(target))
    assert isinstance(events[0], Progress)
    return Page(target)


def test_a_card_a_segment_with_the_pictures_of_its_frames(tmp_path: Path, clip: Path) -> None:
    page = report(tmp_path, reviewed(clip))
    cards = [each for each in page.all("article") if "card" in each["class"]]
    assert len(cards) == 4
    numbers = []
    for image in page.all("img"):
        numbers.append(read_number(picture_of(image)))
        assert f"Frame {numbers[-1]} of gate 視.mp4" in image["alt"]
    assert numbers == [25, 30, 41, 49, 75, 80, 91, 99, 120, 121, 126, 129, 140, 143, 146, 149]
    for said in ("animal", "rare motion", "ann, 2026-03-01 10:00:00 UTC", "by its file name", "drawn by a person"):
        assert said in page.text


def test_what_people_wrote_stays_text(tmp_path: Path, clip: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'.mp4"
    page = report(tmp_path, reviewed(clip, name=hostile))
    assert hostile in page.text
    assert " ".join(HOSTILE.split()) in page.text
    assert not page.all("script")
    assert all(set(image) == {"src", "alt"} and image["src"].startswith("data:") for image in page.all("img"))


def test_it_asks_for_nothing_from_elsewhere(tmp_path: Path, clip: Path) -> None:
    page = report(tmp_path, reviewed(clip))
    for _, attributes in page.elements:
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "url(" not in text
    assert "@import" not in text
    (policy,) = [each for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy["content"]


def test_headings_landmarks_and_links_lead_through_it(tmp_path: Path, clip: Path) -> None:
    page = report(tmp_path, reviewed(clip), reviewed(clip, fingerprint="f2"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert (len(page.all("main")), page.all("html")[0]["lang"]) == (1, "en")
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert set(ids.values()) == {1}
    assert {link["href"].removeprefix("#") for link in page.all("a")} <= set(ids)
    for svg in page.all("svg"):
        assert (svg["role"], svg["aria-labelledby"] in ids) == ("img", True)


def test_colours_can_be_read_by_weak_eyes_in_light_and_dark(tmp_path: Path, clip: Path) -> None:
    report(tmp_path, reviewed(clip))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    schemes = [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{([^}]*)\}", text)]
    assert len(schemes) == 3  # light, dark, print
    for colours in schemes:
        for name in ("text", "muted", "confirmed", "unsure", "dismissed", "unreviewed", "link"):
            for background in ("page", "raised"):
                assert contrast(colours[name], colours[background]) >= 4.5, (name, background)
    # In print all is grey.
    assert all(value[1:3] == value[3:5] == value[5:7] for value in schemes[2].values())


def contrast(one: str, other: str) -> float:
    """The ratio after WCAG 2."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_provenance_tells_what_it_was_made_from_and_by(tmp_path: Path, clip: Path) -> None:
    page = report(tmp_path, reviewed(clip))
    for said in (hashlib.sha256(clip.read_bytes()).hexdigest(), "vadgui", "Plaza", "d1", "calibrated", "f1"):
        assert said in page.text


def test_it_says_what_nobody_looked_at(tmp_path: Path, clip: Path) -> None:
    recording = reviewed(clip)
    scores = recording.scores.copy()  # type: ignore[union-attr]
    scores[100:110] = np.nan
    below = judged(60, 65, Verdict.CONFIRMED)
    page = report(tmp_path, replace(recording, scores=scores, hidden=(below,)))
    assert "1 segment without a verdict: 3." in page.text
    assert "Not analysed: 0:04.0 to 0:04.4." in page.text
    assert "frames 60 to 64" in page.text
    assert "As far as it was analysed, it was not flagged." in page.text
    unscored = replace(recording, scores=None, lacks_detector=True)
    (tmp_path / "report.html").unlink()
    page = report(tmp_path, unscored)
    assert "The detector Plaza is not here: only what" in page.text
    assert "Scores are not known here" in page.text
    assert "it was not flagged" not in page.text.lower(), "nobody knows that here"
    assert 'text-anchor="end">0</text>' not in (tmp_path / "report.html").read_text(), "a scale of nothing"


def test_chosen_verdicts_alone_and_how_many_are_left_out(tmp_path: Path, clip: Path) -> None:
    page = report(tmp_path, reviewed(clip), verdicts=[Verdict.CONFIRMED])
    assert len(page.all("article")) == 2
    assert "2 segments of 4 are left out" in page.text
    assert "1 segment without a verdict" in page.text


def test_a_recording_without_segments(tmp_path: Path, clip: Path) -> None:
    page = report(tmp_path, reviewed(clip, segments=(), start=None))
    assert "Nothing says at what time of day" in page.text
    assert not page.all("article")


def test_it_says_what_is_missing_of_the_recording(tmp_path: Path, clip: Path) -> None:
    recording = reviewed(clip)
    info = replace(recording.info, lost=(LostFrames(50, 3),))
    page = report(tmp_path, replace(recording, info=info))
    assert "3 of 153 frames are damaged and lost" in page.text


# Pictures and timeline


def test_what_stands_out_is_outlined_at_the_peak_and_told(tmp_path: Path, clip: Path) -> None:
    page = report(tmp_path, reviewed(clip))
    plain = [picture_of(image) for image in page.all("img")]
    box = np.array([[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]], np.float32)
    seen = Outline(box, 3.5, "unusually <fast>", "2 px a frame")
    recording = reviewed(clip)
    first = replace(recording.segments[0], outlines=(seen,))
    (tmp_path / "report.html").unlink()
    page = report(tmp_path, replace(recording, segments=(first, *recording.segments[1:])))
    assert seen.in_words in page.text
    changed = [
        place
        for place, (image, before) in enumerate(zip(page.all("img"), plain, strict=True))
        if np.abs(picture_of(image) - before).max() > 60
    ]
    assert changed == [1]
    assert "lines mark what stands out" in page.all("img")[1]["alt"]


def test_what_zones_leave_out_is_hatched_in_every_picture(tmp_path: Path, clip: Path) -> None:
    plain = [picture_of(image) for image in report(tmp_path, reviewed(clip)).all("img")]
    (tmp_path / "report.html").unlink()
    zones = (Zone.rectangle(ZoneKind.IGNORED, (0, 0), (1, 0.5)),)
    page = report(tmp_path, replace(reviewed(clip), zones=zones))
    assert plain
    for image, before in zip(page.all("img"), plain, strict=True):
        changed = np.abs(picture_of(image) - before).max(axis=2) > 20
        half = len(before) // 2
        assert changed[: half - 8].mean() > 0.2
        assert changed[half + 8 :].mean() < 0.02


@pytest.mark.parametrize(
    ("start", "stop", "peak", "frames"),
    [
        (0, 100, 50, [0, 33, 50, 99]),
        (5, 6, 5, [5]),
        (5, 7, 6, [5, 6]),
        (0, 100, 99, [0, 33, 66, 99]),
        (0, 3, 1, [0, 1, 2]),
    ],
)
def test_the_peak_is_among_the_pictures(start: int, stop: int, peak: int, frames: list[int]) -> None:
    (segment,) = reviewed(segments=(ReviewedSegment(start, stop, peak, 1.0),)).segments
    assert chosen_frames(segment) == frames


def test_bars_lie_at_their_times_and_short_ones_can_be_seen() -> None:
    times = np.arange(86_400) * 1.0
    day = replace(
        reviewed(
            times=times,
            segments=(ReviewedSegment(43_200, 43_201, 43_200, 3), ReviewedSegment(86_399, 86_400, 86_399, 3)),
        ),
    )
    drawn = timeline_of(day)
    middle, last = drawn.bars
    assert middle.left == pytest.approx((drawn.left + WIDTH) / 2, abs=0.2)
    assert middle.width >= 4
    assert last.left + last.width <= WIDTH
    # One frame of a day still shows in the curve.
    peaks = np.zeros(86_400)
    peaks[50_000] = 3
    (curve,) = timeline_of(replace(day, scores=peaks)).curve
    assert min(float(point.split(",")[1]) for point in curve.split()) < 10


def test_numbers_of_neighbours_do_not_cover_each_other() -> None:
    near = tuple(ReviewedSegment(at, at + 1, at, 1.0) for at in range(0, 100, 2))
    bars = timeline_of(reviewed(times=np.arange(20_000) / 25, segments=near)).bars
    assert 0 < sum(bar.has_label for bar in bars) < 10


# Failures


def test_pages_of_a_pdf_hold_the_same(tmp_path: Path, clip: Path) -> None:
    events = list(write_report([reviewed(clip)], tmp_path / "report.html", with_pdf=True))
    assert [each.path for each in events if isinstance(each, Finished)] == [
        str(tmp_path / "report.html"),
        str(tmp_path / "report.pdf"),
    ]
    pages = (tmp_path / "report.pdf").read_bytes()
    assert pages.startswith(b"%PDF-")
    assert pages.count(b"/DCTDecode") >= 4, "the pictures"


def test_a_pdf_alone(tmp_path: Path, clip: Path) -> None:
    list(write_report([reviewed(clip)], tmp_path / "report.pdf", with_pdf=True))
    assert [path.name for path in tmp_path.iterdir() if path != clip] == ["report.pdf"]


def test_an_existing_pdf_is_kept_and_no_html_is_written(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"somebody's")
    with pytest.raises(ExportError, match="already"):
        list(write_report([reviewed(clip)], tmp_path / "report.html", with_pdf=True))
    assert (tmp_path / "report.pdf").read_bytes() == b"somebody's"
    assert not (tmp_path / "report.html").exists()


def test_a_missing_library_is_told_before_anything_is_read(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(ExportError, match="library") as refused:
        next(write_report([reviewed(clip)], tmp_path / "report.pdf"))
    assert "HTML" in refused.value.advice


def test_an_existing_file_is_kept(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "report.html").write_text("precious")
    with pytest.raises(ExportError, match="already"):
        report(tmp_path, reviewed(clip))
    assert (tmp_path / "report.html").read_text() == "precious"


def test_a_vanished_recording_leaves_no_report(tmp_path: Path, clip: Path) -> None:
    clip.unlink()
    with pytest.raises(VideoError):
        report(tmp_path, reviewed(clip))
    assert not list(tmp_path.iterdir())


def test_of_many_recordings_one_that_fails_is_named_and_the_others_are_reported(tmp_path: Path, clip: Path) -> None:
    failing, last = (make_clip(tmp_path / name, 150, gop=gop) for name, gop in (("failing.mp4", 10), ("last.mp4", 15)))
    recordings = [reviewed(path) for path in (clip, failing, last)]
    before = (LeftOut("gone.mp4", "It is not where it was."),)
    target = tmp_path / "report.html"
    work = write_report(recordings, target, left_out=before)
    while next(work) != Progress("Drawing", 2, 12):
        pass
    failing.unlink()
    noted = [each.text for each in work if isinstance(each, Noted)]
    assert [text.split(". ")[0] for text in noted] == ["Left out: failing.mp4: The file can't be read"]
    page = Page(target)
    assert len([each for each in page.all("article") if "card" in each["class"]]) == 8
    for said in ("Review of 2 recordings", "2 recordings are not in this report:", "gone.mp4: It is not where it was."):
        assert said in page.text
    assert "failing.mp4: The file can't be read." in page.text


def test_a_cancelled_report_leaves_nothing(tmp_path: Path, clip: Path) -> None:
    work = write_report([reviewed(clip)], tmp_path / "report.html", should_stop=lambda: True)
    with pytest.raises(Cancelled):
        list(work)
    assert [path.name for path in tmp_path.iterdir()] == [clip.name]


def test_a_report_that_is_cancelled_while_its_pages_are_laid_out_leaves_nothing(tmp_path: Path, clip: Path) -> None:
    is_cancelled = False
    work = write_report([reviewed(clip)], tmp_path / "report.pdf", should_stop=lambda: is_cancelled)
    while next(work) != Progress("Laying out pages", 0, 0):
        pass
    is_cancelled = True
    with pytest.raises(Cancelled):
        list(work)
    assert [path.name for path in tmp_path.iterdir()] == [clip.name]


def test_frames_that_can_not_be_decoded_are_named(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.video.pyav_source import PyAvSource

    real = PyAvSource.read

    def read(self: PyAvSource, index: int, *more: object) -> object:
        if index == SEGMENTS[0].start:
            raise VideoError("The frame can't be decoded")
        return real(self, index, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(PyAvSource, "read", read)
    page = report(tmp_path, reviewed(clip))
    assert "Frame 25 can't be decoded" in page.text
    assert len(page.all("img")) == 15


def evidence_at(row: int, column: int) -> WindowEvidence:
    """Of a frame in which something stands out in one window."""
    maps = np.zeros((len(NAMES), PLACES, PLACES), np.float32)
    maps[:, row, column] = 9
    return WindowEvidence.of(calibration(), {0.0: maps})


def test_a_heat_map_shows_where_things_happened_but_what_was_dismissed(tmp_path: Path, clip: Path) -> None:
    rule = SegmentRule(enter=3.0, leave=2.0)
    recording = replace(reviewed(clip), rule=rule)
    dismissed, *others = sorted(recording.segments, key=lambda each: each.verdict is not Verdict.DISMISSED)
    assert dismissed.verdict is Verdict.DISMISSED
    assert others

    def evidence(frame: int) -> WindowEvidence:
        return evidence_at(4, 4) if dismissed.start <= frame < dismissed.stop else evidence_at(20, 22)

    page = report(tmp_path, recording, evidence_of=lambda _: nullcontext(evidence))
    (image,) = [each for each in page.all("img") if each["alt"].startswith("Heat map")]
    picture = picture_of(image)
    height, width = picture.shape[:2]
    there, dismissed_there = (
        picture[round((row + 1.5) / 32 * height), round((column + 1.5) / 32 * width)]
        for row, column in ((20, 22), (4, 4))
    )
    # Coloured, as far as JPEG leaves colours to so small a picture.
    assert np.ptp(there) > 15
    assert np.ptp(dismissed_there) < 8
    assert "the lighter, the longer" in page.text


def test_without_evidence_there_is_no_heat_map(tmp_path: Path, clip: Path) -> None:
    page = report(tmp_path, reviewed(clip), evidence_of=lambda _: nullcontext(None))
    assert not [each for each in page.all("img") if each["alt"].startswith("Heat map")]
