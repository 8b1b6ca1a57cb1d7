"""Memory that runs out while a recording is decoded: never taken for damage of the file, nor for its end."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from engine.common import memory
from engine.common.errors import VideoError
from engine.common.paths import indexes_folder
from engine.video import open_video
from engine.video.decoder import Decoder
from engine.video.sound import ClipSound, sound_of
from tests.clips import make_clip
from tests.engine.export.beeps import add_beeps

FRAMES = 40
ROOT = Path(__file__).parents[3]
NO_MEMORY = (errno.ENOMEM, os.strerror(errno.ENOMEM))
ERRORS = [av.error.MemoryError(*NO_MEMORY), OSError(*NO_MEMORY), MemoryError()]


class Packet:
    """A packet that there is no memory to decode."""

    def __init__(self, packet: av.Packet[Any], error: Exception) -> None:
        self._packet, self._error = packet, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._packet, name)

    def decode(self) -> list[object]:
        raise self._error


def failing(packets: Callable[[Any], Iterator[Any]], error: Exception) -> Callable[[Any], Iterator[Any]]:
    def some(self: Any) -> Iterator[Any]:
        for number, packet in enumerate(packets(self)):
            yield Packet(packet, error) if number == FRAMES // 2 else packet

    return some


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(memory, "free_host_bytes", lambda: 1000)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_it_is_told_as_such_and_no_damage_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception
) -> None:
    video = make_clip(tmp_path / name, FRAMES)
    with monkeypatch.context() as patch:
        patch.setattr(Decoder, "packets", failing(Decoder.packets, error))
        with pytest.raises(VideoError, match="memory of this machine"), open_video(video) as source:
            list(source.frames())
    assert not list(indexes_folder().glob("*.npz"))
    with open_video(video) as source:
        assert len(list(source.frames())) == FRAMES
        assert (source.info.frame_count, source.info.lost, source.info.concealed) == (FRAMES, (), ())


def test_where_memory_is_left_a_file_that_asks_for_too_much_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_host_bytes", lambda: 1 << 40)
    video = make_clip(tmp_path / "a.mp4", FRAMES)
    monkeypatch.setattr(Decoder, "packets", failing(Decoder.packets, ERRORS[0]))
    with open_video(video) as source:
        assert 0 < len(list(source.frames())) < FRAMES
        assert source.info.lost


def test_a_limit_of_this_process_counts() -> None:
    code = (
        "import resource; from engine.common.memory import is_memory_short as short; print(short());"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, -1)); print(short())"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.split()[1] == "True"


class Container:
    """A file of which there is no memory to read more."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, *streams: Any) -> Iterator[Any]:
        for number, packet in enumerate(self._container.demux(*streams)):
            if number == FRAMES // 2:
                raise av.error.MemoryError(*NO_MEMORY)
            yield packet


def test_it_is_not_the_end_of_the_file(tmp_path: Path) -> None:
    decoder = Decoder(make_clip(tmp_path / "a.mp4", FRAMES))
    decoder._container = Container(decoder._container)  # type: ignore[assignment]
    with pytest.raises(VideoError, match="memory of this machine"):
        list(decoder.frames())
    decoder.close()


def test_sound_does_not_become_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = add_beeps(make_clip(tmp_path / "silent.mp4", FRAMES, fps=10), tmp_path / "a.mp4", 4)
    monkeypatch.setattr(ClipSound, "_packets", failing(ClipSound._packets, ERRORS[0]))
    sound = sound_of(video, [(0.0, 4.0)])
    assert sound is not None
    with pytest.raises(VideoError, match="memory of this machine"):
        list(sound.blocks())
    sound.close()
