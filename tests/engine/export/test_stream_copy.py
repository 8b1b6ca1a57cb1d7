from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from engine.common.errors import Cancelled, ExportError
from engine.common.events import Finished
from engine.export.stream_copy import UncuttableError, copy_clip, copy_starts_at, copy_suffix, skipped_gaps
from engine.video import open_video
from engine.video.timing import gaps
from engine.video.trust import UntrustedFileError
from tests.clips import make_clip, read_number
from tests.engine.export.beeps import add_beeps, beeps

UNEVEN = np.cumsum([0.0, *([0.04, 0.1, 0.02] * 34)])[:100].tolist()


def copied(video: Path, start: int, stop: int, target: Path) -> tuple[int, Path]:
    """The frame that the copy of [start, stop) begins with, and the copy."""
    with open_video(video) as source:
        events = list(copy_clip(source, start, stop, target))
        assert events[-1] == Finished(str(target))
        return copy_starts_at(source, start), target


def numbers_and_times(path: Path) -> tuple[list[int], list[float]]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    times = [float(frame.time or 0) for frame in frames]
    return [read_number(frame.to_ndarray(format="rgb24")) for frame in frames], [time - times[0] for time in times]


def picture_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("times", [None, UNEVEN])
def test_a_copy_has_the_own_packets_of_the_recording_from_the_keyframe_before(
    tmp_path: Path, b_frames: int, times: list[float] | None
) -> None:
    video = make_clip(tmp_path / "gate.mp4", 100, gop=12, b_frames=b_frames, times=times)
    first, clip = copied(video, 30, 50, tmp_path / "clip.mp4")
    assert first == 24
    numbers, shown_at = numbers_and_times(clip)
    assert numbers[:26] == list(range(24, 50))
    assert len(numbers) <= 26 + b_frames + 1  # those that the last ones are predicted from
    expected = np.array(times or np.arange(100) / 25)
    assert shown_at == pytest.approx(expected[numbers] - expected[24], abs=2e-5)
    assert set(picture_packets(clip)) <= set(picture_packets(video))


X264, X265 = "x264-params", "x265-params"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("b.ts", {"b_frames": 2}),
        ("open.mp4", {"codec_options": {X264: "open-gop=1:keyint=12:bframes=2:scenecut=0"}}),
        ("open.ts", {"codec_options": {X264: "open-gop=1:keyint=12:bframes=2:scenecut=0"}, "times": UNEVEN}),
        ("hevc.mp4", {"codec": "libx265", "codec_options": {X265: "log-level=none:keyint=12:open-gop=0:bframes=3"}}),
        (
            "open.mkv",
            {
                "codec": "libx265",
                "codec_options": {X265: "log-level=none:keyint=12:open-gop=1:bframes=3:scenecut=0"},
                "times": UNEVEN,
            },
        ),
        ("mpeg2.ts", {"codec": "mpeg2video"}),
    ],
)
@pytest.mark.parametrize(("start", "stop"), [(0, 20), (30, 50), (85, 100)])
def test_what_is_predicted_from_later_frames_is_whole_and_in_time(
    tmp_path: Path, name: str, options: dict[str, Any], start: int, stop: int
) -> None:
    video = make_clip(tmp_path / name, 100, **options)
    with open_video(video) as source:
        times, suffix = source.times, copy_suffix(source.info)
    first, clip = copied(video, start, stop, tmp_path / f"clip{suffix}")
    assert first == start // 12 * 12
    numbers, shown_at = numbers_and_times(clip)
    promised = np.arange(first, stop)
    assert numbers[: len(promised)] == promised.tolist()
    assert shown_at[: len(promised)] == pytest.approx(times[promised] - times[first], abs=2e-3)


