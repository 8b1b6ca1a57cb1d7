"""Files of untrusted kinds are decoded by a helper process: bit for bit the same, and its death ends in an error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import Cancelled, VideoError
from engine.common.language import use_language
from engine.video import open_video
from engine.video.decoder import Decoder
from engine.video.header import container_facts, read_header
from engine.video.helper import client
from engine.video.helper.source import HelperSource
from engine.video.helper.tasks import called
from engine.video.pyav_source import PyAvSource
from engine.video.sound import ClipSound, sound_of
from engine.video.source import PICTURES, VideoSource
from engine.video.trust import UntrustedFileError, trusted_format
from tests.clips import make_clip, read_number
from tests.engine.video.clip_makers import KINDS, Kind

FRAMES = 60
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    """A film of a kind that no recorder writes."""
    return make_clip(tmp_path_factory.mktemp("clip") / "a.mkv", FRAMES, codec="ffv1", b_frames=0)


@pytest.fixture
def source(video: Path) -> Iterator[HelperSource]:
    with HelperSource(video) as source:
        yield source


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process decodes whatever comes, as a helper does."""
    monkeypatch.setattr("engine.video.trust._is_helper", True)


def helper_of(source: HelperSource) -> int:
    assert source.helper_id
    return source.helper_id


def is_running(process_id: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


# The same bits


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind_and_path(request, tmp_path_factory) -> tuple[Kind, Path]:
    return request.param, request.param.make(tmp_path_factory.mktemp("clip"))


def everything_of(source: VideoSource) -> dict[str, object]:
    """All that a source gives, before and after a full pass."""

    def frames(given) -> list[tuple[int, float, bytes]]:
        return [(each.index, each.pts_seconds, each.pixels.tobytes()) for each in given]

    def facts() -> tuple[object, ...]:
        return source.info, source.times.tobytes(), source.keyframes.tobytes(), source.numbers_are_certain

    count = len(source)
    return {
        "opened": facts(),
        "read": frames(source.read(index) for index in (count // 2, 0, count - 1)),
        "part": frames(source.frames(count // 3, count // 2)),
        "pictures": frames(source.pictures(range(0, count, 7), 48)),
        "whole": frames(source.frames()),
        "afterwards": facts(),
    }


@pytest.mark.usefixtures("trusting")
def test_a_helper_gives_the_same_bits(kind_and_path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, path = kind_and_path
    if path.is_dir():
        pytest.skip("FFmpeg does not read pictures")
    found = []
    for name, opened in (("here", PyAvSource), ("helper", HelperSource)):
        monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / name))  # neither knows the other's index
        with opened(path) as source:
            found.append(everything_of(source))
    here, helper = found
    for name, value in here.items():
        assert helper[name] == value, name


def test_kinds_that_recorders_write_are_decoded_in_the_process(kind_and_path) -> None:
    kind, path = kind_and_path
    is_untrusted = any(word in kind.name for word in ("vp8", "vp9", "odd size", "grey", "raw mjpeg"))
    with open_video(path) as source:
        assert isinstance(source, HelperSource) == is_untrusted
        assert isinstance(source, PyAvSource) == (not is_untrusted and source.info.codec != PICTURES)


def test_a_file_that_begins_like_another_kind_goes_to_the_helper(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.gif", 5, codec="gif", pixel_format="rgb8", b_frames=0)
    data = bytearray(path.read_bytes())
    for at in (188, 376):  # both are colours that nothing has
        data[at] = ord("G")
    path.write_bytes(data)
    assert trusted_format(data) == "mpegts"
    with pytest.raises(UntrustedFileError):
        Decoder(path)
    with open_video(path) as source:
        assert isinstance(source, HelperSource)
        assert (source.info.codec, len(source)) == ("gif", 5)


def test_the_process_decodes_no_codec_that_is_not_trusted(video: Path) -> None:
    with pytest.raises(UntrustedFileError):
        Decoder(video)
    with pytest.raises(UntrustedFileError):
        PyAvSource(video)


def test_frames_and_reads_may_alternate(source: HelperSource) -> None:
    one, other = source.frames(), source.frames(30)
    for number in range(25):
        assert next(one).index == number
        assert read_number(source.read(59 - number).pixels) == 59 - number
        assert read_number(next(other).pixels) == 30 + number
    one.close()
    assert [frame.index for frame in other] == [55, 56, 57, 58, 59]
    assert [frame.index for frame in source.frames(57)] == [57, 58, 59]


def test_errors_come_in_the_language_in_use(tmp_path: Path) -> None:
    path = tmp_path / "a.vid"
    path.write_bytes(b"nothing that anybody knows")
    told = []
    for code in ("en", "de"):
        use_language(code)
        try:
            with pytest.raises(VideoError) as refused:
                open_video(path)
        finally:
            use_language("en")
        told.append(refused.value.what)
        assert refused.value.subject == str(path)
        assert refused.value.advice
    assert told == ["This file can't be opened as a video", "Diese Datei lässt sich nicht als Video öffnen"]


def test_numbers_that_are_no_frames_are_refused(source: HelperSource) -> None:
    with pytest.raises(IndexError, match="only 0 to 59"):
        source.read(60)
    with pytest.raises(ValueError, match="ascend"):
        list(source.pictures([3, 2], 32))
    assert list(source.pictures([], 32)) == []


# What else opens files


def test_headers_and_marks_are_read_by_a_helper(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_header(video), container_facts(video)
    monkeypatch.setattr("engine.video.trust._is_helper", True)
    assert (read_header(video), container_facts(video)) == found
    assert found[1].metadata


def test_sound_is_decoded_by_a_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_clip(tmp_path / "a.mkv", FRAMES, codec="ffv1", b_frames=0, with_audio=True)

    def blocks() -> list[np.ndarray]:
        sound = sound_of(path, [(0.2, 1.0), (1.5, 2.0)])
        assert sound
        found = [frame.to_ndarray() for frame in sound.until(9)]
        sound.close()
        assert sum(each.shape[1] for each in found) == round(1.3 * sound.rate_hz)
        return found

    with pytest.raises(UntrustedFileError):
        ClipSound(path, [(0, 1)])
    by_helper = blocks()
    monkeypatch.setattr("engine.video.trust._is_helper", True)
    assert np.array_equal(np.concatenate(by_helper, 1), np.concatenate(blocks(), 1))


# Deaths


@posix
def test_a_helper_that_is_killed_between_frames_is_started_again(source: HelperSource) -> None:
    frames = source.frames()
    assert next(frames).index == 0
    os.kill(helper_of(source), signal.SIGKILL)
    with pytest.raises(VideoError) as died:
        list(frames)
    assert died.value.subject == str(source.info.path)
    assert died.value.advice
    assert read_number(source.read(33).pixels) == 33
    assert [frame.index for frame in source.frames()] == list(range(FRAMES))


@posix
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_frame_that_kills_its_helper_twice_is_not_asked_for_again(source: HelperSource, name: str) -> None:
    def dying(index: int) -> VideoError:
        os.kill(helper_of(source), signal.SIGSTOP)  # so that it can't answer before it dies

        def kill() -> bool:
            os.kill(helper_of(source), getattr(signal, name))
            os.kill(helper_of(source), signal.SIGCONT)
            return False

        with pytest.raises(VideoError) as died:
            source.read(index, kill)
        return died.value

    first = dying(20)
    assert ("memory" if name == "SIGKILL" else "crashed") in first.what
    assert read_number(source.read(21).pixels) == 21
    assert dying(20).what == "Frame 20 can't be decoded"
    with pytest.raises(VideoError, match="Frame 20 can't be decoded"):
        source.read(20)
    assert source.helper_id is None  # none was started for it
    assert read_number(source.read(19).pixels) == 19
    assert [frame.index for frame in source.frames(10, 15)] == [10, 11, 12, 13, 14]


@posix
def test_a_helper_that_hangs_is_ended(source: HelperSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "HANGS_SECONDS", 0.5)
    hung = helper_of(source)
    os.kill(hung, signal.SIGSTOP)
    with pytest.raises(VideoError, match="did not come back"):
        source.read(7)
    assert not is_running(hung)
    monkeypatch.setattr(client, "HANGS_SECONDS", 60)
    assert read_number(source.read(7).pixels) == 7


@posix
@pytest.mark.parametrize(
    "do",
    [
        lambda source: source.read(7, lambda: True),
        lambda source: list(source.frames(0, None, lambda: True)),
        lambda source: source.verify(lambda: True),
    ],
    ids=["read", "frames", "verify"],
)
def test_who_is_to_stop_waits_for_no_helper_that_hangs(
    video: Path, do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path))  # without an index, so that there is something to verify
    with HelperSource(video) as source:
        os.kill(helper_of(source), signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(Cancelled):
            do(source)
        assert time.monotonic() - began < 20
        assert read_number(source.read(7).pixels) == 7


def test_a_stop_leaves_the_helper_at_work(source: HelperSource) -> None:
    before, asked = helper_of(source), count()
    with pytest.raises(Cancelled):
        list(source.frames(should_stop=lambda: next(asked) > 3))
    assert helper_of(source) == before
    assert read_number(source.read(50).pixels) == 50


@posix
def test_a_call_whose_helper_dies_fails(video: Path) -> None:
    answers = called(video, "tests.engine.video.test_helper:killed_task")
    assert next(answers)[0]["ready"]
    with pytest.raises(VideoError, match="crashed"):
        next(answers)


def killed_task(**_: object) -> Iterator[tuple[dict[str, object], None]]:
    """Begins, and crashes."""
    yield {"ready": True}, None
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit")
def test_memory_is_bounded(video: Path) -> None:
    began = time.monotonic()
    with pytest.raises(VideoError, match="more memory"):
        list(called(video, "tests.engine.video.test_helper:hungry_task"))
    assert time.monotonic() - began < 60


def hungry_task(**_: object) -> Iterator[tuple[dict[str, object], None]]:
    """Takes memory, as a bomb does."""
    taken = []
    for _ in range(1000):
        taken.append(np.empty(1 << 28, np.uint8))  # address space alone, so that no machine suffers
        yield {"taken": len(taken)}, None


@pytest.mark.parametrize(
    "spoilt",
    [
        {"width_px": 0},
        {"width_px": "96"},
        {"unstretched_px": [0, 64]},
        {"unstretched_px": [96, 64, 3]},
        {"unstretched_px": [96, 64], "width_px": 1 << 21},
        {"frame_count": 61},
        {"duration_seconds": float("nan")},
        {"start": {"utc": "yesterday"}},
        {"lost": [[1]]},
    ],
)
def test_facts_that_can_not_be_are_refused(source: HelperSource, spoilt: dict[str, object], video: Path) -> None:
    from engine.video.helper.wire import checked_index, info_of, info_values

    index = np.concatenate([source.times.view(np.uint8), source.keyframes.view(np.uint8)])
    values = info_values(source.info)
    assert info_of(values, video) == source.info
    with pytest.raises(ValueError, match=r"."):
        checked_index(info_of(values | spoilt, video), index)


def test_a_message_without_bounds_is_refused() -> None:
    from engine.video.helper.wire import ProtocolError, packed, received

    def fill_from(data: bytes):
        waiting = memoryview(data)

        def fill(buffer: memoryview) -> None:
            nonlocal waiting
            buffer[:] = waiting[: len(buffer)]
            waiting = waiting[len(buffer) :]

        return fill

    assert received(fill_from(packed({"a": 1}, 2) + b"xy"))[0] == {"a": 1}
    for data in (b"\xff" * 64, packed({}, 1 << 40), b"\2\0\0\0" + bytes(8) + b"[]", b"\2\0\0\0" + bytes(8) + b"\xff{"):
        with pytest.raises(ProtocolError):
            received(fill_from(data))


# Ends


def test_closing_ends_the_helper(video: Path) -> None:
    source = HelperSource(video)
    process = helper_of(source)
    next(source.frames())
    source.close()
    source.close()
    assert source.helper_id is None
    if sys.platform == "linux":
        assert not is_running(process)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_source_that_nobody_closes_leaves_no_helper(video: Path) -> None:
    source = HelperSource(video)
    process = helper_of(source)
    del source
    wait_for(lambda: not is_running(process))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_helper_ends_with_a_program_that_is_killed(video: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from engine.video import open_video;"
        "source = open_video(Path(sys.argv[1])); print(source.helper_id, flush=True); time.sleep(60)"
    )
    program = subprocess.Popen([sys.executable, "-c", code, str(video)], stdout=subprocess.PIPE, text=True)
    assert program.stdout
    with program:
        process = int(program.stdout.readline())
        assert is_running(process)
        program.kill()
    wait_for(lambda: not is_running(process))


def test_a_module_in_the_current_folder_is_not_run(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("av.py", "numpy.py", "engine.py"):
        (tmp_path / name).write_text("open('was-run', 'w')")
    monkeypatch.chdir(tmp_path)
    # Even where the package itself was found only by the folder that the program was started in.
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with open_video(video) as source:
        assert isinstance(source, HelperSource)
    assert not (tmp_path / "was-run").exists()


def test_a_recording_that_was_exchanged_is_not_taken_for_the_one_that_was_open(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", 20, codec="ffv1", b_frames=0)
    with HelperSource(path) as source:
        known = replace(source.info)
        make_clip(path, 30, codec="ffv1", b_frames=0)
        source._helper.stop_for_good()
        with pytest.raises(VideoError, match="changed since"):
            source.read(3)
        assert source.info == known


@posix
def test_a_recording_that_is_gone_is_told_each_time_it_is_asked_for(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", 20, codec="ffv1", b_frames=0)
    with HelperSource(path) as source:
        path.rename(tmp_path / "b.mkv")
        os.kill(helper_of(source), signal.SIGKILL)
        with pytest.raises(VideoError, match="more memory"):
            source.read(3)
        for _ in range(3):
            with pytest.raises(VideoError, match="can't be read"):
                source.read(4)
            assert source.helper_id is None
        path = (tmp_path / "b.mkv").rename(path)
        assert read_number(source.read(4).pixels) == 4


@posix
def test_opening_again_stops_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_clip(tmp_path / "a.mkv", 20, codec="ffv1", b_frames=0)
    start = client.Helper._start

    def stopped_at_start(helper: client.Helper) -> None:
        start(helper)
        assert helper.process_id
        os.kill(helper.process_id, signal.SIGSTOP)

    with HelperSource(path) as source:
        source._helper.stop_for_good()
        with monkeypatch.context() as patch:
            patch.setattr(client.Helper, "_start", stopped_at_start)
            began = time.monotonic()
            with pytest.raises(Cancelled):
                source.read(3, lambda: True)
            assert time.monotonic() - began < 20
        assert read_number(source.read(3).pixels) == 3
