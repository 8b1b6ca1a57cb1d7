from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import ExportError
from engine.export.tables import read_segments_json, write_scores_csv, write_segments_json
from engine.scoring.paper_scorer import anomaly_score
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.signals import RawSignals, missing_signals
from engine.video.frame import ConcealedFrames, LostFrames
from engine.video.source import VideoInfo
from engine.video.wall_clock import RecordingStart

SECONDS = np.arange(6) / 29.97
RULE = SegmentRule(enter=0.7, leave=0.3)
SEGMENTS = [Segment(1, 3, 2, 0.875), Segment(4, 6, 4, 1.0)]
VIDEO = VideoInfo(Path("/cameras/Überwachung 视频.avi"), "Überwachung 视频.avi", 64, 48, 6, 0.25, 29.97, "h264", "f1")


def some_signals() -> RawSignals:
    rows = missing_signals(6)
    rows["psnr_db"][1:] = [30, 25, 31.25, 20, 35]
    rows["patch_psnr_db"][1:] = 40
    rows["patch_psnr_db"][1:, 2, 3] = [29, 12.5, 30, 11, 34]
    rows["flow_error_px"][1:] = 0.125
    return rows


def write_segments(path: Path, video: VideoInfo = VIDEO) -> None:
    write_segments_json(
        path,
        video,
        SECONDS,
        SEGMENTS,
        RULE,
        detector_name="Plaza",
        detector_fingerprint="d1",
        score="paper",
        reasons=["unusual looks", ""],
    )


def test_scores_have_a_line_for_every_frame(tmp_path: Path) -> None:
    signals = some_signals()
    scores = anomaly_score(signals["psnr_db"])
    write_scores_csv(tmp_path / "v.scores.csv", SECONDS, signals, scores)
    with (tmp_path / "v.scores.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["frame", "seconds", "psnr_db", "min_patch_psnr_db", "flow_error_px", "anomaly_score", "judged"]
    assert [int(line[0]) for line in lines] == list(range(6))
    assert [line[1] for line in lines] == [f"{t:.6f}" for t in SECONDS]
    assert lines[0][2:5] == ["nan", "nan", "nan"]
    assert lines[0][5] == lines[1][5]
    numbers = np.array(lines, float)[1:]
    assert numbers[:, 2] == pytest.approx([30, 25, 31.25, 20, 35])
    assert numbers[:, 3] == pytest.approx([29, 12.5, 30, 11, 34])
    assert numbers[:, 4] == pytest.approx([0.125] * 5)
    assert numbers[:, 5] == pytest.approx([1 / 3, 2 / 3, 0.25, 1.0, 0.0], abs=1e-6)


def test_what_was_not_analysed_is_nan(tmp_path: Path) -> None:
    write_scores_csv(tmp_path / "v.csv", SECONDS, missing_signals(6), np.full(6, np.nan))
    table = np.genfromtxt(tmp_path / "v.csv", delimiter=",", names=True)
    assert np.isnan(table["psnr_db"]).all()
    assert np.isnan(table["anomaly_score"]).all()
    assert table["seconds"] == pytest.approx(SECONDS, abs=1e-6)


def test_segments_come_back_as_written(tmp_path: Path) -> None:
    write_segments(tmp_path / "v.json")
    read = read_segments_json(tmp_path / "v.json")
    assert read.segments == tuple(SEGMENTS)
    assert read.rule == RULE
    assert (read.video_name, Path(read.video_path)) == (VIDEO.name, VIDEO.path)
    assert (read.video_fingerprint, read.detector_name, read.detector_fingerprint) == ("f1", "Plaza", "d1")
    assert read.score == "paper"


def test_segments_say_when_they_are(tmp_path: Path) -> None:
    write_segments(tmp_path / "v.json")
    first, last = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))["segments"]
    assert first == {
        "number": 1,
        "start": 1,
        "stop": 3,
        "start_seconds": 0.033367,
        "stop_seconds": 0.1001,
        "peak_frame": 2,
        "peak_seconds": 0.066733,
        "peak_score": 0.875,
        "reason": "unusual looks",
    }
    assert (last["number"], last["stop_seconds"]) == (2, 0.25)  # the video's end
    assert last["reason"] is None


def test_names_stay_readable_in_the_file(tmp_path: Path) -> None:
    write_segments(tmp_path / "v.json")
    assert "Überwachung 视频.avi" in (tmp_path / "v.json").read_text(encoding="utf-8")


def test_tables_replace_older_ones_and_leave_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "v.json"
    target.write_text("old")
    write_segments(target)
    assert read_segments_json(target).segments == tuple(SEGMENTS)
    assert list(tmp_path.iterdir()) == [target]


