"""Tests the footage check on small scenes, damaged files and real videos."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from engine.__main__ import cli
from engine.common.durations import duration_in_words
from engine.common.errors import Cancelled
from engine.common.events import Progress
from engine.footage_check import FindingKind, FootageReport, FootageSummary, check_footage
from tests.clips import make_clip
from tests.engine.footage_check.scenes import SIZE, scene, write

RATES = (9.94, 9.96, 10.04)


def check(*paths: Path) -> tuple[list[FootageReport], FootageSummary]:
    *events, summary = check_footage(paths)
    assert isinstance(summary, FootageSummary)
    reports = [event for event in events if isinstance(event, FootageReport)]
    assert [report.path for report in reports] == list(paths)
    return reports, summary


def kinds(path: Path | None, reports: Sequence[FootageReport], summary: FootageSummary) -> set[FindingKind]:
    """Kinds of all findings about a video, or with None about the footage as a whole."""
    findings = [finding for report in reports for finding in report.findings] + list(summary.findings)
    assert all(finding.what and finding.advice for finding in findings)
    return {finding.kind for finding in findings if finding.path == path}


@pytest.fixture
def good(tmp_path: Path) -> list[Path]:
    """Three recordings of one camera."""
    return [write(tmp_path / f"good{n}.mp4", scene(1, start=n)) for n in range(3)]


def test_good_footage_only_has_the_finding_that_it_is_short(good: list[Path]) -> None:
    reports, summary = check(*good)
    assert all(report.findings == () and report.is_usable for report in reports)
    assert (reports[0].frames, reports[0].width_px, reports[0].height_px) == (30, *SIZE)
    assert reports[0].fps == pytest.approx(10)
    assert (summary.usable, summary.frames, summary.refusal) == (tuple(good), 90, None)
    assert summary.duration_seconds == pytest.approx(9)
    assert summary.held_out == (good[1],)
    (little,) = summary.findings
    assert (little.path, little.kind) == (None, FindingKind.TOO_SHORT)
    assert "5 min" in little.what


def test_the_background_has_no_moving_objects(good: list[Path]) -> None:
    expected = cv2.resize(scene(1, 1, moving=False)[0], (256, 256), interpolation=cv2.INTER_LINEAR)
    background = check(good[0])[0][0].background
    assert background is not None
    assert np.median(np.abs(background.astype(int) - expected)) < 5


@pytest.mark.parametrize("content", [b"", b"just a text, renamed", b"\0" * 1000, None])
def test_a_file_that_is_not_a_video_is_a_finding(good: list[Path], tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "odd.mp4"
    if content is not None:
        path.write_bytes(content)
    reports, summary = check(path, *good)
    assert kinds(path, reports, summary) == {FindingKind.UNREADABLE}
    assert reports[0].frames == 0
    assert summary.usable == tuple(good)
    _, alone = check(path)
    assert alone.refusal
    assert alone.usable == alone.held_out == alone.findings == ()


def test_an_empty_list_of_videos_is_refused() -> None:
    assert check()[1].refusal


def test_a_truncated_file_is_found_with_its_frame_count(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4", scene(1, 60), movflags="faststart").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    reports, summary = check(cut)
    assert kinds(cut, reports, summary) >= {FindingKind.DAMAGED}
    (damaged,) = [finding for finding in reports[0].findings if finding.kind is FindingKind.DAMAGED]
    assert damaged.what == f"Cut short: {reports[0].frames} of 60 frames are there"
    assert 10 < reports[0].frames < 60


def test_places_for_frames_that_a_recorder_left_empty_are_no_damage(tmp_path: Path) -> None:
    times = [*(np.arange(50) / 25), *(2 + np.arange(20) / 5), *(6 + np.arange(50) / 25)]
    path = make_clip(tmp_path / "variable.avi", len(times), times=times, b_frames=0)
    (report,), _ = check(path)
    assert (report.frames, report.duration_seconds) == (120, pytest.approx(8.0, abs=0.1))
    assert FindingKind.DAMAGED not in {finding.kind for finding in report.findings}


def test_a_file_with_zeroed_bytes_is_found_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "hole.mp4", scene(1, 120))
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) * 3 // 4] = bytes(len(data) * 3 // 4 - len(data) // 4)
    path.write_bytes(data)
    reports, summary = check(path)
    assert FindingKind.DAMAGED in kinds(path, reports, summary)


def test_a_copy_of_a_video_is_a_duplicate(good: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(good[1].read_bytes())
    reports, summary = check(*good, copy)
    assert kinds(copy, reports, summary) == {FindingKind.DUPLICATE}
    assert summary.usable == tuple(good)
    assert "good1.mp4" in next(finding.what for finding in summary.findings if finding.path == copy)


def test_another_encoding_of_a_video_is_a_duplicate(good: list[Path], tmp_path: Path) -> None:
    again = write(tmp_path / "again.mp4", scene(1, start=2), crf=35)
    reports, summary = check(*good, again)
    assert kinds(again, reports, summary) == {FindingKind.DUPLICATE}


@pytest.mark.parametrize(("size", "severity"), [((256, 192), "note"), ((128, 128), "warning")])
def test_another_frame_size_is_found(good: list[Path], tmp_path: Path, size: tuple[int, int], severity: str) -> None:
    other = write(tmp_path / "other.mp4", [cv2.resize(frame, size) for frame in scene(1, start=5)])
    reports, summary = check(*good, other)
    assert kinds(other, reports, summary) == {FindingKind.OTHER_SIZE}
    assert next(finding.severity for finding in summary.findings if finding.path == other) == severity


def test_another_frame_rate_is_found(good: list[Path], tmp_path: Path) -> None:
    other = write(tmp_path / "fast.mp4", scene(1, 60, start=5), fps=25)
    reports, summary = check(*good, other)
    assert kinds(other, reports, summary) == {FindingKind.OTHER_RATE}


def test_rates_near_a_rounding_border_are_the_same(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.mp4", scene(1, 60, start=n), rate=rate) for n, rate in enumerate(RATES)]
    reports, summary = check(*paths)
    assert [report.fps for report in reports] == pytest.approx(RATES, rel=0.01)
    assert all(FindingKind.OTHER_RATE not in kinds(path, reports, summary) for path in paths)


@pytest.mark.parametrize("every_seconds", [5.0, 60.0, 3600.0])
def test_a_time_lapse_is_told_as_what_it_is(good: list[Path], tmp_path: Path, every_seconds: float) -> None:
    lapse = write(tmp_path / "lapse.mp4", scene(1, 20, start=6), rate=1 / every_seconds)
    for paths in ([lapse], [lapse, lapse.with_name("good0.mp4")], [*good, lapse]):
        reports, summary = check(*paths)
        assert FindingKind.TIME_LAPSE in kinds(lapse, reports, summary)
        (told,) = (f.what for report in reports for f in report.findings if f.kind is FindingKind.TIME_LAPSE)
        assert told == f"A time-lapse: a frame every {duration_in_words(every_seconds)}"
    assert FindingKind.OTHER_RATE in kinds(good[0], reports, summary) | kinds(lapse, reports, summary)


def test_a_gap_is_no_footage(good: list[Path], tmp_path: Path) -> None:
    times = [*(n / 10 for n in range(30)), *(36_000 + n / 10 for n in range(30))]
    path = write(tmp_path / "gap.mp4", scene(1, 60, start=6), times=times)
    reports, summary = check(*good, path)
    assert kinds(path, reports, summary) == {FindingKind.GAPS}
    assert reports[-1].fps == pytest.approx(10)
    assert reports[-1].duration_seconds == pytest.approx(36_003, abs=1)
    assert summary.duration_seconds == pytest.approx(15, abs=0.1)


def test_lost_frames_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "damaged.mp4", scene(1, 50))
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    for start, size in packets[20:35]:
        data[start : start + size] = b"\xa5" * size
    path.write_bytes(data)
    reports, _ = check(path)
    lost = 50 - reports[0].frames
    assert lost >= 15
    told, *others = (finding.what for finding in reports[0].findings if finding.kind is FindingKind.DAMAGED)
    assert told.startswith(f"{lost} of 50 frames are damaged and lost: 0:02.0 to 0:0")
    assert all("damaged and no evidence" in other for other in others), "those that are made of the lost ones"


def test_another_camera_s_scene_is_found(good: list[Path], tmp_path: Path) -> None:
    stranger = write(tmp_path / "stranger.mp4", scene(2, start=4))
    reports, summary = check(good[0], stranger, *good[1:])
    assert kinds(stranger, reports, summary) == {FindingKind.OTHER_SCENE}
    assert all(kinds(path, reports, summary) == set() for path in good)


def test_many_cameras_are_a_single_finding(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.mp4", scene(n, start=n)) for n in range(5)]
    reports, summary = check(*paths)
    assert all(kinds(path, reports, summary) == set() for path in paths)
    assert FindingKind.OTHER_SCENE in kinds(None, reports, summary)


def test_a_turned_camera_is_found(good: list[Path], tmp_path: Path) -> None:
    frames = [cv2.warpAffine(frame, np.float32([[1, 0, 9], [0, 1, 5]]), SIZE) for frame in scene(1, start=4)]
    turned = write(tmp_path / "turned.mp4", frames)
    reports, summary = check(*good, turned)
    assert kinds(turned, reports, summary) == {FindingKind.CAMERA_MOVED}


def test_night_is_the_same_scene(good: list[Path], tmp_path: Path) -> None:
    night = write(tmp_path / "night.mp4", [(frame * 0.3).astype(np.uint8) for frame in scene(1, start=4)])
    reports, summary = check(*good, night)
    assert kinds(night, reports, summary) == {FindingKind.LIGHT}
    assert next(finding.severity for finding in summary.findings if finding.path == night) == "note"


def test_changing_light_is_a_note(tmp_path: Path) -> None:
    frames = [(frame * (1 - n / 80)).astype(np.uint8) for n, frame in enumerate(scene(1, 60))]
    path = write(tmp_path / "dusk.mp4", frames)
    assert kinds(path, *check(path)) == {FindingKind.LIGHT}


def test_a_change_of_view_is_located_in_time(tmp_path: Path) -> None:
    frames = scene(1, 70) + scene(2, 25) + scene(1, 60, start=3)
    path = write(tmp_path / "mixed.mp4", frames)
    reports, summary = check(path)
    assert kinds(path, reports, summary) == {FindingKind.SCENE_CHANGE}
    (change,) = reports[0].findings
    assert change.seconds == pytest.approx((7.0, 9.5), abs=0.2)
    assert "0:07 to 0:09" in change.what


def test_a_moving_camera_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "tour.mp4", [frame for n in range(8) for frame in scene(n, 12)])
    reports, summary = check(path)
    assert kinds(path, reports, summary) == {FindingKind.SCENE_CHANGE}
    assert "all the time" in reports[0].findings[0].what


def test_the_end_of_a_single_video_is_held_out_unless_it_is_short(tmp_path: Path) -> None:
    path = write(tmp_path / "day.mp4", scene(1, 60), fps=2)
    _, summary = check(path)
    (finding,) = [finding for finding in summary.findings if finding.kind is FindingKind.ONE_VIDEO]
    assert (finding.severity, "its end, 6 s, is held out" in finding.what) == ("note", True)
    assert summary.held_out == ()
    kinds_of_short = {finding.kind for finding in check(write(tmp_path / "short.mp4", scene(1, 40)))[1].findings}
    assert FindingKind.NOTHING_HELD_OUT in kinds_of_short
    assert FindingKind.ONE_VIDEO not in kinds_of_short


@pytest.mark.parametrize("frames", [scene(1, moving=False), [np.zeros((96, 128, 3), np.uint8)] * 30])
def test_footage_without_motion_is_refused(good: list[Path], tmp_path: Path, frames: list[np.ndarray]) -> None:
    still = write(tmp_path / "still.mp4", frames)
    reports, summary = check(still)
    assert kinds(still, reports, summary) == {FindingKind.LITTLE_MOTION}
    assert summary.refusal == "There is nothing to learn from: nothing moves in any of these videos."
    assert check(still, *good)[1].refusal is None  # one video without motion is allowed among others


def test_a_scene_with_little_motion_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "quiet.mp4", scene(1, 100, moving=False) + scene(1, 5) + scene(1, 60, moving=False))
    reports, summary = check(path)
    assert kinds(path, reports, summary) == {FindingKind.LITTLE_MOTION}
    assert summary.refusal is None


def test_single_frames_and_very_short_videos_are_found(good: list[Path], tmp_path: Path) -> None:
    single = write(tmp_path / "single.mp4", scene(1, 1))
    snippet = write(tmp_path / "snippet.mp4", scene(1, 10, start=6))
    reports, summary = check(single, snippet, *good)
    assert kinds(single, reports, summary) == {FindingKind.TOO_SHORT}
    assert kinds(snippet, reports, summary) == {FindingKind.TOO_SHORT}
    assert summary.usable == (snippet, *good)


def test_picture_folders_are_checked_too(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for n, frame in enumerate(scene(1, 60)):
        cv2.imwrite(str(folder / f"{n}.png"), frame)
    reports, summary = check(folder)
    assert (reports[0].frames, reports[0].findings) == (60, ())
    video = write(tmp_path / "video.mp4", scene(1, 70, start=3), fps=10)
    assert kinds(folder, *check(folder, video)) == set()  # a picture folder has no known frame rate
    (folder / "33.png").write_bytes(b"")
    reports, summary = check(folder)
    assert kinds(folder, reports, summary) == {FindingKind.DAMAGED}
    assert reports[0].findings[0].what == "1 of 60 pictures are empty files, 33.png the first"
    assert summary.refusal


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "1.png").write_bytes(b"no picture")
    reports, _ = check(folder)
    assert reports[0].findings[0].what == "A picture can't be decoded: 1.png"


def test_a_short_single_video_leaves_nothing_to_hold_out(good: list[Path]) -> None:
    reports, summary = check(good[0])
    assert summary.held_out == ()
    assert FindingKind.NOTHING_HELD_OUT in kinds(None, reports, summary)


def test_few_frames_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "long.mp4", scene(1, 600))
    decoded = []
    from engine.video.cursor import Cursor

    next_frame = Cursor.next
    monkeypatch.setattr(Cursor, "next", lambda self: decoded.append(1) or next_frame(self))
    check(path)
    assert 0 < len(decoded) < 100


def test_progress_is_reported_and_the_check_can_be_stopped(good: list[Path]) -> None:
    progress = [event for event in check_footage(good) if isinstance(event, Progress)]
    assert [(each.done, each.total) for each in progress] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    events = check_footage(good, should_stop=lambda: True)
    assert isinstance(next(events), Progress)
    with pytest.raises(Cancelled):
        next(events)


def test_real_videos_of_one_camera_have_no_findings_and_another_camera_s_has(shared_data: Path) -> None:
    ped2 = sorted((shared_data / "ped2" / "training").glob("*.mp4"))[:4]
    avenue = shared_data / "avenue" / "training_videos" / "12.avi"
    reports, summary = check(*ped2, avenue)
    assert all(kinds(path, reports, summary) == set() for path in ped2)
    strange = {FindingKind.OTHER_SIZE, FindingKind.OTHER_RATE, FindingKind.OTHER_SCENE}
    assert kinds(avenue, reports, summary) == strange


# The command


def test_the_command_prints_advice(good: list[Path], tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    result = CliRunner().invoke(cli, ["footage", *map(str, good), str(text), "--quiet"])
    assert result.exit_code == 0
    assert f"{text}: no video\n  ERROR: This file can't be opened as a video\n    -> " in result.stdout
    assert "3 of 4 videos can be learnt from" in result.stdout
    assert "Held out to judge by, unless you choose others: good1.mp4" in result.stdout
    assert str(good[0]) not in result.stdout
    refused = CliRunner().invoke(cli, ["footage", str(text)])
    assert refused.exit_code == 1
    assert "There is no video to learn from" in refused.stdout


def test_the_command_takes_folders_and_prints_json(good: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(cli, ["footage", str(tmp_path), str(tmp_path / "empty"), "--json"])
    content = json.loads(result.stdout)
    assert [video["path"] for video in content["videos"]] == [*map(str, good), str(tmp_path / "empty")]
    assert content["videos"][0]["findings"] == []
    assert content["videos"][3]["findings"][0]["kind"] == "unreadable"
    assert content["summary"]["usable"] == [str(path) for path in good]
    assert "background" not in content["videos"][0]
    alone = CliRunner().invoke(cli, ["footage", str(tmp_path / "empty")])
    assert alone.exit_code == 1
    assert "no footage here" in alone.stderr
