from __future__ import annotations

import errno
import math
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.common.errors import Cancelled, ExportError
from engine.video.encoding import ENCODERS, Encoding
from engine.video.frame import Pixels
from engine.video.writer import ClipWriter, free_path
from tests.read_only import ReadOnlyFolder


def grey_ramp(index: int, width: int = 64, height: int = 48) -> Pixels:
    return np.full((height, width, 3), 20 + 10 * index % 200, np.uint8)


def write_clip(target: Path, times: list[float], **options: object) -> None:
    """`times` has one entry more than there are frames: the end of the last."""
    with ClipWriter(target, 64, 48, **options) as writer:  # type: ignore[arg-type]
        for index, (start, end) in enumerate(pairwise(times)):
            writer.write(grey_ramp(index), start, end - start)


def read_clip(path: Path) -> tuple[list[float], list[Pixels], float]:
    """Times and pictures of all frames, and the video's duration in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert stream.duration is not None
        assert stream.time_base is not None
        assert container.duration == pytest.approx(float(stream.duration * stream.time_base) * 1e6, abs=1000)
        return (
            [float(frame.time or 0.0) for frame in frames],
            [frame.to_ndarray(format="rgb24") for frame in frames],
            float(stream.duration * stream.time_base),
        )


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder_keeps_variable_timing_and_the_last_frames_duration(tmp_path: Path, encoder: str) -> None:
    times = [0.0, 0.04, 0.1, 0.12, 0.2, 0.5, 0.54, 0.58, 0.62, 0.9, 1.25]
    write_clip(tmp_path / "clip.mp4", times, encoding=Encoding(encoder=encoder))
    read, pictures, duration = read_clip(tmp_path / "clip.mp4")
    assert read == pytest.approx(times[:-1], abs=1e-5)
    assert duration == pytest.approx(times[-1], abs=1e-4)
    assert [picture.mean() for picture in pictures] == pytest.approx([grey_ramp(i).mean() for i in range(10)], abs=4)


@settings(max_examples=20)
@given(st.lists(st.floats(0.0005, 3.0), min_size=1, max_size=40))
def test_any_timing_is_kept_to_the_tick(tmp_path_factory: pytest.TempPathFactory, durations: list[float]) -> None:
    times = [0.0, *np.cumsum(durations).tolist()]
    target = tmp_path_factory.mktemp("timing") / "clip.mp4"
    write_clip(target, times, average_fps=len(durations) / times[-1])
    read, _, duration = read_clip(target)
    assert read == pytest.approx(times[:-1], abs=1 / 90_000)
    assert duration == pytest.approx(
        times[-1], abs=2 / 90_000 + 1e-3
    )  # the file header has a resolution of milliseconds


@pytest.mark.parametrize("average_fps", [0.0, 1e-6, 1000.0, 1e9, 1e300, math.inf])
def test_time_lapse_and_high_speed_rates_are_written(tmp_path: Path, average_fps: float) -> None:
    times = [0.0, 1800.0, 3600.0]
    write_clip(tmp_path / "clip.mp4", times, average_fps=average_fps)
    read, _, duration = read_clip(tmp_path / "clip.mp4")
    assert (read, duration) == (times[:-1], times[-1])


def test_frames_closer_than_a_tick_are_all_kept(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", [0.0, 1e-6, 2e-6, 3e-6, 0.1])
    read, _, _ = read_clip(tmp_path / "clip.mp4")
    assert len(read) == 4
    assert all(later > earlier for earlier, later in pairwise(read))


@pytest.mark.parametrize("size", [(65, 48), (64, 47), (33, 21)])
def test_odd_sizes_are_padded_by_the_edge_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = 220
    with ClipWriter(tmp_path / "clip.mp4", width, height) as writer:
        writer.write(picture, 0.0, 0.04)
    _, (read,), _ = read_clip(tmp_path / "clip.mp4")
    assert read.shape == (height + height % 2, width + width % 2, 3)
    assert read[:, -1].mean() == pytest.approx(220, abs=6)
    assert read[-1, :4].mean() == pytest.approx(0, abs=6)


def test_colours_are_kept_and_tagged_as_bt709(tmp_path: Path) -> None:
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (230, 159, 0)]
    with ClipWriter(tmp_path / "clip.mp4", 64, 48) as writer:
        for index, colour in enumerate(colours):
            writer.write(np.full((48, 64, 3), colour, np.uint8), index * 0.04, 0.04)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        for colour, frame in zip(colours, container.decode(video=0), strict=True):
            assert (frame.colorspace, frame.color_range) == (1, 1)
            shown = frame.to_ndarray(format="rgb24").reshape(-1, 3).mean(axis=0)
            assert shown == pytest.approx(colour, abs=4)


def test_the_index_comes_first_so_that_a_clip_streams(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", [0.0, 0.04, 0.08])
    content = (tmp_path / "clip.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt(), GeneratorExit(), RuntimeError("bug")])
def test_an_exception_leaves_no_file(tmp_path: Path, error: BaseException) -> None:
    def write_and_fail() -> None:
        with ClipWriter(tmp_path / "clip.mp4", 64, 48) as writer:
            for index in range(80):
                writer.write(grey_ramp(index), index * 0.04, 0.04)
            raise error

    with pytest.raises(type(error)):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_a_clip_is_begun_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_metadata: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.video.writer.mark_exported", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ClipWriter(tmp_path / "clip.mp4", 64, 48)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_without_frames_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExportError), ClipWriter(tmp_path / "clip.mp4", 64, 48):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused_and_untouched(tmp_path: Path) -> None:
    target = tmp_path / "clip.mp4"
    target.write_text("precious")
    with pytest.raises(ExportError, match="already"):
        write_clip(target, [0.0, 0.04])
    assert target.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("hard_links", [True, False])
def test_a_file_that_appears_during_writing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> None:
    if not hard_links:
        monkeypatch.setattr(Path, "hardlink_to", _no_hard_links)
    target = tmp_path / "clip.mp4"
    writer = ClipWriter(target, 64, 48)
    writer.write(grey_ramp(0), 0.0, 0.04)
    target.write_text("precious")
    with pytest.raises(ExportError, match="already"):
        writer.__exit__(None, None, None)
    assert target.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_system_without_hard_links_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "hardlink_to", _no_hard_links)
    write_clip(tmp_path / "clip.mp4", [0.0, 0.04])
    assert len(read_clip(tmp_path / "clip.mp4")[0]) == 1
    assert len(list(tmp_path.iterdir())) == 1


def _no_hard_links(*_: object) -> None:
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


def test_a_clip_is_as_readable_as_any_new_file(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", [0.0, 0.04])
    (tmp_path / "other").touch()
    assert (tmp_path / "clip.mp4").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_non_ascii_and_long_names(tmp_path: Path) -> None:
    for name in ("Überwachung 视频 🎥.mp4", "x" * 251 + ".mp4"):
        write_clip(tmp_path / name, [0.0, 0.04])
        assert len(read_clip(tmp_path / name)[0]) == 1


_ENCODE_SMOOTH_PICTURES = """
import hashlib, sys
from pathlib import Path
import cv2, numpy as np
from engine.video.encoding import Encoding
from engine.video.writer import ClipWriter
noise = np.random.default_rng(1).integers(0, 256, (888, 1134, 3), np.uint8)
picture = cv2.GaussianBlur(noise, (0, 0), 3)
with ClipWriter(Path(sys.argv[1]), 1134, 888, encoding=Encoding(depends_on_pictures_alone=True)) as writer:
    for index in range(4):
        writer.write(np.roll(picture, 3 * index, 1), index / 25, 0.04)
