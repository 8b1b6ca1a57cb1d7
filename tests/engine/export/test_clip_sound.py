from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from engine.export.clip import ExportOptions, export_clip
from engine.video import open_video
from engine.video.sound import sound_of
from tests.clips import make_clip
from tests.engine.export.beeps import add_beeps, beeps

pytestmark = pytest.mark.slow

FRAME_SECONDS = 0.04
UNEVEN = np.cumsum([0.0, *([0.04, 0.1, 0.02] * 67)])[:200].tolist()


def exported(video: Path, start: int, stop: int, **options: object) -> Path:
    target = video.with_name("clip.mp4")
    with open_video(video) as source:
        look = ExportOptions(("frame",), score_strip=False, **options)  # type: ignore[arg-type]
        list(export_clip(source, None, np.zeros(len(source)), start, stop, target, look))
    return target


def lengths(path: Path) -> tuple[float, float]:
    """Of picture and sound, in seconds."""
    with av.open(str(path)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        return float(picture.duration * picture.time_base), float(sound.duration * sound.time_base)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("s.mp4", "aac", 44_100), ("s.mkv", "pcm_s16le", 8_000), ("s.mov", "pcm_alaw", 8_000), ("s.ts", "mp2", 48_000)],
)
@pytest.mark.parametrize(("start", "stop"), [(0, 200), (70, 145)])
def test_sound_is_in_step_with_the_pictures(
    tmp_path: Path, name: str, codec: str, rate: int, start: int, stop: int
) -> None:
    video = add_beeps(make_clip(tmp_path / "v.mp4", 200), tmp_path / name, 8, codec=codec, rate=rate)
    clip = exported(video, start, stop)
    expected = [second - start / 25 for second in range(8) if start / 25 <= second < stop / 25]
    assert beeps(clip) == pytest.approx(expected, abs=FRAME_SECONDS)
    picture, sound = lengths(clip)
    assert picture == pytest.approx((stop - start) / 25, abs=1e-3)
    assert sound == pytest.approx(picture, abs=FRAME_SECONDS)


@pytest.mark.parametrize("start", [0.985, 0.99, 1.005, 1.23])
def test_sound_is_not_moved_to_where_its_first_packet_begins(tmp_path: Path, start: float) -> None:
    video = add_beeps(make_clip(tmp_path / "v.mp4", 100), tmp_path / "s.mov", 4, codec="pcm_s16le", rate=48_000)
    sound = sound_of(video, [(start, 3.5)])
    assert sound is not None
    samples = np.concatenate([block.to_ndarray()[0] for block in sound.until(2.5)])
    sound.close()
    loud = start + np.flatnonzero(np.abs(samples) > 0.2) / sound.rate_hz
    assert loud[loud > 1.5][0] == pytest.approx(2, abs=0.001)


def test_it_is_in_step_with_uneven_frames(tmp_path: Path) -> None:
    video = add_beeps(make_clip(tmp_path / "v.mp4", 200, times=UNEVEN), tmp_path / "s.mp4", 10)
    clip = exported(video, 50, 150)
    first, last = UNEVEN[50], UNEVEN[150]
    expected = [second - first for second in range(10) if first <= second < last]
    assert beeps(clip) == pytest.approx(expected, abs=FRAME_SECONDS)


def test_sound_that_begins_late_stays_late(tmp_path: Path) -> None:
    video = add_beeps(make_clip(tmp_path / "v.mp4", 200), tmp_path / "s.mp4", 8, first=2.5)
    clip = exported(video, 25, 150)
    assert beeps(clip) == pytest.approx([2, 3, 4], abs=FRAME_SECONDS)


def test_sound_that_ends_early_leaves_silence(tmp_path: Path) -> None:
    video = add_beeps(make_clip(tmp_path / "v.mp4", 200), tmp_path / "s.mp4", 3)
    clip = exported(video, 25, 150)
    assert beeps(clip) == pytest.approx([0, 1], abs=FRAME_SECONDS)
    picture, sound = lengths(clip)
    assert sound == pytest.approx(picture, abs=FRAME_SECONDS)


def test_lost_sound_leaves_silence_of_its_length(tmp_path: Path) -> None:
    whole = add_beeps(make_clip(tmp_path / "v.mp4", 200), tmp_path / "whole.mkv", 8, codec="pcm_s16le", rate=8_000)
    video = tmp_path / "s.mkv"
    with av.open(str(whole)) as source, av.open(str(video), "w") as output:
        copies = {each.index: output.add_stream_from_template(each) for each in source.streams}
        for packet in source.demux():
            lost = packet.stream.type == "audio" and packet.pts and 3.5 < packet.pts * packet.time_base < 5.5
            if packet.size and not lost:
                packet.stream = copies[packet.stream.index]
                output.mux(packet)
    clip = exported(video, 25, 200)
    assert beeps(clip) == pytest.approx([0, 1, 2, 5, 6], abs=FRAME_SECONDS)


def test_the_sound_of_a_gap_is_skipped_like_its_pictures(tmp_path: Path) -> None:
    times = [*(np.arange(50) / 25), *(4.5 + np.arange(50) / 25)]
    video = add_beeps(make_clip(tmp_path / "v.mp4", 100, times=times), tmp_path / "s.mp4", 7)
    clip = exported(video, 10, 90)
    # The clip is 0.4 to 2 s and 4.5 to 6.1 s of the recording.
    assert beeps(clip) == pytest.approx([0.6, 1.6 + 0.5, 1.6 + 1.5], abs=FRAME_SECONDS)
    picture, sound = lengths(clip)
    assert (picture, sound) == pytest.approx((3.2, 3.2), abs=FRAME_SECONDS)


def test_silent_recordings_and_those_asked_for_without_sound(tmp_path: Path) -> None:
    silent = make_clip(tmp_path / "v.mp4", 60)
    with_sound = add_beeps(silent, tmp_path / "s.mp4", 2)
    assert sound_of(silent, [(0, 1)]) is None
    assert sound_of(tmp_path, [(0, 1)]) is None
    for video, wanted in ((silent, True), (with_sound, False)):
        clip = exported(video, 0, 20, sound=wanted)
        with av.open(str(clip)) as container:
            assert not container.streams.audio
        clip.unlink()
