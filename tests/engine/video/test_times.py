"""Times of recordings as recorders write them: without presentation times, repeated, starting over, with gaps."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from engine.video import open_video
from engine.video.decoder import Decoder, shown_packet
from engine.video.fingerprint import file_fingerprint
from engine.video.given_rates import give_rate
from engine.video.integrity import Integrity
from engine.video.source import VideoSource
from tests.clips import make_clip, numbered_picture, read_number

CASES = Path(__file__).parents[3].parent / "shared" / "cases"


def case(name: str) -> Path:
    path = CASES / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def at_rates(*counts_and_fps: tuple[int, int]) -> np.ndarray:
    intervals = np.concatenate([np.full(count, 1 / fps) for count, fps in counts_and_fps])
    return np.concatenate([[0], np.cumsum(intervals)[:-1]])


VARIABLE = at_rates((60, 25), (30, 5), (60, 25))
"""14.4 - 3.6 = 10.8 s."""


def in_words(source: VideoSource) -> list[str]:
    return Integrity.of(source.info, source.times).in_words()


def make_avi(path: Path, times: Sequence[float], fps: int = 50) -> Path:
    """H.264 with B-frames: AVI stores decoding times alone, and empty chunks for times without a frame."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"sc_threshold": "0", "b-adapt": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 25, 2
        stream.codec_context.time_base = stream.time_base = Fraction(1, fps)
        for number, seconds in enumerate(times):
            picture = av.VideoFrame.from_ndarray(numbered_picture(number), format="rgb24")
            picture.pts, picture.time_base = round(seconds * fps), Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def joined(path: Path, *parts: Sequence[float]) -> Path:
    """Recordings one after the other in one file, the first frame of each at a time of its own."""
    data, number = b"", 0
    for times in parts:
        part = make_clip(
            path.with_name("part.ts"),
            range(number, number + len(times)),
            times=times,
            b_frames=0,
            container_format="mpegts",
        )
        data += part.read_bytes()
        number += len(times)
    path.write_bytes(data)
    return path


def test_frames_of_an_avi_with_b_frames_have_the_decoding_times_in_order(tmp_path: Path) -> None:
    path = make_avi(tmp_path / "b.avi", VARIABLE)
    for _ in range(2):  # the second time from the stored index
        with open_video(path) as source:
            # The encoder decodes two frames ahead.
            decoded = np.concatenate([[0.04, 0.04], np.diff(VARIABLE)[:-2]])
            np.testing.assert_allclose(np.diff(source.times), decoded, atol=1e-6)
            assert source.info.duration_seconds == pytest.approx(10.8)
            assert [read_number(source.read(number).pixels) for number in (140, 3, 77)] == [140, 3, 77]
            assert in_words(source) == []


def test_only_a_repeated_time_is_replaced(tmp_path: Path) -> None:
    times = VARIABLE.copy()
    times[60:] -= 0.04  # frame 60 has the time of frame 59
    path = joined(tmp_path / "repeated.ts", times[:60], times[60:])
    with open_video(path) as source:
        expected = times.copy()
        expected[60] += 0.04
        np.testing.assert_allclose(source.times, expected, atol=1e-4)
        assert source.info.replaced_times == (60,)
        assert in_words(source) == ["The time of a frame does not go forward and was replaced: at 0:02.4"]
        assert [read_number(source.read(number).pixels) for number in (140, 3, 77)] == [140, 3, 77]


def test_frames_of_a_program_stream_share_the_times_of_their_packets(tmp_path: Path) -> None:
    # A packet has room for many small H.264 frames, and a time for the first of them alone.
    path = make_clip(tmp_path / "a.vob", range(len(VARIABLE)), times=VARIABLE, b_frames=0, container_format="vob")
    with open_video(path) as source:
        # A packet may lie across a change of the rate, so that not every time is right; but nothing stands still.
        assert np.diff(source.times).max() < 0.21
        assert source.times[-1] == pytest.approx(VARIABLE[-1], abs=0.2)
        assert in_words(source) == []
        assert [read_number(source.read(number).pixels) for number in (140, 3, 77)] == [140, 3, 77]


