"""Starts a Python process in which this program's engine is found, and which lets the window go first."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QProcessEnvironment

import engine

_NICENESS = 10

_log = logging.getLogger(__name__)


def engine_environment() -> QProcessEnvironment:
    """This program's own environment, in which the same engine is found whatever the current folder is."""
    environment = QProcessEnvironment.systemEnvironment()
    roots = [str(Path(engine.__file__).parents[1]), *filter(None, [environment.value("PYTHONPATH")])]
    environment.insert("PYTHONPATH", os.pathsep.join(roots))
    return environment


def low_priority_command(command: Sequence[str]) -> list[str]:
    """The same command at a lower priority, where the system has a command for that."""
    return ["nice", "-n", str(_NICENESS), *command] if shutil.which("nice") else list(command)


def lower_process_priority(process_id: int) -> None:
    """Lower a process's priority, as soon as it has been started: its later threads inherit that."""
    if hasattr(os, "setpriority"):
        try:
            os.setpriority(os.PRIO_PROCESS, process_id, _NICENESS)
        except OSError as error:
            _log.info("process %d keeps its priority: %s", process_id, error)