def test_frames_that_can_not_be_decoded_are_copied_as_they_are_and_take_their_time(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "gate.mkv", 250, gop=50, b_frames=0)
    content = bytearray(video.read_bytes())
    for packet in picture_packets(video)[60:140]:
        place = content.index(packet)
        content[place : place + len(packet)] = b"\xff" * len(packet)
    video.write_bytes(content)
    with open_video(video) as source:
        source.verify()
        assert sum(each.count for each in source.info.lost) >= 80
        assert gaps(source.times)
        assert not skipped_gaps(source, 0, len(source))
        times, length = source.times, len(source)
    _, clip = copied(video, 0, length, tmp_path / "clip.mkv")
    assert picture_packets(clip) == picture_packets(video)
    with open_video(clip) as copy:
        assert copy.times == pytest.approx(times, abs=2e-3)


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (0, 100), (24, 25), (99, 100), (97, 100)])
def test_every_promised_frame_is_there(tmp_path: Path, start: int, stop: int) -> None:
    video = make_clip(tmp_path / "gate.mp4", 100)
    first, clip = copied(video, start, stop, tmp_path / "clip.mp4")
    assert numbers_and_times(clip)[0][: stop - first] == list(range(first, stop))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "libx264"), ("a.avi", "mpeg4"), ("a.ts", "libx264"), ("a.mov", "libx265"), ("a.mp4", "mpeg4")],
)
def test_copies_of_other_files(tmp_path: Path, name: str, codec: str) -> None:
    video = make_clip(tmp_path / name, 100, codec=codec, b_frames=0)
    with open_video(video) as source:
        suffix = copy_suffix(source.info)
    first, clip = copied(video, 40, 60, tmp_path / f"clip{suffix}")
    numbers, shown_at = numbers_and_times(clip)
    assert first <= 40
    assert numbers == list(range(first, 60))
    assert shown_at == pytest.approx(np.arange(60 - first) / 25, abs=1.1e-3)


@pytest.mark.parametrize(
    ("name", "codec", "rate"), [("s.mp4", "aac", 16_000), ("s.mkv", "pcm_s16le", 8_000), ("s.mov", "pcm_alaw", 8_000)]
)
def test_sound_stays_in_step(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    video = add_beeps(make_clip(tmp_path / "v.mp4", 200, gop=30), tmp_path / name, 8, codec=codec, rate=rate)
    with open_video(video) as source:
        suffix = copy_suffix(source.info)
    first, clip = copied(video, 70, 145, tmp_path / f"clip{suffix}")
    assert first == 60
    # Beeps at 3, 4 and 5 s; the clip begins at 2.4 s. A frame lasts 40 ms.
    assert beeps(clip) == pytest.approx([0.6, 1.6, 2.6], abs=0.04)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_where_the_recorder_stopped_a_copy_goes_on_at_once(tmp_path: Path, b_frames: int) -> None:
    times = [number / 25 + (5.6 if number >= 48 else 0) for number in range(100)]
    silent = make_clip(tmp_path / "v.mp4", 100, gop=12, times=times, b_frames=b_frames)
    video = add_beeps(silent, tmp_path / "s.mp4", 10)
    with open_video(video) as source:
        assert [gap.frame for gap in skipped_gaps(source, 12, 100)] == [48]
        assert not skipped_gaps(source, 50, 100)
    first, clip = copied(video, 12, 100, tmp_path / "clip.mp4")
    numbers, shown_at = numbers_and_times(clip)
    assert (first, numbers) == (12, list(range(12, 100)))
    assert shown_at == pytest.approx(np.arange(88) / 25, abs=2e-5)
    # Beeps at 1, 8 and 9 s; the clip begins at 0.48 s, and nothing is seen from 1.92 to 7.52 s.
    assert beeps(clip) == pytest.approx([0.52, 1.92, 2.92], abs=0.04)


def test_sound_that_a_kind_of_file_can_not_hold_is_told(tmp_path: Path) -> None:
    video = add_beeps(make_clip(tmp_path / "v.mp4", 60), tmp_path / "s.mov", 2, codec="pcm_alaw", rate=8_000)
    with open_video(video) as source, pytest.raises(ExportError, match="can't hold") as caught:
        list(copy_clip(source, 0, 10, tmp_path / "clip.mp4"))
    assert ".mov" in caught.value.advice
    assert not (tmp_path / "clip.mp4").exists()


def test_a_copy_without_sound(tmp_path: Path) -> None:
    video = add_beeps(make_clip(tmp_path / "v.mp4", 60), tmp_path / "s.mp4", 2)
    with open_video(video) as source:
        list(copy_clip(source, 0, 10, tmp_path / "clip.mp4", sound=False))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert not container.streams.audio


@pytest.mark.parametrize(
    ("name", "kind", "b_frames"), [("raw.h264", "h264", 0), ("b.avi", "avi", 2)], ids=["no times", "decoding times"]
)
def test_a_recording_without_reliable_times_is_refused(tmp_path: Path, name: str, kind: str, b_frames: int) -> None:
    video = make_clip(tmp_path / name, 60, container_format=kind, b_frames=b_frames)
    with open_video(video) as source, pytest.raises(ExportError, match="reliably") as caught:
        list(copy_clip(source, 30, 40, tmp_path / "clip.mp4"))
    assert "encoded" in caught.value.advice
    assert [path.name for path in tmp_path.iterdir()] == [name]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 3000])
