"""The helper process: opens one file with the very decoder that trusted files have, and answers requests by pipes."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from importlib import import_module
from io import FileIO
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.common.events import ShouldStop
from engine.common.language import known_language, use_language
from engine.common.remote_path import as_path
from engine.video.frame import Frame
from engine.video.helper.wire import error_values, info_values, packed, received
from engine.video.picture_file import MAX_PIXELS
from engine.video.pyav_source import PyAvSource
from engine.video.source import VideoInfo
from engine.video.trust import trust_all

Output = tuple[dict[str, Any], npt.NDArray[np.generic] | None]
"""JSON and what comes behind it."""

_BATCH_FRAMES = 16
_BATCH_BYTES = 8 << 20
_BATCH_SECONDS = 0.2
_ALIVE_SECONDS = 1.0
_END_SECONDS = 5.0
_MEMORY_BYTES = (4 << 30) + 24 * MAX_PIXELS
"""Libraries, threads and what is cached; the largest picture three times, in four channels of 16 bits."""


class _Requests:
    """What the program asks, read by a thread, so that a stop is heard at work."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._stopped: set[int] = set()
        self.is_over = False
        threading.Thread(target=self._listen, daemon=True).start()

    def is_stopped(self, number: int) -> bool:
        """Whether nobody waits for the answers to a request any more."""
        return self.is_over or number in self._stopped

    def _listen(self) -> None:
        # Once the program has ended, by whatever, its end of the pipe is closed.
        with suppress(EOFError):
            while True:
                message, _ = received(_fill_from_input, 0)
                if message.get("do") == "stop":
                    self._stopped.add(message["id"])
                else:
                    self.waiting.put(message)
        self.is_over = True
        self.waiting.put(None)
        time.sleep(_END_SECONDS)
        os._exit(1)  # a decoder does not come back


class _Server:
    def __init__(self, output: FileIO, requests: _Requests) -> None:
        self._output, self._requests = output, requests
        self._source: PyAvSource | None = None
        self._told: VideoInfo | None = None
        self._streams: dict[int, Generator[Output, None, None]] = {}
        self._said = 0.0

    def serve(self) -> None:
        """Answer requests until the program closes its end."""
        while (message := self._requests.waiting.get()) is not None:
            number, do = int(message["id"]), str(message["do"])
            if do == "drop":
                if dropped := self._streams.pop(number, None):
                    dropped.close()
                continue
            try:
                if do != "more":
                    use_language(known_language([str(message["language"])]))
                    self._streams[number] = self._begun(do, message, self._asker(number))
                kind = self._batch(number)
            except Exception as error:  # any: it is told, and the next request is another
                self._streams.pop(number, None)
                self._tell(number, error_values(error))
            else:
                self._tell(number, {"kind": kind})

    def _batch(self, number: int) -> str:
        """Send a few items; "end" after the last, else "pause"."""
        stream = self._streams[number]
        until, size_bytes = time.monotonic() + _BATCH_SECONDS, 0
        for _ in range(_BATCH_FRAMES):
            item = next(stream, None)
            self._tell_state(number)
            if item is None:
                del self._streams[number]
                return "end"
            self._tell(number, {"kind": "item", **item[0]}, item[1])
            size_bytes += item[1].nbytes if item[1] is not None else 0
            if size_bytes > _BATCH_BYTES or time.monotonic() > until:
                break
        return "pause"

    def _begun(self, do: str, message: dict[str, Any], should_stop: ShouldStop) -> Generator[Output, None, None]:
        if do == "call":
            return _called(message["function"], message["arguments"], should_stop)
        if do == "open":
            return self._opened(message, should_stop)
        source = self._source
        assert source
        if do == "read":
            return _frames(iter([source.read(message["index"], should_stop)]))
        if do == "hold":
            source.read(message["index"], should_stop)
            return _frames(iter(()))
        if do == "settle":
            return _frames(iter(()))
        if do == "verify":
            source.verify(should_stop)
            return _frames(iter(()))
        if do == "frames":
            return _frames(source.frames(message["start"], message["stop"], should_stop))
        if do == "pictures":
            return _frames(source.pictures(message["wanted"], message["size"], should_stop))
        raise ValueError(f"no request {do}")

    def _opened(self, message: dict[str, Any], should_stop: ShouldStop) -> Generator[Output, None, None]:
        number = message["id"]

        def report(fraction: float) -> None:
            self._tell(number, {"kind": "item", "fraction": fraction})

        self._source = PyAvSource(
            as_path(message["path"]),
            should_stop=should_stop,
            on_progress=report,
            cache_bytes=message["cache_bytes"],
        )
        yield from ()

    def _asker(self, number: int) -> ShouldStop:
        """The `should_stop` of a request; being asked is a sign of life."""

        def should_stop() -> bool:
            if time.monotonic() - self._said > _ALIVE_SECONDS:
                self._tell(number, {"kind": "alive"})
            return self._requests.is_stopped(number)

        return should_stop

    def _tell_state(self, number: int) -> None:
        """What is known of the video, where that is not known to the program."""
        source = self._source
        if source is None or source.info is self._told:
            return
        self._told = source.info
        index = np.concatenate([source.times.view(np.uint8), np.ascontiguousarray(source.keyframes).view(np.uint8)])
        values = {"info": info_values(source.info), "is_certain": source.numbers_are_certain}
        self._tell(number, {"kind": "state", **values}, index)

    def _tell(self, number: int, values: dict[str, Any], data: npt.NDArray[np.generic] | None = None) -> None:
        self._said = time.monotonic()
        sent = memoryview(b"") if data is None else np.ascontiguousarray(data).data.cast("B")
        _write(self._output, memoryview(packed({"id": number, **values}, len(sent))))
        _write(self._output, sent)


def _frames(frames: Iterator[Frame]) -> Generator[Output, None, None]:
    for frame in frames:
        yield {"index": frame.index, "seconds": frame.pts_seconds}, frame.stored


def _called(function: str, arguments: dict[str, Any], should_stop: ShouldStop) -> Generator[Output, None, None]:
    """The items of a function that the program names, which is of this package."""
    module, name = function.split(":")
    task: Callable[..., Iterator[Output]] = getattr(import_module(module), name)
    yield from task(**arguments, should_stop=should_stop)


def _write(output: FileIO, data: memoryview) -> None:
    while data:
        data = data[output.write(data) or 0 :]


def _fill_from_input(buffer: memoryview) -> None:
    data = sys.stdin.buffer.read(len(buffer))
    if len(data) < len(buffer):
        raise EOFError
    buffer[:] = data


def _limit_memory() -> None:
    """Bound what a file may take; Windows has no such limit, and macOS does not keep it."""
    if sys.platform != "win32":
        import resource

        with suppress(ValueError, OSError):
            hard = resource.getrlimit(resource.RLIMIT_AS)[1]
            limit = _MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard)
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Serve the program that started this process."""
    output = FileIO(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints
    _limit_memory()
    trust_all()
    with suppress(BrokenPipeError):
        _Server(output, _Requests()).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
