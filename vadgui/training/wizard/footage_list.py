"""The table of the recordings: name, length, size, whether each is held out, and the check's result."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from engine.common.language import tr, tr_n, tr_noop
from engine.common.names import displayable
from engine.footage_check.report import FootageReport, rate_in_words
from vadgui.training.model.footage_draft import Clip, FootageDraft
from vadgui.ui import theme
from vadgui.ui.clock_text import clock_text
from vadgui.ui.icons import icon

_NAME, _LENGTH, _SIZE, _HELD_OUT, _CHECK = range(5)
_HEADERS = [tr_noop("Recording"), tr_noop("Length"), tr_noop("Picture"), tr_noop("Hold out"), tr_noop("Check")]
_WIDTHS_PX = {_LENGTH: 62, _SIZE: 92, _HELD_OUT: 66, _CHECK: 112}
_MIN_WIDTH_WITH_SIZE_PX, _MIN_WIDTH_WITH_LENGTH_PX = 480, 400
_PATH = Qt.ItemDataRole.UserRole
_ICONS = {"error": "error", "warning": "warning", "note": "note"}
_HELD_OUT_TIP = tr_noop("Held out: the detector does not learn from it, so that its result can be judged by it")


class FootageList(QTreeWidget):
    """Shows the draft's recordings, and emits which one is selected."""

    clip_selected = Signal(object)
    """Path of the selected recording, or None."""

    def __init__(self, footage: FootageDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._footage = footage
        self._items: dict[Path, QTreeWidgetItem] = {}
        self._filling = False
        self.setHeaderLabels([tr(header) for header in _HEADERS])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName(tr("Recordings"))
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(48)
        for column, width in _WIDTHS_PX.items():
            self.setColumnWidth(column, max(width, header.sectionSizeHint(column)))
        self.headerItem().setToolTip(_HELD_OUT, tr(_HELD_OUT_TIP))
        self.itemChanged.connect(self._changed_by_hand)
        self.currentItemChanged.connect(self._selected)
        footage.changed.connect(self._fill)
        theme.changed.connect(self._fill)
        self._fill()

    def selected(self) -> list[Path]:
        """Paths of the selected recordings."""
        return [item.data(_NAME, _PATH) for item in self.selectedItems()]

    def remove_selected(self) -> None:
        """Take the selected recordings off the list; the one that becomes the present one is selected."""
        self._footage.remove_videos(self.selected())
        item = self.currentItem()
        if item:
            self.setCurrentItem(item)
            item.setSelected(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Take the selected recordings off the list with Delete, and hold the present one out, or not, with Space."""
        item = self.currentItem()
        if event.key() == Qt.Key.Key_Delete:
            self.remove_selected()
        elif (
            event.key() == Qt.Key.Key_Space
            and item
            and item.data(_HELD_OUT, Qt.ItemDataRole.CheckStateRole) is not None
        ):
            is_held_out = item.checkState(_HELD_OUT) is Qt.CheckState.Checked
            item.setCheckState(_HELD_OUT, Qt.CheckState.Unchecked if is_held_out else Qt.CheckState.Checked)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, D102
        super().paintEvent(event)
        if not self._items:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(theme.current().muted_text))
            area: QRect = self.viewport().rect().adjusted(24, 16, -24, -16)
            text = tr("Drop videos, folders of videos or of pictures, or a dataset here")
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, D102
        super().resizeEvent(event)
        # In a narrow list, hide the size, then the length: names are needed to tell recordings apart.
        self.setColumnHidden(_SIZE, self.viewport().width() < _MIN_WIDTH_WITH_SIZE_PX)
        self.setColumnHidden(_LENGTH, self.viewport().width() < _MIN_WIDTH_WITH_LENGTH_PX)

    def _fill(self) -> None:
        self._filling = True
        clips = {clip.path: clip for clip in self._footage.clips}
        for path in self._items.keys() - clips.keys():
            self.takeTopLevelItem(self.indexOfTopLevelItem(self._items.pop(path)))
        for path, clip in clips.items():
            if path not in self._items:
                self._items[path] = self._new_item(path)
            self._show(self._items[path], clip)
        self._filling = False
        if self._items and self.currentItem() is None:
            self.setCurrentItem(next(iter(self._items.values())))
        self.viewport().update()

    def _new_item(self, path: Path) -> QTreeWidgetItem:
        item = QTreeWidgetItem([displayable(path.name)])
        item.setData(_NAME, _PATH, path)
        item.setToolTip(_NAME, displayable(path))
        item.setToolTip(_HELD_OUT, tr(_HELD_OUT_TIP))
        item.setTextAlignment(_LENGTH, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.addTopLevelItem(item)
        return item

    def _show(self, item: QTreeWidgetItem, clip: Clip) -> None:
        report = clip.report
        is_readable = report is not None and report.frames > 0
        item.setText(_LENGTH, clock_text(report.duration_seconds, 0) if report and is_readable else "")
        item.setText(_SIZE, "{} × {}".format(*report.stored_px) if report and is_readable else "")
        item.setToolTip(_SIZE, _picture_in_words(report) if report and is_readable else "")
        held_out = clip.path in self._footage.held_out()
        is_used = self._footage.is_used(clip)
        if report is not None and is_used:
            item.setCheckState(_HELD_OUT, Qt.CheckState.Checked if held_out else Qt.CheckState.Unchecked)
        else:
            item.setData(_HELD_OUT, Qt.ItemDataRole.CheckStateRole, None)
        worst, text = check_text(clip, is_used)
        item.setIcon(_CHECK, icon(worst))
        item.setText(_CHECK, text)
        item.setToolTip(_CHECK, "\n".join(f"{finding.what}. {finding.advice}" for finding in clip.findings))

    def _changed_by_hand(self, item: QTreeWidgetItem, column: int) -> None:
        if not self._filling and column == _HELD_OUT:
            checked = item.checkState(_HELD_OUT) is Qt.CheckState.Checked
            self._footage.set_held_out(item.data(_NAME, _PATH), checked)

    def _selected(self, item: QTreeWidgetItem | None) -> None:
        self.clip_selected.emit(item.data(_NAME, _PATH) if item else None)


def check_text(clip: Clip, is_used: bool) -> tuple[str, str]:
    """Icon name and text for the check's result of a recording."""
    if clip.report is None:
        return "waiting", tr("Waiting")
    if clip.is_usable and not is_used:
        return "warning", tr("Not used")
    for severity in ("error", "warning", "note"):
        findings = [finding for finding in clip.findings if finding.severity == severity]
        if findings:
            if severity == "error":
                return "error", tr("Can't be used")
            count = len(findings)
            text = tr_n("{count} note", "{count} notes", count)
            if severity == "warning":
                text = tr_n("{count} warning", "{count} warnings", count)
            return _ICONS[severity], text.format(count=count)
    return "check", tr("Good")


def _picture_in_words(report: FootageReport) -> str:
    """A recording's rate, and its sizes where it has two: the column has room for one."""
    size = [report.size_in_words] if report.unstretched_px else []
    return "\n".join([*size, *([rate_in_words(report.fps)] if report.rate_is_known else [])])
