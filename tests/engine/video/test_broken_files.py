import random
from contextlib import closing, suppress
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from engine.common.errors import Cancelled, VideoError
from engine.video import open_video
from engine.video.decoder import Decoder
from engine.video.frame_index import EntryPoint
from engine.video.given_rates import give_rate
from engine.video.pyav_source import PyAvSource
from tests.clips import make_clip, numbered_picture, read_number


def test_a_truncated_stream_gives_its_remaining_frames(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.ts", 90, container_format="mpegts", b_frames=0, gop=10)
    cut = tmp_path / "cut.ts"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    with open_video(cut) as source:
        numbers = [read_number(frame.pixels) for frame in source.frames()]
        assert 40 <= len(numbers) < 90
        assert len(source) == len(source.times) == len(numbers)  # the full pass has corrected the index
        assert numbers[:-1] == list(range(len(numbers) - 1))  # the truncated picture may have any content
        assert read_number(source.read(30).pixels) == 30


@pytest.mark.parametrize("seed", range(3))
def test_a_full_pass_corrects_the_count_and_is_cached(tmp_path: Path, seed: int) -> None:
    """Matroska lists frames whose data is noise and can't be decoded.

    Of one noise in a hundred FFmpeg's threads make another picture each time: see "Known limits".
    """
    path = make_clip(tmp_path / "damaged.mkv", 60, gop=10, b_frames=0)
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4 : len(data) * 3 // 4 + 60] = random.Random(seed).randbytes(60)
    path.write_bytes(data)
    with open_video(path) as source:
        announced, times = len(source), source.times
        shown = list(source.frames())
        assert len(source) == len(shown) <= announced
        assert (source.times is times) == (len(shown) == announced)
        for index in (0, len(source) // 2, len(source) - 1):
            np.testing.assert_array_equal(source.read(index).pixels, shown[index].pixels)
    with open_video(path) as again:
        assert len(again) == len(shown)


@pytest.mark.parametrize("step", [1, 4, 19])
def test_pictures_of_a_damaged_file_are_numbered_as_a_pass_numbers_them(tmp_path: Path, step: int) -> None:
    path = make_clip(tmp_path / "damaged.mkv", 120, gop=10, b_frames=0)
    data = bytearray(path.read_bytes())
    for place in (len(data) // 3, len(data) * 2 // 3):
        data[place : place + 60] = bytes(60)
    path.write_bytes(data)
    with open_video(path) as source:
        wanted = list(range(0, len(source), step))
        pictures = list(source.pictures(wanted, 32))
        if source.numbers_are_certain:  # a missing frame on the way caused a full pass
            wanted = [number for number in wanted if number < len(source)]
        assert [frame.index for frame in pictures] == wanted
        # Frames before the damage were numbered by the old index, which is right for them.
        shown = {frame.pts_seconds: read_number(frame.pixels) for frame in source.frames()}
    assert [read_number(frame.pixels) for frame in pictures] == [shown[frame.pts_seconds] for frame in pictures]


def test_a_picture_that_changes_size_is_stretched_to_the_first(tmp_path: Path) -> None:
    first = make_clip(tmp_path / "a.ts", 10, container_format="mpegts", b_frames=0)
    second = make_clip(tmp_path / "b.ts", range(10, 20), size=(128, 96), container_format="mpegts", b_frames=0)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    with open_video(joined) as source:
        frames = list(source.frames())
    assert {frame.pixels.shape for frame in frames} == {(64, 96, 3)}
    assert [read_number(frame.pixels) for frame in frames] == list(range(20))


def empty(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def text(folder: Path) -> Path:
    (folder / "notes.mp4").write_text("This is no video.\n" * 100)
    return folder / "notes.mp4"


def sound(folder: Path) -> Path:
    with av.open(str(folder / "sound.m4a"), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 16_000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    return folder / "sound.m4a"


def song_with_cover(folder: Path) -> Path:
    """FFmpeg reports the cover picture as a video stream of one frame."""
    path = sound(folder).rename(folder / "plain.m4a")
    with av.open(str(path)) as plain, av.open(str(folder / "song.m4a"), "w", format="mp4") as container:
        tune = container.add_stream_from_template(plain.streams.audio[0])
        cover = container.add_stream("mjpeg", rate=1)
        assert isinstance(cover, av.VideoStream)
        cover.width, cover.height, cover.pix_fmt = 96, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(numbered_picture(1), format="rgb24")))
        container.mux(cover.encode(None))
        for packet in plain.demux(audio=0):
            if packet.size:
                packet.stream = tune
                container.mux(packet)
    return folder / "song.m4a"


def unknown_codec(folder: Path) -> Path:
    path = make_clip(folder / "odd.avi", 5, codec="mpeg4", b_frames=0)
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"QQQQ"))
    return path


def noise_in_a_container(folder: Path) -> Path:
    """A valid container whose picture data is noise."""
    path = make_clip(folder / "noise.avi", 20, codec="mpeg4", b_frames=0)
    data = bytearray(path.read_bytes())
    start, stop = data.index(b"movi"), data.index(b"idx1")
    with av.open(str(path)) as container:
        places = [(packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size]
    assert all(start < place < stop for place, _ in places)
    for place, size in places:
        data[place + 8 : place + 8 + size] = bytes(size)
    path.write_bytes(data)
    return path


def headless(folder: Path) -> Path:
    """An MP4 whose recorder lost power before it wrote the index at the end."""
    whole = make_clip(folder / "whole.mp4", 30)
    (folder / "headless.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return folder / "headless.mp4"


def no_pictures(folder: Path) -> Path:
    (folder / "documents").mkdir()
    (folder / "documents" / "notes.txt").touch()
    return folder / "documents"


def missing(folder: Path) -> Path:
    return folder / "gone.mp4"


@pytest.mark.parametrize(
    "make", [empty, text, sound, song_with_cover, unknown_codec, noise_in_a_container, headless, no_pictures, missing]
)
def test_files_that_are_no_videos_are_an_error(make, tmp_path: Path) -> None:
    path = make(tmp_path)
    with pytest.raises(VideoError) as caught:
        open_video(path)
    assert caught.value.subject == str(path)
    assert caught.value.advice.endswith((".", ")."))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number in range(1, 6):
        cv2.imwrite(str(tmp_path / f"{number:03}.jpg"), numbered_picture(number))
    return tmp_path


def test_a_picture_of_another_size_is_named(pictures: Path) -> None:
    cv2.imwrite(str(pictures / "003.jpg"), numbered_picture(3, 48, 32))
    with open_video(pictures) as source, pytest.raises(VideoError, match="48x32") as caught:
        list(source.frames())
    assert caught.value.subject.endswith("003.jpg")


def test_a_damaged_picture_is_named(pictures: Path) -> None:
    (pictures / "004.jpg").write_bytes(b"\xff\xd8\xff")
    with open_video(pictures) as source:
        assert read_number(source.read(0).pixels) == 1
        with pytest.raises(VideoError, match="can't be decoded") as caught:
            source.read(3)
    assert caught.value.subject.endswith("004.jpg")


def test_pictures_take_the_rate_they_are_given(pictures: Path) -> None:
    with open_video(pictures) as source:
        assert not source.info.has_own_times
        give_rate(source.info.fingerprint, 10)
    with open_video(pictures) as source:
        np.testing.assert_allclose(source.times, [0, 0.1, 0.2, 0.3, 0.4])


def test_the_cache_stays_within_its_limit(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", 40)
    frame_bytes = 96 * 64 * 3
    with PyAvSource(path, cache_bytes=5 * frame_bytes) as source:
        for index in range(40):
            source.read(index)
        assert source._cache.currsize <= 5 * frame_bytes
        assert read_number(source.read(2).pixels) == 2


def test_indexing_reports_its_progress_and_can_be_stopped(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "raw.h264", 250, container_format="h264")
    with pytest.raises(Cancelled):
        open_video(path, should_stop=lambda: True)
    shares: list[float] = []
    with open_video(path, on_progress=shares.append) as source:
        assert len(source) == 250
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1


def test_the_same_video_under_another_name_has_the_same_fingerprint(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", 5)
    other = make_clip(tmp_path / "b.mp4", 6)
    with open_video(path) as first, open_video(other) as second:
        fingerprint = first.info.fingerprint
        assert second.info.fingerprint != fingerprint
    with open_video(path.rename(tmp_path / "moved.mp4")) as moved:
        assert moved.info.fingerprint == fingerprint


@pytest.mark.parametrize("content", [b"", bytes(5000), b"#EXTM3U\nother.mp4\n"])
def test_what_is_open_stays_usable_when_its_file_is_overwritten(tmp_path: Path, content: bytes) -> None:
    path = make_clip(tmp_path / "gate.mp4", 40)
    with closing(Decoder(path)) as decoder:
        path.write_bytes(content)
        for _ in range(2):
            with pytest.raises(VideoError):
                decoder.restart()
            decoder.seek(0, EntryPoint.PTS)
            list(decoder.frames())


def test_frames_of_an_overwritten_file_are_the_old_ones_or_an_error(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "gate.mp4", 400, gop=100)
    with open_video(path) as source:
        path.write_bytes(bytes(5000))
        for index in (390, 3, 250, 3, 120):
            with suppress(VideoError):
                assert read_number(source.read(index).pixels) == index
