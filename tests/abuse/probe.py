"""Opens and reads videos in a process of its own, because a hostile one might crash or hang it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

import numpy as np

from engine.common.errors import VideoError
from engine.video import open_video

MEMORY_BYTES = 4 << 30
_MAX_FRAMES = 2000


def read_whole(path: Path) -> str:
    """What comes of opening a video and reading all of it: "ok N frames" or the error's words.

    Raises:
        AssertionError: what it says of itself contradicts what it gives.
    """
    try:
        with open_video(path) as source:
            count = 0
            for frame in source.frames():
                assert frame.index == count
                assert frame.pixels.shape == (source.info.height_px, source.info.width_px, 3)
                count += 1
                if count >= _MAX_FRAMES:
                    return f"ok, more than {count} frames"
            assert len(source) == len(source.times) == count > 0
            assert np.isfinite(source.times).all()
            assert (np.diff(source.times) > 0).all()
            assert np.isfinite(source.info.duration_seconds)
            assert source.info.duration_seconds > 0
            source.read(count // 2)
            list(source.pictures([0, count - 1] if count > 1 else [0], 32))
            return f"ok {count} frames"
    except VideoError as error:
        return f"refused: {error}" if error.what and error.advice else "refused without a word"


class Probe:
    """The process, started again after a crash or a hang."""

    def __enter__(self) -> Probe:
        self._process: subprocess.Popen[str] | None = None
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def read(self, path: Path, seconds: float) -> str:
        """What `read_whole` says of a file; "crashed ..." or "hung" where it says nothing."""
        process = self._process or self._start()
        assert process.stdin
        process.stdin.write(json.dumps(str(path)) + "\n")
        process.stdin.flush()
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self._end()
            return "hung"
        if answer is None:
            process.wait()
            self._end()
            return f"crashed ({process.returncode})"
        return str(json.loads(answer))

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.abuse.probe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        answers: queue.Queue[str | None] = queue.Queue()

        def read() -> None:
            assert process.stdout
            for line in process.stdout:
                answers.put(line)
            answers.put(None)

        self._reader = threading.Thread(target=read)
        self._reader.start()
        self._process, self._answers = process, answers
        assert answers.get(timeout=60)  # says that it is there: importing takes a while
        return process

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    with contextlib.suppress(OSError):
                        stream.close()
        self._process = None


def _serve() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a decoder prints
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        try:
            answer = read_whole(Path(json.loads(line)))
        except BaseException as error:  # any other than a VideoError is what is looked for
            answer = f"raised {error!r}"
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