print(hashlib.sha256(Path(sys.argv[1]).read_bytes()).hexdigest())
"""


def test_a_file_can_be_made_to_depend_on_its_pictures_alone(tmp_path: Path) -> None:
    made = set()
    for value in ("0", "1", "2"):
        # The C library then fills fresh memory with this value's complement; without it libx264 makes three files.
        environment = {**os.environ, "MALLOC_PERTURB_": value}
        command = [sys.executable, "-c", _ENCODE_SMOOTH_PICTURES, str(tmp_path / f"{value}.mp4")]
        made.add(subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout)
    assert len(made) == 1


@pytest.mark.parametrize(
    ("name", "options", "advice"),
    [
        ("no/such/folder/clip.mp4", {}, "create it"),
        ("clip.avi", {}, "ends in .mp4"),
    ],
)
def test_impossible_targets_are_an_error_at_once(
    tmp_path: Path, name: str, options: dict[str, str], advice: str
) -> None:
    with pytest.raises(ExportError) as caught:
        ClipWriter(tmp_path / name, 64, 48, **options)  # type: ignore[arg-type]
    assert advice in caught.value.advice
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_folder_gets_advice(read_only_folder: ReadOnlyFolder) -> None:
    with read_only_folder.locked(), pytest.raises(ExportError) as caught:
        ClipWriter(read_only_folder.path / "clip.mp4", 64, 48)
    assert "may not write" in caught.value.advice


def test_a_folder_that_is_locked_meanwhile_does_not_hide_why_the_clip_failed(read_only_folder: ReadOnlyFolder) -> None:
    writer = ClipWriter(read_only_folder.path / "clip.mp4", 64, 48)
    writer.write(np.zeros((48, 64, 3), np.uint8), 0, 0.04)
    with read_only_folder.locked(), pytest.raises(ExportError, match="can't be written") as caught, writer:
        pass
    assert "may not write" in caught.value.advice


def test_a_free_name_of_the_longest_kind_still_fits(tmp_path: Path) -> None:
    longest = tmp_path / ("n" * 251 + ".mp4")
    longest.touch()
    free = free_path(longest)
    free.touch()
    assert free.name.endswith("-2.mp4")
    assert free_path(longest) not in (longest, free)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Limits the size of files of this process by RLIMIT_FSIZE, which imitates a full disk."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_noise(target: Path, frames: int) -> None:
    """The same bytes each time: with the usual options, one of some hundred is a few bytes larger."""
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    with ClipWriter(target, 320, 240, encoding=Encoding(depends_on_pictures_alone=True)) as writer:
        for index in range(frames):
            writer.write(np.roll(noise, index * 7, axis=0), index * 0.04, 0.04)


@pytest.mark.parametrize("room", ["nothing", "half", "all but a byte"])
def test_a_full_disk_gives_advice_and_leaves_nothing(tmp_path: Path, room: str) -> None:
    target = tmp_path / "clip.mp4"
    write_noise(target, 60)
    size = target.stat().st_size
    target.unlink()
    limit = largest_file({"nothing": 0, "half": size // 2, "all but a byte": size - 1}[room])
    with limit, pytest.raises(ExportError) as caught:
        write_noise(target, 60)
    assert "disk is full" in caught.value.advice
    assert list(tmp_path.iterdir()) == []


def test_a_kill_leaves_no_incomplete_file_under_the_name(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        import numpy as np
        from engine.video.writer import ClipWriter
        noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
        with ClipWriter(Path(sys.argv[1]), 320, 240) as writer:
            for index in range(10**6):
                writer.write(np.roll(noise, index, axis=0), index * 0.04, 0.04)
                if index == 60:
                    print("going", flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "clip.mp4")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "going\n"
        process.kill()
    assert process.returncode == (-signal.SIGKILL if os.name == "posix" else 1)
    assert not (tmp_path / "clip.mp4").exists()
    write_clip(tmp_path / "clip.mp4", [0.0, 0.04])  # the leftover temporary file does not prevent a new clip


def test_free_path_appends_the_next_free_number(tmp_path: Path) -> None:
    target = tmp_path / "clip.mp4"
    assert free_path(target) == target
    target.touch()
    assert free_path(target) == tmp_path / "clip-2.mp4"
    (tmp_path / "clip-2.mp4").symlink_to("nowhere")
    assert free_path(target) == tmp_path / "clip-3.mp4"


def test_pictures_of_another_size_are_a_value_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="promised"), ClipWriter(tmp_path / "clip.mp4", 64, 48) as writer:
        writer.write(grey_ramp(0, width=48, height=64), 0.0, 0.04)
