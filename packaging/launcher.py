"""Where the programs of the bundle begin: `vad` and `vadgui`, by their own names, and `-m MODULE` as Python has it."""

from __future__ import annotations

import multiprocessing
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Do what the name of the program says, and end."""
    multiprocessing.freeze_support()
    if sys.argv[1:2] == ["-m"]:  # so the window starts trainings and plans, in the bundle as elsewhere
        sys.argv = sys.argv[2:]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    elif Path(sys.executable).stem == "vad":
        from engine.__main__ import main as vad

        vad()
    else:
        from vadgui.app import main as vadgui

        sys.exit(vadgui())


if __name__ == "__main__":
    main()
