"""Processes that do the same thing at the same moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def run_at_once(code: str, arguments: Iterable[str], lines: Iterable[str], processes: int = 3) -> None:
    """Run the code, which says a line when it is ready and reads the lines, by several processes; all must end well."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, *arguments]
    running = [
        subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1)
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdout
        process.stdout.readline()
    for line in lines:
        for process in running:
            assert process.stdin
            with suppress(BrokenPipeError):  # it ended, and says below why
                process.stdin.write(f"{line}\n")
    for process in running:
        _, said = process.communicate(timeout=300)
        assert (process.returncode, said) == (0, "")
