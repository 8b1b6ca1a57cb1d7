import errno
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from engine.common.errors import Cancelled, DatasetError, TrainingError, VideoError
from engine.common.events import Noted, Progress
from engine.flow.colour import SpeedHistogram, flow_radius
from engine.flow.teachers import teacher_by_name
from engine.models.picture import model_picture
from engine.training import RunSettings, footage_plan, prepare_cache
from engine.training.checkpoint import DamagedCheckpointError, load_checkpoint
from engine.training.footage_cache import bytes_on_disk, load_footage
from engine.training.footage_plan import plan_footage
from engine.training.lock import folder_lock, lock_holder
from engine.training.prepare_cache import prepare_footage
from engine.training.stop_control import StopControl
from engine.video import open_video
from engine.video.frame import ConcealedFrames
from tests.clips import make_clip
from tests.engine.video.test_times import damage as damage_frames

TEACHER = teacher_by_name("dis-ultrafast")


@pytest.fixture
def sliding_videos(tmp_path: Path) -> list[Path]:
    """Three picture folders of 4, 5 and 6 frames: a texture that moves right by 3 px per frame."""
    texture = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (256, 400, 3), np.uint8), (0, 0), 2.5)
    videos = []
    for count in (4, 5, 6):
        folder = tmp_path / f"day {count}"
        folder.mkdir()
        for number in range(count):
            cv2.imwrite(str(folder / f"{number}.png"), texture[:, 100 - 3 * number : 356 - 3 * number])
        videos.append(folder)
    return videos


def is_within(frame: int, concealed: ConcealedFrames) -> bool:
    return concealed.start <= frame < concealed.stop


def settings_of(videos: list[Path]) -> RunSettings:
    return RunSettings("Sliding", tuple(map(str, videos)))


@pytest.fixture
def prepared(sliding_videos: list[Path], tmp_path: Path) -> Path:
    list(prepare_footage(settings_of(sliding_videos), tmp_path / "footage", TEACHER))
    return tmp_path / "footage"


