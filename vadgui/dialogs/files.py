"""The system's file, folder and save dialogs; none of them blocks the event loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.common.in_time import answers
from engine.common.language import tr, tr_noop
from engine.review.files import SUFFIX
from engine.scoring.zone_files import SUFFIX as ZONES_SUFFIX

_VIDEO_SUFFIXES = "avi mp4 m4v mkv mov mpg mpeg ts m2ts mts webm wmv flv 3gp asf mjpeg mjpg h264 264 h265 hevc dav"
_VIDEO_PATTERNS = " ".join(f"*.{suffix}" for suffix in _VIDEO_SUFFIXES.split())
VIDEO_FILTER = tr_noop("Videos") + f" ({_VIDEO_PATTERNS})"
RECORDING_FILTER = tr_noop("Videos and reviews") + f" ({_VIDEO_PATTERNS} *{SUFFIX})"
REVIEW_FILTER = tr_noop("Reviews") + f" (*{SUFFIX})"
DETECTOR_FILTER = tr_noop("Detectors") + " (*.safetensors)"
ZONES_FILTER = tr_noop("Zones") + f" (*{ZONES_SUFFIX})"
ARCHIVE_SUFFIXES = (".archive", ".sqlite3", ".sqlite", ".db")
ARCHIVE_FILTER = tr_noop("Archives") + f" ({' '.join(f'*{suffix}' for suffix in ARCHIVE_SUFFIXES)})"
ALL_FILTER = tr_noop("All files") + " (*)"


def shown_filter(name_filter: str) -> str:
    """A filter of files as people read it: what they are called is translated, the patterns stay."""
    called, bracket, patterns = name_filter.rpartition(" (")
    return f"{tr(called)}{bracket}{patterns}"


def ask_for_file(
    parent: QWidget, title: str, folder: str, name_filter: str, chosen: Callable[[Path], None]
) -> QFileDialog:
    """Open the system's file dialog; `chosen` is called with the file, unless the dialog is cancelled."""
    dialog = QFileDialog(parent, title, _shown_first(folder))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters([shown_filter(each) for each in (name_filter, ALL_FILTER)])
    return _open(dialog, chosen)


def ask_for_files(
    parent: QWidget, title: str, folder: str, name_filter: str, chosen: Callable[[list[Path]], None]
) -> QFileDialog:
    """Open the system's file dialog; `chosen` is called with the files, unless the dialog is cancelled."""
    dialog = QFileDialog(parent, title, _shown_first(folder))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setNameFilters([shown_filter(each) for each in (name_filter, ALL_FILTER)])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(lambda paths: chosen([Path(path) for path in paths]))
    dialog.open()
    return dialog


def ask_for_folder(parent: QWidget, title: str, folder: str, chosen: Callable[[Path], None]) -> QFileDialog:
    """Open the system's folder dialog; `chosen` is called with the folder, unless the dialog is cancelled."""
    dialog = QFileDialog(parent, title, _shown_first(folder))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, False)
    return _open(dialog, chosen)


def ask_for_target(
    parent: QWidget, title: str, target: Path, name_filter: str, suffix: str, chosen: Callable[[Path], None]
) -> QFileDialog:
    """Open the system's save dialog at `target`; a name without a suffix gets this one."""
    dialog = QFileDialog(parent, title, _shown_first(str(target.parent)))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilter(shown_filter(name_filter))
    dialog.setDefaultSuffix(suffix.removeprefix("."))
    dialog.selectFile(target.name)
    return _open(dialog, chosen)


def _shown_first(folder: str) -> str:
    """The folder, unless it does not answer: the dialog would wait for it, and the window with it."""
    return folder if not folder or answers(Path(folder)) else str(Path.home())


def _open(dialog: QFileDialog, chosen: Callable[[Path], None]) -> QFileDialog:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.open()
    return dialog