def test_a_full_disk_leaves_nothing(tmp_path: Path, room: int) -> None:
    video = make_clip(tmp_path / "gate.mp4", 200)
    with open_video(video) as source, largest_file(room), pytest.raises(ExportError) as caught:
        list(copy_clip(source, 0, 200, tmp_path / "clip.mp4"))
    assert "full" in caught.value.advice
    assert [path.name for path in tmp_path.iterdir()] == ["gate.mp4"]


def test_an_existing_file_is_kept_and_a_cancelled_copy_leaves_nothing(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "gate.mp4", 60)
    (tmp_path / "clip.mp4").write_text("precious")
    with open_video(video) as source:
        with pytest.raises(ExportError, match="already"):
            list(copy_clip(source, 0, 10, tmp_path / "clip.mp4"))
        with pytest.raises(ExportError, match="MP4, Matroska"):
            list(copy_clip(source, 0, 10, tmp_path / "clip.avi"))
        with pytest.raises(Cancelled):
            list(copy_clip(source, 0, 10, tmp_path / "other.mp4", should_stop=lambda: True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "gate.mp4"]


@pytest.mark.parametrize("sound", ["aac", "flac"])
@pytest.mark.parametrize("codec", ["ffv1", "libx264"])
def test_a_helper_copies_what_is_not_read_in_the_process_to_the_same_packets(
    tmp_path: Path, codec: str, sound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = make_clip(tmp_path / "silent.mkv", 60, codec=codec, b_frames=0, gop=12)
    video = add_beeps(silent, tmp_path / "gate.mkv", 2, codec=sound)
    by_helper = copied(video, 30, 50, tmp_path / "helper.mkv")
    monkeypatch.setattr("engine.video.trust._is_helper", True)
    here = copied(video, 30, 50, tmp_path / "here.mkv")
    assert by_helper[0] == here[0]
    assert picture_packets(by_helper[1]) == picture_packets(here[1])
    assert beeps(by_helper[1]) == beeps(here[1])


def test_what_a_helper_can_not_copy_is_refused_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = make_clip(tmp_path / "b.avi", 60, container_format="avi", b_frames=2)

    def untrusted(*_: object) -> Iterator[int]:
        raise UntrustedFileError(video)

    monkeypatch.setattr("engine.export.stream_copy._cut_here", untrusted)  # not in the helper
    with open_video(video) as source, pytest.raises(UncuttableError, match="reliably") as caught:
        list(copy_clip(source, 30, 40, tmp_path / "clip.mp4"))
    assert "encoded" in caught.value.advice
    assert [path.name for path in tmp_path.iterdir()] == ["b.avi"]
