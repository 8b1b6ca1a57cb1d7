"""`vad analyse`, run as people run it: on real pictures, with a real detector file, into real tables."""

from __future__ import annotations

import csv
import json
import math
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from engine.__main__ import cli
from engine.analysis import runner
from engine.analysis.runner import analyse_to_store
from engine.commands.analyse import output_names
from engine.export.tables import read_segments_json
from engine.models.detector import load_detector, save_detector
from engine.models.predictor import Predictor
from engine.scoring.drift import Reference
from engine.scoring.zone_files import read_zones, write_zones
from engine.scoring.zones import Zone, ZoneKind
from engine.video import open_video
from engine.video.frame import Pixels
from engine.video.helper.client import Helper
from engine.video.source import VideoSource
from resources import demo_video, detector_path
from tests import failing_camera
from tests.clips import make_clip, write_clip
from tests.engine.analysis.test_clock import with_clock
from tests.engine.commands.conftest import MakeVideo
from tests.engine.video.test_times import damage

ROOT = Path(__file__).parents[3]


@pytest.fixture
def out(tmp_path: Path, cache: Path) -> Path:  # noqa: ARG001  # no test may find another's analyses
    return tmp_path / "out"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["analyse", *map(str, arguments)])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_tables_of_every_video_are_written(make_video: MakeVideo, detector_file: Path, out: Path) -> None:
    first, second = make_video("käse"), make_video("two", count=9, seed=1)
    result = run(first, second, "--detector", detector_file, "--out", out, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "Detector untrained on CPU" in result.stderr
    assert "käse: 12 frames" in result.stdout
    assert {path.name for path in out.iterdir()} == {
        "käse.scores.csv", "käse.segments.json", "two.scores.csv", "two.segments.json"
    }  # fmt: skip
    table = rows(out / "two.scores.csv")
    assert [row["frame"] for row in table] == [str(n) for n in range(9)]
    # Eq. 11 and 12 from the column beside it.
    psnr_db = np.array([float(row["psnr_db"]) for row in table[1:]])
    expected = (psnr_db.max() - psnr_db) / (psnr_db.max() - psnr_db.min())
    scores = [float(row["anomaly_score"]) for row in table]
    assert scores[1:] == pytest.approx(expected, abs=1e-3)
    assert scores[0] == scores[1]
    content = json.loads((out / "two.segments.json").read_text(encoding="utf-8"))
    assert content["detector"]["name"] == "untrained"


def test_a_folder_stands_for_the_recordings_in_it_and_below(
    make_video: MakeVideo, detector_file: Path, out: Path, tmp_path: Path
) -> None:
    yard = make_video("recordings/yard")
    make_video("recordings/gate/night", seed=1)
    clip = make_clip(tmp_path / "recordings" / "gate" / "door.mp4", 12)
    (tmp_path / "recordings" / "notes.txt").write_text("no recording")
    empty = tmp_path / "empty"
    empty.mkdir()
    result = run(tmp_path / "recordings", yard, clip, empty, "--detector", detector_file, "--out", out)
    assert result.exit_code == 1
    assert f"There are no recordings in this folder: {empty}" in result.stderr
    assert "1 of 4 videos failed" in result.stderr
    names = {f"{name}.{table}" for name in ("yard", "night", "door") for table in ("scores.csv", "segments.json")}
    assert {path.name for path in out.iterdir()} == names


def test_a_folder_that_cannot_be_read_does_not_stop_the_others(
    make_video: MakeVideo, detector_file: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_video("recordings/yard")
    (tmp_path / "recordings" / "locked").mkdir()
    iterdir = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    result = run(tmp_path / "recordings", "--detector", detector_file, "--out", out)
    assert result.exit_code == 1
    assert f"A folder can't be read: {tmp_path / 'recordings' / 'locked'}" in result.stderr
    assert (out / "yard.segments.json").is_file()


def test_options_are_the_rule_that_finds_segments(make_video: MakeVideo, detector_file: Path, out: Path) -> None:
    video = make_video("clip")
    everything = ["--enter", 0, "--leave", 0, "--min-length", 0, "--merge-gap", 0, "--padding", 0]
    assert run(video, "--detector", detector_file, "--out", out, *everything).exit_code == 0
    content = json.loads((out / "clip.segments.json").read_text(encoding="utf-8"))
    assert [(each["start"], each["stop"]) for each in content["segments"]] == [(0, 12)]
    assert content["rule"]["padding_seconds"] == 0
    impossible = ["--enter", 1, "--leave", 1, "--min-length", 100]
    assert run(video, "--detector", detector_file, "--out", out, *impossible).exit_code == 0
    assert json.loads((out / "clip.segments.json").read_text(encoding="utf-8"))["segments"] == []


def test_a_calibrated_detectors_alarms_follow_from_how_many_an_hour_are_put_up_with(
    make_video: MakeVideo, calibrated_file: Path, out: Path
) -> None:
    video = make_video("clip")
    for rate, enter in ((2, math.log10(1800)), (100, math.log10(36))):
        result = run(video, "--detector", calibrated_file, "--out", out, "--false-alarms", rate)
        assert result.exit_code == 0, result.output
        assert "nobody reviewed" not in result.stdout
        said = "less than 60 an hour can't be promised: 60 s of normal footage"
        assert (said if rate < 60 else f"false alarms expected at {rate} an hour") in result.stdout
        content = json.loads((out / "clip.segments.json").read_text(encoding="utf-8"))
        assert content["score"] == "calibrated"
        assert content["rule"]["enter"] == pytest.approx(enter)
        assert content["rule"]["leave"] == pytest.approx(enter - 1)
    # All drifts where nothing ever did.
    assert [each["reason"] for each in content["segments"]] == ["rare motion there"]
    assert min(float(row["anomaly_score"]) for row in rows(out / "clip.scores.csv")) > 2


def test_another_score_or_threshold_can_be_asked_for(
    make_video: MakeVideo, calibrated_file: Path, detector_file: Path, out: Path
) -> None:
    video = make_video("clip")
    assert run(video, "--detector", calibrated_file, "--out", out, "--score", "paper").exit_code == 0
    content = json.loads((out / "clip.segments.json").read_text(encoding="utf-8"))
    assert (content["score"], content["rule"]["enter"]) == ("paper", 0.7)
    assert max(float(row["anomaly_score"]) for row in rows(out / "clip.scores.csv")) == 1
    refused = run(video, "--detector", detector_file, "--out", out, "--score", "calibrated")
    assert refused.exit_code == 2
    assert "vad calibrate" in refused.output


@pytest.mark.parametrize(
    ("options", "leave"),
    [
        (["--enter", 5], 4),  # calibrated scores: what is ten times as usual
        (["--enter", 1], 0.3),
        (["--enter", 0.2], 0.2),
        (["--enter", 5, "--leave", 2.5], 2.5),
        (["--leave", 0.5], 0.5),
        (["--enter", 5, "--score", "paper"], 0.5),
        (["--enter", 0.4, "--score", "paper"], 0.4),
    ],
)
def test_where_a_segment_ends_follows_from_where_it_begins(
    make_video: MakeVideo, calibrated_file: Path, out: Path, options: list[object], leave: float
) -> None:
    assert run(make_video("clip"), "--detector", calibrated_file, "--out", out, *options).exit_code == 0
    content = json.loads((out / "clip.segments.json").read_text(encoding="utf-8"))
    assert content["rule"]["leave"] == leave


def test_one_bad_video_does_not_stop_the_others(
    make_video: MakeVideo, detector_file: Path, out: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video at all" * 100)
    absent = tmp_path / "absent.avi"
    result = run(bad, absent, make_video("good"), "--detector", detector_file, "--out", out)
    assert result.exit_code == 1
    assert result.stderr.count("Error: ") == 2
    assert str(bad) in result.stderr
    assert str(absent) in result.stderr
    assert "2 of 3 videos failed" in result.stderr
    assert {path.name for path in out.iterdir()} == {"good.scores.csv", "good.segments.json"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_video_that_kills_its_helper_does_not_stop_the_others(
    make_video: MakeVideo, detector_file: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, other = (make_clip(tmp_path / f"{name}.mkv", 12, codec="ffv1", b_frames=0) for name in ("bad", "other"))
    real = Helper.answers

    def answers(self: Helper, do: str, *given: Any, **more: Any) -> Any:
        if do in ("frames", "pictures", "read") and self._path == bad:
            assert self.process_id
            os.kill(self.process_id, signal.SIGSEGV)
        return real(self, do, *given, **more)

    monkeypatch.setattr(Helper, "answers", answers)
    result = run(bad, other, make_video("good"), "--detector", detector_file, "--out", out)
    assert result.exit_code == 1
    assert f"The decoder crashed at this video: {bad}" in result.stderr
    assert "1 of 3 videos failed" in result.stderr
    names = {f"{name}.{table}" for name in ("good", "other") for table in ("scores.csv", "segments.json")}
    assert {path.name for path in out.iterdir()} == names


@pytest.mark.slow
def test_what_was_analysed_once_is_not_analysed_again(
    make_video: MakeVideo, detector_file: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video("clip")
    asked: list[int] = []
    predict = Predictor.predict
    monkeypatch.setattr(Predictor, "predict", lambda self, pictures: asked.append(1) or predict(self, pictures))
    assert run(video, "--detector", detector_file, "--out", out).exit_code == 0
    before = (out / "clip.scores.csv").read_bytes()
    assert asked
    asked.clear()
    assert run(video, "--detector", detector_file, "--out", out).exit_code == 0
    assert not asked
    assert (out / "clip.scores.csv").read_bytes() == before
    assert run(video, "--detector", detector_file, "--out", out, "--no-cache").exit_code == 0
    assert asked


def test_without_cache_nothing_is_kept(make_video: MakeVideo, detector_file: Path, out: Path, cache: Path) -> None:
    assert run(make_video("clip"), "--detector", detector_file, "--out", out, "--no-cache").exit_code == 0
    assert (out / "clip.scores.csv").exists()
    assert not cache.exists()


def test_quiet_says_nothing_but_errors(make_video: MakeVideo, detector_file: Path, out: Path, tmp_path: Path) -> None:
    quiet = ["--detector", detector_file, "--out", out, "--quiet"]
    assert run(make_video("clip"), *quiet).output == ""
    assert run(tmp_path / "absent.mp4", *quiet).output.startswith("Error: ")


@pytest.mark.slow
def test_tables_of_another_video_are_not_replaced(
    make_video: MakeVideo, detector_file: Path, out: Path, tmp_path: Path
) -> None:
    options = ["--detector", detector_file, "--out", out]
    assert run(make_video("monday/cam"), *options).exit_code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    result = run(make_video("tuesday/cam", seed=1), *options)
    assert result.exit_code == 1
    assert "another video by the same name" in result.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    both = run(tmp_path / "monday" / "cam", tmp_path / "tuesday" / "cam", *options)
    assert both.exit_code == 0, both.output
    assert {path.name for path in out.glob("*.csv")} == {
        "cam.scores.csv", "monday_cam.scores.csv", "tuesday_cam.scores.csv"
    }  # fmt: skip


def test_a_folder_that_cannot_be_made_is_an_error(make_video: MakeVideo, detector_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(make_video("clip"), "--detector", detector_file, "--out", tmp_path / "file" / "out", "--no-cache")
    assert result.exit_code == 1
    assert "--out" in result.stderr


def test_without_a_detector_there_are_names_to_choose_from(
    out: Path, detector_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("harbour", "plaza"):
        shutil.copy(detector_file, tmp_path / f"{name}.safetensors")
    monkeypatch.setattr("engine.detector_library.library.bundled_detectors", lambda: ("harbour", "plaza"))
    monkeypatch.setattr("engine.detector_library.library.detector_path", lambda n: tmp_path / f"{n}.safetensors")
    missing = run("clip.mp4", "--out", out)
    unknown = run("clip.mp4", "--out", out, "--detector", "nope")
    for result in (missing, unknown):
        assert result.exit_code == 2
        assert "harbour, plaza" in result.stderr
    assert "--detector" in missing.stderr
    assert "nope" in unknown.stderr


def test_a_detector_is_found_by_its_bundled_name(
    make_video: MakeVideo, detector_file: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = shutil.copy(detector_file, tmp_path / "harbour.safetensors")
    monkeypatch.setattr("engine.detector_library.library.bundled_detectors", lambda: ("harbour",))
    monkeypatch.setattr("engine.detector_library.library.detector_path", lambda _: bundled)
    assert run(make_video("clip"), "--detector", "harbour", "--out", out).exit_code == 0


def test_a_damaged_detector_is_an_error(tmp_path: Path, out: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"\0" * 100)
    result = run("clip.mp4", "--detector", damaged, "--out", out)
    assert result.exit_code == 1
    assert str(damaged) in result.stderr


def test_a_rule_that_cannot_be_is_a_usage_error(detector_file: Path, out: Path) -> None:
    result = run("clip.mp4", "--detector", detector_file, "--out", out, "--enter", 0.3, "--leave", 0.4)
    assert result.exit_code == 2
    assert "leave (0.4) must not be above enter (0.3)" in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_ctrl_c_keeps_what_was_analysed(make_video: MakeVideo, detector_file: Path, out: Path, cache: Path) -> None:
    video = make_video("long", count=600)
    command = [sys.executable, "-m", "tests.tiny", "analyse", video, "--detector", detector_file, "--out", out]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that a script runs in the background would hand on that they ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + 60
    while process.poll() is None and not any(map(chunks, cache.glob("*.sqlite3"))) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "goes on from there" in said
    assert "Traceback" not in said
    assert not list(out.glob("*"))
    (kept,) = cache.glob("*.sqlite3")
    assert chunks(kept)


def chunks(path: Path) -> int:
    """Rows of a score store, whatever its state."""
    with closing(sqlite3.connect(path)) as database:
        try:
            (count,) = database.execute("SELECT count(*) FROM chunks").fetchone()
        except sqlite3.OperationalError:  # its tables are being made
            return 0
    return int(count)


# Names of tables


@pytest.mark.parametrize(
    ("videos", "names"),
    [
        (["a/cam.mp4", "b/door.mp4"], ["cam", "door"]),
        (["cam.mp4", "cam.avi", "door.mp4"], ["cam.mp4", "cam.avi", "door"]),
        (["mon/cam.mp4", "tue/cam.mp4"], ["mon_cam.mp4", "tue_cam.mp4"]),
        (["1/x/cam.mp4", "2/x/cam.mp4"], ["1_x_cam.mp4", "2_x_cam.mp4"]),
        (["a/Cam.mp4", "b/cam.mp4"], ["a_Cam.mp4", "b_cam.mp4"]),
        (["a/cam.mp4", "./a/../a/cam.mp4"], ["cam"]),
    ],
)
def test_names_tell_videos_apart(videos: list[str], names: list[str]) -> None:
    assert list(output_names([Path(video) for video in videos]).values()) == names


@given(st.lists(st.tuples(*[st.sampled_from("ab")] * 3, st.sampled_from(["mp4", "avi"])), min_size=1, unique=True))
def test_names_are_unique_whatever_is_given(parts: list[tuple[str, ...]]) -> None:
    videos = [Path(*folders) / f"{stem}.{suffix}" for *folders, stem, suffix in parts]
    names = output_names(videos)
    assert list(names) == videos
    assert len({name.casefold() for name in names.values()}) == len(videos)
    assert not any("/" in name for name in names.values())


def test_a_folder_that_cannot_be_made_is_said_before_the_analysis(
    make_video: MakeVideo, detector_file: Path, cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    result = run(make_video("clip"), "--detector", detector_file, "--out", tmp_path / "file" / "out")
    assert result.exit_code == 1
    assert "can't be made" in result.stderr
    assert not list(cache.glob("*"))


def test_a_name_longer_than_any_file_s_can_not_be_reached(detector_file: Path, out: Path) -> None:
    result = run("n" * 300 + ".mp4", "--detector", detector_file, "--out", out)
    assert result.exit_code == 1
    assert "can't be reached" in result.stderr
    assert run("x.mp4", "--detector", "n" * 300, "--out", out).exit_code == 2


@pytest.mark.slow
def test_a_recording_unlike_the_calibrations_footage_is_told(
    make_video: MakeVideo, calibrated_file: Path, out: Path, tmp_path: Path
) -> None:
    video = make_video("clip", count=16)
    detector, _ = load_detector(calibrated_file)
    assert detector.settings.calibration is not None
    for name, luma, is_told in (("same", (100.0, 150.0), False), ("brighter", (200.0, 220.0), True)):
        looks = Reference((0.0,) * 64, 1.0, luma, (0.001, 10.0), 100.0)
        calibration = replace(detector.settings.calibration, reference=looks)
        recalibrated = detector.with_settings(replace(detector.settings, calibration=calibration))
        save_detector(recalibrated, tmp_path / f"{name}.safetensors")
        result = run(video, "--detector", tmp_path / f"{name}.safetensors", "--out", out / name, "--device", "cpu")
        assert result.exit_code == 0, result.output
        assert ("clip: not as in the footage of the calibration: it is darker for" in result.stdout) is is_told


def test_another_frame_rate_than_the_calibrations_is_told(calibrated_file: Path, out: Path, tmp_path: Path) -> None:
    for fps, is_told in ((30, True), (10, False)):
        path = tmp_path / f"{fps}.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 64))
        for _ in range(6):
            writer.write(np.full((64, 64, 3), 128, np.uint8))
        writer.release()
        result = run(path, "--detector", calibrated_file, "--out", out, "--device", "cpu")
        assert result.exit_code == 0, result.output
        told = "30 frames a second, the detector's calibration footage had 10. Scores mean less."
        assert (told in result.stdout) is is_told


def test_a_name_that_is_no_text_is_written_out_and_the_batch_goes_on(
    make_video: MakeVideo, detector_file: Path, out: Path
) -> None:
    odd, usual = make_video("odd"), make_video("usual", seed=1)
    odd = odd.rename(odd.with_name(os.fsdecode(b"caf\xe9")))
    result = run(odd, usual, "--detector", detector_file, "--out", out, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {
        "caf_xe9.scores.csv", "caf_xe9.segments.json", "usual.scores.csv", "usual.segments.json"
    }  # fmt: skip
    assert json.loads((out / "caf_xe9.segments.json").read_text("utf-8"))["video"]["name"] == "caf\\xe9"
    assert "caf\\xe9: 12 frames" in result.stdout


def test_tables_of_long_names_are_shortened_and_found_again(
    make_video: MakeVideo, detector_file: Path, out: Path
) -> None:
    long = make_video("n" * 250)
    for _ in range(2):
        result = run(long, "--detector", detector_file, "--out", out, "--device", "cpu", "--quiet")
        assert result.exit_code == 0, result.output
    assert len(list(out.iterdir())) == 2


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("of all things"), "ZeroDivisionError('of all things')"),
        (MemoryError(), "The memory of this machine does not suffice"),
    ],
)
def test_what_nobody_expected_of_one_video_does_not_end_the_others(
    make_video: MakeVideo,
    detector_file: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    said: str,
) -> None:
    def odd(source: VideoSource, *_: object, **__: object) -> object:
        if source.info.name == "odd":
            raise error
        return analyse_to_store(source, *_, **__)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "analyse_to_store", odd)
    result = run(
        make_video("odd"), make_video("usual"), "--detector", detector_file, "--out", out, "--device", "cpu", "--quiet"
    )
    assert result.exit_code == 1
    assert (out / "usual.segments.json").is_file()
    assert "odd" in result.stderr
    assert said in result.stderr
    assert "1 of 2 videos failed" in result.stderr


def test_a_folder_that_may_not_be_written_is_said_before_the_analysis(
    make_video: MakeVideo, detector_file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.commands.analyse.may_write", lambda _: False)
    result = run(make_video("a"), "--detector", detector_file, "--out", cache.parent, "--device", "cpu", "--quiet")
    assert result.exit_code == 1
    assert "may not be written" in result.stderr
    assert not list(cache.glob("*.sqlite3"))


@pytest.mark.parametrize(
    "arguments", [["--false-alarms", "nan"], ["--enter", "nan"], ["--padding", "inf"]], ids=" ".join
)
def test_numbers_that_are_none_are_refused(
    make_video: MakeVideo, detector_file: Path, out: Path, arguments: list[str]
) -> None:
    result = run(make_video("a"), "--detector", detector_file, "--out", out, *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.output


def test_links_in_a_circle_are_said_and_the_batch_goes_on(
    make_video: MakeVideo, detector_file: Path, tmp_path: Path, out: Path
) -> None:
    circle = tmp_path / "circle.mp4"
    circle.symlink_to(circle)
    result = run(circle, make_video("usual"), "--detector", detector_file, "--out", out, "--device", "cpu")
    assert result.exit_code == 1
    assert "can't be reached" in result.stderr
    assert (out / "usual.segments.json").is_file()


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    """Pictures of still ground over the left half of which a thing goes down."""
    rng = np.random.default_rng(4)
    ground = cv2.GaussianBlur(rng.integers(60, 130, (128, 128, 3), np.uint8), (0, 0), 3)
    ground += np.linspace(0, 60, 128, dtype=np.uint8)[:, None, None]  # or else it would be a lens that is covered
    thing = cv2.GaussianBlur(rng.integers(0, 255, (16, 16, 3), np.uint8), (0, 0), 1)
    folder = tmp_path / "yard"
    folder.mkdir()
    for n in range(30):
        picture = ground.copy()
        picture[2 + 3 * n : 18 + 3 * n, 20:36] = thing
        cv2.imwrite(str(folder / f"{n:04}.png"), picture)
    return folder


def peaks(yard: Path, detector: Path, out: Path, *options: object) -> tuple[float, dict[str, Any]]:
    result = run(yard, "--detector", detector, "--out", out, "--enter", 0.3, "--min-length", 0, *options)
    assert result.exit_code == 0, result.output
    content = json.loads((out / "yard.segments.json").read_text(encoding="utf-8"))
    return max(float(row["anomaly_score"]) for row in rows(out / "yard.scores.csv")), content


def test_zones_say_what_counts_without_another_analysis(
    yard: Path, calibrated_file: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = tmp_path / "left.zones.json", tmp_path / "right.zones.json"
    write_zones(left, (Zone.rectangle(ZoneKind.IGNORED, (0, 0), (0.5, 1), "road"),))
    write_zones(right, (Zone.rectangle(ZoneKind.IGNORED, (0.6, 0), (1, 1)),))
    everything, content = peaks(yard, calibrated_file, out)
    assert content["zones"] == []
    monkeypatch.setattr("engine.analysis.pipeline.judge", lambda *_: pytest.fail("analysed again"))
    beside, content = peaks(yard, calibrated_file, out, "--zones", right)
    assert beside == everything  # to the last digit: the thing is not there
    outside, content = peaks(yard, calibrated_file, out, "--zones", left)
    assert outside < 0.3 < everything
    assert content["segments"] == []
    assert content["zones"][0]["properties"] == {"kind": "ignored", "name": "road"}
    assert read_segments_json(out / "yard.segments.json").zones == read_zones(left)


def test_zones_need_a_score_that_knows_places_and_a_sound_file(
    make_video: MakeVideo, detector_file: Path, out: Path, tmp_path: Path
) -> None:
    file = tmp_path / "yard.zones.json"
    write_zones(file, (Zone.rectangle(ZoneKind.IGNORED, (0, 0), (0.5, 1)),))
    result = run(make_video("clip"), "--detector", detector_file, "--out", out, "--zones", file)
    assert result.exit_code == 2
    assert "calibrated score" in result.stderr
    file.write_text("{}")
    result = run(tmp_path / "clip", "--detector", detector_file, "--out", out, "--zones", file)
    assert result.exit_code == 1
    assert "no file of zones" in result.stderr


def demo_pictures(count: int) -> list[Pixels]:
    """What the plaza's camera sees before its first event."""
    with open_video(demo_video()) as source:
        return [frame.pixels for frame in islice(source.frames(), count)]


@pytest.mark.slow
def test_a_camera_that_fails_is_told_and_not_scored(tmp_path: Path, out: Path) -> None:
    pictures = demo_pictures(110)
    video = write_clip(tmp_path / "frozen.mp4", failing_camera.frozen(pictures, 10, 110))
    result = run(video, "--detector", "plaza", "--out", out, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "Nothing is flagged where the camera fails: frozen picture at 0:00:00 for 4 s" in result.stdout
    content = json.loads((out / "frozen.segments.json").read_text(encoding="utf-8"))
    (condition,) = content["conditions"]
    assert condition["kind"] == "frozen"
    assert (condition["start"], condition["stop"]) == (pytest.approx(15, abs=1), pytest.approx(106, abs=1))
    assert condition["start_seconds"] == pytest.approx(condition["start"] / 25)
    assert content["other_scene"] is False
    assert rows(out / "frozen.scores.csv")[60]["anomaly_score"] == "nan"


@pytest.mark.slow
def test_a_camera_that_the_detector_does_not_know_is_told_and_flags_nothing(tmp_path: Path, out: Path) -> None:
    video = write_clip(tmp_path / "other gate.mp4", [np.flipud(picture).copy() for picture in demo_pictures(50)])
    result = run(video, "--detector", "plaza", "--out", out, "--device", "cpu", "--false-alarms", 3000)
    assert result.exit_code == 0, result.output
    assert "not the scene that the detector was calibrated for. Nothing is flagged" in result.stdout
    _, _, command = result.stdout.partition("Get to know this camera: ")
    words = shlex.split(command.splitlines()[0])
    assert words[:3] == ["vad", "calibrate", "--unreviewed"]
    assert Path(words[words.index("--detector") + 1]) == detector_path("plaza")
    assert Path(words[words.index("--footage") + 1]) == video
    assert "expected" not in result.stdout
    content = json.loads((out / "other gate.segments.json").read_text(encoding="utf-8"))
    assert (content["other_scene"], content["segments"]) == (True, [])


@pytest.mark.slow
def test_a_burnt_in_clock_does_not_count_and_is_told(
    make_video: MakeVideo, calibrated_file: Path, tmp_path: Path, cache: Path
) -> None:
    del cache
    video = make_video("gate", count=300)
    paths = sorted(video.iterdir())
    for path, picture in zip(paths, with_clock([cv2.imread(str(each)) for each in paths], 25, scale=0.3), strict=True):
        cv2.imwrite(str(path), picture)
    options = [
        "analyse",
        str(video),
        "--detector",
        str(calibrated_file),
        "--device",
        "cpu",
        "--out",
        str(tmp_path / "t"),
    ]
    result = CliRunner().invoke(cli, options)
    assert result.exit_code == 0, result.output
    assert "a clock is burnt into the picture" in result.stdout
    (zone,) = json.loads((tmp_path / "t" / "gate.segments.json").read_text())["zones"]
    assert zone["properties"] == {"kind": "ignored", "name": "clock"}


@pytest.mark.slow
def test_damaged_pictures_are_told_and_not_judged(tmp_path: Path, detector_file: Path, out: Path) -> None:
    video = make_clip(tmp_path / "gate.mp4", 60, size=(320, 240), b_frames=0)
    damage(video, slice(27, 28), kept_bytes=24)
    result = run(video, "--detector", detector_file, "--out", out, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "gate.mp4: Pictures of 9 frames are damaged and no evidence: 0:01.1 to 0:01.4." in result.stdout
    (told,) = json.loads((out / "gate.segments.json").read_text("utf-8"))["recording"]["concealed"]
    assert told == {"frames": 9, "start_seconds": pytest.approx(1.08), "stop_seconds": pytest.approx(1.44)}
    judged = {int(row["frame"]) for row in rows(out / "gate.scores.csv") if row["judged"] == "1"}
    # Motion is measured from half a second before.
    assert judged == {*range(1, 27), *range(48, 60)}
