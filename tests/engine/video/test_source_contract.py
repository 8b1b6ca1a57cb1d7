"""Contract tests: what every VideoSource promises, on every kind of video."""

import contextlib
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.common.errors import Cancelled
from engine.video import open_video
from engine.video.integrity import Integrity
from engine.video.source import VideoSource, usual_frame_seconds
from tests.clips import read_number
from tests.engine.video.clip_makers import KINDS, Kind

JUMPS = 500


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind_and_path(request, tmp_path_factory):
    return request.param, request.param.make(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def kind(kind_and_path) -> Kind:
    return kind_and_path[0]


@pytest.fixture
def source(kind_and_path):
    with open_video(kind_and_path[1]) as source:
        yield source


def test_size_and_count_are_known_without_decoding(source: VideoSource, kind: Kind) -> None:
    assert len(source) == source.info.frame_count == kind.frames
    assert (source.info.width_px, source.info.height_px) == kind.size
    assert source.info.duration_seconds == pytest.approx(kind.expected_times[-1] + 1 / 25, abs=0.1)


def test_times_begin_at_zero_and_are_the_presentation_times(source: VideoSource, kind: Kind) -> None:
    np.testing.assert_allclose(source.times, kind.expected_times, atol=2e-3)


def test_frame_duration_is_known_only_for_stored_times(kind_and_path, source: VideoSource) -> None:
    kind, _ = kind_and_path
    assert source.info.has_own_times == (kind.name not in ("picture folder", "raw mjpeg"))
    if source.info.has_own_times and kind.frames > 1:
        assert source.frame_seconds == pytest.approx(np.median(np.diff(kind.expected_times)), abs=2e-3)
    else:
        assert source.frame_seconds is None


def test_a_whole_video_is_intact(source: VideoSource, kind: Kind) -> None:
    list(source.frames())
    integrity = Integrity.of(source.info, source.times)
    assert (integrity.lost, integrity.gaps) == ((), ())
    # Where two recordings were joined, times start over.
    assert source.info.replaced_times == ((kind.frames // 2,) if kind.name == "joined ts" else ())


def test_the_frame_duration_is_the_median() -> None:
    assert usual_frame_seconds(np.arange(100) / 10, np.arange(20) / 25) == pytest.approx(0.1)
    assert usual_frame_seconds(np.zeros(1), np.empty(0)) is None
    assert usual_frame_seconds() is None


@pytest.mark.slow
def test_500_random_reads_are_exact(kind_and_path) -> None:
    kind, path = kind_and_path
    rng = random.Random(kind.name)
    asked = [rng.randrange(kind.frames) for _ in range(JUMPS)]
    with open_video(path, cache_bytes=1) as source:  # a cache of 1 byte makes every read decode
        frames = [source.read(index) for index in asked]
        assert [frame.index for frame in frames] == asked
        assert [read_number(frame.pixels) for frame in frames] == asked
        assert [frame.pts_seconds for frame in frames] == [float(source.times[index]) for index in asked]


def test_500_random_reads_with_a_cache_are_exact(source: VideoSource, kind: Kind) -> None:
    rng = random.Random(kind.name)
    for index in (rng.randrange(kind.frames) for _ in range(JUMPS)):
        assert read_number(source.read(index).pixels) == index


def test_the_first_read_is_exact(kind_and_path) -> None:
    kind, path = kind_and_path
    for index in {0, kind.frames // 2, kind.frames - 1}:
        with open_video(path) as source:
            assert read_number(source.read(index).pixels) == index


def test_reading_back_and_forth_is_exact(source: VideoSource) -> None:
    for index in [*reversed(range(len(source))), *range(len(source))]:
        assert read_number(source.read(index).pixels) == index


def test_one_pass_gives_every_frame_in_order(source: VideoSource, kind: Kind) -> None:
    frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(kind.frames))
    assert [read_number(frame.pixels) for frame in frames] == list(range(kind.frames))
    np.testing.assert_allclose([frame.pts_seconds for frame in frames], kind.expected_times, atol=2e-3)
    assert len(source) == kind.frames  # the full pass confirmed the index


@pytest.mark.parametrize("start", [1, 7, 33, 59])
def test_a_pass_may_begin_and_end_anywhere(source: VideoSource, start: int) -> None:
    stop = start + 9
    expected = list(range(start, min(stop, len(source))))
    assert [read_number(frame.pixels) for frame in source.frames(start, stop)] == expected
    assert [read_number(frame.pixels) for frame in source.frames(start)] == list(range(start, len(source)))


def test_passes_and_reads_do_not_affect_each_other(source: VideoSource) -> None:
    rng = random.Random(9)
    for expected, frame in enumerate(source.frames()):
        assert read_number(frame.pixels) == expected
        if expected % 7 == 0:
            index = rng.randrange(len(source))
            assert read_number(source.read(index).pixels) == index


def test_pixels_are_read_only_rgb_bytes(source: VideoSource, kind: Kind) -> None:
    pixels = source.read(len(source) - 1).pixels
    assert pixels.shape == (kind.size[1], kind.size[0], 3)
    assert pixels.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0, 0] = 1


def test_colours_keep_their_range(source: VideoSource) -> None:
    """Cells are painted 48 and 208; neither range stretching nor squeezing may move them far."""
    pixels = source.read(0).pixels.astype(int)
    assert np.percentile(pixels, 10) == pytest.approx(48, abs=8)
    assert np.percentile(pixels, 90) == pytest.approx(208, abs=8)


@pytest.mark.parametrize("index", [-1, 100_000])
def test_frames_outside_the_video_are_an_error(source: VideoSource, index: int) -> None:
    with pytest.raises(IndexError, match="no frame"):
        source.read(index)


def test_after_a_cancelled_read_the_next_one_is_exact(source: VideoSource) -> None:
    last = len(source) - 1
    with contextlib.suppress(Cancelled):
        source.read(last, should_stop=lambda: True)
    assert read_number(source.read(last // 2).pixels) == last // 2
    assert read_number(source.read(last).pixels) == last


def test_a_pass_can_be_cancelled(source: VideoSource) -> None:
    with pytest.raises(Cancelled):
        list(source.frames(should_stop=lambda: True))


def test_prefetched_frames_are_in_the_cache(source: VideoSource) -> None:
    stop = min(20, len(source))
    source.prefetch(5, stop)
    for index in range(5, stop):
        assert read_number(source.read(index, should_stop=lambda: True).pixels) == index


def test_a_stopped_prefetch_raises_nothing(source: VideoSource) -> None:
    source.prefetch(0, len(source) + 50, should_stop=lambda: True)
    assert read_number(source.read(0).pixels) == 0


def chosen(kind: Kind) -> list[list[int]]:
    """All, evenly spaced, far apart, and at random with runs and gaps."""
    rng = random.Random(kind.name)
    everything = range(kind.frames)
    dice = [sorted(rng.sample(everything, rng.randint(1, max(kind.frames // 4, 1)))) for _ in range(20)]
    return [list(everything), list(everything[::5]), list(everything[3::23]), [0], [kind.frames - 1], [], *dice]


@pytest.mark.slow
@pytest.mark.parametrize("is_certain", [False, True])
def test_pictures_of_wanted_frames_are_exact(
    kind_and_path, is_certain: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, path = kind_and_path
    if is_certain:
        with open_video(path) as source:
            list(source.frames())  # its index is kept for whoever opens the recording next
    for number, wanted in enumerate(chosen(kind)):
        if not is_certain:  # no earlier pass has corrected the index
            monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / str(number)))
        with open_video(path) as source:
            times = source.times
            pictures = list(source.pictures(wanted, 32))
            assert [frame.index for frame in pictures] == wanted
            assert [read_number(frame.pixels) for frame in pictures] == wanted
            assert [frame.pts_seconds for frame in pictures] == [float(times[index]) for index in wanted]
            assert len(source) == kind.frames


@pytest.mark.parametrize("size", [16, 32, 64, 80, 128])
def test_pictures_are_upright_squares_of_the_frames(source: VideoSource, size: int) -> None:
    wanted = np.unique([0, len(source) // 3, len(source) - 1])
    for frame in source.pictures(wanted, size):
        pixels = source.read(frame.index).pixels
        grows = max(pixels.shape[:2]) <= size
        expected = cv2.resize(pixels, (size, size), interpolation=cv2.INTER_LINEAR if grows else cv2.INTER_AREA)
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.shape == (size, size, 3)
        assert np.abs(frame.pixels.astype(int) - expected).max() <= 1
        assert frame.pixels.flags.c_contiguous
        assert not frame.pixels.flags.writeable


@pytest.mark.parametrize("wanted", [[-1], [0, 100_000]])
def test_pictures_outside_the_video_are_an_error(source: VideoSource, wanted: list[int]) -> None:
    with pytest.raises(IndexError, match="no frame"):
        list(source.pictures(wanted, 32))


@pytest.mark.parametrize("wanted", [[0, 0], [1, 0]])
def test_descending_frame_numbers_are_an_error(source: VideoSource, wanted: list[int]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        list(source.pictures(wanted, 32))


def test_pictures_can_be_cancelled(source: VideoSource) -> None:
    with pytest.raises(Cancelled):
        list(source.pictures([len(source) - 1], 32, should_stop=lambda: True))


def test_pictures_and_reads_do_not_affect_each_other(source: VideoSource) -> None:
    rng = random.Random(9)
    for frame in source.pictures(range(0, len(source), 3), 32):
        assert read_number(frame.pixels) == frame.index
        index = rng.randrange(len(source))
        assert read_number(source.read(index).pixels) == index


def test_times_and_numbers_convert_both_ways(source: VideoSource) -> None:
    for index, seconds in enumerate(source.times):
        assert source.index_at(float(seconds)) == index
        assert source.index_at(float(f"{seconds:.6f}")) == index
    assert source.index_at(-5) == 0
    assert source.index_at(1e9) == len(source) - 1


def test_closing_twice_is_fine(kind_and_path) -> None:
    source = open_video(kind_and_path[1])
    source.close()
    source.close()