def test_joined_recordings_whose_times_start_over_keep_their_intervals(tmp_path: Path) -> None:
    path = joined(tmp_path / "joined.ts", VARIABLE, VARIABLE)
    with open_video(path) as source:
        expected = np.concatenate([VARIABLE, VARIABLE + VARIABLE[-1] + 0.04])
        np.testing.assert_allclose(source.times, expected, atol=1e-4)
        assert source.info.replaced_times == (len(VARIABLE),)


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.h264", {}), ("a.hevc", {"codec": "libx265", "codec_options": {"x265-params": "log-level=0"}})],
)
def test_a_raw_stream_has_the_rate_of_its_header(tmp_path: Path, name: str, options: dict[str, object]) -> None:
    path = make_clip(tmp_path / name, 60, fps=10, **options)  # type: ignore[arg-type]
    give_rate(file_fingerprint(path), 7)  # the header knows better
    with open_video(path) as source:
        assert source.info.duration_seconds == pytest.approx(6.0)
        assert source.info.average_fps == pytest.approx(10)
        assert source.frame_seconds == pytest.approx(0.1)
        assert source.read(59).pts_seconds == pytest.approx(5.9)


def test_the_rate_of_a_raw_stream_without_one_is_unknown_unless_it_is_given(tmp_path: Path) -> None:
    options = {"x265-params": "log-level=0:vui-timing-info=0"}
    path = make_clip(tmp_path / "a.hevc", 60, fps=10, codec="libx265", codec_options=options)
    with open_video(path) as source:
        assert source.frame_seconds is None
        assert source.info.duration_seconds == pytest.approx(60 / 25)
    give_rate(file_fingerprint(path), 10)
    with open_video(path) as source:
        assert source.frame_seconds == pytest.approx(0.1)
        assert source.info.duration_seconds == pytest.approx(6.0)
        assert [frame.pts_seconds for frame in source.frames(57)] == pytest.approx([5.7, 5.8, 5.9])


