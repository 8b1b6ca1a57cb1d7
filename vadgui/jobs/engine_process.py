"""Environment and priority of child processes that run the engine."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QProcessEnvironment

import engine
from engine.common.language import LANGUAGE_VARIABLE, language_in_use

_NICENESS = 10

_log = logging.getLogger(__name__)


def engine_environment() -> QProcessEnvironment:
    """This program's environment with its language, and a PYTHONPATH that has the same engine found in any folder."""
    environment = QProcessEnvironment.systemEnvironment()
    roots = [str(Path(engine.__file__).parents[1]), *filter(None, [environment.value("PYTHONPATH")])]
    environment.insert("PYTHONPATH", os.pathsep.join(roots))
    environment.insert(LANGUAGE_VARIABLE, language_in_use())
    return environment


def low_priority_command(command: Sequence[str]) -> list[str]:
    """The same command, run at a lower priority by `nice` where the system has it."""
    return ["nice", "-n", str(_NICENESS), *command] if shutil.which("nice") else list(command)


def lower_process_priority(process_id: int) -> None:
    """Lower a process's priority. Called right after its start: threads that it starts later inherit the priority."""
    if hasattr(os, "setpriority"):
        try:
            os.setpriority(os.PRIO_PROCESS, process_id, _NICENESS)
        except OSError as error:
            _log.info("process %d keeps its priority: %s", process_id, error)
