"""A helper process as the program sees it: started when it is needed, watched, and ended with whoever uses it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import language_in_use, tr
from engine.video.decoder_calls import DecoderCalls
from engine.video.helper.wire import MAX_BYTES, ProtocolError, error_of, packed, received

Item = tuple[dict[str, Any], npt.NDArray[np.uint8]]

HANGS_SECONDS = 60.0
"""A helper that is silent for so long hangs; one that works says so every second."""
_STOP_SECONDS = 1.0  # what a call may take to stop before its process is ended
_CLOSE_SECONDS = 2.0
_LOOK_SECONDS = 0.05
_PIPE_BYTES = 1 << 20  # what Linux lets anybody have
_WRITTEN_BYTES = 4096  # so much a pipe takes at once where it takes anything
_GOES_ON = ("item", "state")
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
# Threads of libraries that a helper does not need take address space, which is limited.
_ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",  # what lies in the current folder is no module of ours
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class HelperDiedError(VideoError):
    """A helper crashed, hung or said what makes no sense, and was ended; the next request starts another."""


class Helper:
    """One process, which works at one request at a time; used by one thread at a time."""

    def __init__(self, path: Path, greet: Callable[[ShouldStop], object] = lambda _: None) -> None:
        """`greet` makes the first requests of each process that is started, for a call with this `should_stop`."""
        self._path = path
        self._greet = greet
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = lambda: None
        self._calls = DecoderCalls(path)
        self._lock = threading.RLock()
        self._requests = 0
        self._running: _Answers | None = None
        """Whose items the process is making."""

    @property
    def process_id(self) -> int | None:
        """The id of the process; None where there is none at present."""
        return self._process.pid if self._process else None

    def answers(
        self, do: str, should_stop: ShouldStop = never_stop, limit_bytes: int = MAX_BYTES, **arguments: Any
    ) -> Generator[Item, None, None]:
        """What a helper answers to a request, made in the process while the items before are used.

        Raises:
            VideoError: as the helper tells, or it died.
            Cancelled: `should_stop` said yes.
        """
        answers: _Answers | None = None
        try:
            while True:
                with self._lock:
                    # What is in the helper's cache comes also to who is to stop, as from any source.
                    if answers is not None and should_stop():
                        raise Cancelled
                    if answers is None:
                        answers = self._asked(do, should_stop, limit_bytes, arguments)
                    item = answers.next()
                if item is None:
                    return
                yield item
        finally:
            if answers is not None:
                with self._lock, suppress(VideoError, Cancelled):
                    answers.drop()

    def close(self) -> None:
        """End the process; closing twice is fine."""
        with self._lock:
            if self._running:
                with suppress(VideoError, Cancelled):
                    self._running.drop()
            process = self._process
            if process and process.stdin:
                with suppress(OSError):
                    process.stdin.close()  # the helper ends by itself, once it has written what it writes
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_CLOSE_SECONDS)
            self._kill()

    def _asked(self, do: str, should_stop: ShouldStop, limit_bytes: int, arguments: dict[str, Any]) -> _Answers:
        if self._process is None:
            self._start()
            try:
                self._greet(should_stop)
            except BaseException:
                self._kill()  # it knows no file
                raise
        self.settle(should_stop)
        self._requests += 1
        answers = self._running = _Answers(self, self._requests, should_stop, limit_bytes)
        message = {"id": answers.id, "do": do, "language": language_in_use(), **arguments}
        self.send(message, should_stop)
        return answers

    # For _Answers

    def settle(self, should_stop: ShouldStop) -> None:
        """Wait until the process works at nothing; what it makes is kept for whoever asked."""
        if self._running:
            self._running.wait(should_stop, is_asker=False)

    def run(self, answers: _Answers | None) -> None:
        """Note who is served."""
        self._running = answers

    def send(self, message: dict[str, Any], should_stop: ShouldStop) -> None:
        """Send a request."""
        process = self._process
        if process is None or process.stdin is None:
            raise self.died()
        data = memoryview(packed(message))
        since = time.monotonic()
        while data:
            if sys.platform != "win32" and not select.select([], [process.stdin], [], _LOOK_SECONDS)[1]:
                if should_stop() or time.monotonic() - since > HANGS_SECONDS:
                    self._kill()
                    raise Cancelled if should_stop() else _hung(self._path)
                continue
            try:
                data = data[os.write(process.stdin.fileno(), data[:_WRITTEN_BYTES]) :]
            except OSError:
                raise self.died() from None

    def receive(self, answers: _Answers, should_stop: ShouldStop, *, is_asker: bool = True) -> Item:
        """The next message; who waits for another's can't stop it, only end the process.

        Raises:
            HelperDiedError: none came.
            Cancelled: `should_stop` said yes.
        """
        wait = _Wait(self, answers.id if is_asker else None, should_stop)
        self._calls.since = time.monotonic()
        try:
            while True:
                message, data = received(wait.fill, answers.limit_bytes)
                if message.get("kind") != "alive" and message.get("id") == answers.id:
                    return message, data
                self._calls.since = wait.since = time.monotonic()
        except ProtocolError:
            self._kill()
            raise nonsense(self._path) from None
        finally:
            self._calls.since = None

    def read_some(self, buffer: memoryview, seconds: float) -> int:
        """Read what there is, waiting for so long at most; -1 where nothing came, 0 at the end."""
        process = self._process
        if process is None or process.stdout is None:
            return 0
        if not _is_readable(process.stdout.fileno(), seconds):
            return -1
        return process.stdout.readinto(buffer) or 0  # type: ignore[attr-defined]

    def died(self) -> VideoError:
        """Bury a process that has ended; the error that says why it did."""
        process = self._process
        if process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        code = process.poll() if process else None
        self._kill()
        return _memory_ran_out(self._path) if code == -getattr(signal, "SIGKILL", 9) else nonsense(self._path)

    def hung(self) -> VideoError:
        """End a process that does not answer; the error that says so."""
        self._kill()
        return _hung(self._path)

    def said_nonsense(self) -> VideoError:
        """End a process that says what can't be; the error that says so."""
        self._kill()
        return nonsense(self._path)

    def stop_for_good(self) -> None:
        """End the process at once."""
        self._kill()

    # The process

    def _start(self) -> None:
        command = [sys.executable, "-m", "engine.video.helper.process"]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env=_environment(),
                start_new_session=True,  # Ctrl+C is for the program, which ends the helper
                creationflags=_NO_WINDOW,
            )
        except OSError as error:
            raise VideoError(
                tr("No process for decoding can be started"),
                subject=self._path,
                advice=tr("Close other programs and try again ({reason}).").format(reason=error.strerror),
            ) from error
        if sys.platform == "linux":
            import fcntl

            assert process.stdout
            with suppress(OSError):
                fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._process = process
        # Also for who forgets to close: an abandoned thread, a test.
        self._end = weakref.finalize(self, _ended, process)

    def _kill(self) -> None:
        self._end()
        self._process, self._running = None, None


