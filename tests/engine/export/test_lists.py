from __future__ import annotations

import csv
import errno
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest

from engine.common.errors import ExportError
from engine.export import edit_lists
from engine.export.list_files import FORMATS, unique_names, write_lists
from engine.export.reviewed import ReviewedRecording
from engine.export.score_lists import scores_csv, scores_json
from engine.export.segment_lists import COLUMNS, segments_csv, segments_json
from engine.export.subtitles import srt, webvtt
from engine.review.attaching import ReviewedSegment
from engine.review.document import Verdict
from tests.engine.export.reviews import HOSTILE, reviewed

UNEVEN = np.cumsum([0.0, *([0.04, 0.1, 0.02] * 50)])[:150]


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("the time zone of a process can't be set here")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


# CSV and JSON


def test_scores_of_all_frames_with_their_times_and_segments() -> None:
    recording = reviewed().only([Verdict.CONFIRMED])
    assert recording.scores is not None
    recording.scores[0] = np.nan
    lines = rows(scores_csv(recording))
    content = json.loads(scores_json(recording))
    assert len(lines) == len(content["anomaly_scores"]) == 150
    assert list(lines[0].values()) == ["0", "0.0", "2026-03-01T09:00:00.000+01:00", "", ""]
    assert list(lines[30].values())[:3] == ["30", "1.2", "2026-03-01T09:00:01.200+01:00"]
    assert float(lines[30]["anomaly_score"]) == content["anomaly_scores"][30] == pytest.approx(30 / 149 * 3.5, abs=1e-6)
    assert [line["segment"] for line in lines[24:51:25]] == ["", "1"]
    assert (content["segments"][24], content["segments"][49], content["segments"][80]) == (None, 1, None)
    assert (content["anomaly_scores"][0], content["seconds"][149]) == (None, 5.96)
    assert (content["format"], content["score"], content["threshold"]) == ("vadgui-frame-scores", "calibrated", 2)
    assert content["video"]["name"] == "gate 視.mp4"


@pytest.mark.parametrize("make", [scores_csv, scores_json])
def test_scores_that_nobody_knows_are_refused(make: Callable[[ReviewedRecording], bytes]) -> None:
    with pytest.raises(ExportError, match="not known"):
        make(replace(reviewed(), scores=None))


def test_csv_has_a_line_a_segment_with_times_verdict_and_reviewer() -> None:
    first, second, third, drawn = rows(segments_csv(reviewed()))
    assert list(first) == list(COLUMNS)
    assert first["recording"] == "gate 視.mp4"
    assert (first["number"], first["start_frame"], first["stop_frame"]) == ("1", "25", "50")
    assert (first["start_seconds"], first["stop_seconds"], first["duration_seconds"]) == ("1.0", "2.0", "1.0")
    assert first["start_time"] == "2026-03-01T09:00:01.000+01:00"
    assert (first["peak_frame"], first["peak_seconds"], first["peak_score"]) == ("30", "1.2", "3.5")
    assert (second["verdict"], second["verdict_reason"], second["reviewer"]) == ("dismissed", "animal", "ann")
    assert (third["verdict"], third["reviewer"], third["flagged_because"]) == ("unreviewed", "", "rare motion")
    # The last one reaches the end of the recording, not the start of its last frame.
    assert (drawn["bookmark"], drawn["stop_seconds"]) == ("1", "6.0")


def test_csv_keeps_notes_whole_and_none_becomes_a_formula() -> None:
    assert rows(segments_csv(reviewed()))[0]["note"] == HOSTILE
    formula = reviewed(name="=cmd.mp4")
    assert rows(segments_csv(formula))[0]["recording"] == "'=cmd.mp4"


def test_json_says_what_the_segments_came_from() -> None:
    content = json.loads(segments_json(reviewed()))
    assert (content["format"], content["version"]) == ("vadgui-segment-list", 1)
    assert content["video"]["start_time"] == "2026-03-01T09:00:00+01:00"
    assert content["detector"] == {"name": "Plaza", "fingerprint": "d1"}
    assert (content["score"], content["threshold"]) == ("calibrated", 2)
    assert content["segments"][0]["note"] == HOSTILE
    assert content["segments"][3]["bookmark"] is True
    assert content["segments"][2]["verdict_reason"] is None


