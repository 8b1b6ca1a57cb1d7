"""Runs `vad` in processes forked from one that has imported torch: hundreds of runs without its seconds."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import torch

from engine.__main__ import cli
from engine.models.detector import PRESETS
from tests.tiny import TINY

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.abuse.forked", "engine.analysis.runner", "engine.training.trainer"])
_SECONDS = 120.0


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    """As a shell would report it; negative of a signal."""
    said: str
    """All that it wrote on stdout and stderr."""


class ForkedVad:
    """One run of `vad`, with models of a few weights and one thread."""

    def __init__(
        self, arguments: Sequence[object], folder: Path, environment: Mapping[str, str], memory_bytes: int | None = None
    ) -> None:
        """Start it in `folder`, with at most so much more address space than it begins with."""
        descriptor, said = tempfile.mkstemp(prefix="vadgui-said-")
        os.close(descriptor)
        self._said = Path(said)
        given = ([*map(str, arguments)], folder, self._said, dict(environment), memory_bytes)
        self.process: ForkServerProcess = _SERVER.Process(target=_run, args=given)
        self.process.start()

    def end(self, kill_after_seconds: float | None = None) -> Ended:
        """Wait until it ends; after some seconds it is killed.

        Raises:
            TimeoutError: it hangs.
        """
        self.process.join(_SECONDS if kill_after_seconds is None else kill_after_seconds)
        hangs = self.process.exitcode is None
        if hangs:
            self.process.kill()
            self.process.join()
        code, said = self.process.exitcode, self._said.read_text("utf-8", "replace")
        self._said.unlink()
        self.process.close()
        assert code is not None
        if hangs and kill_after_seconds is None:
            raise TimeoutError(f"it runs for more than {_SECONDS:g} s: {said}")
        return Ended(code, said)


def seconds_of(run: ForkedVad) -> tuple[Ended, float]:
    """How a run ended, and how long it took."""
    began = time.monotonic()
    return run.end(), time.monotonic() - began


def _run(arguments: list[str], folder: Path, said: Path, environment: dict[str, str], memory_bytes: int | None) -> None:
    descriptor = os.open(said, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.environ.update(environment)
    os.chdir(folder)
    torch.set_num_threads(1)
    for name in (*PRESETS, "tiny"):
        PRESETS[name] = TINY
    if memory_bytes is not None:
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + memory_bytes, in_use + memory_bytes))
    with contextlib.suppress(BrokenPipeError):
        cli(arguments, prog_name="vad")