class _Answers:
    """What comes of one request."""

    def __init__(self, helper: Helper, number: int, should_stop: ShouldStop, limit_bytes: int) -> None:
        self.id = number
        self.limit_bytes = limit_bytes
        self._helper = helper
        self._process_id = helper.process_id
        self._should_stop = should_stop
        self._items: deque[Item] = deque()
        self._is_over = False
        self._error: BaseException | None = None

    def next(self) -> Item | None:
        """The next item; None after the last."""
        while not self._items:
            if self._error:
                error, self._error, self._is_over = self._error, None, True
                raise error
            if self._is_over:
                return None
            if self._helper.process_id != self._process_id:
                self._is_over = True  # it died at another's request, or was closed
                raise nonsense(self._helper._path)
            if self._helper._running is not self:
                self._helper.settle(self._should_stop)
                self._helper.run(self)
                self._helper.send({"id": self.id, "do": "more"}, self._should_stop)
            try:
                self._take(*self._helper.receive(self, self._should_stop))
            except BaseException:
                self._is_over = True
                raise
        return self._items.popleft()

    def wait(self, should_stop: ShouldStop, *, is_asker: bool) -> None:
        """Keep what is being made, until nothing is."""
        while self._helper._running is self:
            self._take(*self._helper.receive(self, should_stop, is_asker=is_asker))

    def drop(self) -> None:
        """Want no more."""
        self._items.clear()
        if self._helper._running is self:
            with suppress(Cancelled):
                self.wait(lambda: True, is_asker=True)
        if not self._is_over and not self._error and self._helper.process_id == self._process_id is not None:
            self._helper.settle(never_stop)
            self._helper.send({"id": self.id, "do": "drop"}, never_stop)
        self._is_over = True

    def _take(self, message: dict[str, Any], data: npt.NDArray[np.uint8]) -> None:
        kind = message.get("kind")
        if kind in _GOES_ON:
            self._items.append((message, data))
            return
        self._helper.run(None)
        if kind == "pause":
            return
        self._is_over = kind == "end"
        if kind != "end":
            self._error = self._told(message)

    def _told(self, message: dict[str, Any]) -> BaseException:
        path, kind = self._helper._path, message.get("kind")
        if kind == "cancelled":
            return Cancelled()
        if kind == "memory":
            return _memory_ran_out(path)
        with suppress(ValueError):
            if kind == "error":
                return error_of(message)
        self._helper.stop_for_good()
        return nonsense(path)