def test_what_is_not_known_is_left_empty() -> None:
    unscored = reviewed(start=None, segments=(ReviewedSegment(2, 4, 2, float("nan")),))
    (row,) = rows(segments_csv(unscored))
    assert (row["start_time"], row["peak_frame"], row["peak_score"], row["start_frame"]) == ("", "", "", "2")
    assert json.loads(segments_json(unscored))["segments"][0]["peak_score"] is None


def test_a_choice_by_verdict_keeps_the_numbers() -> None:
    chosen = reviewed().only([Verdict.CONFIRMED])
    assert [row["number"] for row in rows(segments_csv(chosen))] == ["1", "4"]


# Subtitles


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_players_read_the_subtitles_with_their_times(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"gate.{kind}"
    path.write_bytes(FORMATS[kind](reviewed()))
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        cues = [packet for packet in container.demux(stream) if packet.size]
        assert [float(cue.pts * stream.time_base) for cue in cues] == [1.0, 3.0, 4.8, 5.6]
        assert [float(cue.duration * stream.time_base) for cue in cues] == pytest.approx([1.0, 1.0, 0.4, 0.4])


def test_a_note_stays_within_its_cue() -> None:
    text = webvtt(reviewed()).decode()
    assert text.count(" --> ") == 4  # a fifth would be the note's own
    assert "&lt;script&gt;alert('1')&lt;/script&gt; &amp; \"you\"" in text
    cues = srt(reviewed()).decode().split("\n\n")
    assert len(cues) == 4
    assert "‹script›" in cues[0]
    assert cues[0].splitlines()[-1].endswith("=1+1 --› é")


# Edit lists


def test_an_edl_counts_frames_of_source_and_record() -> None:
    lines = edit_lists.edl(reviewed()).decode().split("\r\n")
    events = [line.split() for line in lines if line[:3].isdigit()]
    assert [event[0] for event in events] == ["001", "002", "003", "004"]
    assert events[0][4:] == ["00:00:01:00", "00:00:02:00", "00:00:00:00", "00:00:01:00"]
    assert events[3][4:] == ["00:00:05:15", "00:00:06:00", "00:00:02:10", "00:00:02:20"]
    assert "* FROM CLIP NAME: gate 視.mp4" in lines


def test_comments_of_an_edl_follow_an_event() -> None:
    """Readers refuse others: before the first event they take a title and a frame code mode alone."""
    lines = edit_lists.edl(reviewed()).decode().split("\r\n")
    first = next(place for place, line in enumerate(lines) if line.startswith("001"))
    assert [line.partition(":")[0] for line in lines[:first] if line] == ["TITLE", "FCM"]
    assert lines[first + 1] == "* FRAME RATE: 25"


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        *((5, 25), (8, 24), (10, 30), (12.5, 25), (15, 30), (20, 60), (25, 25), (60, 60)),
        *((15000 / 1001, 30000 / 1001), (30000 / 1001, 30000 / 1001)),
    ],
)
def test_an_edl_has_timecode_that_others_read(fps: float, rate: float) -> None:
    recording = reviewed(times=np.arange(150) / fps)
    lines = edit_lists.edl(recording).decode().split("\r\n")
    assert f"* FRAME RATE: {rate:.7g}" in lines
    events = [line.split()[4:6] for line in lines if line[:3].isdigit()]
    for (start, stop), segment in zip(events, recording.segments, strict=True):
        # OpenTimelineIO refuses rates that are none of timecode's.
        read = [otio.opentime.from_timecode(code, rate).to_seconds() for code in (start, stop)]
        assert read == pytest.approx([segment.start / fps, segment.stop / fps])
    assert ("frames of timecode are one" in "".join(lines)) is (fps < rate)


