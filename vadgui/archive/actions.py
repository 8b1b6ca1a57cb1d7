"""What the actions of an archive's window do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QWidget

from vadgui.archive.calendar import MonthCalendar
from vadgui.archive.day_view import DayView
from vadgui.archive.lists import ArchiveLists
from vadgui.dialogs.help import ShortcutsDialog
from vadgui.dialogs.settings import SettingsDialog
from vadgui.settings import Settings
from vadgui.ui.actions import Actions
from vadgui.ui.archive_specs import ARCHIVE_SPECS
from vadgui.ui.keymap import Keymap
from vadgui.window.command_palette import CommandPalette


@dataclass(frozen=True)
class ArchiveParts:
    """The parts of an archive's window."""

    calendar: MonthCalendar
    day: DayView
    lists: ArchiveLists


class ArchiveActions(Actions):
    """The actions of one archive's window, connected to its parts; what the window itself does, it connects."""

    def __init__(self, window: QWidget, parts: ArchiveParts, settings: Settings, keymap: Keymap) -> None:
        super().__init__(window, keymap, ARCHIVE_SPECS)
        self._archive_window = window
        self._parts = parts
        self._settings = settings
        self.command_palette = CommandPalette(self, settings, window)
        day, lists = parts.day, parts.lists
        calls: dict[str, Callable[[], object]] = {
            "archive_day_before": partial(day.go, -1),
            "archive_day_after": partial(day.go, 1),
            "archive_filter": lists.edit_filters,
            "archive_segments": lists.enter_segments,
            "archive_attention": lists.enter_recordings,
            "archive_next_area": partial(self._go_to_area, 1),
            "archive_previous_area": partial(self._go_to_area, -1),
            "archive_close": window.close,
            "archive_commands": self.command_palette.toggle,
            "archive_shortcuts": self._show_keys,
        }
        for name, call in calls.items():
            self[name].triggered.connect(lambda *_, call=call: call())

    def _go_to_area(self, by: int) -> None:
        lists = self._parts.lists
        areas = (self._parts.calendar, self._parts.day.lanes, lists)
        focus = self._archive_window.focusWidget()
        at = next((n for n, area in enumerate(areas) if focus and (focus is area or area.isAncestorOf(focus))), None)
        area = areas[((0 if by > 0 else -1) if at is None else at + by) % len(areas)]
        if area is lists:
            lists.enter()
        else:
            area.setFocus()

    def _show_keys(self) -> None:
        dialog = ShortcutsDialog(self.keymap, self._archive_window, self.specs)
        dialog.change_requested.connect(self._change_keys)
        dialog.open()

    def _change_keys(self) -> None:
        dialog = SettingsDialog(self._settings, self.keymap, self._archive_window)
        dialog.open()
        dialog.show_keys()
