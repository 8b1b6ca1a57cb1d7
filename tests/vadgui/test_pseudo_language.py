"""What finds texts that were not translated finds them wherever a person reads them."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QMenu,
    QSpinBox,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.common.language import tr, tr_n
from tests.vadgui.pseudo_language import is_translated, untranslated

pytestmark = pytest.mark.usefixtures("pseudo_language")


def test_texts_of_all_kinds_of_widgets_are_found(qtbot: QtBot) -> None:
    window = QWidget(windowTitle="Title", toolTip="Tip", accessibleName="Accessible")
    qtbot.addWidget(window)
    layout, menu, combo, table = QVBoxLayout(window), QMenu("Menu", window), QComboBox(), QTableWidget(0, 1)
    menu.addAction("Entry")
    combo.addItem("Item")
    table.setHorizontalHeaderLabels(["Header"])
    window.addAction(QAction("Action", window))
    for widget in (
        QLabel("Label"), QLineEdit("typed", placeholderText="Placeholder"), QSpinBox(suffix=" suffix"), combo, table
    ):  # fmt: skip
        layout.addWidget(widget)
    found = set(untranslated(window))
    assert found >= {
        *("Title", "Tip", "Accessible", "Menu", "Entry", "Item", "Header", "Action"),
        *("Label", "Placeholder", " suffix"),
    }
    assert "typed" not in found
    assert untranslated(window, without=[window]) == []


def test_what_is_translated_or_alike_everywhere_is_left_out(qtbot: QtBot) -> None:
    window = QWidget(toolTip=tr("Open {name}").format(name=tr("it")) + " (Ctrl+Shift+O)")
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    for text in (
        tr_n("{count} frame", "{count} frames", 2).format(count=2),
        "12.5 dB",
        "gate.mp4",
        f"<b>{tr('x')}</b>",
    ):
        layout.addWidget(QLabel(text))
    layout.addWidget(QDialogButtonBox(QDialogButtonBox.StandardButton.Close))
    assert untranslated(window, same=["gate.mp4"]) == []


@pytest.mark.parametrize("text", ["⟦Open⟧ it", "Open", "⟦⟦Open⟧⟧ now"])
def test_a_part_outside_of_brackets_is_not_translated(text: str) -> None:
    assert not is_translated(text)