@pytest.mark.parametrize("fps", [7, 9.9, 100])
def test_an_edl_of_a_rate_that_no_timecode_has_is_refused_with_another_way(fps: float) -> None:
    with pytest.raises(ExportError, match=f"can't count {fps} frames a second") as caught:
        edit_lists.edl(reviewed(times=np.arange(150) / fps))
    assert "otio" in caught.value.advice


@pytest.mark.parametrize("fps", [10, 24000 / 1001, 25, 30000 / 1001, 50, 12.5])
def test_a_constant_rate_is_known_as_what_it_is(fps: float) -> None:
    rounded = np.round(np.arange(150) / fps, 3)
    assert reviewed(times=rounded).constant_fps() == pytest.approx(fps, rel=1e-4 if fps == 12.5 else 1e-12)


def test_an_edl_of_uneven_frames_is_refused_with_another_way() -> None:
    with pytest.raises(ExportError, match="constant frame rate") as caught:
        edit_lists.edl(reviewed(times=UNEVEN))
    assert "otio" in caught.value.advice


@pytest.mark.parametrize("times", [np.arange(150) / 25, UNEVEN])
def test_opentimelineio_reads_back_clips_times_and_verdicts(times: np.ndarray) -> None:
    recording = reviewed(times=times)
    timeline = otio.adapters.read_from_string(edit_lists.otio(recording).decode(), "otio_json")
    clips = list(timeline.find_clips())
    assert len(clips) == 4
    for clip, segment in zip(clips, recording.segments, strict=True):
        start, length = clip.source_range.start_time, clip.source_range.duration
        assert start.to_seconds() == pytest.approx(recording.start_seconds(segment), abs=2e-5)
        end = recording.stop_seconds(segment)
        assert start.to_seconds() + length.to_seconds() == pytest.approx(end, abs=4e-5)
        assert clip.metadata["vadgui"]["verdict"] == segment.verdict
    assert clips[0].media_reference.target_url == Path("/cameras/gate 視.mp4").as_uri()
    assert "<script>" in clips[0].markers[0].comment


# Files


def test_each_recording_has_its_own_files(tmp_path: Path) -> None:
    same = [
        reviewed(Path("/a/0001.mp4")),
        reviewed(Path("/b/0001.avi"), fingerprint="abcdef0123"),
        reviewed(Path("/a/2.mp4")),
    ]
    assert unique_names(same) == ["0001.f1", "0001.abcdef01", "2"]
    written = write_lists(same, ["csv", "vtt"], tmp_path / "new" / "folder")
    assert sorted(path.name for path in written) == sorted(names_in(tmp_path / "new" / "folder"))
    assert len(written) == 6


def test_all_formats_of_a_name_of_250_bytes(tmp_path: Path) -> None:
    written = write_lists([reviewed(Path(f"/{'視' * 82}.mp4"))], list(FORMATS), tmp_path)
    assert len({path.name for path in written}) == len(FORMATS)


def test_an_existing_file_is_kept_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "gate 視.reviewed.vtt").write_text("precious")
    with pytest.raises(ExportError, match="already"):
        write_lists([reviewed()], ["csv", "vtt"], tmp_path)
    assert names_in(tmp_path) == ["gate 視.reviewed.vtt"]


def test_the_next_free_names_are_taken_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "gate 視.reviewed.csv").write_bytes(b"somebody's")
    paths = write_lists([reviewed()], ("csv", "srt"), tmp_path, next_free=True)
    assert [path.name for path in paths] == ["gate 視.reviewed-2.csv", "gate 視.reviewed.srt"]
    assert (tmp_path / "gate 視.reviewed.csv").read_bytes() == b"somebody's"


def test_a_format_that_can_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExportError):
        write_lists([reviewed(times=UNEVEN)], ["csv", "edl"], tmp_path)
    assert not names_in(tmp_path)


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="can't be written"):
        write_lists([reviewed()], ["csv"], tmp_path / "file" / "folder")


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.ENOSPC, "full"), (errno.EROFS, "may not write"), (errno.EIO, "another folder")]
)
def test_a_disk_that_fails_gives_advice_and_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ExportError) as caught:
        write_lists([reviewed()], ["csv"], tmp_path)
    assert advice in caught.value.advice
    assert not names_in(tmp_path)