def test_all_pictures_are_stored_in_order(prepared: Path, sliding_videos: list[Path]) -> None:
    footage = load_footage(prepared)
    assert footage.pictures.shape == (15, 256, 256, 3)
    third_of_second = cv2.imread(str(sliding_videos[1] / "2.png"), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(footage.pictures[4 + 2], third_of_second)


def test_transitions_never_cross_from_one_video_to_the_next(prepared: Path) -> None:
    footage = load_footage(prepared)
    assert sorted([*footage.training, *footage.held_out]) == [0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13]


def test_whole_videos_are_held_out(prepared: Path, sliding_videos: list[Path]) -> None:
    footage = load_footage(prepared)
    assert footage.held_out.tolist() == [4, 5, 6, 7]
    assert footage.held_out_videos == (str(sliding_videos[1]),)


def test_held_out_videos_can_be_chosen(sliding_videos: list[Path], tmp_path: Path) -> None:
    settings = replace(settings_of(sliding_videos), held_out=(str(sliding_videos[0]), str(sliding_videos[2])))
    list(prepare_footage(settings, tmp_path / "footage", TEACHER))
    footage = load_footage(tmp_path / "footage")
    assert footage.training.tolist() == [4, 5, 6, 7]
    assert footage.held_out_videos == settings.held_out


def test_left_out_parts_are_neither_stored_nor_trained_on(sliding_videos: list[Path], tmp_path: Path) -> None:
    # Picture folders have 25 fps: this leaves out frames 2 and 3 of the last video, and all but frame 0 of the first.
    left_out = {str(sliding_videos[2]): ((0.08, 0.16),), str(sliding_videos[0]): ((0.04, 9.0),)}
    settings = replace(settings_of(sliding_videos), left_out=left_out, held_out=(str(sliding_videos[1]),))
    list(prepare_footage(settings, tmp_path / "footage", TEACHER))
    footage = load_footage(tmp_path / "footage")
    assert len(footage.pictures) == 5 + 2 + 2
    assert footage.training.tolist() == [5, 7]
    for index, number in [(5, 0), (6, 1), (7, 4), (8, 5)]:
        expected = cv2.imread(str(sliding_videos[2] / f"{number}.png"), cv2.IMREAD_COLOR_RGB)
        np.testing.assert_array_equal(footage.pictures[index], expected)
    np.testing.assert_allclose(footage.flow[7], TEACHER.flow(footage.pictures[7], footage.pictures[8]), atol=0.01)


def test_stored_flow_is_the_teachers(prepared: Path) -> None:
    footage = load_footage(prepared)
    for transition in footage.training:
        assert np.median(footage.flow[transition][0]) == pytest.approx(3, abs=0.1)
        assert np.median(footage.flow[transition][1]) == pytest.approx(0, abs=0.1)
    assert footage.teacher_rgb(footage.training[:2]).shape == (2, 256, 256, 3)


def test_the_radius_is_a_percentile_of_the_training_speeds(prepared: Path) -> None:
    footage = load_footage(prepared)
    flow = np.asarray(footage.flow[footage.training], np.float32)
    assert footage.radius_px == pytest.approx(flow_radius(np.hypot(flow[:, 0], flow[:, 1])), abs=1 / 16)


def test_a_speed_histogram_without_motion_gives_the_minimum_radius() -> None:
    speeds = SpeedHistogram()
    assert speeds.radius_px() == 0.5
    speeds.add(np.zeros((2, 8, 8), np.float32))
    assert speeds.radius_px() == 0.5


def test_without_a_teacher_no_flow_is_stored(sliding_videos: list[Path], tmp_path: Path) -> None:
    list(prepare_footage(settings_of(sliding_videos), tmp_path / "footage", None))
    footage = load_footage(tmp_path / "footage")
    assert footage.flow is None
    assert np.isnan(footage.radius_px)
    assert len(footage.training) == 3 + 5


def test_prepared_footage_is_not_prepared_again(prepared: Path, sliding_videos: list[Path]) -> None:
    assert list(prepare_footage(settings_of(sliding_videos), prepared, TEACHER)) == []


class CountingTeacher:
    """A teacher that counts its calls, and requests a stop after `stop_after` of them."""

    name = fingerprint = TEACHER.name

    def __init__(self, stop_after: int = 1000) -> None:
        self.calls, self.stop_after = 0, stop_after

    def flow(self, previous, current):
        self.calls += 1
        return TEACHER.flow(previous, current)

    def should_stop(self) -> bool:
        return self.calls >= self.stop_after


def assert_same_footage(folder: Path, expected: Path) -> None:
    footage, reference = load_footage(folder), load_footage(expected)
    np.testing.assert_array_equal(footage.pictures, reference.pictures)
    used = np.concatenate([reference.training, reference.held_out])
    np.testing.assert_array_equal(footage.flow[used], reference.flow[used])
    assert footage.radius_px == reference.radius_px


@pytest.mark.parametrize("after", [2, 5, 9])
def test_reading_resumes_in_the_middle_of_a_video(
    after: int, prepared: Path, sliding_videos: list[Path], tmp_path: Path
) -> None:
    first, second = CountingTeacher(after), CountingTeacher()
    settings, folder = settings_of(sliding_videos), tmp_path / "resumed"
    with pytest.raises(Cancelled):
        list(prepare_footage(settings, folder, first, first.should_stop))
    list(prepare_footage(settings, folder, second))
    assert (first.calls, second.calls) == (after, 12 - after)
    assert_same_footage(folder, prepared)


def test_reading_resumes_from_the_last_saved_progress_after_a_kill(
    prepared: Path, sliding_videos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, folder = settings_of(sliding_videos), tmp_path / "killed"
    teacher = CountingTeacher(6)
    monkeypatch.setattr(prepare_cache, "_SAVE_SECONDS", 0.0)
    with pytest.raises(Cancelled):
        list(prepare_footage(settings, folder, teacher, teacher.should_stop))
    progress = (folder / "progress.npz").read_bytes()
    teacher.stop_after = 10
    with pytest.raises(Cancelled):
        list(prepare_footage(settings, folder, teacher, teacher.should_stop))
    (folder / "progress.npz").write_bytes(progress)  # as if the process was killed before it saved this progress
    list(prepare_footage(settings, folder, TEACHER))
    assert_same_footage(folder, prepared)


@pytest.mark.parametrize(
    "damage", [lambda data: b"PK" + data[2:40], lambda data: data[:200] + b"?" * (len(data) - 200)]
)
def test_footage_is_read_from_the_start_where_its_progress_is_damaged(
    prepared: Path, sliding_videos: list[Path], tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    settings, folder = settings_of(sliding_videos), tmp_path / "stopped"
    teacher = CountingTeacher(6)
    with pytest.raises(Cancelled):
        list(prepare_footage(settings, folder, teacher, teacher.should_stop))
    progress = folder / "progress.npz"
    progress.write_bytes(damage(progress.read_bytes()))
    list(prepare_footage(settings, folder, TEACHER))
    assert_same_footage(folder, prepared)


def test_reading_a_file_whose_header_counts_too_many_frames_resumes_correctly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 40)
    other = make_clip(tmp_path / "other.mp4", 12)
    damaged = tmp_path / "damaged.mp4"
    content = clip.read_bytes()
    middle = content.index(b"mdat") + (len(content) - content.index(b"mdat")) // 2
    damaged.write_bytes(content[:middle] + bytes(300) + content[middle + 300 :])
    settings = replace(settings_of([damaged, other]), held_out=(str(other),))
    list(prepare_footage(settings, tmp_path / "whole", TEACHER))
    assert len(load_footage(tmp_path / "whole").training) < 39
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "cache"))  # an empty cache: the file's index is built again
    teacher = CountingTeacher(8)
    with pytest.raises(Cancelled):
        list(prepare_footage(settings, tmp_path / "resumed", teacher, teacher.should_stop))
    list(prepare_footage(settings, tmp_path / "resumed", TEACHER))
    assert_same_footage(tmp_path / "resumed", tmp_path / "whole")


