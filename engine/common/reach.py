"""Tells folders that are gone for good from those whose disk or share is away for a while."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.common.in_time import answer_in_time
from engine.common.remote_path import RemotePath


def is_out_of_reach(folder: Path) -> bool:
    """Whether a folder does not answer or can't be read, or is empty, as where a disk or share is not mounted.

    One that was removed is not: it won't come back.
    """

    def ask() -> bool:
        if isinstance(folder, RemotePath):
            folder.exists()
            return False
        with suppress(OSError), os.scandir(folder) as entries:
            if next(entries, None) is not None:
                return False
        return not was_removed(folder, folder)

    try:
        return answer_in_time(folder, ask, otherwise=True)
    except OSError:
        return True


def was_removed(path: Path, folder: Path) -> bool:
    """Whether a file of a scanned folder, or that folder itself, is there no more.

    Not where it may be that a disk or share is not mounted: then the nearest folder above that is there is empty.
    """
    try:
        if path.exists():
            return False
        if isinstance(path, RemotePath):
            return True  # its server was reached, and says so
        above = next((each for each in (folder, *folder.parents) if each.is_dir()), None)
        return above is not None and any(above.iterdir())
    except OSError:
        return False