def test_an_old_table_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "v.json"
    target.write_text("old")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.common.atomic_write.os.fsync", full_disk)
    with pytest.raises(ExportError) as caught:
        write_segments(target)
    assert "No space left" in caught.value.advice
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[]", "{}", '{"format": "other", "version": 1}', '{"format": "vadgui-segments", "version": 1}'],
)
def test_anything_else_is_no_segments_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "v.json").write_text(content)
    with pytest.raises(ExportError, match="not a segments file"):
        read_segments_json(tmp_path / "v.json")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [('"start": 4', '"start": "4"'), ('"enter": ', '"enter": null, "other": '), ("{", "[" * 100_000)],
)
def test_wrong_types_are_no_segments_file(tmp_path: Path, right: str, wrong: str) -> None:
    write_segments(tmp_path / "v.json")
    text = (tmp_path / "v.json").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "v.json").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ExportError, match="not a segments file"):
        read_segments_json(tmp_path / "v.json")


def test_impossible_segments_are_refused(tmp_path: Path) -> None:
    write_segments(tmp_path / "v.json")
    text = (tmp_path / "v.json").read_text(encoding="utf-8")
    (tmp_path / "v.json").write_text(text.replace('"start": 4', '"start": 44'), encoding="utf-8")
    with pytest.raises(ExportError, match="not a segments file"):
        read_segments_json(tmp_path / "v.json")


def test_a_newer_file_says_so(tmp_path: Path) -> None:
    write_segments(tmp_path / "v.json")
    text = (tmp_path / "v.json").read_text(encoding="utf-8")
    (tmp_path / "v.json").write_text(text.replace('"version": 3', '"version": 4'), encoding="utf-8")
    with pytest.raises(ExportError, match="newer version"):
        read_segments_json(tmp_path / "v.json")


def test_a_file_of_the_first_version_is_read(tmp_path: Path) -> None:
    write_segments(tmp_path / "v.json")
    content = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    del content["recording"]
    (tmp_path / "v.json").write_text(json.dumps(content | {"version": 1}), encoding="utf-8")
    assert read_segments_json(tmp_path / "v.json").segments == tuple(SEGMENTS)


def test_segments_tell_what_is_wrong_with_the_recording(tmp_path: Path) -> None:
    seconds = np.concatenate([np.arange(20), 22 + np.arange(20), 36_000 + np.arange(20)]) / 10
    video = replace(
        VIDEO,
        frame_count=60,
        duration_seconds=float(seconds[-1]) + 0.1,
        lost=(LostFrames(20, 2), LostFrames(60, 1)),
        concealed=(ConcealedFrames(20, 30),),
        replaced_times=(30, 31),
    )
    segments = [Segment(30, 40, 35, 1.0), Segment(40, 60, 50, 1.0)]
    names = {"detector_name": "Plaza", "detector_fingerprint": "d1", "score": "paper"}
    write_segments_json(tmp_path / "v.json", video, seconds, segments, RULE, **names)
    content = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    assert content["recording"] == {
        "frames": 60,
        "lost_frames": 3,
        "lost": [
            {"frames": 2, "start_seconds": pytest.approx(2.0), "stop_seconds": 2.2},
            {"frames": 1, "start_seconds": pytest.approx(3602.0), "stop_seconds": pytest.approx(3602.0)},
        ],
        "concealed_frames": 10,
        "concealed": [{"frames": 10, "start_seconds": 2.2, "stop_seconds": pytest.approx(3.2)}],
        "gaps": [{"frame": 40, "start_seconds": pytest.approx(4.2), "stop_seconds": 3600.0}],
        "replaced_times": 2,
        "replaced": [pytest.approx(3.2)],
        "cut_seconds": 0.0,
        "unread_bytes": 0,
        "other_videos": 0,
    }
    assert [each["stop_seconds"] for each in content["segments"]] == [pytest.approx(4.2), pytest.approx(3602.0)]


def test_a_missing_file_and_a_binary_one(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="can't be read"):
        read_segments_json(tmp_path / "none.json")
    (tmp_path / "v.json").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ExportError, match="not a segments file"):
        read_segments_json(tmp_path / "v.json")


def test_segments_say_when_the_recording_began(tmp_path: Path) -> None:
    start = RecordingStart(datetime(2024, 1, 15, 9, 30, tzinfo=UTC), "file name")
    path = tmp_path / "v.segments.json"
    write_segments(path, replace(VIDEO, start=start))
    told = json.loads(path.read_text(encoding="utf-8"))["video"]
    assert datetime.fromisoformat(told["start_time"]) == start.utc
    assert told["start_time_from"] == "file name"
    assert read_segments_json(path).video_fingerprint == VIDEO.fingerprint