def test_reading_first_reports_the_disk_space_it_needs(sliding_videos: list[Path], tmp_path: Path) -> None:
    notice, first, *_ = prepare_footage(settings_of(sliding_videos), tmp_path / "footage", TEACHER)
    assert isinstance(notice, Noted)
    assert "15 frames, will take 7 MB on disk" in notice.text
    assert first == Progress("Reading footage", 0, 15)
    files = [tmp_path / "footage" / name for name in ("pictures.npy", "flow.npy")]
    assert sum(file.stat().st_size for file in files) == pytest.approx(bytes_on_disk(15), rel=1e-3)


def test_footage_beyond_the_limit_is_refused(sliding_videos: list[Path], tmp_path: Path) -> None:
    settings = replace(settings_of(sliding_videos), cache_max_bytes=bytes_on_disk(14))
    with pytest.raises(TrainingError, match=r"would take 7 MB on disk, and the limit is 6 MB"):
        list(prepare_footage(settings, tmp_path / "footage", TEACHER))


def test_footage_that_does_not_fit_on_the_disk_is_refused(
    sliding_videos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footage_plan.shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(TrainingError, match="5 MB are free"):
        list(prepare_footage(settings_of(sliding_videos), tmp_path / "footage", TEACHER))


def test_other_footage_in_the_same_folder_starts_over(sliding_videos: list[Path], tmp_path: Path) -> None:
    teacher = CountingTeacher(2)
    with pytest.raises(Cancelled):
        list(prepare_footage(settings_of(sliding_videos[1:]), tmp_path / "footage", teacher, teacher.should_stop))
    list(prepare_footage(settings_of(sliding_videos), tmp_path / "footage", TEACHER))
    assert len(load_footage(tmp_path / "footage").pictures) == 15


def test_a_recording_that_vanishes_can_be_put_back(prepared: Path, sliding_videos: list[Path], tmp_path: Path) -> None:
    settings, folder = settings_of(sliding_videos), tmp_path / "resumed"
    teacher = CountingTeacher(2)
    with pytest.raises(Cancelled):
        list(prepare_footage(settings, folder, teacher, teacher.should_stop))
    sliding_videos[2].rename(tmp_path / "elsewhere")
    with pytest.raises(VideoError, match="no such file") as caught:
        list(prepare_footage(settings, folder, TEACHER))
    assert "resume" in caught.value.advice
    (tmp_path / "elsewhere").rename(sliding_videos[2])
    list(prepare_footage(settings, folder, TEACHER))
    assert_same_footage(folder, prepared)


def test_a_recording_that_goes_while_it_is_read_can_be_put_back(
    prepared: Path, sliding_videos: list[Path], tmp_path: Path
) -> None:
    settings, folder, lost = settings_of(sliding_videos), tmp_path / "resumed", sliding_videos[2] / "5.png"
    kept = lost.read_bytes()
    teacher = CountingTeacher(2)

    def lose() -> bool:
        if teacher.should_stop():
            lost.unlink(missing_ok=True)
        return False

    with pytest.raises((TrainingError, VideoError)) as caught:
        list(prepare_footage(settings, folder, teacher, lose))
    assert caught.value.advice
    lost.write_bytes(kept)
    list(prepare_footage(settings, folder, TEACHER))
    assert_same_footage(folder, prepared)


def test_a_recording_that_changed_meanwhile_is_refused(sliding_videos: list[Path], tmp_path: Path) -> None:
    teacher = CountingTeacher(2)
    with pytest.raises(Cancelled):
        list(prepare_footage(settings_of(sliding_videos), tmp_path / "footage", teacher, teacher.should_stop))
    (sliding_videos[2] / "5.png").unlink()
    with pytest.raises(TrainingError, match="not the one"):
        list(prepare_footage(settings_of(sliding_videos), tmp_path / "footage", TEACHER))


def test_a_full_disk_loses_nothing_that_was_read(
    prepared: Path, sliding_videos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, folder = settings_of(sliding_videos), tmp_path / "full"
    teacher = CountingTeacher()
    write = prepare_cache.ArrayFile.write

    def write_until_full(file, index, item):
        if index == 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, index, item)

    monkeypatch.setattr(prepare_cache.ArrayFile, "write", write_until_full)
    with pytest.raises(OSError, match="No space"):
        list(prepare_footage(settings, folder, teacher))
    monkeypatch.setattr(prepare_cache.ArrayFile, "write", write)
    calls_before = teacher.calls
    list(prepare_footage(settings, folder, teacher))
    assert teacher.calls == 12
    assert calls_before == 4
    assert_same_footage(folder, prepared)


@pytest.mark.parametrize("name", ["pictures.npy", "footage.npz"])
@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PK")])
def test_damaged_prepared_footage_is_an_error(name: str, damage: Callable[[Path], None], prepared: Path) -> None:
    damage(prepared / name)
    with pytest.raises(TrainingError, match="can't be read") as caught:
        load_footage(prepared)
    assert "Delete this folder" in caught.value.advice


def test_nothing_of_a_short_single_video_is_held_out(sliding_videos: list[Path], tmp_path: Path) -> None:
    events = list(prepare_footage(settings_of(sliding_videos[:1]), tmp_path / "footage", TEACHER))
    assert any(isinstance(event, Noted) and "one short video only" in event.text for event in events)
    footage = load_footage(tmp_path / "footage")
    assert footage.training.tolist() == [0, 1, 2]
    assert footage.held_out.tolist() == []


def test_the_end_of_a_single_video_is_held_out(tmp_path: Path) -> None:
    """30 s at 2 fps: the last 6 s are held out, and the second before them is neither trained on nor held out."""
    video = make_clip(tmp_path / "day.mp4", 61, fps=2)
    events = list(prepare_footage(settings_of([video]), tmp_path / "footage", TEACHER))
    assert any(isinstance(event, Noted) and "its end, 6 s, is held out" in event.text for event in events)
    footage = load_footage(tmp_path / "footage")
    assert footage.held_out_videos == (str(video),)
    assert footage.held_out_since == {str(video): 24.0}
    # Frames 0 to 45 are trained on, 46 and 47 are the gap, 48 to 60 are held out.
    assert footage.training.tolist() == list(range(45))
    assert footage.held_out.tolist() == list(range(46, 58))
    assert len(footage.pictures) == 46 + 13
    with open_video(video) as source:
        (last,) = source.frames(60)
    np.testing.assert_array_equal(footage.pictures[58], model_picture(last.pixels))


def test_left_out_parts_do_not_count_towards_the_held_out_end(tmp_path: Path) -> None:
    """30 s without 2.5-4.5 s and 26.5-28.5 s: a fifth of the rest is held out, 5 s that start before the second gap."""
    video = make_clip(tmp_path / "day.mp4", 61, fps=2)
    left_out = {str(video): ((2.5, 4.5), (26.5, 28.5))}
    plan = plan_footage(replace(settings_of([video]), left_out=left_out), TEACHER)
    learnt, held_out = plan.videos
    assert [(part.start, part.stop) for part in learnt.parts] == [(0, 5), (9, 43)]
    assert [(part.start, part.stop) for part in held_out.parts] == [(45, 53), (57, 61)]
    assert held_out.since == pytest.approx(22.5, abs=0.2)
    assert plan.held_out_seconds == pytest.approx(5, abs=0.5)


def test_nothing_is_learnt_across_a_gap_in_time(tmp_path: Path) -> None:
    times = [*(np.arange(30) / 10), *(3600 + np.arange(30) / 10)]
    first, second = (make_clip(tmp_path / name, 60, times=times) for name in ("a.mkv", "b.mkv"))
    plan = plan_footage(settings_of([first, second]), TEACHER)
    for video in plan.videos:
        assert [(part.start, part.stop) for part in video.parts] == [(0, 30), (30, 60)]
        assert video.seconds == pytest.approx(5.8, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("b_frames", [0, 2])
def test_pictures_that_damage_has_changed_are_not_learnt(tmp_path: Path, b_frames: int) -> None:
    damaged = make_clip(tmp_path / "damaged.mp4", 96, size=(320, 240), b_frames=b_frames)
    damage_frames(damaged, slice(39, 40), kept_bytes=24)
    whole = make_clip(tmp_path / "whole.mp4", 30, size=(320, 240))
    settings = replace(settings_of([damaged, whole]), held_out=(str(whole),))
    list(prepare_footage(settings, tmp_path / "footage", TEACHER))
    with open_video(damaged) as source:
        source.verify()
        (concealed,) = source.info.concealed
        count = len(source)
        stored = [model_picture(frame.pixels) for frame in source.frames() if not is_within(frame.index, concealed)]
    assert concealed.start in range(36, 40)
    assert concealed.stop == count - 48
    footage = load_footage(tmp_path / "footage")
    np.testing.assert_array_equal(footage.pictures[: len(stored)], stored)
    assert len(footage.pictures) == len(stored) + 30
    before, after = np.arange(concealed.start - 1), np.arange(concealed.start, len(stored) - 1)
    assert footage.training.tolist() == [*before, *after], "no transition reaches over what is left out"


def test_reading_a_single_video_resumes_where_it_was_stopped(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "day.mp4", 61, fps=2)
    list(prepare_footage(settings_of([video]), tmp_path / "whole", TEACHER))
    for transitions in (20, 30):  # stops in the trained part, then in the held-out part
        teacher = CountingTeacher(transitions)
        with pytest.raises(Cancelled):
            list(prepare_footage(settings_of([video]), tmp_path / "parts", teacher, teacher.should_stop))
    list(prepare_footage(settings_of([video]), tmp_path / "parts", TEACHER))
    assert_same_footage(tmp_path / "parts", tmp_path / "whole")


def test_metadata_of_an_earlier_version_has_no_held_out_ends(prepared: Path) -> None:
    with np.load(prepared / "footage.npz") as facts:
        earlier = {name: facts[name] for name in facts if name != "held_out_since"}
    np.savez(prepared / "footage.npz", **earlier)
    assert load_footage(prepared).held_out_since == {}


def test_a_video_of_one_frame_is_not_used(sliding_videos: list[Path], tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (sliding_videos[0] / f"{number}.png").unlink()
    list(prepare_footage(settings_of(sliding_videos[:2]), tmp_path / "footage", TEACHER))
    footage = load_footage(tmp_path / "footage")
    assert footage.training.tolist() == [0, 1, 2, 3]
    assert footage.held_out.tolist() == []


def test_footage_without_transitions_is_refused(sliding_videos: list[Path], tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (sliding_videos[0] / f"{number}.png").unlink()
    with pytest.raises(DatasetError, match="nothing to learn"):
        list(prepare_footage(settings_of(sliding_videos[:1]), tmp_path / "footage", TEACHER))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
@pytest.mark.timeout(60)
def test_pipes_in_a_run_folder_are_not_waited_for(tmp_path: Path) -> None:
    for name in ("footage.npz", "pictures.npy", "checkpoint-last.pt", "request"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(TrainingError, match="pipe"):
        load_footage(tmp_path)
    with pytest.raises(DamagedCheckpointError, match="pipe"):
        load_checkpoint(tmp_path / "checkpoint-last.pt")
    assert not StopControl(tmp_path / "request").should_stop()
    os.mkfifo(tmp_path / "lock")
    assert lock_holder(tmp_path / "lock") is None
    os.mkfifo(tmp_path / "lock-holder")
    with folder_lock(tmp_path / "lock"):
        assert lock_holder(tmp_path / "lock") == os.getpid()
