"""The program's folders: caches, which are safe to delete, and a person's runs, detectors and weights."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import platformdirs

from engine.common.language import tr
from engine.common.remote_path import RemotePath


def resolved(path: Path) -> Path:
    """The path without links, as far as there are any; of links in a circle, and of a URL, the path itself."""
    if isinstance(path, RemotePath):
        return path
    return Path(os.path.realpath(path))  # Path.resolve raises RuntimeError there


def written_out(path: Path) -> Path:
    """The path from the root on, without "..": links stay as people name them, and the disk is not asked."""
    return path if isinstance(path, RemotePath) else Path(os.path.abspath(path))  # noqa: PTH100 - keeps ".."


def is_same_file(one: Path | None, other: Path | None) -> bool:
    """Whether two paths name one file: by links, in other letters where the file system does not tell them apart."""
    if one is None or other is None:
        return False
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return resolved(one) == resolved(other)


def is_regular_file(path: Path) -> bool:
    """Whether reading the file ends: not so of pipes and devices.

    Raises:
        OSError: there is no such file, or it can't be reached.
    """
    return stat.S_ISREG(path.stat().st_mode)


def check_ends(path: Path) -> None:
    """Check that reading the file ends; what is said of a folder is known to all who read files.

    Raises:
        OSError: it is a pipe or a device, or there is no such file, or it can't be reached.
    """
    if not is_regular_file(path) and not path.is_dir():
        raise OSError(errno.EINVAL, tr("Is a pipe or a device"), str(path))


def read_regular(path: Path) -> bytes:
    """All of a file.

    Raises:
        OSError: there is no such file, it can't be read, or reading it may never end.
    """
    check_ends(path)
    return path.read_bytes()


def existing_folder(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    folder = folder.absolute()
    return next(each for each in (folder, *folder.parents) if each.exists())


def cache_folder() -> Path:
    """The folder that VADGUI_CACHE names, by default the system's cache folder; it may not exist yet."""
    chosen = os.environ.get("VADGUI_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("vadgui", appauthor=False)


def analyses_folder() -> Path:
    """Folder of score stores; safe to delete."""
    return cache_folder() / "analyses"


def indexes_folder() -> Path:
    """Folder of cached frame indexes that needed a full decode; safe to delete."""
    return cache_folder() / "indexes"


def runs_folder() -> Path:
    """Default folder of training runs: the one that VADGUI_RUNS names, else one in the user's data folder."""
    chosen = os.environ.get("VADGUI_RUNS")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("vadgui", appauthor=False) / "runs"


def detectors_folder() -> Path:
    """Folder of a person's own detectors: the one that VADGUI_DETECTORS names, else one in the user's data folder."""
    chosen = os.environ.get("VADGUI_DETECTORS")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("vadgui", appauthor=False) / "detectors"


def reviews_folder() -> Path:
    """Folder of reviews of recordings whose own folder can't be written: the one that VADGUI_REVIEWS names.

    Else one in the user's data folder.
    """
    chosen = os.environ.get("VADGUI_REVIEWS")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("vadgui", appauthor=False) / "reviews"


def recordings_file() -> Path:
    """The list of recordings under review; it may not exist yet."""
    return platformdirs.user_data_path("vadgui", appauthor=False) / "recordings.json"


def frame_rates_file() -> Path:
    """Frame rates that were given for recordings without one; it may not exist yet."""
    return platformdirs.user_data_path("vadgui", appauthor=False) / "frame-rates.json"


def name_patterns_file() -> Path:
    """How own recorders write date and time into file names; it may not exist yet."""
    return platformdirs.user_data_path("vadgui", appauthor=False) / "name-patterns.json"


def camera_zones_file() -> Path:
    """Zones that were drawn last with each detector; it may not exist yet."""
    return platformdirs.user_data_path("vadgui", appauthor=False) / "camera-zones.json"


def chosen_reviews_file() -> Path:
    """Where a person has saved reviews; it may not exist yet."""
    return reviews_folder() / "chosen-places.json"


def exports_folder() -> Path:
    """What is known of exports that are not finished; it may not exist yet."""
    return platformdirs.user_data_path("vadgui", appauthor=False) / "exports"


def weights_folder() -> Path:
    """Folder of flow network weights: the one that VADGUI_WEIGHTS names, else one in the user's data folder."""
    chosen = os.environ.get("VADGUI_WEIGHTS")
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("vadgui", appauthor=False) / "weights"
