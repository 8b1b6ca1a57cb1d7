"""The system libraries that Qt's wheels and WeasyPrint expect on Linux, and which Debian packages bring them.

Uses only the standard library and no other module of the project, because set-up imports it before installing anything.
"""

from __future__ import annotations

import ctypes
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from engine.common.language import tr


@dataclass(frozen=True)
class SystemLibrary:
    """A shared library and the Debian or Ubuntu package that contains it."""

    soname: str
    debian_package: str
    purpose: str
    """What does not work without the library."""


_ANY_WINDOW = "any window, also without a screen"
_X11_WINDOW = "windows on an X11 screen"
_PDF = "reports as PDF"

PDF_LIBRARIES = (
    SystemLibrary("libpango-1.0.so.0", "libpango-1.0-0", _PDF),
    SystemLibrary("libpangoft2-1.0.so.0", "libpangoft2-1.0-0", _PDF),
    SystemLibrary("libharfbuzz-subset.so.0", "libharfbuzz-subset0", _PDF),
)
LIBRARIES = (
    SystemLibrary("libglib-2.0.so.0", "libglib2.0-0", _ANY_WINDOW),
    SystemLibrary("libgthread-2.0.so.0", "libglib2.0-0", _ANY_WINDOW),
    SystemLibrary("libEGL.so.1", "libegl1", _ANY_WINDOW),
    SystemLibrary("libGL.so.1", "libgl1", _ANY_WINDOW),
    SystemLibrary("libfontconfig.so.1", "libfontconfig1", _ANY_WINDOW),
    SystemLibrary("libxkbcommon.so.0", "libxkbcommon0", _ANY_WINDOW),
    SystemLibrary("libdbus-1.so.3", "libdbus-1-3", _ANY_WINDOW),
    SystemLibrary("libxcb-cursor.so.0", "libxcb-cursor0", _X11_WINDOW),
    SystemLibrary("libxcb-icccm.so.4", "libxcb-icccm4", _X11_WINDOW),
    SystemLibrary("libxcb-keysyms.so.1", "libxcb-keysyms1", _X11_WINDOW),
    SystemLibrary("libxcb-shape.so.0", "libxcb-shape0", _X11_WINDOW),
    SystemLibrary("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", _X11_WINDOW),
    *PDF_LIBRARIES,
)


def missing(libraries: Iterable[SystemLibrary] = LIBRARIES) -> list[SystemLibrary]:
    """The libraries that can't be loaded here; none on Windows and macOS, whose wheels of Qt contain all."""
    if not sys.platform.startswith("linux"):
        return []
    return [library for library in libraries if not _loads(library.soname)]


def apt_install(libraries: Iterable[SystemLibrary]) -> list[str]:
    """The command that installs the libraries on Debian and Ubuntu, to be run as root."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *_packages(libraries)]


def advice(libraries: Iterable[SystemLibrary]) -> str:
    """How to install missing libraries on this machine, as a sentence for people."""
    if shutil.which("apt-get"):
        return tr("Run: sudo {command}").format(command=" ".join(apt_install(libraries)))
    text = tr("Install what your system calls these Debian packages: {packages}")
    return text.format(packages=" ".join(_packages(libraries)))


def _packages(libraries: Iterable[SystemLibrary]) -> list[str]:
    return list(dict.fromkeys(library.debian_package for library in libraries))


def _loads(soname: str) -> bool:
    # A file that exists may still not load: it may be of another architecture or miss a library that it needs.
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True