@pytest.mark.parametrize(("name", "options"), [("a.h264", {}), ("a.mjpeg", {"codec": "mjpeg"}), ("a.avi", {})])
def test_a_recording_that_begins_in_the_middle_has_lost_nothing(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream(options.get("codec", "libx264"), rate=25, options={"sc_threshold": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 96, 64
        stream.pix_fmt = "yuvj420p" if "codec" in options else "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 12, 0
        packets = []
        for number in range(60):
            picture = av.VideoFrame.from_ndarray(numbered_picture(number), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            packets += stream.encode(picture)
        for packet in [*packets, *stream.encode(None)][3:]:
            container.mux(packet)
    with open_video(path) as source:
        shown = [read_number(frame.pixels) for frame in source.frames()]
        assert shown == [*range(60 - len(shown), 60)]
        assert len(shown) == (57 if "codec" in options else 48)
        assert in_words(source) == []


class _Packet:
    """A packet whose bytes are always the same object."""

    def __init__(self, packet: av.Packet[av.VideoStream]) -> None:
        self._packet = packet
        self.bytes = bytes(packet)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._packet, name)

    def __bytes__(self) -> bytes:
        return self.bytes


def test_threads_of_a_decoder_free_no_bytes_of_the_interpreter(tmp_path: Path) -> None:
    # Such a thread waits for the interpreter's lock, and who closes the decoder waits for the thread with that lock.
    decoder = Decoder(make_clip(tmp_path / "a.mp4", 5))
    original = next(decoder.packets())
    packet = _Packet(original)
    held = sys.getrefcount(packet.bytes)
    kept = shown_packet(packet)  # type: ignore[arg-type]
    held_after = sys.getrefcount(packet.bytes)
    assert held_after == held
    assert (bytes(kept), kept.pts, kept.is_keyframe) == (packet.bytes, original.pts, original.is_keyframe)
    decoder.close()


@pytest.mark.parametrize("gop", [30, 10])
def test_fragments_whose_times_start_over_are_shown(tmp_path: Path, gop: int) -> None:
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    parts = [
        make_clip(tmp_path / f"{start}.mp4", range(start, start + 30), b_frames=0, gop=gop, container_options=options)
        for start in (0, 30)
    ]
    path = tmp_path / "joined.mp4"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    for _ in range(2):  # the second time from the stored index
        with open_video(path) as source:
            assert len(source) == 60
            np.testing.assert_allclose(source.times, np.arange(60) / 25, atol=1e-3)
            assert [read_number(source.read(number).pixels) for number in (45, 3, 31, 59)] == [45, 3, 31, 59]
            assert source.info.replaced_times == (30,)


def test_the_rate_is_that_of_the_pictures_between_gaps(tmp_path: Path) -> None:
    times = [*(np.arange(60) / 10), *(3601.3 + np.arange(60) / 10)]
    path = make_clip(tmp_path / "gap.mkv", range(120), times=times)
    with open_video(path) as source:
        assert source.info.duration_seconds == pytest.approx(3607.3, abs=0.01)
        assert source.info.average_fps == pytest.approx(10, rel=0.01)
        assert in_words(source) == ["A gap without pictures: 60 min from 0:06.0"]


def test_a_last_frame_stays_as_long_as_those_before_it(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "slow.mp4", 6, times=[60.0 * minute for minute in range(6)])
    with open_video(path) as source:
        assert source.info.duration_seconds == pytest.approx(360)


def damage(path: Path, frames: slice, kept_bytes: int = 0) -> None:
    """Overwrite compressed frames, counted in file order, but for the first bytes of each."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        damaged = [(packet.pos, packet.size) for packet in packets[frames]]
    data = bytearray(path.read_bytes())
    for start, size in damaged:
        begin = start + min(kept_bytes, size)
        data[begin : start + size] = b"\xa5" * (start + size - begin)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["damaged.mp4", "damaged.mkv"])
def test_lost_frames_are_counted_and_placed(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, 100, fps=10, gop=25, b_frames=0)
    damage(path, slice(40, 50), kept_bytes=12 if name.endswith(".mkv") else 0)  # Matroska's own
    for _ in range(2):  # the second time from the stored index
        with open_video(path) as source:
            list(source.frames())
            integrity = Integrity.of(source.info, source.times)
            assert len(source) + integrity.lost_frames == 100
            assert integrity.lost_frames >= 10
            assert integrity.lost[0].start_seconds == pytest.approx(4.0, abs=0.01)
            assert integrity.in_words()[0].startswith(f"{integrity.lost_frames} of 100 frames are damaged and lost: ")
            assert integrity.gaps == ()


def test_lost_frames_of_a_raw_stream_are_counted(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mjpeg", 40, codec="mjpeg", pixel_format="yuvj420p", b_frames=0)
    damage(path, slice(20, 21), kept_bytes=12)
    with open_video(path) as source:
        integrity = Integrity.of(source.info, source.times)
        assert (len(source), integrity.lost_frames) == (39, 1)
        assert integrity.lost[0].start_seconds == pytest.approx(20 / 25)
        assert source.times[20] == pytest.approx(21 / 25)


def test_recorded_cases() -> None:
    for name, seconds in [
        ("avi-without-pts/vfr_b.avi", 14.0),
        ("repeated-timestamp/vfr_ok.ts", 14.0),
        ("repeated-timestamp/vfr_dup.ts", 14.0),
        ("raw-stream-rate/raw_vui.h264", 6.0),
    ]:
        with open_video(case(name)) as source:
            assert source.info.duration_seconds == pytest.approx(seconds)
    with open_video(case("damaged/dmg_full.mp4")) as source:
        list(source.frames())
        assert in_words(source) == [
            "22 of 200 frames are damaged and lost: 0:09.8 to 0:12.0",
            # 30 of them differ from those of the whole recording: they are made of what is lost.
            "Pictures of 31 frames are damaged and no evidence: 0:09.7 to 0:15.0",
        ]
    with open_video(case("clock-gap/joined_gap.ts")) as source:
        assert in_words(source) == ["A gap without pictures: 60 min from 0:06.0"]