class _Wait:
    """Waits for bytes of a helper, for as long as it lives and says so."""

    def __init__(self, helper: Helper, number: int | None, should_stop: ShouldStop) -> None:
        self._helper, self._number, self._should_stop = helper, number, should_stop
        self.since = self._looked = time.monotonic()
        self._stopped: float | None = None

    def fill(self, buffer: memoryview) -> None:
        """Fill a buffer."""
        while buffer:
            count = self._helper.read_some(buffer, _LOOK_SECONDS)
            if count == 0:
                raise self._helper.died()
            buffer = buffer[max(count, 0) :]
            # Also while bytes come: it may be one at a time.
            if time.monotonic() - self._looked >= _LOOK_SECONDS:
                self._look()

    def _look(self) -> None:
        now = self._looked = time.monotonic()
        if self._stopped is None and self._should_stop():
            self._stopped = now
            if self._number is not None:
                self._helper.send({"id": self._number, "do": "stop"}, never_stop)
        if self._stopped is not None and now - self._stopped > _STOP_SECONDS:
            self._helper.stop_for_good()
            raise Cancelled
        if now - self.since > HANGS_SECONDS:
            raise self._helper.hung()


def _environment() -> dict[str, str]:
    """That of the program, with the same package to import, wherever it is."""
    root = str(Path(__file__).parents[3])
    given = os.environ.get("PYTHONPATH")
    # Where packages are installed it is found anyway, and must not come before Python's own modules.
    is_installed = Path(root).name.endswith("-packages")
    paths = given if is_installed else os.pathsep.join([root, given] if given else [root])
    return os.environ | _ENVIRONMENT | ({"PYTHONPATH": paths} if paths else {})


def _is_readable(descriptor: int, seconds: float) -> bool:
    if sys.platform != "win32":
        return bool(select.select([descriptor], [], [], seconds)[0])
    import _winapi
    import msvcrt

    until = time.monotonic() + seconds
    while True:
        try:
            if _winapi.PeekNamedPipe(msvcrt.get_osfhandle(descriptor), 0)[0]:
                return True
        except OSError:
            return True  # its end
        if time.monotonic() > until:
            return False
        time.sleep(0.001)


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            with suppress(OSError):
                stream.close()


def nonsense(path: Path) -> HelperDiedError:
    """The error of a helper that crashed, or said what can't be."""
    return HelperDiedError(
        tr("The decoder crashed at this video"),
        subject=path,
        advice=tr("The file may be damaged, or made to attack programs: copy it again, or go on without it."),
    )


def _hung(path: Path) -> HelperDiedError:
    return HelperDiedError(
        tr("The decoder did not come back from this video"),
        subject=path,
        advice=tr("The file may be damaged, or its drive not answer: copy it again, or go on without it."),
    )


def _memory_ran_out(path: Path) -> HelperDiedError:
    return HelperDiedError(
        tr("Decoding this video takes more memory than it may have"),
        subject=path,
        advice=tr("Close other programs and try again. The file may be damaged: go on without it."),
    )
