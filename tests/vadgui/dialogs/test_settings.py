"""The settings dialog: what is changed in it holds at once, and keys that collide are told where they are pressed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from vadgui.dialogs.settings import SettingsDialog
from vadgui.setting import Page
from vadgui.settings import Settings
from vadgui.ui.keymap import Keymap
from vadgui.ui.number_boxes import NumberBox

NO_KEYS = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def keymap() -> Keymap:
    return Keymap()


@pytest.fixture
def dialog(settings: Settings, keymap: Keymap, qtbot: QtBot) -> Iterator[SettingsDialog]:
    dialog = SettingsDialog(settings, keymap)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # the test closes it
    qtbot.addWidget(dialog)
    dialog.show()
    yield dialog
    dialog.close()


def choose(dialog: SettingsDialog, action: str) -> None:
    dialog.show_keys()
    dialog.keys_page.tree.setCurrentItem(dialog.keys_page.tree.rows[action])


def test_every_setting_with_a_place_is_there_with_its_explanation(dialog: SettingsDialog) -> None:
    shown = [setting for setting in Settings.declared() if setting.shown]
    assert set(dialog.fields) == {setting.key for setting in shown}
    for setting in shown:
        field = dialog.fields[setting.key]
        assert field.accessibleName()
        assert field.accessibleDescription() == setting.sentence
    assert [dialog.pages.item(row).text() for row in range(dialog.pages.count())] == [*(p.value for p in Page), "Keys"]


def test_changes_hold_at_once(dialog: SettingsDialog, settings: Settings, qtbot: QtBot) -> None:
    changed: list[object] = []
    settings.changed.connect(changed.append)
    outlines, theme = dialog.fields["view/outlines"], dialog.fields["appearance/theme"]
    assert isinstance(outlines, QCheckBox)
    assert isinstance(theme, QComboBox)
    outlines.setFocus()
    qtbot.keyClick(outlines, Qt.Key.Key_Space)
    assert settings.outlines is False
    qtbot.keyClick(theme, Qt.Key.Key_Down)
    assert settings.theme == "light"
    dialog.pages.setCurrentRow(1)
    margin = dialog.fields["playback/loop_margin"]
    assert isinstance(margin, NumberBox)
    margin.selectAll()
    qtbot.keyClicks(margin, "2,5")
    qtbot.keyClick(margin, Qt.Key.Key_Return)
    assert settings.loop_margin == 2.5
    assert dialog.isVisible(), "Return is the field's"
    reasons = dialog.fields["review/reasons"]
    assert isinstance(reasons, QPlainTextEdit)
    reasons.setPlainText("flag\n\n  drone   survey\nflag")
    assert settings.dismiss_reasons == ["flag", "drone survey"]
    assert changed[:3] == [Settings.outlines, Settings.theme, Settings.loop_margin]


def test_a_folder_that_is_not_there_is_told_in_place(
    dialog: SettingsDialog, settings: Settings, tmp_path: Path
) -> None:
    field = dialog.fields["folders/exports"]
    assert isinstance(field, QLineEdit)
    field.setText(str(tmp_path))
    field.setText(str(tmp_path / "none"))
    assert settings.export_folder == str(tmp_path)
    dialog.pages.setCurrentRow(list(Page).index(Page.FILES))
    texts = [label.text() for label in dialog.findChildren(type(dialog.keys_page._name)) if label.isVisible()]
    assert "There is no such folder: the one before it stays." in texts
    field.clear()
    assert settings.export_folder == ""


def test_another_key_holds_at_once(dialog: SettingsDialog, keymap: Keymap, qtbot: QtBot) -> None:
    choose(dialog, "confirm")
    page = dialog.keys_page
    first, second = page.editors
    assert first.keySequence().toString() == "Y"
    second.setFocus()
    qtbot.keyClick(second, Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    assert keymap.keys("confirm") == ("Y", "Alt+C")
    assert page.tree.rows["confirm"].text(1) == "Y   or   Alt+C"
    assert page.conflict.isHidden()


def test_a_conflict_is_told_at_once_and_taken_over_only_when_said(
    dialog: SettingsDialog, keymap: Keymap, qtbot: QtBot
) -> None:
    choose(dialog, "confirm")
    page = dialog.keys_page
    page.editors[0].setFocus()
    qtbot.keyClick(page.editors[0], Qt.Key.Key_X)
    assert page.conflict.text() == "X belongs to “Dismiss”, and stays its key."
    assert page.take_button.isVisible()
    assert (keymap.keys("confirm"), keymap.keys("dismiss")) == (("Y",), ("X",))
    qtbot.mouseClick(page.take_button, Qt.MouseButton.LeftButton)
    assert (keymap.keys("confirm"), keymap.keys("dismiss")) == (("X",), ())
    assert page.conflict.isHidden()
    assert page.tree.rows["dismiss"].text(1) == ""


def test_a_field_without_a_key_says_so_in_the_room_that_it_has(dialog: SettingsDialog) -> None:
    dialog.pages.setCurrentRow(dialog.pages.count() - 1)
    for editor in dialog.keys_page.editors:
        field = editor.findChildren(QLineEdit)[0]
        assert field.placeholderText() == "No key"
        assert field.fontMetrics().horizontalAdvance(field.placeholderText()) < field.width() - 20


def test_a_cleared_field_is_a_key_less(dialog: SettingsDialog, keymap: Keymap, qtbot: QtBot) -> None:
    choose(dialog, "next_segment")
    dialog.keys_page.editors[0].clear()
    qtbot.waitUntil(lambda: keymap.keys("next_segment") == ("]",))


def test_one_and_all_are_reset(dialog: SettingsDialog, keymap: Keymap, qtbot: QtBot) -> None:
    keymap.set_keys("confirm", ["C"])
    keymap.set_keys("note", ["Alt+N"])
    choose(dialog, "confirm")
    page = dialog.keys_page
    qtbot.mouseClick(page.reset_button, Qt.MouseButton.LeftButton)
    assert (keymap.keys("confirm"), keymap.keys("note")) == (("Y",), ("Alt+N",))
    assert not page.reset_button.isEnabled()
    qtbot.mouseClick(page.reset_all_button, Qt.MouseButton.LeftButton)
    assert keymap.chosen == {}


def test_actions_are_searched_by_name_and_by_key(dialog: SettingsDialog, qtbot: QtBot) -> None:
    dialog.show_keys()
    page = dialog.keys_page
    qtbot.keyClicks(page.search, "ctrl+shift+z")
    assert [name for name, row in page.tree.rows.items() if not row.isHidden()] == ["redo"]


def test_what_of_the_settings_file_cant_be_used_is_told(settings: Settings, qtbot: QtBot) -> None:
    dialog = SettingsDialog(settings, Keymap({"fly": ["F"]}))
    qtbot.addWidget(dialog)
    assert "no action “fly”" in dialog.keys_page.problems.text()
